import JSON
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Testing
import Wire
import WorkerRuntime

extension RealKafkaSuite {
    /// Choices on a real broker: what the embedded one cannot show is transactions and a compacted topic of policies.
    @Suite struct ChoosingTests {
        private static let tools = ["a", "b", "c", "d"]

        private static let chooser = ClosureOrchestrator("chooser") { context, _ in
            let decision = try context.choose(.tool, among: Self.tools, situation: ["urgency": 0.75])
            context.emit(FeedbackSignal(source: .toolExecution, componentType: .tool, componentID: decision.chosen.id, reward: 0.5))
            return .ok(["chosen": .string(decision.chosen.id), "policy": .integer(decision.policyVersion)])
        }

        private static func topics() async throws -> TestTopics {
            let topics = try await TestTopics.unused()
            let names = topics.names
            let several = [names.requests(.domain), names.decisions] + ComponentType.allCases.map { names.signals($0) }
            let others = [names.results(.domain), names.progress(.domain), names.deadLetters(.domain)]
            try await topics.create(
                several.map { TopicSpecification(name: $0, partitions: 4) } + others.map { TopicSpecification(name: $0, partitions: 1) }
                    + [TopicSpecification(name: names.policies, partitions: 2, settings: names.settings(of: names.policies))]
            )
            return topics
        }

        private static func requests(_ ids: Range<Int>) -> [TestRecord] {
            ids.map { TestRecord(Request(id: "r\($0)", orchestrator: "chooser", tenantID: "acme"), key: "k\($0)") }
        }

        /// A tool that all others are worse than.
        private static func policy(_ id: String, version: Int64) -> TestRecord {
            let learner: JSONValue = ["arms": [["successes": 1_000_000, "failures": 0]], "discount": 1]
            let snapshot = PolicySnapshot(
                policyVersion: version,
                componentType: .tool,
                componentID: id,
                signals: 1_000_000,
                meanReward: 1,
                bySource: [:],
                learners: ["thompson": ["version": 1, "algorithm": "thompson", "learner": learner]],
                firstSignalAt: 1,
                lastSignalAt: 2,
                updatedAt: 3,
                worker: "test"
            )
            return TestRecord(key: snapshot.component.description, value: snapshot.encode(source: "/test", time: 0).value)
        }

        @Test(arguments: DeliveryGuarantee.allCases)
        func decisionsMeetTheirSignals(_ delivery: DeliveryGuarantee) async throws {
            let topics = try await Self.topics()
            let names = topics.names
            try await topics.withWorker(.domain, [Self.chooser], { $0.delivery = delivery }) { _ in
                try await Submitter.send(Self.requests(0..<200), to: names.requests(.domain), of: topics)
                try await Collector([names.results(.domain)], of: topics).wait(for: 200)
                try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.domain", topic: names.requests(.domain))
            }
            let decisions = try await topics.readCommitted(names.decisions)
            let signals = try await topics.readCommitted(names.signals(.tool))
            #expect(decisions.count == 200 && signals.count == 200)
            var places: [String: TopicPartition] = [:]
            for record in decisions {
                let decision = try record.withView { try DecisionCodec.decode($0) }
                #expect(record.keyText == decision.chosen.id && decision.propensity == 0.25)
                places[decision.id] = record.source
            }
            #expect(places.count == 200)
            for record in signals {
                let signal = try record.withView { try SignalCodec.decode($0) }
                let id = try #require(signal.metadata["decision_id"]?.stringValue)
                #expect(places[id]?.partition == record.source.partition && signal.context == ["urgency": 0.75])
            }
        }

        @Test func anotherProcessChoosesTheSame() async throws {
            let topics = try await Self.topics()
            let names = topics.names
            for worker in ["first", "second"] {
                try await topics.withWorker(.domain, [Self.chooser], { $0.workerID = worker }) { _ in
                    let before = try await topics.readAll(names.results(.domain)).count
                    try await Submitter.send(Self.requests(0..<50), to: names.requests(.domain), of: topics)
                    try await Collector([names.results(.domain)], of: topics).wait(for: before + 50)
                    try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.domain", topic: names.requests(.domain))
                }
            }
            let replies = try await topics.readAll(names.results(.domain)).map { try Reply(decoding: $0.value ?? []) }
            let chosen = Dictionary(grouping: replies, by: \.requestID).mapValues { $0.map { $0.result.data["chosen"] } }
            #expect(Set(replies.map(\.worker)) == ["first", "second"] && chosen.count == 50)
            for (_, pair) in chosen { #expect(pair.count == 2 && pair[0] == pair[1]) }
            let ids = try await topics.readAll(names.decisions).map { $0.headers["ce_id"] }
            #expect(ids.count == 100 && Set(ids).count == 50)
        }

        @Test func everyWorkerFollowsThePolicies() async throws {
            let topics = try await Self.topics()
            let names = topics.names
            try await Submitter.send([Self.policy("b", version: 4)], to: names.policies, of: topics)
            let workers = [
                try await topics.startWorker(.domain, [Self.chooser]) { $0.workerID = "one" },
                try await topics.startWorker(.domain, [Self.chooser]) { $0.workerID = "two" },
            ]
            let results = try await Collector([names.results(.domain)], of: topics)
            // A policy of before the start, and one that comes later.
            for (tool, version) in [("b", 4), ("c", 5)] as [(String, Int64)] {
                try await Submitter.send([Self.policy(tool, version: version)], to: names.policies, of: topics)
                var sent = 0
                try await eventually("both workers choose by policy \(version)", deadline: .now + .seconds(60)) {
                    let first = results.count
                    try await Submitter.send(
                        (0..<40).map { TestRecord(Request(id: "\(tool)-\(sent)-\($0)", orchestrator: "chooser", tenantID: "acme")) },
                        to: names.requests(.domain),
                        of: topics
                    )
                    sent += 1
                    try await results.wait(for: first + 40)
                    let replies = try results.records.dropFirst(first).map { try Reply(decoding: $0.value ?? []) }
                    let following = replies.filter { $0.result.data["policy"] == .integer(version) }
                    return Set(following.map(\.worker)) == ["one", "two"]
                }
            }
            for worker in workers { try await worker.drain() }
        }
    }
}
