import JSON
import KafkaProcess
import Testing

@Suite("Feedback through a development fleet", .timeLimit(.minutes(2)))
struct ApplicationFleetTests {
    @Test("what unified_feedback and advanced_bandits take in is learned, and told by any application worker")
    func loop() async throws {
        let dev = try ChildProcess.start(
            ChildProcess.buildProduct("fleet"),
            arguments: ["dev", "--partitions", "2", "--worker-id", "dev-worker"]
        )
        defer { dev.terminate() }
        let line = try await dev.waitForLine { $0.stream == .standardOutput && $0.text.hasPrefix("broker ") }
        let servers = String(line.text.dropFirst("broker ".count))
        try await dev.waitForLine { $0.stream == .standardOutput && $0.text == "ready dev-worker" }
        func ask(_ orchestrator: String, _ kwargs: String) async throws -> JSONValue {
            let reply = try await fleet([
                "submit", orchestrator, "--layer", "application", "--tenant", "acme", "--kwargs", kwargs, "--wait", "--json",
                "--bootstrap-servers", servers,
            ])
            #expect(reply.status.isSuccess, "\(reply.standardOutput) \(reply.standardError)")
            return try JSONValue(parsing: reply.standardOutput)["data"]?["result"] ?? .null
        }
        let queued = try await ask("unified_feedback", #"{"operation": "submit_tool_feedback", "tool_id": "search", "success": true}"#)
        #expect(queued["queued"] == true)
        let made = try await ask("advanced_bandits", #"{"domain": "model_routing", "features": {"complexity": "simple"}}"#)
        let decision = try #require(made["decision"])
        let accepted = try await ask("advanced_bandits", #"{"operation": "provide_feedback", "reward": 0.25, "decision": \#(decision)}"#)
        #expect(accepted["accepted"] == true)
        let component = try #require(accepted["component"]?.stringValue)
        _ = try await ask("advanced_bandits", #"{"operation": "switch_default_algorithm", "algorithm": "offset_tree"}"#)

        var metrics = JSONValue.null
        var rewards: JSONObject { metrics["average_reward_by_component"]?.objectValue ?? [:] }
        let deadline = ContinuousClock.now + .seconds(60)
        while rewards["tool/search"] == nil || rewards[component] == nil || metrics["signals_by_source"]?["governance"] != 1 {
            guard ContinuousClock.now < deadline else { break }
            metrics = try await ask("unified_feedback", #"{"operation": "get_metrics"}"#)
        }
        #expect(rewards["tool/search"]?.doubleValue == 1)
        #expect(rewards[component]?.doubleValue == 0.25)
        #expect(metrics["signals_by_component"]?["tool"] == 1)
        #expect(metrics["feedback_orchestrators"] == ["dev-worker"])
        let later = try await ask("advanced_bandits", #"{"domain": "model_routing"}"#)
        #expect(later["algorithm"] == "offset_tree")
    }
}
