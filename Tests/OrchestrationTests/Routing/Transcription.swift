import JSON
import Orchestration

struct Transcription: Orchestrator {
    let name = "transcription"
    let layer = OrchestrationLayer.domain
    let tools = [
        ToolCapability(id: "whisper", category: "media_analysis", capabilities: ["audio", "timestamps"], averageLatency: 4_000),
        ToolCapability(id: "subtitles", category: "media_analysis", capabilities: ["audio"], averageLatency: 300),
        ToolCapability(id: "search", category: "web_search"),
    ]

    func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        let task = RoutingTask("analysis", requiring: ["audio"], situation: ["has_audio": true, "urgency": 0.9])
        let route = try context.route(among: self.tools, for: task)
        for tool in [route.chosen] + route.fallbacks.map(\.candidate) {
            guard let text = Self.transcript(by: tool) else {
                context.emit(FeedbackSignal(source: .toolExecution, componentType: .tool, componentID: tool.id, reward: 0))
                continue
            }
            context.emit(FeedbackSignal(source: .toolExecution, componentType: .tool, componentID: tool.id, reward: 1))
            return .ok(["text": .string(text), "tool": .string(tool.id), "route": .object(route.json)])
        }
        return .fail("No tool could transcribe it", category: .processing)
    }

    /// Stands for the real thing: subtitles are missing.
    private static func transcript(by tool: ToolCapability) -> String? { tool.id == "whisper" ? "Hello." : nil }
}
