import JSON

/// The reward an orchestrator earns by a run, for the signal every run gives by itself.
///
/// The formula is the one spec §5.2 has for model calls, without its cost term, which an orchestrator's run does not have.
public enum ExecutionReward {
    /// How sure the signal is: 0.8, the default of agent feedback (spec §5.2, §5.3).
    public static let confidence = 0.8
    /// How sure it is about a run whose author would not vouch for the result: 0.5.
    public static let uncertainConfidence = 0.5

    /// 0 for a failure; otherwise 1 − min(latency / 10,000 ms, 0.3): quick runs earn up to 1, slow ones never less than 0.7.
    ///
    /// - Parameter latencyMilliseconds: From the start of the handler to its end; negative and NaN count as 0.
    public static func reward(success: Bool, latencyMilliseconds: Double) -> Double {
        guard success else { return 0 }
        let latency = latencyMilliseconds > 0 ? latencyMilliseconds : 0
        return 1 - min(latency / 10_000, 0.3)
    }

    /// The `agent_task` signal about an orchestrator's run; nil for a run that says nothing about it.
    ///
    /// That is one that was skipped, cancelled or waits for input, and a failure that its input is to blame for
    /// (``ErrorCategory/blamesInput``): a producer of bad requests must not get a good orchestrator disabled.
    ///
    /// `context` holds `success`, `duration_s` (spec §5.3) and `status`.
    public static func signal(for result: StepResult, orchestrator: String, latencyMilliseconds: Double) -> FeedbackSignal? {
        if result.isSkipped || result.isCancelled || result.isInputRequired { return nil }
        if !result.success, result.errorCategory?.blamesInput == true { return nil }
        return FeedbackSignal(
            source: .agentTask,
            componentType: .agent,
            componentID: orchestrator,
            reward: Self.reward(success: result.success, latencyMilliseconds: latencyMilliseconds),
            confidence: result.isUncertain ? Self.uncertainConfidence : Self.confidence,
            context: [
                "success": .bool(result.success),
                "duration_s": .number(latencyMilliseconds.isFinite ? max(latencyMilliseconds, 0) / 1_000 : 0),
                "status": .string(result.status),
            ]
        )
    }
}
