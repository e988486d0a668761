import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire

extension RealKafkaSuite {
    /// A broker that is not there is waited for.
    @Suite struct BrokerAwayTests {
        @Test func workersThatStartWithoutABrokerWorkOnceItIsThere() async throws {
            try await RealKafka.withCluster { kafka in
                let topics = TestTopics(prefix: "", bootstrapServers: kafka.bootstrapServers)
                let names = topics.names
                try await topics.create(
                    [names.requests(.application), names.results(.application), names.signals(.agent)].map {
                        TopicSpecification(name: $0, partitions: 1)
                    } + [TopicSpecification(name: names.deadLetters(.application), partitions: 7)]
                )
                try await kafka.brokers[0].stop()

                let plain = try WorkerProcess("application-worker", id: "plain", of: topics, ["--admin-address", "127.0.0.1:0"])
                let creating = try WorkerProcess(
                    "infrastructure-worker",
                    id: "creating",
                    of: topics,
                    ["--admin-address", "127.0.0.1:0", "--create-topics", "--partitions", "3"]
                )
                let leaving = try WorkerProcess("application-worker", id: "leaving", of: topics)
                try await leaving.child.waitForLine(containing: "subscribed")
                #expect(try await leaving.drain() == .exited(0))
                try await plain.child.waitForLine(containing: "_TRANSPORT")
                for worker in [plain, creating] {
                    let (status, body) = try await worker.get("/readyz")
                    #expect(status == 503 && body.contains("not in its group yet"), "\(body)")
                    #expect(try await worker.get("/livez").status == 200)
                    #expect(worker.child.exitStatus == nil)
                    #expect(!worker.child.lines.contains { $0.stream == .standardOutput })
                }
                // Longer than one try to create topics takes: it must not have given up.
                try await creating.child.waitForLine(containing: "topics cannot be created yet", deadline: .now + .seconds(60))

                try await kafka.brokers[0].restart()
                for worker in [plain, creating] {
                    try await worker.waitUntilReady()
                    try await eventually("ready", deadline: .now + .seconds(30)) { try await worker.get("/readyz").status == 200 }
                }
                #expect(try await topics.admin { try $0.describeTopics(names.requests(.infrastructure)) }.first?.partitions.count == 3)
                let request = Request(id: "after", orchestrator: "echo", tenantID: "acme")
                // Its key would choose another partition than the source's: p mod P holds although P was not known at the start.
                let bad = (0..<20).map { TestRecord(key: "key-\($0)", text: "{") }
                try await Submitter.send([TestRecord(request)] + bad, to: names.requests(.application), of: topics)
                _ = try await Collector([names.results(.application)], of: topics).wait(forCause: "after")
                let letters = try await Collector([names.deadLetters(.application)], of: topics).wait(for: 20)
                #expect(Set(letters.map(\.source.partition)) == [0])
                for worker in [plain, creating] { #expect(try await worker.drain() == .exited(0)) }
            }
        }
    }
}
