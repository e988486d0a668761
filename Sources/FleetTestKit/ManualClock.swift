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
        var watchers: [CheckedContinuation<Void, Never>] = []
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
        OrchestrationClock(now: { self.now }, sleep: { try await self.sleep($0) })
    }

    /// Goes on, and wakes whoever's time has come, the earliest first.
    public func advance(by duration: Duration) {
        let woken = self.state.withLock { state in
            state.now += Int64(duration.components.seconds) * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
            let now = state.now
            let woken = state.sleepers.filter { $0.wakesAt <= now }.sorted { $0.wakesAt < $1.wakesAt }
            state.sleepers.removeAll { $0.wakesAt <= now }
            return woken
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Waits until somebody sleeps, so that a test advances only when there is something to wake.
    public func someoneSleeps() async {
        await withCheckedContinuation { continuation in
            let isThere = self.state.withLock { state in
                if !state.sleepers.isEmpty { return true }
                state.watchers.append(continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    private func sleep(_ duration: Duration) async throws {
        guard duration > .zero else { return try Task.checkCancellation() }
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let watchers: [CheckedContinuation<Void, Never>]? = self.state.withLock { state in
                    if state.cancelled.remove(id) != nil { return nil }
                    let milliseconds = Int64(duration.components.seconds) * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
                    state.sleepers.append(Sleeper(id: id, wakesAt: state.now + max(1, milliseconds), continuation: continuation))
                    defer { state.watchers = [] }
                    return state.watchers
                }
                guard let watchers else { return continuation.resume(throwing: CancellationError()) }
                for watcher in watchers { watcher.resume() }
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
