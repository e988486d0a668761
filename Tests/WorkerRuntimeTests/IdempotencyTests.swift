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

/// Notes what runs, and holds it back where it is told to.
private final class Runs: Sendable {
    private let ids = Mutex<[String]>([])
    private let isOpen = Atomic<Bool>(false)

    var all: [String] { self.ids.withLock { $0 } }
    func note(_ id: String) { self.ids.withLock { $0.append(id) } }
    func open() { self.isOpen.store(true, ordering: .releasing) }

    var orchestrators: [any Orchestrator] {
        [
            ClosureOrchestrator("done") { context, arguments in
                self.note(context.requestID)
                context.emit(FeedbackSignal(source: .agentTask, componentType: .tool, componentID: "tool", reward: 1))
                return .ok(["by": .string(context.requestID), "arguments": .object(arguments.object)])
            },
            ClosureOrchestrator("held") { context, _ in
                self.note(context.requestID)
                while !self.isOpen.load(ordering: .acquiring) { try await context.clock.sleep(.milliseconds(2)) }
                return .ok(["by": .string(context.requestID)])
            },
            ClosureOrchestrator("held-then-busy") { context, _ in
                self.note(context.requestID)
                while !self.isOpen.load(ordering: .acquiring) { try await context.clock.sleep(.milliseconds(2)) }
                return .fail("busy", category: .validation, retryable: true)
            },
            ClosureOrchestrator("ends-as-told") { context, arguments in
                self.note(context.requestID)
                switch arguments["kind"]?.stringValue {
                case "skip": return .skip(reason: "nothing to do")
                case "busy": return .fail("busy", category: .validation, retryable: true)
                case "input": return .inputRequired(prompt: "which?")
                case "cancelled": return .cancelled(reason: "enough")
                case "uncertain": return .uncertain()
                case "large": return .ok(["text": .string(String(repeating: "x", count: 1 << 20))])
                default: return .fail("no", category: .validation)
                }
            },
        ]
    }
}

/// A worker, what it counts and logs, and the broker that it works on.
private struct Scene: Sendable {
    let broker: EmbeddedBroker
    let runs: Runs
    let registry = MetricsRegistry()
    let log: InMemoryLogHandler
    let worker: Worker
    let names = TopicNames()

    init(
        _ broker: EmbeddedBroker? = nil,
        partitions: Int32 = 1,
        runs: Runs = Runs(),
        _ configure: (inout WorkerConfiguration) -> Void = { _ in }
    ) throws {
        self.broker = try broker ?? EmbeddedBroker.withTopics(partitions: partitions)
        self.runs = runs
        let (handler, logger) = InMemoryLogHandler.makeLogger(level: .info)
        self.log = handler
        var configuration = self.broker.configuration
        configure(&configuration)
        let facade = OrchestrationFacade(logger: logger)
        for orchestrator in self.runs.orchestrators { try facade.register(orchestrator) }
        self.worker = Worker(.domain, configuration: configuration, facade: facade, logger: logger, registry: self.registry)
    }

    func send(
        _ orchestrator: String,
        _ id: String,
        _ idempotencyKey: String?,
        tenant: String = "acme",
        key: String = "lane",
        _ kwargs: JSONObject = [:],
        _ change: (inout Request) -> Void = { _ in }
    ) throws {
        var request = Request(id: "event-\(id)", orchestrator: orchestrator, tenantID: tenant, requestID: id, kwargs: kwargs)
        request.event.idempotencyKey = idempotencyKey
        change(&request)
        try self.broker.send([request], key: key)
    }

    func replies() async throws -> [Reply] {
        try await self.broker.readAll([self.names.results(.domain)]).map { try Reply(decoding: $0.value ?? []) }
    }

    /// The replies to some requests, as soon as all are there.
    @discardableResult
    func replies(to ids: String...) async throws -> [Reply] {
        var found: [String: [Reply]] = [:]
        try await eventually("the replies to \(ids)", deadline: .now + .seconds(30), tick: .milliseconds(20)) {
            found = Dictionary(grouping: try await self.replies(), by: \.requestID)
            return ids.allSatisfy { found[$0] != nil }
        }
        #expect(ids.allSatisfy { found[$0]?.count == 1 })
        return ids.compactMap { found[$0]?.first }
    }

