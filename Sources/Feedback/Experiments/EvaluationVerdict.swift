/// What an estimate means for whoever has to decide.
public enum EvaluationVerdict: String, Sendable, Hashable {
    /// Surely better, by as much as promotes.
    case better
    /// Surely better, but by less than that.
    case littleBetter = "little_better"
    /// Surely worse.
    case worse
    /// The interval of the difference holds 0.
    case unclear
}

extension OffPolicyEvaluation {
    /// What the estimate means.
    ///
    /// - Parameter promoteAt: the relative improvement that promotes; .05 (spec §5.15).
    public func verdict(promoteAt: Double = 0.05) -> EvaluationVerdict {
        if self.difference.low > 0 { return self.improvement >= promoteAt ? .better : .littleBetter }
        return self.difference.high < 0 ? .worse : .unclear
    }

    /// The same as a sentence.
    public func sentence(promoteAt: Double = 0.05) -> String {
        let amount = Self.thousandths(abs(self.difference.value))
        let share = self.improvement.isFinite ? " (\(Self.percent(self.improvement)))" : ""
        let interval = "\(Self.signed(self.difference.low)) … \(Self.signed(self.difference.high))"
        return switch self.verdict(promoteAt: promoteAt) {
        case .better:
            "\(self.policy) would earn \(amount) more\(share) a decision than what was done, interval \(interval): worth an experiment."
        case .littleBetter:
            "\(self.policy) would earn \(amount) more\(share) a decision than what was done, interval \(interval): better, but by less than "
                + "\(Self.percent(promoteAt))."
        case .worse:
            "\(self.policy) would earn \(amount) less\(share) a decision than what was done, interval \(interval): leave it."
        case .unclear:
            "\(self.policy) cannot be told from what was done, interval of the difference \(interval): wait for more decisions."
        }
    }

    private static func thousandths(_ value: Double) -> String {
        let number = Int64((min(max(value, 0), 1e12) * 1_000).rounded())
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return padded.dropLast(3) + "." + padded.suffix(3)
    }

    private static func signed(_ value: Double) -> String { (value < 0 ? "−" : "+") + self.thousandths(abs(value)) }

    private static func percent(_ share: Double) -> String {
        let tenths = (min(abs(share), 1e9) * 1_000).rounded() / 10
        let text = tenths == tenths.rounded() ? "\(Int64(tenths))" : "\(tenths)"
        return "\(share < 0 ? "−" : "+")\(text) %"
    }
}
