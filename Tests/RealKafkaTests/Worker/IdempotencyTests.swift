import Delivery
import DrillOrchestrators
import Glibc
import JSON
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Testing
import Wire
import WorkerRuntime

extension RealKafkaSuite {
    /// Requests with the idempotency key of an earlier one get its reply, whoever has them.
    @Suite struct IdempotencyTests {
        private static func topics(_ layer: OrchestrationLayer) async throws -> TestTopics {
            try await TestTopics.ofLayer(
                layer,
                more: [
                    TopicSpecification(name: "events", partitions: 1),
                    TopicSpecification(
                        name: TopicNames().idempotency(layer),
                        partitions: 3,
                        settings: TopicNames().settings(of: TopicNames().idempotency(layer))
                    ),
                ]
            )
        }

        private static func request(_ id: String, _ idempotencyKey: String, _ orchestrator: String, _ kwargs: JSONObject) -> Request {
            var request = Request(id: id, orchestrator: orchestrator, tenantID: "acme", kwargs: kwargs)
            request.event.idempotencyKey = idempotencyKey
            return request
        }

        private static func expectReplay(_ record: ConsumedRecord, of id: String) throws {
            let result = try Reply(decoding: record.value ?? []).result
            #expect(result.success && result.metadata["idempotent_replay"] == true && result.metadata["first_request_id"] == .string(id))
        }

        @Test(arguments: DeliveryGuarantee.allCases)
        func whatAKilledWorkerRememberedIsKnownToTheNext(delivery: DeliveryGuarantee) async throws {
            let drill = Drill(try await Self.topics(.application))
            let options = ["--static-membership", "--delivery", delivery.rawValue]
            let answers = try await Collector([drill.results], of: drill.topics)
            let memories = try await Collector([drill.topics.names.idempotency(.application)], of: drill.topics)
            let count = 60
            // Few keys of Kafka, so that duplicates of one key come in several lanes and partitions.
            func send(_ name: String) async throws {
                let records = (0..<count).map { number in
                    TestRecord(Self.request("\(name)-\(number)", "k\(number)", "probe", ["delay_ms": 1]), key: "\(name)-\(number % 7)")
                }
                try await Submitter.send(records, to: drill.requests, of: drill.topics)
            }
            let first = try await drill.worker("same", options)
            try await send("first")
            try await memories.wait(for: count)
            first.child.signal(SIGKILL)
            try await first.child.waitForExit()
            try await send("again")
            let second = try await drill.worker("same", options)
            for number in 0..<count {
                try Self.expectReplay(try await answers.wait(forCause: "again-\(number)"), of: "first-\(number)")
            }
            try await drill.topics.waitUntilCommitted(group: drill.group, topic: drill.requests)
            #expect(try await second.drain() == .exited(0))
            let runs = try await drill.runs()
            #expect(runs.byID.count == count && runs.all.allSatisfy { $0.id.hasPrefix("first-") } && runs.all.count == count)
            if delivery == .exactlyOnce { #expect(answers.count == 2 * count) }
        }

        @Test func whatAnotherWorkerRememberedIsKnownAfterARebalance() async throws {
            let topics = try await Self.topics(.domain)
            let names = topics.names
            let (journal, orchestrator) = Self.noting()
            let answers = try await Collector([names.results(.domain)], of: topics)
            func send(_ name: String, _ numbers: Range<Int>) async throws {
                let records = numbers.map { number in
                    let request = Self.request("\(name)-\(number)", "k\(number)", "note", ["n": .integer(Int64(number))])
                    return TestRecord(request, key: "\(name)-\(number)")
                }
                try await Submitter.send(records, to: names.requests(.domain), of: topics)
            }
            let first = try await topics.startWorker(.domain, [orchestrator]) { $0.workerID = "one" }
            try await send("first", 0..<40)
            for number in 0..<40 { _ = try await answers.wait(forCause: "first-\(number)") }
            // The second one has partitions as soon as the first gives them up, and duplicates wait there.
            try await send("while", 0..<40)
            let second = try await topics.startWorker(.domain, [orchestrator]) { $0.workerID = "two" }
            try await send("after", 0..<40)
            var workers: Set<String> = []
            for number in 0..<40 {
                try Self.expectReplay(try await answers.wait(forCause: "while-\(number)"), of: "first-\(number)")
                let after = try await answers.wait(forCause: "after-\(number)")
                try Self.expectReplay(after, of: "first-\(number)")
                workers.insert(try Reply(decoding: after.value ?? []).worker)
            }
            #expect(workers == ["one", "two"])
            try await first.drain()
            try await send("last", 0..<40)
            for number in 0..<40 { try Self.expectReplay(try await answers.wait(forCause: "last-\(number)"), of: "first-\(number)") }
            try await second.drain()
            #expect(journal.started.sorted() == (0..<40).map { "first-\($0)" }.sorted())
        }

        @Test(arguments: DeliveryGuarantee.allCases)
        func aMissingTopicHoldsNobodyBackAndIsFoundWhenItIsThere(delivery: DeliveryGuarantee) async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let names = topics.names
            let (journal, orchestrator) = Self.noting()
            let (log, logger) = InMemoryLogHandler.makeLogger(level: .info)
            let answers = try await Collector([names.results(.domain)], of: topics)
            func send(_ id: String, _ key: String) async throws {
                try await Submitter.send([TestRecord(Self.request(id, key, "note", [:]))], to: names.requests(.domain), of: topics)
            }
            let worker = try await topics.startWorker(.domain, [orchestrator], logger: logger) { $0.delivery = delivery }
            try await send("first", "k")
            _ = try await answers.wait(forCause: "first")
            try await send("again", "k")
            try Self.expectReplay(try await answers.wait(forCause: "again"), of: "first")
            let missing = "idempotency keys work within this process only until their topic can be read"
            try await eventually("the warning", deadline: .now + .seconds(30)) { log.entries.contains { $0.message == missing } }
            try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.domain", topic: names.requests(.domain))

            try await topics.create([TopicSpecification(name: names.idempotency(.domain), partitions: 1)])
            try await eventually("the topic", deadline: .now + .seconds(60)) {
                log.entries.contains { $0.message == "the topic of idempotency keys is read again" }
            }
            let memories = try await Collector([names.idempotency(.domain)], of: topics)
            var number = 0
            // The producer may learn of the topic a little later.
            try await eventually("a remembered reply", deadline: .now + .seconds(60), tick: .milliseconds(500)) {
                number += 1
                try await send("more-\(number)", "more-\(number)")
                return memories.count > 0
            }
            try await worker.drain()
            #expect(log.entries.count { $0.message == missing } == 1)
            #expect(journal.started.count == 1 + number)
        }

