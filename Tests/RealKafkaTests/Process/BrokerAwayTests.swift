import DrillOrchestrators
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Testing
import Wire
import WorkerRuntime

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
                try await leaving.child.waitForLine(containing: "waits for the broker")
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

        /// `FLEET_LONG=1` takes the broker away for a minute.
        private static let secondsAway = TestLength.isLong ? 60 : 8

        @Test(arguments: DeliveryGuarantee.allCases)
        func aBrokerThatGoesAwayUnderLoadIsWaitedForAndNothingIsLost(_ delivery: DeliveryGuarantee) async throws {
            try await RealKafka.withCluster { kafka in
                let drill = Drill(TestTopics(prefix: "", bootstrapServers: kafka.bootstrapServers))
                try await drill.topics.create(
                    [drill.requests, drill.results, drill.deadLetters].map { TopicSpecification(name: $0, partitions: 2) }
                )
                let worker = try await WorkerProcess.ready(
                    "application-worker",
                    id: "patient",
                    of: drill.topics,
                    ["--admin-address", "127.0.0.1:0", "--signals", "off", "--delivery", delivery.rawValue]
                )
                let load = ChaosLoad(drill, perSecond: 200) { number in
                    TestRecord(Request(id: "\(number)", orchestrator: "echo", tenantID: "acme"), key: "key-\(number % 50)")
                }
                try await Collector([drill.results], of: drill.topics).wait(for: 200)
                let back = ContinuousClock.now + .seconds(Self.secondsAway)
                try await kafka.brokers[0].kill()
                try await eventually("unready", deadline: .now + .seconds(30)) { try await worker.get("/readyz").status == 503 }
                try await Task.sleep(until: back)
                #expect(try await worker.get("/livez").status == 200)
                #expect(worker.child.exitStatus == nil)

                try await kafka.brokers[0].restart()
                try await eventually("ready", deadline: .now + .seconds(60)) { try await worker.get("/readyz").status == 200 }
                let (sent, acknowledged) = try await load.stop()
                try await drill.topics.waitUntilCommitted(group: drill.group, topic: drill.requests, deadline: .now + .seconds(60))
                #expect(try await worker.drain() == .exited(0))

                let (log, replies) = (try await drill.topics.readAll(drill.requests), try await drill.topics.readCommitted(drill.results))
                let found = ExactlyOnceReconciliation(log: log, replies: replies)
                print(
                    "broker away for \(Self.secondsAway) s, \(delivery.rawValue): \(sent) requests, \(log.count) in the log, \(replies.count) answers,",
                    "\(found.missing.count) missing, \(found.twice.count) twice"
                )
                #expect(acknowledged.count == sent && Set(log.compactMap { $0.header("ce_id") }).count == sent)
                #expect(found.missing == [])
                if delivery == .exactlyOnce { #expect(found.twice == [] && found.outOfOrder == []) }
                #expect(try await drill.letters().isEmpty)
            }
        }

        @Test func aWorkerThatDrainsWithoutItsBrokerEndsAllTheSame() async throws {
            try await RealKafka.withCluster { kafka in
                let drill = Drill(TestTopics(prefix: "", bootstrapServers: kafka.bootstrapServers))
                try await drill.topics.create([drill.requests, drill.results].map { TopicSpecification(name: $0, partitions: 1) })
                let registry = MetricsRegistry()
                let echo = EchoOrchestrator(layer: .application)
                let worker = try await drill.topics.startWorker(.application, [echo], registry: registry) { configuration in
                    configuration.signals = .off
                    configuration.commitInterval = 600_000
                }
                try await Submitter.send(count: 10, to: drill.requests, of: drill.topics) { number in
                    TestRecord(Request(id: "\(number)", orchestrator: "echo", tenantID: "acme"))
                }
                try await Collector([drill.results], of: drill.topics).wait(for: 10)
                try await eventually("nothing in flight") { registry.gauge(.recordsInFlight, "application").value == 0 }
                try await kafka.brokers[0].kill()
                try await worker.drain()
                #expect(registry.counter(.commitFailures, "application").value > 0)
                try await kafka.brokers[0].restart()
                #expect(try await drill.topics.lag(of: drill.group, on: drill.requests) == 10)
            }
        }
    }
}
