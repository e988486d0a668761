import Feedback
import FleetTestKit
import JSON
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Synchronization
import Testing
import Wire
import WorkerRuntime

/// Chooses what its arguments say, judges the choice, and fails as often as they say.
private struct Chooser: Orchestrator {
    let name: String
    let layer = OrchestrationLayer.application
    /// Without pauses.
    let retryPolicy: ErrorRecoveryPolicy? = ErrorRecoveryPolicy(.retry, maxRetries: 5, retryDelayBase: 0)
    private let failures = Failures()

    private final class Failures: Sendable {
        private let counts = Mutex<[String: Int]>([:])
        func next(_ id: String) -> Int {
            self.counts.withLock { counts in
                counts[id, default: 0] += 1
                return counts[id] ?? 0
            }
        }
    }

    init(_ name: String) { self.name = name }

    func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        let decision = try context.choose(
            ComponentType(rawValue: arguments["type"]?.stringValue ?? "") ?? .model,
            among: (arguments["among"]?.arrayValue ?? []).compactMap(\.stringValue),
            situation: arguments["situation"]?.objectValue ?? [:],
            sticky: DecisionScope(rawValue: arguments["sticky"]?.stringValue ?? "") ?? .request
        )
        context.emit(
            FeedbackSignal(
                source: .trajectory,
                componentType: decision.chosen.type,
                componentID: decision.chosen.id,
                reward: 0.5,
                context: ["note": "own"]
            )
        )
        if self.failures.next(context.requestID) <= Int(arguments["fail_attempts"]?.integerValue ?? 0) {
            return .fail("not yet", category: .transient, retryable: true)
        }
        return .ok(["chosen": .string(decision.chosen.id)])
    }
}

@Suite(
    "Choices of a worker",
    SharedFleet(orchestrators: [
        Chooser("chooser"), Chooser("disabled"),
        ClosureOrchestrator("strict") { _, arguments in
            arguments["among"] == nil ? .fail("kwargs.among is required", category: .missingRequiredField) : .ok()
        },
    ]),
    .serialized,
    .timeLimit(.minutes(1))
)
struct ChoosingTests {
    private let fleet: FleetHarness
    private let names: TopicNames

    init() throws {
        self.fleet = try #require(SharedFleet.current)
        self.names = self.fleet.names
    }

    /// A request's reply, decisions and signals.
    private struct Outcome {
        var reply: Reply
        var decisions: [ConsumedRecord]
        var signals: [(record: ConsumedRecord, signal: FeedbackSignal)]
        var told: [Decision]
    }

    /// - Parameter chooses: whether to wait for a decision and a signal about it.
    private func submit(_ request: Request, type: ComponentType = .model, chooses: Bool = true) async throws -> Outcome {
        let (value, headers) = request.encode()
        try self.fleet.produce(value, headers, key: request.id)
        let results = self.names.results(.application)
        let record = try await self.fleet.record(on: results) { $0.headers["ce_causationid"] == request.id }
        let reply = try Reply(decoding: record.value ?? [])
        let isCaused: @Sendable (ConsumedRecord) -> Bool = { $0.headers["ce_causationid"] == request.id }
        let signalTopic = self.names.signals(type)
        if chooses {
            _ = try await self.fleet.record(on: signalTopic, where: isCaused)
            _ = try await self.fleet.record(on: self.names.decisions, where: isCaused)
        }
        let told = try (reply.result.metadata["decisions"]?.arrayValue ?? []).map { try DecisionCodec.decode($0.objectValue ?? [:]) }
        return Outcome(
            reply: reply,
            decisions: self.fleet.records(on: self.names.decisions).filter(isCaused),
            signals: try self.fleet.records(on: signalTopic).filter(isCaused).map { record in
                (record, try record.withView { try SignalCodec.decode($0) })
            },
            told: told
        )
    }

    private func request(_ id: String, _ kwargs: JSONObject, orchestrator: String = "chooser", root: String? = nil) -> Request {
        var request = Request(id: id, orchestrator: orchestrator, tenantID: "acme", kwargs: kwargs)
        if let root { request.event.correlationID = root }
        return request
    }

