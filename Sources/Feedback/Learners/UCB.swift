import Glibc

/// Upper confidence bounds: the arm that could be the best, by its mean and how little is known of it.
///
/// n is the sum of an arm's weights, N that of all arms, s² the variance of an arm's rewards. Arms never tried come first. The choice has
/// probability 1; equal bounds share it.
public struct UCB: Learner, Hashable {
    /// How the bound is made.
    public enum Rule: Sendable, Hashable, Codable {
        /// mean + √(2·ln N / n) (Auer, Cesa-Bianchi, Fischer: Finite-time analysis of the multiarmed bandit problem, 2002).
        case ucb1
        /// mean + √(ln N / n · min(¼, s² + √(2·ln N / n))) (the same paper, §4).
        case tuned
        /// mean + z·√((s²·n + ¼) / n²): the normal bound of spec §5.16, one pseudo-observation of variance ¼ added, without which an arm
        /// with two equal rewards would never be tried again. z is 1, 1.96 or 2.58 for 68, 95 or 99 %; the bound does not grow with N, so
        /// that an unlucky arm can stay unlucky.
        case normal(z: Double)
        /// mean + √(2·s²·ln N / n) + ln N / (3·n) (spec §5.16; Audibert, Munos, Szepesvári: Exploration–exploitation tradeoff using
        /// variance estimates, 2009).
        case bernstein
        /// UCB1 in which every observation lets all earlier ones count γ times as much, so that arms come up again for trial when the
        /// world changes (Garivier, Moulines: On upper-confidence bound policies for non-stationary bandit problems, 2008).
        case discounted(gamma: Double)
    }

    private var arms: [ArmStatistics]
    private let rule: Rule

    /// Creates a learner that knows nothing.
    ///
    /// - Throws: ``LearnerError/size(_:)``; ``LearnerError/weight(_:)`` for a z outside 0 … 100 or a γ outside 0 (excluded) … 1.
    public init(arms: Int, rule: Rule = .ucb1) throws(LearnerError) {
        try LearnerLimits.check(arms: arms, features: 0, cells: 3)
        try Self.check(rule)
        self.arms = Array(repeating: ArmStatistics(), count: arms)
        self.rule = rule
    }

    /// Which of the family this is.
    public var algorithm: LearnerAlgorithm {
        switch self.rule {
        case .ucb1: .ucb1
        case .tuned: .ucb1Tuned
        case .normal: .ucbNormal
        case .bernstein: .ucbBernstein
        case .discounted: .ucbDiscounted
        }
    }

    /// How many arms there are.
    public var armCount: Int { self.arms.count }
    /// None.
    public var featureCount: Int { 0 }

    /// The bound of each arm; infinite for one that was never tried.
    public var bounds: [Double] {
        let total = Self.logarithm(of: self.arms)
        return self.arms.map { self.bound($0, total) }
    }

    private static func logarithm(of arms: [ArmStatistics]) -> Double { log(max(1, arms.reduce(0) { $0 + $1.count })) }

    private func bound(_ arm: ArmStatistics, _ total: Double) -> Double {
        guard arm.count > 0 else { return .infinity }
        let share = total / arm.count
        switch self.rule {
        case .ucb1, .discounted: return arm.mean + (2 * share).squareRoot()
        case .tuned: return arm.mean + (share * min(0.25, arm.variance + (2 * share).squareRoot())).squareRoot()
        case .normal(let z): return arm.mean + z * ((arm.deviations + 0.25) / arm.count / arm.count).squareRoot()
        case .bernstein: return arm.mean + (2 * arm.variance * share).squareRoot() + share / 3
        }
    }

    /// The probability of each candidate; inputs have been checked.
    public func distribution(features: [Double], among arms: [Int]) -> [Double] {
        let bounds = self.bounds
        return Preference.largest(arms.map { bounds[$0] })
    }

    /// The same with arms of several learners: N is the sum over all of them.
    ///
    /// Each of them is discounted by its own observations only.
    public static func distribution(of learners: [UCB], features: [Double]) -> [Double] {
        let total = self.logarithm(of: learners.map { $0.arms[0] })
        return Preference.largest(learners.map { $0.bound($0.arms[0], total) })
    }

    /// Learns from an observation that has been checked.
    public mutating func absorb(_ observation: Observation) {
        if case .discounted(let gamma) = self.rule {
            for arm in self.arms.indices { self.arms[arm].fade(by: gamma) }
        }
        self.arms[observation.arm].add(observation.reward, weight: observation.weight)
    }

    /// Adds an arm that nothing is known of, or what the prior says.
    public mutating func addArm(prior: ColdStartPrior?) throws(LearnerError) {
        try LearnerLimits.check(arms: self.armCount + 1, features: 0, cells: 3)
        self.arms.append(ArmStatistics(prior: prior))
    }

    /// Whether the sizes and numbers fit together.
    public func validate() throws(LearnerError) {
        try ArmStatistics.check(self.arms)
        try Self.check(self.rule)
    }

    private static func check(_ rule: Rule) throws(LearnerError) {
        switch rule {
        case .normal(let z) where !(0...100).contains(z): throw .weight("z is 0 to 100, not \(z).")
        case .discounted(let gamma) where !(gamma > 0 && gamma <= 1): throw .weight("A discount is above 0 and at most 1, not \(gamma).")
        default: break
        }
    }
}
