import Foundation
import JSON
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Testing
import Wire
import WorkerRuntime

/// The workers' binaries as processes of their own, on an embedded broker of this one.
@Suite("A worker's process", .serialized, .timeLimit(.minutes(2)))
struct ProcessTests {
    private func run(_ binary: String, _ arguments: [String], _ environment: [String: String] = [:]) async throws -> ChildProcess.Completion
    {
        try await ChildProcess.run(
            ChildProcess.buildProduct(binary),
            arguments: arguments,
            environment: environment,
            deadline: .now + .seconds(30)
        )
    }

    private func broker() throws -> EmbeddedBroker {
        let broker = try EmbeddedBroker(logger: Logger(label: "test") { _ in InMemoryLogHandler(level: .critical) })
        try TopicProvision.create(TopicNames(), partitions: 2, on: broker)
        return broker
    }

    @Test("shows examples and exit codes in its help", arguments: ["infrastructure-worker", "feedback-orchestrator"])
    func help(_ binary: String) async throws {
        let help = try await self.run(binary, ["--help"])
        #expect(help.status.isSuccess && help.standardError.isEmpty)
        for word in ["Examples:", "Exit codes:", "--bootstrap-servers", "--concurrency", "FLEET_"]
        where word != "FLEET_" || help.standardOutput.contains("FLEET_") {
            #expect(help.standardOutput.contains(word), "\(word)")
        }
    }

    @Test("ends with 64 for a wrong command line", arguments: ["infrastructure-worker", "feedback-orchestrator"])
    func usage(_ binary: String) async throws {
        let wrong = try await self.run(binary, ["--concurency", "3"])
        #expect(wrong.status == .exited(64) && wrong.standardOutput.isEmpty)
        #expect(wrong.standardError.contains("concurency") && wrong.standardError.contains("concurrency"))
    }

    @Test("ends with 78 for a wrong configuration, and names every mistake of file and environment")
    func configuration() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("fleet-\(UUID().uuidString).json")
        try Data(#"{"concurrency": 0, "kafka": {"sasl.passwrd": "hunter2"}}"#.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let wrong = try await self.run("infrastructure-worker", [], ["FLEET_CONFIG": file.path, "FLEET_DRAIN_TIMEOUT": "-1"])
        #expect(wrong.status == .exited(78) && wrong.standardOutput.isEmpty)
        for word in ["concurrency", "drain-timeout", "sasl.passwrd"] {
            #expect(wrong.standardError.contains(word), "\(word): \(wrong.standardError)")
        }
        #expect(!wrong.standardError.contains("hunter2"))
    }

    @Test("ends with 1 when the admin address is taken, and says which")
    func takenAddress() async throws {
        let broker = try self.broker()
        // The broker's own port.
        let failed = try await self.run(
            "infrastructure-worker",
            ["--bootstrap-servers", broker.bootstrapServers, "--admin-address", broker.bootstrapServers]
        )
        #expect(failed.status == .exited(1) && failed.standardError.contains(broker.bootstrapServers))
        #expect(!failed.outputLines.contains { $0.hasPrefix("ready") })
    }

    @Test("says when it is ready on standard output, logs the rest without secrets, and drains on SIGTERM")
    func ready() async throws {
        let broker = try self.broker()
        let common = [
            "--bootstrap-servers", broker.bootstrapServers, "--kafka", "fetch.wait.max.ms=5", "--log-level", "trace", "--log-format",
            "json",
            "--admin-address", "127.0.0.1:0",
        ]
        let secrets = ["FLEET_KAFKA": "sasl.password=hunter2,ssl.key.password=hunter2,sasl.username=somebody"]
        let worker = try ChildProcess.start(
            ChildProcess.buildProduct("infrastructure-worker"),
            arguments: common + ["--worker-id", "w-1"],
            environment: secrets
        )
        let learner = try ChildProcess.start(
            ChildProcess.buildProduct("feedback-orchestrator"),
            // The embedded broker has no transactions.
            arguments: common + ["--worker-id", "l-1", "--delivery", "at_least_once"],
            environment: secrets
        )
        for (child, id) in [(worker, "w-1"), (learner, "l-1")] {
            try await child.waitForLine { $0.stream == .standardOutput && $0.text == "ready \(id)" }
            child.terminate()
        }
        for child in [worker, learner] {
            #expect(try await child.waitForExit().isSuccess)
            let output = child.lines.filter { $0.stream == .standardOutput }.map(\.text)
            #expect(output.count == 1, "standard output is for the line that says ready: \(output)")
            let log = child.lines.filter { $0.stream == .standardError }.map(\.text)
            #expect(log.count > 3)
            for line in log {
                #expect(!line.contains("hunter2"))
                let entry = try JSONValue(parsing: line)
                #expect(entry["level"]?.stringValue != nil && entry["message"]?.stringValue != nil, "\(line)")
            }
            #expect(log.contains { $0.contains("admin endpoint") } && log.contains { $0.contains("drain") })
        }
    }

    @Test("serves a request from another process, and stops at once on a second signal")
    func serves() async throws {
        let broker = try self.broker()
        let worker = try ChildProcess.start(
            ChildProcess.buildProduct("infrastructure-worker"),
            arguments: [
                "--bootstrap-servers", broker.bootstrapServers, "--kafka", "fetch.wait.max.ms=5", "--enable-probe", "--worker-id", "w-2",
            ]
        )
        try await worker.waitForLine(containing: "ready w-2")
        let configuration = KafkaConfiguration(bootstrapServers: broker.bootstrapServers).merging(EmbeddedBroker.clientDefaults)
        let names = TopicNames()
        let observer = KafkaObserver(logger: Logger(label: "test") { _ in InMemoryLogHandler(level: .critical) })
        let reply = try await onOwnThread {
            let producer = try KafkaProducer(configuration: configuration, observer: observer)
            for (id, kwargs) in [("quick", ["progress": 1]), ("stuck", ["ignore_cancellation_ms": 600_000, "progress": 1])]
                as [(String, JSONObject)]
            {
                let (value, headers) = Request(id: id, orchestrator: "probe", tenantID: "acme", kwargs: kwargs).encode()
                let topic = try producer.topic(names.requests(.infrastructure))
                let outcome = headers.withView { headers in
                    value.withUnsafeBytes { producer.produce(to: topic, key: nil, value: $0, headers: headers) }
                }
                #expect(outcome == .accepted)
            }
            let reader = try TopicReader(
                configuration: configuration,
                observer: observer,
                topics: [names.results(.infrastructure), names.progress(.infrastructure)],
                from: .beginning
            )
            var seen: [ConsumedRecord] = []
            let deadline = ContinuousClock.now + .seconds(20)
            while seen.count < 3, ContinuousClock.now < deadline { seen += try reader.read(milliseconds: 200) }
            return seen.first { $0.source.topic == names.results(.infrastructure) }
        }
        #expect(try Reply(decoding: reply?.value ?? []).worker == "w-2" && reply?.headers["ce_causationid"] == "quick")
        worker.terminate()
        try await worker.waitForLine(containing: "draining")
        worker.terminate()
        #expect(try await worker.waitForExit() == .exited(1), "a handler that hears nothing keeps nobody")
    }
}
