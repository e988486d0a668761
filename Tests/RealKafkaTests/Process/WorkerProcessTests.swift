import Foundation
import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire

extension RealKafkaSuite {
    /// What the binaries promise as processes.
    @Suite struct WorkerProcessTests {
        private static let binaries = ["application-worker", "infrastructure-worker", "feedback-orchestrator"]

        private func run(
            _ binary: String,
            _ arguments: [String],
            environment: [String: String] = [:]
        ) async throws -> ChildProcess.Completion {
            try await ChildProcess.run(ChildProcess.buildProduct(binary), arguments: arguments, environment: environment)
        }

        @Test(arguments: Self.binaries) func helpNamesEveryOptionAndExitCode(_ binary: String) async throws {
            let help = try await self.run(binary, ["--help"])
            #expect(help.status == .exited(0) && help.standardError.isEmpty)
            // However its lines are broken.
            let shown = help.standardOutput.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            for text in [
                binary, "--bootstrap-servers", "--topic-prefix", "--group-id", "--worker-id", "--delivery", "--concurrency", "--ordering",
                "--signals",
                "--create-topics", "--partitions", "--drain-timeout", "--log-level", "--log-format", "--admin-address", "--kafka",
                "--enable-probe",
                "--probe-events", "--config", "Exit codes: 0 drained, 1 failed or left records unfinished, 64 usage, 78 configuration.",
            ] { #expect(shown.contains(text), "\(text)") }
        }

        @Test func wrongCommandLinesAreUsageErrors() async throws {
            for (arguments, text) in [
                (["--no-such-option"], "--no-such-option"), (["--concurrency", "many"], "concurrency"), (["--concurrency"], "concurrency"),
                (["surplus"], "surplus"), (["--ordering", "sometimes"], "sometimes"), (["--admin-address", "nowhere"], "--admin-address"),
                (["--concurrency", "0"], "concurrency"), (["--max-attempts", "0"], "max-attempts"),
                (["--kafka", "no.such.property=1"], "no.such.property"), (["--kafka", "group.id=mine"], "group.id"),
            ] {
                let completion = try await self.run("application-worker", arguments)
                #expect(completion.standardOutput.isEmpty)
                #expect(completion.standardError.contains(text), "\(arguments): \(completion.standardError)")
                #expect(completion.status == .exited(64), "\(arguments)")
            }
        }

        @Test func configurationMistakesAreListedAtOnce() async throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "configuration-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appending(path: "worker.json").path
            try #"{"concurrency": "many", "ordering": "sometimes", "no-such-member": 1, "partitions": 4}"#
                .write(toFile: file, atomically: true, encoding: .utf8)
            let completion = try await self.run(
                "application-worker",
                ["--config", file],
                environment: ["FLEET_DRAIN_TIMEOUT": "soon", "FLEET_DELIVERY": "twice"]
            )
            #expect(completion.status == .exited(78) && completion.standardOutput.isEmpty)
            for text in ["concurrency", "ordering", "no-such-member", "FLEET_DRAIN_TIMEOUT", "FLEET_DELIVERY", "worker.json"] {
                #expect(completion.standardError.contains(text), "\(text) in \(completion.standardError)")
            }

            // Values that can be read, but not used.
            try #"{"concurrency": 0, "max-attempts": 0, "kafka": ["group.id=mine", "no.such.property=1"]}"#
                .write(toFile: file, atomically: true, encoding: .utf8)
            let unusable = try await self.run("application-worker", ["--config", file])
            for text in ["concurrency", "max-attempts", "group.id", "no.such.property"] {
                #expect(unusable.standardError.contains(text), "\(text) in \(unusable.standardError)")
            }
            #expect(unusable.status == .exited(78), "\(unusable.standardError)")

            try "{".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try await self.run("application-worker", ["--config", file]).status == .exited(78))
            #expect(try await self.run("application-worker", ["--config", folder.appending(path: "none.json").path]).status == .exited(78))
        }

