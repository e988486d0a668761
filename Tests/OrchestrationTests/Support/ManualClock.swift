import Orchestration
import Synchronization

/// Time that only moves when a test says so.
final class ManualClock: Sendable {
    private struct Sleeper {
        var wakeAt: Int64
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Int64
        var nextID = 0
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

        mutating func takeSatisfiedWatchers() -> [CheckedContinuation<Void, Never>] {
            let count = self.sleepers.count
            defer { self.watchers.removeAll { $0.count <= count } }
            return self.watchers.filter { $0.count <= count }.map(\.continuation)
        }
    }

    private let state: Mutex<State>

    init(now: Int64 = 1_000_000) { self.state = Mutex(State(now: now)) }

    var now: Int64 { self.state.withLock { $0.now } }

    var clock: OrchestrationClock {
        OrchestrationClock(now: { self.now }, sleep: { try await self.sleep($0) })
    }

    /// Moves time and wakes whoever is due.
    func advance(milliseconds: Int64) {
        let due = self.state.withLock { state in
            state.now += milliseconds
            let due = state.sleepers.filter { $0.value.wakeAt <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Waits until so many tasks sleep.
    func waitForSleepers(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let satisfied = self.state.withLock { state in
                state.watchers.append((count, continuation))
                return state.takeSatisfiedWatchers()
            }
            for watcher in satisfied { watcher.resume() }
        }
    }

    private func sleep(_ duration: Duration) async throws {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let (isCancelled, satisfied) = self.state.withLock { state in
                    if state.cancelled.remove(id) != nil { return (true, [CheckedContinuation<Void, Never>]()) }
                    let wakeAt = Deadline(after: duration, now: state.now).millisecondsSince1970
                    state.sleepers[id] = Sleeper(wakeAt: wakeAt, continuation: continuation)
                    return (false, state.takeSatisfiedWatchers())
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
                for watcher in satisfied { watcher.resume() }
            }
        } onCancel: {
            let sleeper = self.state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
