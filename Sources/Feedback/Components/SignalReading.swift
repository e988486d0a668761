import JSON
import Orchestration

/// The largest time, cost or count that details believe.
let largestMeasure = 1e9

extension JSONObject {
    /// A member that measures something: a finite number, 0 or more; larger ones than ``largestMeasure`` count as that.
    func measure(_ name: String) -> Double? {
        guard let value = self[name]?.doubleValue, value.isFinite, value >= 0 else { return nil }
        return value.moved(into: 0...largestMeasure)
    }

    /// A member that is a share, moved into 0 … 1.
    func share(_ name: String) -> Double? {
        guard let value = self[name]?.doubleValue, !value.isNaN else { return nil }
        return value.moved(into: 0...1)
    }

    /// A number of a stored state, moved into the range; `standard` when there is none.
    func number(_ name: String, in range: ClosedRange<Double> = 0...largestMeasure, default standard: Double) -> Double {
        guard let value = self[name]?.doubleValue, !value.isNaN else { return standard }
        return value.moved(into: range)
    }

    /// A count of a stored state, at most 2⁵³, so that it can still be counted on; 0 when there is none.
    func tally(_ name: String) -> Int64 { (self[name]?.integerValue ?? 0).moved(into: 0...1 << 53) }
}

extension FeedbackSignal {
    /// The decision that it is about; nil for none, and for what cannot be the id of one.
    var decisionID: String? {
        self.metadata["decision_id"]?.stringValue.flatMap { !$0.isEmpty && $0.utf8.count <= Decision.idBytes ? $0 : nil }
    }

    /// The time it speaks of, seconds since 1970.
    func time(now: Double) -> Double { self.timestamp ?? now }

    /// A measure from the context, else from the metadata: producers put latencies and costs into either (spec §5.3).
    func measure(_ name: String) -> Double? { self.context.measure(name) ?? self.metadata.measure(name) }

    /// A share from the context, else from the metadata.
    func share(_ name: String) -> Double? { self.context.share(name) ?? self.metadata.share(name) }

    /// How far the use succeeded: `success` in the context as 1 or 0; else the reward, which for several uses is the share of successes.
    var success: Double { self.context["success"]?.boolValue.map { $0 ? 1 : 0 } ?? self.learnedReward }

    /// How many uses it sums up: `usage_count` in the context, 1 to 1,000; 1 by default.
    var uses: Int64 { (self.context["usage_count"]?.integerValue ?? 1).moved(into: 1...1_000) }

    /// The reward, moved into 0 … 1.
    var learnedReward: Double { self.reward.isNaN ? 0 : self.reward.moved(into: 0...1) }
}

extension Comparable {
    /// The nearest value of the range.
    func moved(into range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}

extension Double {
    /// Moves an exponential average towards a sample: (1 − share) · old + share · sample.
    mutating func move(towards sample: Double, _ share: Double) { self += share * (sample - self) }
}
