public import Orchestration
import Synchronization

/// A clock that stands still until it is told to go on, so that tests of deadlines and delays need no time.
public final class ManualClock: Sendable {
    private struct Sleeper {
        let id: UInt64
        let wakesAt: Int64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Int64
        var nextID: UInt64 = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<UInt64> = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

        mutating func takeSatisfiedWatchers() -> [CheckedContinuation<Void, Never>] {
            let count = self.sleepers.count
            defer { self.watchers.removeAll { $0.count <= count } }
            return self.watchers.filter { $0.count <= count }.map(\.continuation)
        }
    }

    private let state: Mutex<State>

    /// - Parameter now: milliseconds since 1970; some moment in 2026 by default.
    public init(now: Int64 = 1_790_000_000_000) {
        self.state = Mutex(State(now: now))
    }

    /// Milliseconds since 1970.
    public var now: Int64 { self.state.withLock { $0.now } }

    /// The clock for a context or a harness.
    public var clock: OrchestrationClock {
        OrchestrationClock(
            now: { self.now },
            sleep: { duration in
                let rounded = duration > .zero ? max(duration, .milliseconds(1)) : .zero
                try await self.sleep { Deadline(after: rounded, now: $0).millisecondsSince1970 }
            },
            sleepUntil: { moment in try await self.sleep { _ in moment } }
        )
    }

    /// Goes on, and wakes whoever's time has come; tasks woken by one call go on in no particular order.
    public func advance(by duration: Duration) {
        let woken = self.state.withLock { state in
            let now = Deadline(after: duration, now: state.now).millisecondsSince1970
            state.now = now
            let woken = state.sleepers.filter { $0.wakesAt <= now }
            state.sleepers.removeAll { $0.wakesAt <= now }
            return woken
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Waits until at least so many tasks sleep, so that a test advances only when there is something to wake.
    ///
    /// - Parameter count: One by default; a request with a deadline sleeps, too, besides its handler.
    public func waitForSleepers(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let satisfied = self.state.withLock { state in
                state.watchers.append((count, continuation))
                return state.takeSatisfiedWatchers()
            }
            for watcher in satisfied { watcher.resume() }
        }
    }

    /// - Parameter moment: Gives the moment to sleep until from the time it is now, which cannot move in between.
    private func sleep(until moment: @Sendable (_ now: Int64) -> Int64) async throws {
        try Task.checkCancellation()
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (outcome, satisfied) = self.state.withLock { state -> (Result<Void, any Error>?, [CheckedContinuation<Void, Never>]) in
                    if state.cancelled.remove(id) != nil { return (.failure(CancellationError()), []) }
                    let wakesAt = moment(state.now)
                    guard wakesAt > state.now else { return (.success(()), []) }
                    state.sleepers.append(Sleeper(id: id, wakesAt: wakesAt, continuation: continuation))
                    return (nil, state.takeSatisfiedWatchers())
                }
                if let outcome { continuation.resume(with: outcome) }
                for watcher in satisfied { watcher.resume() }
            }
        } onCancel: {
            let sleeper: Sleeper? = self.state.withLock { state in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