    private func policy(
        _ id: String,
        _ type: ComponentType,
        version: Int64,
        availability: ComponentAvailability = .enabled,
        learners: JSONObject = [:]
    ) -> PolicySnapshot {
        PolicySnapshot(
            policyVersion: version,
            componentType: type,
            componentID: id,
            signals: 1,
            meanReward: 1,
            bySource: [:],
            availability: availability,
            learners: learners,
            firstSignalAt: 1,
            lastSignalAt: 1,
            updatedAt: 1,
            worker: "test"
        )
    }

    @Test("stand in the reply and on their topic, in the partition of the signals about what was chosen, which are joined with them")
    func published() async throws {
        let situation: JSONObject = ["task_type": "summarization", "complexity": "simple"]
        let outcome = try await self.submit(
            self.request("p-1", ["among": ["small", "large"], "situation": .object(situation), "sticky": "tree"], root: "root-1")
        )
        let decision = try #require(outcome.told.first)
        #expect(outcome.told.count == 1 && outcome.decisions.count == 1 && outcome.signals.count == 1)
        #expect(outcome.reply.result.data["chosen"] == .string(decision.chosen.id))
        #expect(decision.situation == situation && decision.candidates == ["small", "large"] && decision.propensity == 0.5)
        #expect(decision.scope == .tree && decision.scopeID == "root-1" && decision.rootID == "root-1" && decision.requestID == "p-1")
        let record = try #require(outcome.decisions.first)
        #expect(try record.withView { try DecisionCodec.decode($0) } == decision)
        #expect(record.keyText == decision.chosen.id && record.headers["ce_id"] == decision.id)
        #expect(record.headers["ce_type"] == DecisionCodec.type && record.headers["ce_correlationid"] == "root-1")
        let (signalRecord, signal) = try #require(outcome.signals.first)
        #expect(signalRecord.key == record.key && signalRecord.source.partition == record.source.partition)
        #expect(signal.metadata["decision_id"] == .string(decision.id) && signal.metadata["propensity"] == 0.5)
        #expect(signal.metadata["policy_version"] == 0 && signal.metadata["request_id"] == "p-1")
        #expect(signal.context == ["task_type": "summarization", "complexity": "simple", "note": "own"])
    }

    @Test("of components meet their signals in one partition, whatever the id")
    func partitions() async throws {
        var partitions: Set<Int32> = []
        for number in 0..<12 {
            let outcome = try await self.submit(
                self.request("m-\(number)", ["among": ["component-\(number)"], "type": "tool"]),
                type: .tool
            )
            let signal = try #require(outcome.signals.first?.record), decision = try #require(outcome.decisions.first)
            #expect(signal.source.partition == decision.source.partition)
            #expect(decision.source.partition == Int32(Murmur2.hash(Array("component-\(number)".utf8)) & 0x7fff_ffff) % 3)
            partitions.insert(decision.source.partition)
        }
        #expect(partitions.count == 3, "all partitions are used")
    }

    @Test("are the same in every attempt, and published once")
    func retried() async throws {
        let outcome = try await self.submit(self.request("r-1", ["among": .array((0..<40).map { "m\($0)" }), "fail_attempts": 2]))
        #expect(outcome.reply.attempt == 3 && outcome.reply.result.success)
        #expect(outcome.told.count == 1 && outcome.decisions.count == 1 && outcome.signals.count == 1)
        #expect(outcome.reply.result.data["chosen"] == .string(outcome.told[0].chosen.id))
    }

    @Test("are the same for the requests of a tree, and published by the first")
    func siblings() async throws {
        let kwargs: JSONObject = ["among": .array((0..<40).map { "m\($0)" }), "sticky": "tree"]
        let first = try await self.submit(self.request("t-1", kwargs, root: "tree"))
        let second = self.request("t-2", kwargs, root: "tree")
        let (value, headers) = second.encode()
        try self.fleet.produce(value, headers, key: second.id)
        let signal = try await self.fleet.record(on: self.names.signals(.model)) { $0.headers["ce_causationid"] == "t-2" }
        let record = try await self.fleet.record(on: self.names.results(.application)) { $0.headers["ce_causationid"] == "t-2" }
        let told = try Reply(decoding: record.value ?? []).result.metadata["decisions"]?.arrayValue ?? []
        #expect(try told.map { try DecisionCodec.decode($0.objectValue ?? [:]) } == first.told)
        let id = try signal.withView { try SignalCodec.decode($0) }.metadata["decision_id"]
        #expect(id == .string(first.told[0].id))
        #expect(self.fleet.records(on: self.names.decisions).count { $0.headers["ce_id"] == first.told[0].id } == 1)
    }