        @Test func adminEndpointTellsHowItIsGoing() async throws {
            let topics = try await TestTopics.ofLayer(.infrastructure, partitions: 2)
            let names = topics.names
            let worker = try await WorkerProcess.ready(
                "infrastructure-worker",
                id: "admin",
                of: topics,
                ["--admin-address", "127.0.0.1:0"]
            )
            for path in ["/livez", "/readyz", "/startupz"] { #expect(try await worker.get(path).status == 200, "\(path)") }
            let requests = (0..<10).map { Request(id: "\($0)", orchestrator: $0 == 9 ? "nobody" : "echo", tenantID: "acme") }
            try await Submitter.send(
                requests.map { TestRecord($0) } + [TestRecord(text: "{")],
                to: names.requests(.infrastructure),
                of: topics
            )
            try await Collector([names.results(.infrastructure)], of: topics).wait(for: 10)
            try await Collector([names.deadLetters(.infrastructure)], of: topics).wait(for: 2)
            let metrics = try await worker.get("/metrics")
            #expect(metrics.status == 200)
            for line in [
                #"fleet_worker_records_received_total{layer="infrastructure"} 11"#,
                #"fleet_worker_records_succeeded_total{layer="infrastructure",orchestrator="echo"} 9"#,
                #"fleet_worker_records_undecodable_total{layer="infrastructure"} 1"#,
                #"fleet_worker_records_dead_total{layer="infrastructure",reason="unknown_orchestrator"} 1"#,
                #"fleet_worker_records_dead_total{layer="infrastructure",reason="undecodable"} 1"#,
                #"fleet_worker_partitions_assigned{layer="infrastructure"} 2"#,
            ] { #expect(metrics.body.contains(line + "\n"), "\(line) in\n\(metrics.body)") }
            let missing = try await worker.get("/none")
            #expect(missing.status == 404 && missing.body.contains("/metrics"))
            #expect(try await worker.drain() == .exited(0))
            #expect(worker.child.lines.filter { $0.stream == .standardOutput }.map(\.text) == ["ready admin"])
        }

        @Test func logIsJSONLinesWithoutATerminal() async throws {
            let topics = try await TestTopics.ofLayer(.application, partitions: 1)
            let worker = try await WorkerProcess.ready("application-worker", id: "lines", of: topics, ["--log-level", "debug"])
            try await Submitter.send([TestRecord(text: "{\"späte\n\u{1}")], to: topics.names.requests(.application), of: topics)
            try await Collector([topics.names.deadLetters(.application)], of: topics).wait(for: 1)
            #expect(try await worker.drain() == .exited(0))
            let lines = worker.child.lines.filter { $0.stream == .standardError }
            #expect(lines.count > 3)
            for line in lines {
                let object = try JSONValue(parsing: line.text)
                #expect(object["level"]?.stringValue != nil && object["message"]?.stringValue?.isEmpty == false, "\(line)")
            }
            let messages = try lines.compactMap { try JSONValue(parsing: $0.text)["message"]?.stringValue }
            for message in ["subscribed", "assigned", "dead letter", "draining", "ended"] {
                #expect(messages.contains(message), "\(message)")
            }
        }

        @Test func secretsStayOutOfTheLog() async throws {
            let topics = try await TestTopics.ofLayer(.application, partitions: 1)
            let options = [
                "--kafka", "sasl.password=hunter2-password", "--kafka", "ssl.key.password=hunter2-key", "--kafka", "sasl.username=someone",
                "--kafka", "sasl.oauthbearer.config=hunter2-token", "--kafka", "debug=conf,security,generic", "--log-level", "trace",
            ]
            let worker = try await WorkerProcess.ready("application-worker", id: "secret", of: topics, options)
            try await worker.child.waitForLine(containing: "sasl.username")
            #expect(try await worker.drain() == .exited(0))
            #expect(!worker.child.lines.contains { $0.text.contains("hunter2") })
            // Nor in what is said about a wrong command line or a wrong environment.
            for (arguments, environment) in [
                (["--kafka", "sasl.password=hunter2", "--kafka", "linger.ms=soon"], [:]),
                (["--kafka", "sasl.pasword=hunter2"], [:]),
                (["--kafka", "ssl.key.pem=hunter2"], [:]),
                ([], ["FLEET_KAFKA": "sasl.pasword=hunter2", "FLEET_CONCURRENCY": "x"]),
            ] as [([String], [String: String])] {
                let completion = try await self.run("application-worker", arguments + ["--concurrency", "0"], environment: environment)
                #expect(!completion.status.isSuccess)
                #expect(!completion.lines.contains { $0.text.contains("hunter2") }, "\(arguments): \(completion.standardError)")
            }
        }

        @Test func secondSignalEndsAWorkerWhoseHandlerDoesNotListen() async throws {
            let topics = try await TestTopics.ofLayer(
                .application,
                partitions: 1,
                more: [TopicSpecification(name: "events", partitions: 1)]
            )
            let worker = try await WorkerProcess.ready(
                "application-worker",
                id: "deaf",
                of: topics,
                ["--enable-probe", "--probe-events", "\(topics.prefix)events"]
            )
            let request = Request(id: "deaf", orchestrator: "probe", tenantID: "acme", kwargs: ["ignore_cancellation_ms": 3_600_000])
            try await Submitter.send([TestRecord(request)], to: topics.names.requests(.application), of: topics)
            try await Collector(["\(topics.prefix)events"], of: topics).wait(for: 1)
            worker.child.terminate()
            try await worker.child.waitForLine(containing: "draining")
            worker.child.terminate()
            #expect(try await worker.child.waitForExit() == .exited(1))
            #expect(try await topics.lag(of: "\(topics.prefix)fleet.application", on: topics.names.requests(.application)) == 1)
        }

        @Test func probeIsNotThereUnlessAskedFor() async throws {
            let topics = try await TestTopics.ofLayer(.application, partitions: 1)
            let worker = try await WorkerProcess.ready("application-worker", id: "safe", of: topics)
            let request = Request(id: "harm", orchestrator: "probe", tenantID: "acme", kwargs: ["exit_code": 3])
            try await Submitter.send([TestRecord(request)], to: topics.names.requests(.application), of: topics)
            let letter = try await Collector([topics.names.deadLetters(.application)], of: topics).wait(for: 1)[0]
            #expect(letter.header("x-dlq-reason") == "unknown_orchestrator")
            #expect(try await worker.drain() == .exited(0))
        }

        @Test func takenAdminAddressIsAFailureThatSaysSo() async throws {
            let topics = try await TestTopics.ofLayer(.application, partitions: 1)
            let first = try await WorkerProcess.ready("application-worker", id: "first", of: topics, ["--admin-address", "127.0.0.1:0"])
            let line = try await first.child.waitForLine(containing: "admin endpoint")
            let address = try #require(try JSONValue(parsing: line.text).strings.first { $0.hasPrefix("127.0.0.1:") })
            let second = try WorkerProcess("application-worker", id: "second", of: topics, ["--admin-address", address])
            #expect(try await second.child.waitForExit() == .exited(1))
            #expect(second.child.lines.contains { $0.text.contains(address) })
            #expect(try await first.drain() == .exited(0))
        }

        @Test func aWorkerWhosePlaceInTheGroupIsTakenEndsAndSaysSo() async throws {
            let topics = try await TestTopics.ofLayer(.application, partitions: 2)
            let first = try await WorkerProcess.ready("application-worker", id: "same", of: topics, ["--static-membership"])
            let second = try WorkerProcess("application-worker", id: "same", of: topics, ["--static-membership"])
            #expect(try await first.child.waitForExit(deadline: .now + .seconds(60)) == .exited(1))
            #expect(first.child.lines.contains { $0.text.contains("the Kafka client is lost") })
            try await second.waitUntilReady()
            #expect(try await second.drain() == .exited(0))
        }
    }
}
