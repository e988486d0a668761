public import Feedback
public import Orchestration

/// The orchestrators of the application layer.
public enum ApplicationLayer {
    /// Registers `unified_feedback` and `advanced_bandits`.
    ///
    /// - Parameter policies: what the feedback orchestrators have learned; the worker keeps it up to date.
    public static func register(on facade: OrchestrationFacade, policies: PolicyTable) throws(OrchestrationError) {
        try facade.register(UnifiedFeedbackOrchestrator(policies: policies))
        try facade.register(AdvancedBanditsOrchestrator(policies: policies))
    }
}
