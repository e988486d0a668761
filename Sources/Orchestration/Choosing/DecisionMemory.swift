import Synchronization

/// The last decisions of this process, so that a choice stays what it is while the policies move.
///
/// Two generations: what is asked for comes into the younger one, and when that is full the older one is forgotten. So at least the half of
/// the capacity that was used last is kept.
final class DecisionMemory: Sendable {
    private struct State {
        var young: [String: Decision] = [:]
        var old: [String: Decision] = [:]

        mutating func find(_ id: String) -> Decision? {
            if let decision = self.young[id] { return decision }
            return self.old[id]
        }

        mutating func keep(_ decision: Decision, capacity: Int) {
            if self.young.count >= max(1, capacity / 2), self.young[decision.id] == nil {
                self.old = self.young
                self.young = [:]
            }
            self.young[decision.id] = decision
        }
    }

    private let state = Mutex(State())
    private let capacity: Int

    /// - Parameter capacity: decisions kept at most; none with 0.
    init(capacity: Int) { self.capacity = capacity }

    /// The decision of this id, if it is remembered.
    func decision(_ id: String) -> Decision? {
        guard self.capacity > 0 else { return nil }
        return self.state.withLock { state in
            guard let decision = state.find(id) else { return nil }
            state.keep(decision, capacity: self.capacity)
            return decision
        }
    }

    /// Remembers a decision, unless somebody else was quicker.
    ///
    /// - Parameter outdated: the decision of this id that is of no use here any more.
    /// - Returns: the decision that holds: that of whoever was first, if it is one of `decision`'s candidates.
    func settle(_ decision: Decision, replacing outdated: Decision?) -> Decision {
        guard self.capacity > 0 else { return decision }
        return self.state.withLock { state in
            if let first = state.find(decision.id), first != outdated, decision.candidates.contains(first.chosen.id) { return first }
            state.keep(decision, capacity: self.capacity)
            return decision
        }
    }

    /// How many decisions are remembered.
    var count: Int { self.state.withLock { state in state.young.count + state.old.keys.count { state.young[$0] == nil } } }
}
