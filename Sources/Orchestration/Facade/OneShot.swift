import Synchronization

/// A value that is given once, by whoever comes first, and awaited by one task.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        /// → waiting, given
        case empty
        /// → given
        case waiting(CheckedContinuation<Value, Never>)
        case given(Value)
    }

    private let state = Mutex(State.empty)

    /// Gives the value; false when there is one already.
    @discardableResult
    func give(_ value: Value) -> Bool {
        let (isFirst, waiter) = self.state.withLock { state -> (Bool, CheckedContinuation<Value, Never>?) in
            switch state {
            case .empty:
                state = .given(value)
                return (true, nil)
            case .waiting(let continuation):
                state = .given(value)
                return (true, continuation)
            case .given:
                return (false, nil)
            }
        }
        waiter?.resume(returning: value)
        return isFirst
    }

    /// The value if it was given.
    var value: Value? {
        self.state.withLock { state in
            if case .given(let value) = state { value } else { nil }
        }
    }

    /// Waits for the value, without regard to cancellation.
    ///
    /// For one task, once.
    func take() async -> Value {
        await withCheckedContinuation { continuation in
            let value = self.state.withLock { state -> Value? in
                if case .given(let value) = state { return value }
                state = .waiting(continuation)
                return nil
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}
