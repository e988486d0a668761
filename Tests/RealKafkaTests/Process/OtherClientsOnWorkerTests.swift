import Foundation
import JSON
import KafkaProcess
import Orchestration
import Testing

extension RealKafkaSuite {
    /// Producers that know nothing but Kafka and JSON.
    @Suite struct OtherClientsTests {
        /// The folder of the examples that ship with the project.
        private static let examples = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "deploy/examples")

        @Test(.enabled(if: Kcat.isAvailable, "\(Kcat.unavailableReason ?? "")"))
        func kcatSubmitsAndReadsTheReply() async throws {
            let topics = try await TestTopics.ofLayer(.application)
            let worker = try await WorkerProcess.ready("application-worker", id: "for-kcat", of: topics)
            let script = Self.examples.appending(path: "submit-with-kcat.sh").path
            let environment = [
                "FLEET_BOOTSTRAP_SERVERS": topics.bootstrapServers, "FLEET_TOPIC_PREFIX": topics.prefix, "LAYER": "application",
            ]
            let completion = try await ChildProcess.run(
                "bash",
                arguments: [script, "echo", #"{"greeting": "grüß dich", "list": [1, 2]}"#, "city-desk"],
                environment: environment
            ).requireSuccess()
            let reply = try JSONValue(parsing: completion.standardOutput)
            #expect(reply["success"] == true && reply["worker"] == "for-kcat" && reply["layer"] == "application")
            #expect(reply["data"] == ["greeting": "grüß dich", "list": [1, 2]])
            let unknown = try await ChildProcess.run("bash", arguments: [script, "nobody"], environment: environment).requireSuccess()
            #expect(try JSONValue(parsing: unknown.standardOutput)["success"] == false)
            #expect(try await worker.drain() == .exited(0))
        }

        @Test(.enabled(if: Python.isAvailable, "\(Python.unavailableReason ?? "")"))
        func pythonSubmitsAndReadsTheReply() async throws {
            let requirements = try String(contentsOf: Self.examples.appending(path: "requirements.txt"), encoding: .utf8)
            let python = try await Python.environment(packages: requirements.split(separator: "\n").map(String.init))
            let topics = try await TestTopics.ofLayer(.application)
            let worker = try await WorkerProcess.ready("application-worker", id: "for-python", of: topics, ["--enable-probe"])
            let script = Self.examples.appending(path: "submit.py").path
            let common = ["--bootstrap-servers", topics.bootstrapServers, "--topic-prefix", topics.prefix, "--layer", "application"]
            let completion = try await python.run(
                script: script,
                arguments: common + ["--orchestrator", "echo", "--key", "k", "--kwargs", #"{"greeting": "grüß dich"}"#]
            ).requireSuccess()
            let reply = try JSONValue(parsing: completion.standardOutput)
            #expect(reply["success"] == true && reply["worker"] == "for-python" && reply["data"] == ["greeting": "grüß dich"])

            for isReplay in [false, true] {
                let repeated = try await python.run(script: script, arguments: common + ["--idempotency-key", "order-7"]).requireSuccess()
                #expect((try JSONValue(parsing: repeated.standardOutput)["metadata"]?["idempotent_replay"] == true) == isReplay)
            }

            let failed = try await python.run(
                script: script,
                arguments: common + ["--orchestrator", "probe", "--kwargs", #"{"fail": "network"}"#]
            )
            #expect(failed.status == .exited(2))
            #expect(try JSONValue(parsing: failed.standardOutput)["error_category"] == "network")
            let unanswered = try await python.run(script: script, arguments: common + ["--no-wait"]).requireSuccess()
            #expect(UUID(uuidString: unanswered.standardOutput) != nil)
            #expect(try await worker.drain() == .exited(0))
        }
    }
}
