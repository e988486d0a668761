import JSON

/// The decisions of one request, which join its signals with them.
package struct DecisionLog: Sendable {
    /// Decisions of one request at most; more are made, but not logged.
    package static let capacity = 256

    /// In the order in which they were made, each once.
    package private(set) var decisions: [Decision] = []
    /// How many were not logged.
    package private(set) var dropped = 0

    /// A log without decisions, which costs nothing.
    package init() {}

    /// Logs a decision, unless it is there.
    package mutating func add(_ decision: Decision) {
        if self.decisions.contains(where: { $0.id == decision.id && $0.chosen == decision.chosen }) { return }
        if self.decisions.count < Self.capacity {
            self.decisions.append(decision)
        } else {
            self.dropped += 1
        }
    }

    /// The signal with what joins it to the last decision for its component; as it is when there is none.
    ///
    /// What the signal says itself stays: a `decision_id` also tells which decision is meant.
    package func stamped(_ signal: FeedbackSignal) -> FeedbackSignal {
        guard !self.decisions.isEmpty else { return signal }
        let component = ComponentID(signal.componentType, signal.componentID)
        let id = signal.metadata["decision_id"]?.stringValue
        guard let decision = self.decisions.last(where: { $0.chosen == component && (id == nil || $0.id == id) }) else { return signal }
        var signal = signal
        signal.metadata = JSONObject([
            ("decision_id", .string(decision.id)),
            ("policy_version", .integer(decision.policyVersion)),
            ("propensity", .number(decision.propensity)),
        ]).merging(signal.metadata)
        signal.context = decision.situation.merging(signal.context)
        return signal
    }
}
