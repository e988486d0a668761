public import Orchestration
public import Wire

/// Counts signals per component and source, and tells what changed: a pure value, no clock, no I/O.
///
/// Bounded: when more components were seen than allowed, those that were quiet for longest are forgotten.
public struct SignalTally: Sendable {
    private struct Count {
        var signals: Int64 = 0
        var rewards = 0.0
        var bySource: [FeedbackSource: Int64] = [:]
        var first = 0.0
        var last = 0.0
        var version: Int64 = 0
        var seen: UInt64 = 0

        mutating func add(_ signal: FeedbackSignal, _ time: Double, _ clock: UInt64) {
            self.signals += 1
            self.rewards += signal.reward
            self.bySource[signal.source, default: 0] += 1
            self.first = min(self.first, time)
            self.last = max(self.last, time)
            self.seen = clock
        }
    }

    private var counts: [ComponentID: Count] = [:]
    private var changed: Set<ComponentID> = []
    private var clock: UInt64 = 0
    private let capacity: Int
    /// Components forgotten for want of room.
    public private(set) var forgotten = 0

    /// - Parameter capacity: components kept at most; 100,000 by default.
    public init(capacity: Int = 100_000) {
        self.capacity = max(2, capacity)
    }

    /// Components known.
    public var componentCount: Int { self.counts.count }

    /// Counts a signal.
    ///
    /// - Parameter now: seconds since 1970; stands in for a signal without a timestamp.
    public mutating func record(_ signal: FeedbackSignal, now: Double) {
        let component = ComponentID(signal.componentType, signal.componentID)
        let time = signal.timestamp ?? now
        self.clock += 1
        if self.counts[component] == nil, self.counts.count >= self.capacity { self.forgetQuiet() }
        self.counts[component, default: Count(first: time, last: time)].add(signal, time, self.clock)
        self.changed.insert(component)
    }

    /// The snapshots of components that changed since they were last taken.
    ///
    /// - Parameter limit: at most so many; the others stay for the next call.
    public mutating func takeChanges(now: Double, worker: String, limit: Int = 5_000) -> [PolicySnapshot] {
        let taken = Array(self.changed.prefix(max(0, limit)))
        self.changed.subtract(taken)
        return taken.compactMap { component in
            guard var count = self.counts[component] else { return nil }
            count.version += 1
            self.counts[component] = count
            return PolicySnapshot(
                policyVersion: count.version,
                componentType: component.type,
                componentID: component.id,
                signals: count.signals,
                meanReward: count.rewards / Double(count.signals),
                bySource: count.bySource,
                firstSignalAt: count.first,
                lastSignalAt: count.last,
                updatedAt: now,
                worker: worker
            )
        }
    }

    /// Forgets the tenth of the components that was quiet for longest, so that forgetting is rare.
    private mutating func forgetQuiet() {
        let bySilence = self.counts.sorted { $0.value.seen < $1.value.seen }
        for (component, _) in bySilence.prefix(max(1, self.capacity / 10)) {
            self.counts[component] = nil
            self.changed.remove(component)
            self.forgotten += 1
        }
    }
}
