public import Orchestration

/// Decisions that count by themselves, not only by their rewards.
extension FeedbackShard {
    /// A decision was read; where ``FeedbackSettings/countsDecisions(about:)`` says so, it is counted, once however often it comes.
    public mutating func takeAndCount(_ decision: Decision, at offset: Int64, now: Double) -> Outcome {
        let outcome = self.take(decision, at: offset, now: now)
        guard outcome != .replayed, self.settings.countsDecisions(about: decision.chosen) else { return outcome }
        // Its own seed: the join remembers decisions whose rewards were learned.
        guard self.seen.insert(IDHash.hash(decision.id, seed: 0xc0_0417)) else { return outcome }
        if self.components[decision.chosen] == nil {
            // Room is made for components with rewards only.
            guard self.components.count < self.settings.capacity else { return outcome }
            self.components[decision.chosen] = OwnedComponent(decision.chosen, self.settings)
        }
        self.components[decision.chosen]?.countDecision()
        self.dirty.insert(decision.chosen)
        return outcome
    }
}
