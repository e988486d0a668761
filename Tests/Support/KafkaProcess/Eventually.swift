/// Returns as soon as a condition holds, and throws if it does not hold before the deadline.
///
/// For conditions that announce themselves nowhere (a port that opens, a group that becomes stable in another process). The condition is
/// evaluated at once and then again after each tick; the tick bounds only how late success is noticed. It is a wait for a condition, not a
/// synchronisation by sleeping: nothing is assumed to have happened because time has passed.
///
/// - Parameters:
///   - subject: What is awaited, for the error's text.
///   - deadline: When to give up. Default: 10 seconds from now.
///   - tick: Time between two evaluations. Default: 20 ms.
///   - condition: Evaluated until it returns `true`; what it throws ends the wait and is thrown on.
/// - Throws: ``KafkaProcessError`` with code `deadlineExceeded`, `CancellationError`, or the condition's own error.
public nonisolated(nonsending) func eventually(
    _ subject: String = "the condition",
    deadline: ContinuousClock.Instant = .now + .seconds(10),
    tick: Duration = .milliseconds(20),
    fileID: String = #fileID,
    line: Int = #line,
    _ condition: () async throws -> Bool
) async throws {
    while try await !condition() {
        let now = ContinuousClock.now
        guard now < deadline else {
            throw KafkaProcessError(.deadlineExceeded, "\(subject) did not hold before the deadline (awaited at \(fileID):\(line))")
        }
        try await Task.sleep(until: min(now + tick, deadline), clock: .continuous)
    }
}

/// Runs an operation that honours cancellation, and cancels it when the deadline passes first.
func withDeadline<Value: Sendable>(
    _ deadline: ContinuousClock.Instant,
    timeout: @escaping @Sendable () -> KafkaProcessError,
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        defer { group.cancelAll() }
        group.addTask { try await operation() }
        group.addTask {
            try await Task.sleep(until: deadline, clock: .continuous)
            return nil
        }
        guard let first = try await group.next(), let value = first else { throw timeout() }
        return value
    }
}