        @Test func whatHasNotBeenAnsweredIsNotRememberedOutside() async throws {
            let topics = try await TestTopics.unused()
            let names = topics.names
            let known = [names.requests(.domain), names.idempotency(.domain), names.signals(.agent)]
            try await topics.create(known.map { TopicSpecification(name: $0, partitions: 1) })
            let (journal, orchestrator) = Self.noting()
            let (log, logger) = InMemoryLogHandler.makeLogger(level: .info)
            let memories = try await Collector([names.idempotency(.domain)], of: topics)
            let signals = try await Collector([names.signals(.agent)], of: topics)
            let worker = try await topics.startWorker(.domain, [orchestrator], logger: logger)
            try await Submitter.send([TestRecord(Self.request("r", "k", "note", [:]))], to: names.requests(.domain), of: topics)
            // Its signal goes out, its reply cannot.
            try await signals.wait(for: 1)
            try await eventually("a reply that is held back", deadline: .now + .seconds(60)) {
                log.entries.contains { $0.message == "cannot deliver, will retry" }
            }
            #expect(memories.count == 0)
            try await topics.create([TopicSpecification(name: names.results(.domain), partitions: 1)])
            try await memories.wait(for: 1)
            #expect(try await topics.readAll(names.results(.domain)).count == 1 && journal.started == ["r"])
            try await worker.drain()
        }

        private static func noting() -> (Journal, ClosureOrchestrator) {
            let journal = Journal()
            let orchestrator = ClosureOrchestrator("note") { context, arguments in
                await journal.record(context.requestID) { .ok(arguments.object) }
            }
            return (journal, orchestrator)
        }
    }
}