    func reply(_ id: String) async throws -> Reply { try await self.replies(to: id)[0] }

    func memories() async throws -> [ConsumedRecord] { try await self.broker.readAll([self.names.idempotency(.domain)]) }

    func deduplicated(_ outcome: String) -> Int64 { self.registry.counter(.requestsDeduplicated, "domain", outcome).value }

    func waitUntilBegun(_ id: String) async throws {
        try await eventually("the start of \(id)", deadline: .now + .seconds(30), tick: .milliseconds(2)) { self.runs.all.contains(id) }
    }
}

private func expectReplay(_ reply: Reply, of id: String) {
    #expect(reply.result.metadata["idempotent_replay"] == true && reply.result.metadata["first_request_id"] == .string(id))
}

@Suite("Idempotency keys", .timeLimit(.minutes(2)))
struct IdempotencyTests {
    @Test("a duplicate gets the first reply as its own, without a run and without signals")
    func replay() async throws {
        let scene = try Scene()
        try scene.broker.createTopic("direct", partitions: 1)
        try await withRunning(scene.worker) {
            try scene.send("done", "first", "k", key: "a", ["x": 1, "y": [2]])
            let first = try await scene.reply("first")
            #expect(first.result.success && first.result.metadata["idempotent_replay"] == nil)
            // Another lane, another order of members, another place for the answer.
            try scene.send("done", "again", "k", key: "b", ["y": [2], "x": 1]) {
                $0.event.correlationID = "tree"
                $0.event.replyAddress = ReplyAddress(topic: "direct")
            }
            let again = try await scene.reply("again")
            expectReplay(again, of: "first")
            #expect(again.result.data == first.result.data && again.orchestrator == "done" && again.attempt == 1)
            let direct = try #require(try await scene.broker.readAll(["direct"]).first)
            #expect(direct.headers["ce_causationid"] == "event-again" && direct.headers["ce_correlationid"] == "tree")
            // Another tenant, another key, no key: other requests.
            try scene.send("done", "tenant", "k", tenant: "other", ["x": 1, "y": [2]])
            try scene.send("done", "key", "K", ["x": 1, "y": [2]])
            try scene.send("done", "none", nil, ["x": 1, "y": [2]])
            #expect(try await scene.replies(to: "tenant", "key", "none").map { $0.result.data["by"] } == ["tenant", "key", "none"])
            scene.worker.drain()
        }
        #expect(scene.runs.all.sorted() == ["first", "key", "none", "tenant"])
        #expect(scene.deduplicated("replayed") == 1 && scene.deduplicated("refused") == 0)
        #expect(try await scene.broker.readAll([scene.names.signals(.tool)]).count == 4)
        #expect(try await scene.broker.readAll([scene.names.signals(.agent)]).count == 4)
        let memories = try await scene.memories()
        #expect(memories.map(\.keyText) == ["acme/k", "other/k", "acme/K"])
        #expect(memories.allSatisfy { $0.headers["ce_type"] == RememberedReply.type })
        let source = TopicPartition(topic: scene.names.requests(.domain), partition: 0)
        #expect(try await scene.broker.committed(group: "fleet.domain", source) == 5)
    }

