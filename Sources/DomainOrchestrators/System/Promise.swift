import Synchronization

/// A result that one task waits for and that code outside of Swift's tasks provides, once.
final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Value, any Error>)
        case running(CheckedContinuation<Value, any Error>)
        case finished(Result<Value, any Error>)
        case taken
    }

    private let state = Mutex(State.idle)

    /// Waits for the result after handing the work over with `begin`, which runs at once on the caller's thread.
    func value(begin: () -> Void) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let early = self.state.withLock { state -> Result<Value, any Error>? in
                switch state {
                case .idle:
                    state = .waiting(continuation)
                    return nil
                case .finished(let result):
                    state = .taken
                    return result
                case .waiting, .running, .taken:
                    return .failure(CancellationError())
                }
            }
            if let early {
                continuation.resume(with: early)
            } else {
                begin()
            }
        }
    }

    /// Marks the work as started; false when its task has given it up, and then it must not run.
    func start() -> Bool {
        self.state.withLock { state in
            guard case .waiting(let continuation) = state else { return false }
            state = .running(continuation)
            return true
        }
    }

    /// Gives the result to the waiting task; any result after the first is dropped.
    func finish(_ result: Result<Value, any Error>) {
        let waiter = self.state.withLock { state -> CheckedContinuation<Value, any Error>? in
            switch state {
            case .waiting(let continuation), .running(let continuation):
                state = .taken
                return continuation
            case .idle:
                state = .finished(result)
                return nil
            case .finished, .taken:
                return nil
            }
        }
        waiter?.resume(with: result)
    }

    /// Ends the wait with `CancellationError` if the work has not started.
    func abandonUnlessStarted() {
        let started = self.state.withLock { state in
            if case .running = state { true } else { false }
        }
        if !started { self.finish(.failure(CancellationError())) }
    }
}