    @Test("follow a policy soon after it was published")
    func policies() async throws {
        for (id, successes) in [("good", 1e6), ("bad", 0)] {
            let learner: JSONValue = ["arms": [["successes": .number(successes), "failures": .number(1e6 - successes)]], "discount": 1]
            let state: JSONValue = ["version": 1, "algorithm": "thompson", "learner": learner]
            try self.fleet.publish(self.policy(id, .threshold, version: 7, learners: ["thompson": state]))
        }
        for round in 0..<2_000 {
            let outcome = try await self.submit(
                self.request("f-\(round)", ["type": "threshold", "among": ["good", "bad"]]),
                type: .threshold
            )
            let decision = try #require(outcome.told.first)
            // Both snapshots are there; the better one has all but a half of 2 %.
            if decision.policyVersion == 7, decision.chosen.id == "good", abs(decision.propensity - 0.99) < 1e-6 { return }
        }
        Issue.record("the policy was not heeded")
    }

    @Test("are not made by an orchestrator that is disabled: its requests are skipped until it is enabled again")
    func disabled() async throws {
        func isSkipped(_ id: String) async throws -> Bool {
            let reply = try await self.submit(self.request(id, ["among": ["a"]], orchestrator: "disabled"), chooses: false).reply
            guard reply.result.isSkipped else { return false }
            #expect(reply.result.success && reply.result.data["reason"] == "component_disabled")
            #expect(reply.result.data["message"] == "Orchestrator 'disabled' is disabled")
            #expect(self.fleet.records(on: self.names.deadLetters(.application)).isEmpty)
            return true
        }
        for (version, availability) in [ComponentAvailability.disabled, .enabled, .disabled, .probing].enumerated() {
            try self.fleet.publish(self.policy("disabled", .agent, version: Int64(version + 1), availability: availability))
            var round = 0
            try await eventually("a worker that heeds the policy", deadline: .now + .seconds(20)) {
                round += 1
                return try await isSkipped("d-\(version)-\(round)") == (availability == .disabled)
            }
        }
    }

    @Test("of nothing are the request's end; no reward is told where the input is to blame")
    func noReward() async throws {
        for (id, orchestrator, kwargs) in [("n-1", "strict", [:]), ("n-2", "chooser", ["among": []])] as [(String, String, JSONObject)] {
            let reply = try await self.submit(self.request(id, kwargs, orchestrator: orchestrator), chooses: false).reply
            #expect(!reply.result.success && reply.result.errorCategory?.blamesInput == true)
        }
        // A later signal about each of them is there: earlier ones would be, too.
        for (id, orchestrator) in [("n-3", "strict"), ("n-4", "chooser")] {
            let request = self.request(id, ["among": ["a"]], orchestrator: orchestrator)
            #expect(try await self.submit(request, chooses: false).reply.result.success)
            _ = try await self.fleet.record(on: self.names.signals(.agent)) { $0.headers["ce_causationid"] == id }
        }
        #expect(!self.fleet.records(on: self.names.signals(.agent)).contains { ["n-1", "n-2"].contains($0.headers["ce_causationid"]) })
    }
}

/// The hash of the Java client's default partitioner.
private enum Murmur2 {
    static func hash(_ bytes: [UInt8]) -> UInt32 {
        let m: UInt32 = 0x5bd1_e995
        var h = 0x9747_b28c ^ UInt32(bytes.count)
        var rest = bytes[...]
        while rest.count >= 4 {
            var k = rest.prefix(4).reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) } &* m
            k = (k ^ k >> 24) &* m
            h = h &* m ^ k
            rest = rest.dropFirst(4)
        }
        if !rest.isEmpty { h = (h ^ rest.reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }) &* m }
        h = (h ^ h >> 13) &* m
        return h ^ h >> 15
    }
}

