import Synchronization

/// Calls back when moments come, with one sleeping task for all of them, and none when there is nothing to wait for.
///
/// A sleeping task per request would cost twice as much as the request, and a cancelled sleep stays in the system's timer queue until its
/// time has come. Here a cancelled entry is gone at once. The moments are wall-clock time and looked at again at least once a second, as
/// that clock can be set. Waking looks at every entry: there are as many as requests with a deadline in progress.
final class Alarm: Sendable {
    typealias Action = @Sendable () -> Void

    private struct State {
        var entries: [UInt64: (moment: Int64, action: Action)] = [:]
        var nextID: UInt64 = 0
        /// The sleeping task and when it wakes; nil without entries.
        var sleeper: (task: Task<Void, Never>, generation: UInt64, wakesAt: Int64)?
        var generation: UInt64 = 0
    }

    /// Milliseconds a sleep takes at most.
    private static let longestSleep: Int64 = 1_000

    private let state = Mutex(State())
    private let clock: OrchestrationClock

    init(clock: OrchestrationClock) { self.clock = clock }

    /// Calls the action soon after the moment (milliseconds since 1970), on a task of the alarm's; it must not block.
    ///
    /// - Returns: What `cancel(_:)` takes.
    func schedule(at moment: Int64, _ action: @escaping Action) -> UInt64 {
        let now = self.clock.now()
        return self.state.withLock { state in
            let id = state.nextID
            state.nextID += 1
            state.entries[id] = (moment, action)
            if state.sleeper.map({ moment < $0.wakesAt }) ?? true {
                state.sleeper?.task.cancel()
                state.generation += 1
                let generation = state.generation
                // Detached: the task outlives the request, whose task-local values are not its business.
                let task = Task.detached { await self.run(generation) }
                let latest = Deadline(after: .milliseconds(Self.longestSleep), now: now).millisecondsSince1970
                state.sleeper = (task, generation, min(moment, latest))
            }
            return id
        }
    }

    /// Forgets an entry; nothing happens if its action was called already.
    func cancel(_ id: UInt64) {
        self.state.withLock { $0.entries[id] = nil }
    }

    /// How many entries wait.
    var count: Int { self.state.withLock { $0.entries.count } }

    private func run(_ generation: UInt64) async {
        while let moment = self.ring(generation) {
            guard (try? await self.clock.sleepUntil(moment)) != nil else { return }
        }
    }

    /// Calls what is due.
    ///
    /// Returns the moment to sleep until; nil when there is nothing left to wait for, or another task does.
    private func ring(_ generation: UInt64) -> Int64? {
        let now = self.clock.now()
        let latest = Deadline(after: .milliseconds(Self.longestSleep), now: now).millisecondsSince1970
        let (due, moment) = self.state.withLock { state -> ([Action], Int64?) in
            guard let sleeper = state.sleeper, sleeper.generation == generation else { return ([], nil) }
            var due: [UInt64] = []
            var earliest = Int64.max
            for (id, entry) in state.entries {
                if entry.moment <= now { due.append(id) } else { earliest = min(earliest, entry.moment) }
            }
            let actions = due.compactMap { state.entries.removeValue(forKey: $0)?.action }
            if state.entries.isEmpty {
                state.sleeper = nil
                return (actions, nil)
            }
            let moment = min(earliest, latest)
            state.sleeper?.wakesAt = moment
            return (actions, moment)
        }
        for action in due { action() }
        return moment
    }
}
