import Glibc
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire

extension RealKafkaSuite {
    /// Transactional producers that brokers give up while their workers live.
    @Suite struct LostTransactionTests {
        private static let options = [
            "--delivery", "exactly_once", "--kafka", "transaction.timeout.ms=1000", "--kafka", "session.timeout.ms=30000",
        ]

        private static func request(_ number: Int) -> TestRecord {
            TestRecord(Request(id: "\(number)", orchestrator: "echo", tenantID: "acme"), key: "key-\(number % 200)")
        }

        @Test func transactionsThatTookTooLongAreMadeAgainByTheSameProcess() async throws {
            let cleanup = ["transaction.abort.timed.out.transaction.cleanup.interval.ms": "200"]
            try await RealKafka.withCluster(extraProperties: cleanup) { kafka in
                let drill = Drill(TestTopics(prefix: "", bootstrapServers: kafka.bootstrapServers))
                try await drill.topics.create(
                    [drill.requests, drill.results, drill.deadLetters].map { TopicSpecification(name: $0, partitions: 2) }
                )
                let worker = try await WorkerProcess.ready(
                    "application-worker",
                    id: "slow",
                    of: drill.topics,
                    Self.options + ["--signals", "off"]
                )
                let load = ChaosLoad(drill, perSecond: 1_000) { Self.request($0) }
                let replies = try await Collector([drill.results], of: drill.topics)
                // Whether a transaction is open when the process is stopped is chance: never when replies have just become visible.
                var losses = 0
                for _ in 0..<100 where losses < 2 {
                    try await replies.wait(for: replies.count + 100)
                    try? await Task.sleep(for: .milliseconds(.random(in: 30..<80)))
                    worker.child.signal(SIGSTOP)
                    try? await Task.sleep(for: .milliseconds(1_500))
                    worker.child.signal(SIGCONT)
                    losses = worker.child.lines.filter { $0.text.contains("the producer was lost, another one goes on") }.count
                }
                #expect(losses >= 2, "no transaction was open when the process was stopped")
                let (sent, acknowledged) = try await load.stop()
                let (byCause, duplicates) = try await replies.wait(forDistinct: sent, deadline: .now + .seconds(60)) {
                    $0.header("ce_causationid")
                }
                try await drill.topics.waitUntilCommitted(group: drill.group, topic: drill.requests)
                #expect(try await worker.drain() == .exited(0))
                print("\(losses) lost producers: \(sent) requests, \(byCause.count) answered, \(duplicates) of them twice")
                #expect(acknowledged.count == sent && duplicates == 0 && replies.count == sent)
                #expect(try await drill.letters().isEmpty)
            }
        }

        @Test func aWorkerWhoseIdAnotherProcessUsesEndsAndSaysWhy() async throws {
            let drill = try await Drill(partitions: 2)
            let topics = drill.topics
            let first = try await WorkerProcess.ready("application-worker", id: "twin", of: topics, ["--delivery", "exactly_once"])
            let second = try await WorkerProcess.ready("application-worker", id: "twin", of: topics, ["--delivery", "exactly_once"])
            let load = ChaosLoad(drill, perSecond: 200) { Self.request($0) }
            // Each takes the id back once; which of them has to give in first is chance.
            let twins = [first, second]
            try await eventually("the end of one", deadline: .now + .seconds(60)) { twins.contains { $0.child.exitStatus != nil } }
            let index = try #require(twins.firstIndex { $0.child.exitStatus != nil })
            #expect(twins[index].child.exitStatus == .exited(1))
            let said = twins[index].child.lines.filter { $0.text.contains("every worker of a group needs a worker id of its own") }
            #expect(!said.isEmpty)
            _ = try await load.stop()
            try await topics.waitUntilCommitted(group: drill.group, topic: drill.requests)
            #expect(try await twins[1 - index].drain() == .exited(0))
        }
    }
}
