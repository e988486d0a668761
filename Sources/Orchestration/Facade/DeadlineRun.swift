/// One handler's run that a deadline or a cancellation may cut off: decides what the caller gets, and when.
///
/// The caller gets the handler's result when that was there before, however long the handler takes to finish up; otherwise what cut it off,
/// as soon as the cancelled handler has ended or the grace is over. No clock, no tasks.
struct DeadlineRun {
    enum Outcome: Sendable, Equatable {
        case result(StepResult)
        case timeout
        case cancelled
    }

    /// What the owner has to do after the handler ended.
    enum EndAction: Equatable {
        /// Give this to the caller.
        case deliver(Outcome)
        /// The caller has been answered already: a handler that was given up has returned after all.
        case countReturn
    }

    private enum State {
        /// The handler runs → produced, cutOff, delivered
        case running
        /// The result is there, the handler finishes up → delivered
        case produced(StepResult)
        /// The deadline or the cancellation came first, the handler has been cancelled → delivered
        case cutOff(Outcome)
        /// The caller has its answer.
        case delivered
    }

    private var state = State.running

    /// The handler has its result.
    ///
    /// Too late after it was cut off.
    mutating func resultProduced(_ result: StepResult) {
        if case .running = self.state { self.state = .produced(result) }
    }

    /// The handler has finished up as well.
    mutating func handlerEnded() -> EndAction {
        defer { self.state = .delivered }
        switch self.state {
        case .produced(let result): return .deliver(.result(result))
        // Nobody ends without a result.
        case .running: return .deliver(.timeout)
        case .cutOff(let outcome): return .deliver(outcome)
        case .delivered: return .countReturn
        }
    }

    /// The deadline has come.
    ///
    /// Returns whether to cancel the handler, and to give it up after the grace.
    mutating func deadlineReached() -> Bool { self.cutOff(.timeout) }

    /// Somebody has asked for the run to end.
    ///
    /// Returns the same as ``deadlineReached()``.
    mutating func cancellationRequested() -> Bool { self.cutOff(.cancelled) }

    private mutating func cutOff(_ outcome: Outcome) -> Bool {
        switch self.state {
        case .running:
            self.state = .cutOff(outcome)
            return true
        case .produced: return true
        case .cutOff, .delivered: return false
        }
    }

    /// The time a cancelled handler is given is over.
    ///
    /// Returns what to give the caller; nil when it has its answer already.
    mutating func graceOver() -> Outcome? {
        defer { self.state = .delivered }
        switch self.state {
        case .produced(let result): return .result(result)
        case .running: return .timeout
        case .cutOff(let outcome): return outcome
        case .delivered: return nil
        }
    }
}
