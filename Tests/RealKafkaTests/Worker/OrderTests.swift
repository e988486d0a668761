import Delivery
import DrillOrchestrators
import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Synchronization
import Testing
import Wire
import WorkerRuntime

extension RealKafkaSuite {
    @Suite struct OrderTests {
        /// Writes each request down, and yields in between so that others get their chance to overlap.
        private func noting(_ journal: Journal) -> ClosureOrchestrator {
            ClosureOrchestrator("note") { context, _ in
                await journal.record(context.requestID) {
                    for _ in 0..<5 { await Task.yield() }
                }
                return .ok()
            }
        }

        private func send(
            _ count: Int,
            _ topics: TestTopics,
            _ place: @escaping @Sendable (Int) -> (partition: Int32?, key: String?)
        ) async throws {
            try await Submitter.send(count: count, to: topics.names.requests(.domain), of: topics) { number in
                let place = place(number)
                return TestRecord(
                    Request(id: "\(number)", orchestrator: "note", tenantID: "acme"),
                    partition: place.partition,
                    key: place.key
                )
            }
        }

        /// Checks that each group's requests started in order and never overlapped.
        private func expectOrder(_ journal: Journal, _ group: (Int) -> String) {
            var last: [String: Int] = [:]
            var running: [String: String] = [:]
            for entry in journal.entries {
                guard let number = Int(entry.id) else {
                    Issue.record("\(entry.id) is no number")
                    continue
                }
                let group = group(number)
                if entry.isStart {
                    if let other = running[group] { Issue.record("\(entry.id) started while \(other) of \(group) ran") }
                    #expect(last[group, default: -1] < number, "\(group)")
                    last[group] = number
                    running[group] = entry.id
                } else {
                    running[group] = nil
                }
            }
        }

        @Test func keysKeepTheirOrderAndRunBesideEachOther() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 3)
            let journal = Journal()
            try await topics.withWorker(.domain, [self.noting(journal)]) { _ in
                try await self.send(3_000, topics) { (nil, "key-\($0 % 37)") }
                try await eventually("all ends", deadline: .now + .seconds(60)) { journal.entries.count >= 6_000 }
            }
            #expect(journal.started.count == 3_000)
            self.expectOrder(journal) { "key-\($0 % 37)" }
            #expect(journal.peak > 1)
        }

        @Test func heldKeyHoldsNobodyElse() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let (journal, gate) = (Journal(), Gate())
            let orchestrator = ClosureOrchestrator("note") { context, _ in
                try await journal.record(context.requestID) { if context.requestID == "0" { try await gate.pass() } }
                return .ok()
            }
            try await topics.withWorker(.domain, [orchestrator]) { _ in
                try await self.send(400, topics) { (0, $0 % 4 == 0 ? "held" : $0 % 4 == 1 ? nil : "key-\($0 % 40)") }
                let results = try await Collector([topics.names.results(.domain)], of: topics)
                try await results.wait(for: 300)
                #expect(journal.started.filter { Int($0).map { $0 % 4 == 0 } ?? false } == ["0"])
                // The base never passes the unfinished record, whatever is finished above it.
                let source = TopicPartition(topic: topics.names.requests(.domain), partition: 0)
                let group = "\(topics.prefix)fleet.domain"
                #expect(try await topics.admin { try $0.committedOffsets(group: group, partitions: [source]) }.map(\.offset) == [0])
                gate.open()
                try await results.wait(for: 400)
            }
            self.expectOrder(journal) { $0 % 4 == 0 ? "held" : "own \($0)" }
            try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.domain", topic: topics.names.requests(.domain))
        }

        @Test func orderingNoneRunsOneKeyAtTheSameTime() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let (journal, gate) = (Journal(), Gate())
            let orchestrator = ClosureOrchestrator("note") { context, _ in
                try await journal.record(context.requestID) { try await gate.pass() }
                return .ok()
            }
            try await topics.withWorker(.domain, [orchestrator], { $0.ordering = .none }) { _ in
                try await self.send(20, topics) { _ in (0, "one") }
                try await eventually("20 at the same time") { journal.running == 20 }
                gate.open()
            }
            #expect(journal.entries.count == 40)
        }

        @Test func orderingPartitionRunsOneAfterTheOther() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 2)
            let journal = Journal()
            try await topics.withWorker(.domain, [self.noting(journal)], { $0.ordering = .partition }) { _ in
                try await self.send(1_000, topics) { (Int32($0 % 2), $0 % 3 == 0 ? nil : "key-\($0)") }
                try await eventually("all ends", deadline: .now + .seconds(60)) { journal.entries.count >= 2_000 }
            }
            self.expectOrder(journal) { "partition \($0 % 2)" }
            #expect(journal.started.count == 1_000 && journal.peak <= 2)
        }

        @Test func concurrencyIsTheMostThatRuns() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 2)
            let (journal, gate) = (Journal(), Gate())
            let orchestrator = ClosureOrchestrator("note") { context, _ in
                try await journal.record(context.requestID) { try await gate.pass() }
                return .ok()
            }
            try await topics.withWorker(.domain, [orchestrator], { $0.concurrency = 5 }) { _ in
                try await self.send(200, topics) { _ in (nil, nil) }
                try await eventually("5 at the same time") { journal.running == 5 }
                gate.open()
                try await eventually("all ends", deadline: .now + .seconds(60)) { journal.entries.count >= 400 }
            }
            #expect(journal.peak == 5)
        }

        @Test func keyKeepsItsOrderWhileWorkersComeAndGo() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 4)
            let journal = Journal()
            let results = try await Collector([topics.names.results(.domain)], of: topics)
            let first = try await topics.startWorker(.domain, [self.noting(journal)]) { $0.workerID = "first" }
            async let flood: Void = self.send(20_000, topics) { (nil, "key-\($0 % 101)") }
            try await results.wait(for: 500)
            let second = try await topics.startWorker(.domain, [self.noting(journal)]) { $0.workerID = "second" }
            try await results.wait(for: 2_000)
            try await first.drain()
            try await flood
            let replies = try await results.wait(for: 20_000)
            try await second.drain()
            let causes = Set(replies.compactMap { $0.headers["ce_causationid"] })
            #expect(causes.count == 20_000)
            // Nothing ran twice: what had begun was finished and committed before its partition left.
            #expect(results.count == 20_000 && journal.started.count == 20_000)
            self.expectOrder(journal) { "key-\($0 % 101)" }
            #expect(try await topics.lag(of: "\(topics.prefix)fleet.domain", on: topics.names.requests(.domain)) == 0)
        }
    }
}