    @Test("a key that was used for something else is refused by name, and nothing runs")
    func refusal() async throws {
        let scene = try Scene()
        try await withRunning(scene.worker) {
            try scene.send("done", "first", "k", ["x": 1])
            try scene.send("done", "arguments", "k", ["x": 2])
            try scene.send("held", "orchestrator", "k", ["x": 1])
            // The first one's reply stands.
            try scene.send("done", "again", "k", ["x": 1])
            let replies = try await scene.replies(to: "arguments", "orchestrator", "again")
            let (arguments, orchestrator) = (replies[0].result, replies[1].result)
            #expect(arguments.errorCategory == .validation && !arguments.retryable && arguments.metadata["first_request_id"] == "first")
            #expect(
                arguments.error == "The idempotency key \"k\" was used for another request: first, for done with other arguments"
            )
            #expect(orchestrator.error == "The idempotency key \"k\" was used for another request: first, for done")
            expectReplay(replies[2], of: "first")
            scene.worker.drain()
        }
        #expect(scene.runs.all == ["first"] && scene.deduplicated("refused") == 2)
        #expect(try await scene.broker.readAll([scene.names.deadLetters(.domain)]).isEmpty)
    }

    @Test("a failure that stands and an uncertain result are remembered; what may end otherwise the next time is not")
    func whatIsRemembered() async throws {
        let scene = try Scene { $0.retries.maximumAttempts = 1 }
        let kinds = ["fail", "uncertain", "skip", "busy", "input", "cancelled", "large"]
        try await withRunning(scene.worker) {
            for kind in kinds {
                for number in 1...2 { try scene.send("ends-as-told", "\(kind)-\(number)", kind, ["kind": .string(kind)]) }
            }
            try scene.send("nobody", "unknown-1", "unknown")
            try scene.send("nobody", "unknown-2", "unknown")
            try scene.send("done", "expired-1", "expired") { $0.event.deadline = 1 }
            try scene.send("done", "expired-2", "expired")
            _ = try await scene.reply("expired-2")
            scene.worker.drain()
        }
        let replies = try await scene.replies()
        #expect(replies.count == 18)
        let replays = replies.filter { $0.result.metadata["idempotent_replay"] == true }.map(\.requestID)
        #expect(replays == ["fail-2", "uncertain-2"])
        #expect(replies.first { $0.requestID == "fail-2" }?.result.error == "no")
        #expect(Set(scene.runs.all) == Set(kinds.map { "\($0)-1" } + kinds.dropFirst(2).map { "\($0)-2" } + ["expired-2"]))
        #expect(try await scene.memories().map(\.keyText) == ["acme/fail", "acme/uncertain", "acme/expired"])
        #expect(scene.registry.counter(.repliesForgotten, "domain").value == 2)
    }

    @Test("duplicates that come while the first one runs wait for it, and hold neither a handler nor another key back")
    func concurrent() async throws {
        let scene = try Scene { $0.concurrency = 2 }
        try await withRunning(scene.worker) {
            try scene.send("held", "first", "k", key: "lane-0")
            try await scene.waitUntilBegun("first")
            for number in 1...20 { try scene.send("held", "again-\(number)", "k", key: "lane-\(number)") }
            // One handler is left, and twenty wait: it is free all the same, also for another key of idempotency.
            try scene.send("done", "other", "l", key: "other")
            try scene.send("done", "none", nil, key: "none")
            #expect(try await scene.replies(to: "other", "none").allSatisfy(\.result.success))
            #expect(try await scene.replies().count == 2)
            scene.runs.open()
            try await eventually("all replies", deadline: .now + .seconds(30)) { try await scene.replies().count == 23 }
            scene.worker.drain()
        }
        #expect(scene.runs.all.sorted() == ["first", "none", "other"])
        // To wait is no attempt and no retry.
        let replies = try await scene.replies()
        #expect(replies.count == 23 && replies.allSatisfy { $0.attempt == 1 })
        for reply in replies where reply.requestID.hasPrefix("again") { expectReplay(reply, of: "first") }
        #expect(scene.registry.counter(.recordsRetried, "domain").value == 0)
        let source = TopicPartition(topic: scene.names.requests(.domain), partition: 0)
        #expect(try await scene.broker.committed(group: "fleet.domain", source) == 23)
    }

    @Test("when the first one ends without a reply to remember the next one runs; one whose deadline passes waits no longer")
    func succession() async throws {
        let scene = try Scene { $0.retries.maximumAttempts = 1 }
        try await withRunning(scene.worker) {
            try scene.send("held-then-busy", "first", "k", key: "a")
            try await scene.waitUntilBegun("first")
            try scene.send("held-then-busy", "expires", "k", key: "b") { $0.event.deadline = WireTime.now + 300 }
            try scene.send("held-then-busy", "second", "k", key: "c")
            #expect(try await scene.reply("expires").result.errorCategory == .timeout)
            #expect(scene.runs.all == ["first"])
            scene.runs.open()
            #expect(try await scene.replies(to: "first", "second").map(\.result.error) == ["busy", "busy"])
            scene.worker.drain()
        }
        #expect(scene.runs.all == ["first", "second"])
        #expect(try await scene.memories().isEmpty)
    }

    @Test("switched off, the header is ignored")
    func off() async throws {
        let scene = try Scene { $0.idempotencyWindow = 0 }
        try await withRunning(scene.worker) {
            try scene.send("done", "first", "k")
            try scene.send("done", "again", "k")
            #expect(try await scene.reply("again").result.data["by"] == "again")
            scene.worker.drain()
        }
        #expect(scene.runs.all == ["first", "again"])
        #expect(try await scene.memories().isEmpty)
    }

    @Test("another worker answers what the first one remembers, one after it and one beside it")
    func twoWorkers() async throws {
        let broker = try EmbeddedBroker.withTopics(partitions: 2)
        let first = try Scene(broker) { $0.workerID = "one" }
        try await withRunning(first.worker) {
            try first.send("done", "first", "k", key: "a")
            _ = try await first.reply("first")
            first.worker.drain()
        }
        #expect(try await first.memories().count == 1)
        // A new process with the same broker: everything it knows it has read.
        let second = try Scene(broker) { $0.workerID = "two" }
        let third = try Scene(broker) { $0.workerID = "three" }
        try await withRunning(second.worker) {
            try second.send("done", "after", "k", key: "a")
            let after = try await second.reply("after")
            expectReplay(after, of: "first")
            #expect(after.worker == "two" && after.result.data["by"] == "first")
            try second.send("done", "l-1", "l", key: "a")
            _ = try await second.reply("l-1")
            try await withRunning(third.worker) {
                // Keys of Kafka for both partitions, so that both workers get some.
                for number in 0..<8 { try second.send("done", "beside-\(number)", "l", key: "key-\(number)") }
                try await eventually("all replies", deadline: .now + .seconds(30)) { try await second.replies().count == 11 }
                let beside = try await second.replies().filter { $0.requestID.hasPrefix("beside") }
                for reply in beside { expectReplay(reply, of: "l-1") }
                #expect(Set(beside.map(\.worker)) == ["two", "three"])
                third.worker.drain()
            }
            second.worker.drain()
        }
        #expect(second.runs.all == ["l-1"] && third.runs.all.isEmpty)
    }

    @Test("broken records of the topic are ignored and counted, and a null forgets")
    func hostileTopic() async throws {
        let scene = try Scene()
        let count: @Sendable (String) -> Int64 = { outcome in scene.registry.counter(.idempotencyRecords, "domain", outcome).value }
        func put(_ key: String, _ value: String, type: String = RememberedReply.type) throws {
            var headers = RecordHeaders()
            headers.append("ce_type", type)
            try scene.broker.send([(key, Array(value.utf8), headers)], to: scene.names.idempotency(.domain))
        }
        try put("acme/k", "{")
        try put("acme", "{}")
        try put("acme/k", "{}", type: "orchestration.idempotency.v2")
        let old = RememberedReply(
            scope: "acme/k",
            requestID: "old",
            orchestrator: "done",
            fingerprint: 1,
            time: WireTime.now - 3_600_001,
            result: .ok()
        )
        try put(old.scope, String(decoding: old.encodeValue(), as: UTF8.self))
        try await withRunning(scene.worker) {
            try scene.send("done", "first", "k")
            _ = try await scene.reply("first")
            #expect(count("broken") == 2 && count("unknown") == 1 && count("outdated") == 1)
            try await eventually("its own record") { count("remembered") == 1 }
            try scene.broker.forget("acme/k", in: scene.names.idempotency(.domain))
            try await eventually("the null") { count("forgotten") == 1 }
            try scene.send("done", "again", "k")
            #expect(try await scene.reply("again").result.data["by"] == "again")
            scene.worker.drain()
        }
        #expect(scene.log.entries.count { $0.message == "a broken remembered reply is ignored" } == 2)
    }
}

extension EmbeddedBroker {
    /// Puts a null under a key.
    fileprivate func forget(_ key: String, in topic: String) throws {
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
