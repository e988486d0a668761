/// Takes what a run says beside its result.
///
/// Called from any task, also after the run was given up.
public protocol OrchestrationRecorder: Sendable {
    /// Keeps a signal for publication with the reply. The signal is valid.
    func record(_ signal: FeedbackSignal)
    /// Publishes progress, best effort. Must not block.
    func record(_ progress: Progress)
    /// Keeps a decision for publication with the reply; drops it by default. It may come more than once.
    func record(_ decision: Decision)
}

extension OrchestrationRecorder {
    /// Drops the decision.
    public func record(_ decision: Decision) {}
}

/// Drops everything.
public struct NoRecorder: OrchestrationRecorder {
    /// Creates a recorder; it holds nothing.
    public init() {}
    /// Drops the signal.
    public func record(_ signal: FeedbackSignal) {}
    /// Drops the report.
    public func record(_ progress: Progress) {}
}
