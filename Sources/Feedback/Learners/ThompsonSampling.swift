/// Thompson sampling for rewards from 0 to 1: each arm is chosen with the probability that it is the best.
///
/// An arm's chance is Beta(α + Σ w·r, β + Σ w·(1 − r)) with the prior Beta(1, 1) (spec §5.15; fractional rewards after Agrawal, Goyal:
/// Analysis of Thompson sampling for the multi-armed bandit problem, 2012, without their coin). The probability is integrated, not
/// sampled, and the choice drawn from it, so the propensity is exact. A discount below 1 lets every observation take weight from all
/// earlier ones (spec §5.16 names .99), back towards the prior.
public struct ThompsonSampling: Learner, Hashable {
    private var arms: [BetaEvidence]
    private let discount: Double

    /// Creates a learner that knows nothing.
    ///
    /// - Throws: ``LearnerError/size(_:)``; ``LearnerError/weight(_:)`` for a discount outside 0 (excluded) … 1.
    public init(arms: Int, discount: Double = 1) throws(LearnerError) {
        try LearnerLimits.check(arms: arms, features: 0, cells: 2)
        guard discount > 0, discount <= 1 else { throw .weight("A discount is above 0 and at most 1, not \(discount).") }
        self.arms = Array(repeating: BetaEvidence(), count: arms)
        self.discount = discount
    }

    /// ``LearnerAlgorithm/thompson``, or ``LearnerAlgorithm/thompsonDiscounted`` with a discount below 1.
    public var algorithm: LearnerAlgorithm { self.discount < 1 ? .thompsonDiscounted : .thompson }
    /// How many arms there are.
    public var armCount: Int { self.arms.count }
    /// None.
    public var featureCount: Int { 0 }
    /// α and β of each arm, the prior's included.
    public var parameters: [(alpha: Double, beta: Double)] { self.arms.map { ($0.successes + 1, $0.failures + 1) } }

    /// The probability of each candidate; inputs have been checked.
    public func distribution(features: [Double], among arms: [Int]) -> [Double] {
        ProbabilityOfLargest.beta(arms.map { (self.arms[$0].successes + 1, self.arms[$0].failures + 1) })
    }

    /// The same with arms of several learners; each of them is discounted by its own observations only.
    public static func distribution(of learners: [ThompsonSampling], features: [Double]) -> [Double] {
        ProbabilityOfLargest.beta(learners.map { ($0.arms[0].successes + 1, $0.arms[0].failures + 1) })
    }

    /// Learns from an observation that has been checked.
    public mutating func absorb(_ observation: Observation) {
        if self.discount < 1 {
            for arm in self.arms.indices { self.arms[arm].fade(by: self.discount) }
        }
        self.arms[observation.arm].add(observation.reward, weight: observation.weight)
    }

    /// Adds an arm that nothing is known of, or what the prior says.
    public mutating func addArm(prior: ColdStartPrior?) throws(LearnerError) {
        try LearnerLimits.check(arms: self.armCount + 1, features: 0, cells: 2)
        self.arms.append(BetaEvidence(prior: prior))
    }

    /// Whether the sizes and numbers fit together.
    public func validate() throws(LearnerError) {
        try LearnerLimits.check(arms: self.arms.count, features: 0, cells: 2)
        try BetaEvidence.check(self.arms)
        guard self.discount > 0, self.discount <= 1 else { throw .state("A discount is out of range.") }
    }
}
