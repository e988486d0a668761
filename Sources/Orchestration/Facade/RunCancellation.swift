import Synchronization

/// Who answers for a run whose handler does not return.
package protocol RunOwner: AnyObject, Sendable {
    /// The handler was cancelled and has not ended within the grace: this is the run's result, and what the handler returns counts no more.
    ///
    /// Called on a task of the facade's; must not block.
    func gaveUp(with result: StepResult)
}

/// Ends one run from outside of its task, with the result that the caller then gets.
///
/// For one request: children of its orchestrator are cancelled with the task that they run in.
package final class RunCancellation: Sendable {
    /// A run on the task of its caller.
    private struct HereRun {
        var run = DeadlineRun()
        /// Until the handler has ended.
        var task: RunningTask?
        let facade: OrchestrationFacade
        let owner: any RunOwner
    }

    private struct State {
        var result: StepResult?
        /// Cuts off a run on a task of its own.
        var action: (@Sendable () -> Void)?
        var here: HereRun?
    }

    private let state = Mutex(State())

    package init() {}

    /// Cancels the run; the first result counts.
    ///
    /// - Returns: false when it was cancelled before.
    @discardableResult
    package func cancel(_ result: StepResult) -> Bool {
        let (isFirst, action, facade) = self.state.withLock { state -> (Bool, (@Sendable () -> Void)?, OrchestrationFacade?) in
            guard state.result == nil else { return (false, nil, nil) }
            state.result = result
            defer { state.action = nil }
            guard state.here?.run.cancellationRequested() ?? false else { return (true, state.action, nil) }
            state.here?.task?.task.cancel()
            return (true, state.action, state.here?.facade)
        }
        action?()
        facade?.giveUpLater(self)
        return isFirst
    }

    /// What the run was cancelled with; nil while it was not.
    package var result: StepResult? { self.state.withLock { $0.result } }

    // MARK: A run on a task of its own

    /// Has the action called when the run is cancelled, at once if it was already.
    func watch(_ action: @escaping @Sendable () -> Void) {
        let isCancelled = self.state.withLock { state in
            if state.result == nil { state.action = action }
            return state.result != nil
        }
        if isCancelled { action() }
    }

    /// Forgets the action, and what it holds.
    func unwatch() { self.state.withLock { $0.action = nil } }

    // MARK: A run on its caller's task

    /// The run begins on this task; false when it was cancelled before.
    func begin(on task: UnsafeCurrentTask?, of facade: OrchestrationFacade, for owner: any RunOwner) -> Bool {
        self.state.withLock { state in
            guard state.result == nil else { return false }
            state.here = HereRun(task: task.map { RunningTask(task: $0) }, facade: facade, owner: owner)
            return true
        }
    }

    /// The handler has its result.
    func produced(_ result: StepResult) { self.state.withLock { $0.here?.run.resultProduced(result) } }

    /// The handler has finished up too: the task is cancelled by nobody from now on.
    func ended() -> DeadlineRun.EndAction? {
        self.state.withLock { state in
            defer { state.here = nil }
            return state.here?.run.handlerEnded()
        }
    }

    /// The time a cancelled handler is given is over.
    ///
    /// - Parameter count: called before anybody can learn that the handler was given up.
    /// - Returns: the outcome and who is to be told; nil when the handler has ended.
    func graceOver(_ count: () -> Void) -> (DeadlineRun.Outcome, any RunOwner)? {
        self.state.withLock { state in
            guard let owner = state.here?.owner, let outcome = state.here?.run.graceOver() else { return nil }
            count()
            return (outcome, owner)
        }
    }
}

/// A task that somebody else may cancel.
struct RunningTask: @unchecked Sendable {  // only cancelled, while it lives: under the lock that forgets it before its end
    let task: UnsafeCurrentTask
}
