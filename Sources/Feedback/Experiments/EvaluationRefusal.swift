/// Why nothing can be said of a candidate policy from a log.
public enum EvaluationRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no decision with a reward.
    case empty
    /// The candidate would choose what was not to be had.
    case noCandidate(policy: String, decisions: Int, of: Int)
    /// The candidate would choose otherwise where the log's policy had no choice.
    case noSupport(policy: String, share: Double, of: Int)
    /// What the candidate chooses was practically never chosen.
    case neverChosen(policy: String, meanWeight: Double, of: Int)
    /// Too few decisions are like those of the candidate.
    case fewSamples(policy: String, effective: Double, minimum: Double, of: Int)

    /// It is nothing that can be judged, told in a sentence.
    case notAPolicy(String)

    /// Why, in one sentence, and what would help.
    public var description: String {
        switch self {
        case .empty: "There is no decision with a reward: nothing can be said of any policy."
        case .notAPolicy(let sentence): sentence
        case .noCandidate(let policy, let decisions, let count):
            "\(policy) cannot be judged: in \(decisions) of \(count) decisions it would choose what was none of the candidates; "
                + "judge it by decisions that it was a candidate of."
        case .noSupport(let policy, let share, let count):
            "\(policy) cannot be judged: in \(Self.percent(share)) of \(count) decisions it would choose what the log's policy could not "
                + "have chosen, because that chose with probability 1; let it explore, with an algorithm such as lin_ts or a minimum exploration."
        case .neverChosen(let policy, let weight, let count):
            "\(policy) cannot be judged: the weights of \(count) decisions average \(Self.hundredths(weight)) where 1 is expected, so that it "
                + "often chooses what was practically never chosen."
        case .fewSamples(let policy, 0, _, let count):
            "\(policy) cannot be judged: in none of \(count) decisions was chosen what it would choose."
        case .fewSamples(let policy, let effective, let minimum, let count):
            "\(policy) cannot be judged: \(count) decisions count like \(Self.hundredths(effective)) of its own, at least "
                + "\(Self.hundredths(minimum)) are needed; wait for more, or let the log's policy explore more."
        }
    }

    private static func percent(_ share: Double) -> String { "\(Self.hundredths(share * 100)) %" }

    /// At most two decimals, and none of a whole number.
    private static func hundredths(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int64(rounded))" : "\(rounded)"
    }
}
