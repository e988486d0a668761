/// One handler's run under a deadline: decides what the caller gets, and when.
///
/// The caller gets the handler's result when that was there before the deadline, however long the handler takes to finish up; otherwise a
/// timeout, as soon as the cancelled handler has ended or the grace is over. No clock, no tasks.
struct DeadlineRun {
    enum Outcome: Sendable, Equatable {
        case result(StepResult)
        case timeout
    }

    /// What the owner has to do after the handler ended.
    enum EndAction: Equatable {
        /// Give this to the caller.
        case deliver(Outcome)
        /// The caller has been answered already: a handler that was given up has returned after all.
        case countReturn
    }

    private enum State {
        /// The handler runs, the deadline is ahead → produced, expired, delivered
        case running
        /// The result is there, the handler finishes up → delivered
        case produced(StepResult)
        /// The deadline came first, the handler has been cancelled → delivered
        case expired
        /// The caller has its answer.
        case delivered
    }

    private var state = State.running

    /// The handler has its result.
    ///
    /// Too late after the deadline.
    mutating func resultProduced(_ result: StepResult) {
        if case .running = self.state { self.state = .produced(result) }
    }

    /// The handler has finished up as well.
    mutating func handlerEnded() -> EndAction {
        defer { self.state = .delivered }
        switch self.state {
        case .produced(let result): return .deliver(.result(result))
        case .running, .expired: return .deliver(.timeout)
        case .delivered: return .countReturn
        }
    }

    /// The deadline has come.
    ///
    /// Returns whether to cancel the handler.
    mutating func deadlineReached() -> Bool {
        switch self.state {
        case .running:
            self.state = .expired
            return true
        case .produced: return true
        case .expired, .delivered: return false
        }
    }

    /// The time a cancelled handler is given is over.
    ///
    /// Returns what to give the caller; nil when it has its answer already.
    mutating func graceOver() -> Outcome? {
        defer { self.state = .delivered }
        switch self.state {
        case .produced(let result): return .result(result)
        case .running, .expired: return .timeout
        case .delivered: return nil
        }
    }
}
