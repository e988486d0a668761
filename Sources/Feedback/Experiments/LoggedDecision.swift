/// A choice of the past with the reward that came of it: what another policy is judged by.
public struct LoggedDecision: Sendable, Hashable {
    /// The ids it was chosen among.
    public let candidates: [String]
    /// The index of the chosen one.
    public let chosen: Int
    /// The probability with which it was chosen, above 0 and at most 1.
    public let propensity: Double
    /// The situation as numbers; empty where choices are made without one.
    public let features: [Double]
    /// What came of it.
    public let reward: Double

    /// Makes an entry of a log.
    ///
    /// - Throws: ``LearnerError`` for a choice that is none of its candidates, more than 1,024 of them or one of them twice, a propensity
    ///   outside 0 (excluded) … 1, and numbers that are not finite or beyond ±10⁶.
    public init(
        candidates: [String],
        chosen: String,
        propensity: Double,
        features: [Double] = [],
        reward: Double
    ) throws(LearnerError) {
        guard let index = candidates.firstIndex(of: chosen) else {
            throw .arms("The chosen arm \(chosen) is none of the \(candidates.count) candidates.")
        }
        guard candidates.count <= LearnerLimits.arms else {
            throw .arms("A choice is among at most \(LearnerLimits.arms) candidates, not \(candidates.count).")
        }
        guard Set(candidates).count == candidates.count else { throw .arms("One of the candidates stands there twice.") }
        guard propensity > 0, propensity <= 1 else { throw .weight("A propensity is above 0 and at most 1, not \(propensity).") }
        guard abs(reward) <= LearnerLimits.magnitude else {
            throw .reward("A reward is within ±\(LearnerLimits.magnitude), not \(reward).")
        }
        guard features.count <= LearnerLimits.features, features.allSatisfy({ abs($0) <= LearnerLimits.magnitude }) else {
            throw .features("A situation has at most \(LearnerLimits.features) features, each within ±\(LearnerLimits.magnitude).")
        }
        self.candidates = candidates
        self.chosen = index
        self.propensity = propensity
        self.features = features
        self.reward = reward
    }
}
