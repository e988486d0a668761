import JSON
import Orchestration

/// The feedback signals about the tools of a run: source `tool_execution`, component type `tool`.
///
/// - `content_pipeline`: 1, less 0.2 for each attempt that failed before the one that worked; 0 when all failed for reasons that lie with
///   the pipeline or the network. A source that does not exist, is refused or is broken says nothing about the pipeline: no signal.
/// - `text_analysis`, `sentiment`, `logical_fallacy`: 1 for a result, 0 for an error; a tool that does not apply to the text gives no
///   signal.
/// - `fact_check`: the share of the claims sent that came back with a verdict; 0 for an error.
///
/// Confidence is 0.8 (spec §5.3); 0.5 where the evidence is thin: a network failure, or a text below 50 words. `context` holds `success`
/// and `latency_ms` (spec §5.3); `metadata` holds `orchestrator` and `quality_score`, which is the reward.
struct ToolSignals: Sendable {
    static let confidence = 0.8
    static let thinConfidence = 0.5
    static let thinWordCount = 50

    let context: OrchestrationContext
    let orchestrator: String

    func emit(_ tool: String, reward: Double, success: Bool, confidence: Double = Self.confidence, since start: Int64) {
        let latency = max(0, self.context.clock.now() - start)
        self.context.emit(
            FeedbackSignal(
                source: .toolExecution,
                componentType: .tool,
                componentID: tool,
                reward: min(max(reward, 0), 1),
                confidence: confidence,
                context: ["success": .bool(success), "latency_ms": .integer(latency)],
                metadata: ["orchestrator": .string(self.orchestrator), "quality_score": .number(min(max(reward, 0), 1))]
            )
        )
    }

    func emit(_ outcome: Acquisition.Outcome, since start: Int64) {
        switch outcome {
        case .content(_, _, let attempts):
            self.emit("content_pipeline", reward: 1 - 0.2 * Double(attempts.count - 1), success: true, since: start)
        case .failure(_, let reason, _, _):
            switch reason {
            case .httpFailed:
                self.emit("content_pipeline", reward: 0, success: false, confidence: Self.thinConfidence, since: start)
            case .commandFailed, .fileUnreadable, .unexpected:
                self.emit("content_pipeline", reward: 0, success: false, since: start)
            case .noPipeline, .invalidURL, .fileRefused, .fileNotFound, .tooLarge, .addressRefused, .httpRefused, .unsupportedDocument,
                .brokenDocument, .noText, .noCommand:
                break
            }
        }
    }
}
