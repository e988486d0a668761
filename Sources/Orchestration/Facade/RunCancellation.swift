import Synchronization

/// Ends one run from outside of its task, with the result that the caller then gets.
///
/// For one request: children of its orchestrator are cancelled with the task that they run in.
package final class RunCancellation: Sendable {
    private enum State {
        /// → watched, cancelled
        case idle
        /// → cancelled
        case watched(@Sendable () -> Void)
        case cancelled(StepResult)
    }

    private let state = Mutex(State.idle)

    package init() {}

    /// Cancels the run; the first result counts.
    ///
    /// - Returns: false when it was cancelled before.
    @discardableResult
    package func cancel(_ result: StepResult) -> Bool {
        let (isFirst, action) = self.state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            switch state {
            case .idle:
                state = .cancelled(result)
                return (true, nil)
            case .watched(let action):
                state = .cancelled(result)
                return (true, action)
            case .cancelled: return (false, nil)
            }
        }
        action?()
        return isFirst
    }

    /// What the run was cancelled with; nil while it was not.
    package var result: StepResult? {
        self.state.withLock { state in
            if case .cancelled(let result) = state { result } else { nil }
        }
    }

    /// Has the action called when the run is cancelled, at once if it was already.
    func watch(_ action: @escaping @Sendable () -> Void) {
        let isCancelled = self.state.withLock { state in
            if case .cancelled = state { return true }
            state = .watched(action)
            return false
        }
        if isCancelled { action() }
    }

    /// Forgets the action, and what it holds.
    func unwatch() {
        self.state.withLock { state in
            if case .watched = state { state = .idle }
        }
    }
}