extension EmbeddedBroker {
    /// Puts a tombstone on a topic.
    fileprivate func forget(_ key: String, on topic: String) throws {
        let producer = try KafkaProducer(
            configuration: KafkaConfiguration(bootstrapServers: self.bootstrapServers).merging(["linger.ms": "0"]),
            observer: KafkaObserver(logger: .silent)
        )
        let topic = try producer.topic(topic)
        let outcome = RecordHeaders().withView { headers in
            Array(key.utf8).withUnsafeBytes { producer.produce(to: topic, key: $0, value: nil, headers: headers, token: 1) }
        }
        #expect(outcome == .accepted)
        while producer.queueLength > 0 { producer.flush(milliseconds: 100) { #expect($1 == nil) } }
    }
}

@Suite("Choices of a worker without policies or their topics", .serialized, .timeLimit(.minutes(1)))
struct ChoosingWithoutPoliciesTests {
    private static let chosen: JSONObject = ["among": ["a", "b"]]

    @Test("With policies off all candidates are alike and nothing is disabled")
    func off() async throws {
        try await FleetHarness.run([Chooser("chooser")], layer: .application, configure: { $0.policies = .off }) { fleet in
            let snapshot = PolicySnapshot(
                policyVersion: 9,
                componentType: .agent,
                componentID: "chooser",
                signals: 1,
                meanReward: 0,
                bySource: [:],
                availability: .disabled,
                firstSignalAt: 0,
                lastSignalAt: 0,
                updatedAt: 0,
                worker: "w"
            )
            try fleet.publish(snapshot)
            for _ in 0..<5 {
                let result = try await fleet.submit("chooser", Arguments(Self.chosen)).result
                let decisions = result.metadata["decisions"]?.arrayValue ?? []
                #expect(!result.isSkipped && decisions.count == 1)
                #expect(decisions.first?["propensity"] == 0.5 && decisions.first?["policy_version"] == 0)
            }
        }
    }

    @Test("What stands on the topic of policies is taken, forgotten or passed over, and counted")
    func records() async throws {
        let broker = try EmbeddedBroker.withTopics()
        let names = TopicNames()
        let registry = MetricsRegistry()
        let policies = PolicyTable()
        let worker = Worker(
            .application,
            configuration: broker.configuration,
            facade: OrchestrationFacade(logger: .silent),
            policies: policies,
            logger: .silent,
            registry: registry
        )
        let snapshots = ["a", "b"].map { id in
            PolicySnapshot(
                policyVersion: 3,
                componentType: .model,
                componentID: id,
                signals: 1,
                meanReward: 0,
                bySource: [:],
                availability: .disabled,
                firstSignalAt: 0,
                lastSignalAt: 0,
                updatedAt: 0,
                worker: "w"
            )
        }
        try await withRunning(worker) {
            let records = snapshots.map { ($0.component.description, $0.encode(source: "", time: 0).value, RecordHeaders()) }
            try broker.send(records + [("model/c", Array("{".utf8), RecordHeaders()), ("colour", [], RecordHeaders())], to: names.policies)
            try broker.forget("model/b", on: names.policies)
            func count(_ outcome: String) -> Int64 { registry.counter(.policyRecords, "application", outcome).value }
            try await eventually("every record", deadline: .now + .seconds(20)) { count("forgotten") == 1 }
            #expect(count("taken") == 2 && count("broken") == 1 && count("unknown") == 1)
            #expect(policies.snapshots == [snapshots[0]] && policies.isDisabled(ComponentID(.model, "a")))
            #expect(!policies.isDisabled(ComponentID(.model, "b")))
            worker.drain()
        }
    }

    @Test("Topics that are missing hold nothing up")
    func missing() async throws {
        let broker = try EmbeddedBroker(logger: .silent)
        let names = TopicNames()
        for name in names.all where name != names.decisions && name != names.policies { try broker.createTopic(name, partitions: 1) }
        let facade = OrchestrationFacade(logger: .silent)
        try facade.register(Chooser("chooser"))
        var configuration = broker.configuration
        configuration.kafka["topic.metadata.propagation.max.ms"] = "500"
        let worker = Worker(.application, configuration: configuration, facade: facade, logger: .silent)
        try await withRunning(worker) {
            try broker.send(
                (0..<3).map { Request(id: "r\($0)", orchestrator: "chooser", tenantID: "t", kwargs: Self.chosen) },
                layer: .application
            )
            try await eventually("three replies and signals", deadline: .now + .seconds(30)) {
                let replies = try await broker.readAll([names.results(.application)])
                let signals = try await broker.readAll([names.signals(.model)])
                return replies.count == 3 && signals.count == 3
            }
            worker.drain()
        }
        #expect(worker.health.unfinishedRecords == 0)
    }
}
