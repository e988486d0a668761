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
    /// What readers with `read_committed`, which is how collectors read, see of workers with `--delivery exactly_once`.
    @Suite struct ExactlyOnceTests {
        private static func request(_ number: Int) -> TestRecord {
            let request = Request(id: "r\(number)", orchestrator: "echo", tenantID: "acme", kwargs: ["n": .integer(Int64(number))])
            return TestRecord(request, key: "key-\(number % 200)")
        }

        /// Waits for a reply to every request, and then until the groups have committed, so that what comes late has come.
        private func expectOneReplyEach(_ count: Int, _ replies: Collector, _ topics: TestTopics) async throws {
            let (byCause, duplicates) = try await replies.wait(forDistinct: count, deadline: .now + .seconds(120)) {
                $0.header("ce_causationid")
            }
            #expect((0..<count).allSatisfy { byCause["r\($0)"] != nil })
            try await topics.waitUntilCommitted(
                group: "\(topics.prefix)fleet.domain",
                topic: topics.names.requests(.domain),
                deadline: .now + .seconds(60)
            )
            #expect(duplicates == 0 && replies.count == count)
        }

        @Test func everyRequestHasOneReplyAndItsSignals() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 4)
            let names = topics.names
            let replies = try await Collector([names.results(.domain)], of: topics)
            let signals = try await Collector([names.signals(.agent)], of: topics)
            try await topics.withWorker(.domain, [EchoOrchestrator(layer: .domain)], { $0.delivery = .exactlyOnce }) { _ in
                try await Submitter.send(count: 5_000, to: names.requests(.domain), of: topics) { Self.request($0) }
                try await self.expectOneReplyEach(5_000, replies, topics)
            }
            try await signals.wait(for: 5_000)
            #expect(signals.count == 5_000)
        }

        @Test func whatTheBrokerRefusesIsReplacedAndTheRestGoesOn() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let names = topics.names
            let large = ClosureOrchestrator("large") { _, _ in
                // Nothing that could be compressed.
                var generator = SystemRandomNumberGenerator()
                return .ok(["text": .string((0..<200_000).map { _ in String(generator.next(), radix: 36) }.joined())])
            }
            try await topics.withWorker(.domain, [large, EchoOrchestrator(layer: .domain)], { $0.delivery = .exactlyOnce }) { _ in
                var missing = Request(id: "missing", orchestrator: "echo", tenantID: "acme")
                missing.event.replyAddress = ReplyAddress(topic: "\(topics.prefix)not-there")
                try await Submitter.send(
                    [
                        TestRecord(Request(id: "large", orchestrator: "large", tenantID: "acme")), TestRecord(missing),
                        TestRecord(Request(id: "unknown", orchestrator: "nobody", tenantID: "acme")),
                        TestRecord(Request(id: "good", orchestrator: "echo", tenantID: "acme")),
                    ],
                    to: names.requests(.domain),
                    of: topics
                )
                let replies = try await Collector([names.results(.domain)], of: topics)
                let refused = try Reply(decoding: try await replies.wait(forCause: "large").value ?? []).result
                #expect(refused.errorCategory == .constraintViolation)
                for id in ["missing", "unknown", "good"] { _ = try await replies.wait(forCause: id) }
                let letters = try await Collector([names.deadLetters(.domain)], of: topics)
                #expect(try await letters.wait(for: 1)[0].headers["x-dlq-reason"] == "unknown_orchestrator")
                try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.domain", topic: names.requests(.domain))
                #expect(replies.count == 4 && letters.count == 1)
            }
        }

        @Test func killedProcessesRepeatNothingThatCanBeSeen() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 8)
            let names = topics.names
            let options = ["--delivery", "exactly_once", "--kafka", "session.timeout.ms=6000"]
            func start(_ id: String) throws -> WorkerProcess { try WorkerProcess("domain-worker", id: id, of: topics, options) }
            let replies = try await Collector([names.results(.domain)], of: topics)
            var workers = try [start("w1"), start("w2")]
            for worker in workers { try await worker.waitUntilReady() }
            let count = 40_000
            async let flood: Void = Submitter.send(count: count, to: names.requests(.domain), of: topics) { Self.request($0) }
            for round in 0..<4 {
                try await replies.wait(for: count / 10 * (round + 1), deadline: .now + .seconds(120))
                // The same worker id comes back and ends what the killed one left open.
                let victim = workers.removeFirst()
                victim.child.signal(SIGKILL)
                _ = try await victim.child.waitForExit(deadline: .now + .seconds(30))
                workers.append(try start(victim.id))
            }
            try await flood
            try await self.expectOneReplyEach(count, replies, topics)
            for worker in workers { #expect(try await worker.drain() == .exited(0)) }
        }

        @Test func aZombieIsFencedByItsGroup() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 2)
            let names = topics.names
            let options = ["--delivery", "exactly_once", "--kafka", "session.timeout.ms=6000", "--kafka", "transaction.timeout.ms=5000"]
            let replies = try await Collector([names.results(.domain)], of: topics)
            let zombie = try await WorkerProcess.ready("domain-worker", id: "zombie", of: topics, options)
            let count = 20_000
            async let flood: Void = Submitter.send(count: count, to: names.requests(.domain), of: topics) { Self.request($0) }
            try await replies.wait(for: count / 20, deadline: .now + .seconds(60))
            zombie.child.signal(SIGSTOP)
            let heir = try await WorkerProcess.ready("domain-worker", id: "heir", of: topics, options)
            try await flood
            // The heir has the partitions when the zombie's session is over, and reads on when its transaction is.
            try await replies.wait(for: count / 2, deadline: .now + .seconds(90))
            zombie.child.signal(SIGCONT)
            try await self.expectOneReplyEach(count, replies, topics)
            #expect(try await heir.drain() == .exited(0))
            zombie.child.terminate()
            _ = try await zombie.child.waitForExit(deadline: .now + .seconds(60))
        }
    }
}
