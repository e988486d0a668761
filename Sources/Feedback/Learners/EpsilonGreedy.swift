/// ε-greedy: the arm with the best mean, and with probability ε any of them (spec §5.15; Sutton, Barto: Reinforcement Learning, §2).
///
/// Mean: q += w·(r − q)/n, with n the sum of the weights. Arms never tried come first. Propensity, exactly: ε/K, and (1 − ε) more for the
/// best.
public struct EpsilonGreedy: Learner, Hashable {
    private var arms: [ArmStatistics]
    private let exploration: ExplorationSchedule
    private var observations = 0.0

    /// Creates a learner that knows nothing.
    ///
    /// - Throws: ``LearnerError/size(_:)``.
    public init(arms: Int, exploration: ExplorationSchedule = ExplorationSchedule()) throws(LearnerError) {
        try LearnerLimits.check(arms: arms, features: 0, cells: 3)
        self.arms = Array(repeating: ArmStatistics(), count: arms)
        self.exploration = exploration
    }

    /// ``LearnerAlgorithm/epsilonGreedy``.
    public var algorithm: LearnerAlgorithm { .epsilonGreedy }
    /// How many arms there are.
    public var armCount: Int { self.arms.count }
    /// None.
    public var featureCount: Int { 0 }
    /// The share of choices that explores now.
    public var epsilon: Double { self.exploration.share(after: self.observations) }
    /// Each arm's mean reward; 0 before the first.
    public var means: [Double] { self.arms.map(\.mean) }

    /// The probability of each candidate; inputs have been checked.
    public func distribution(features: [Double], among arms: [Int]) -> [Double] {
        Self.distribution(of: arms.map { self.arms[$0] }, exploration: self.epsilon)
    }

    /// The same with arms of several learners; the observations of all of them count for ε, and the largest ε of all schedules.
    public static func distribution(of learners: [EpsilonGreedy], features: [Double]) -> [Double] {
        let observations = learners.reduce(0) { $0 + $1.observations }
        let epsilon = learners.reduce(0) { max($0, $1.exploration.share(after: observations)) }
        return self.distribution(of: learners.map { $0.arms[0] }, exploration: epsilon)
    }

    private static func distribution(of arms: [ArmStatistics], exploration: Double) -> [Double] {
        Preference.largest(arms.map { $0.count > 0 ? $0.mean : .infinity }, exploration: exploration)
    }

    /// Learns from an observation that has been checked.
    public mutating func absorb(_ observation: Observation) {
        self.observations += 1
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
        try self.exploration.validate()
        guard self.observations >= 0 else { throw .state("The number of observations is negative.") }
    }
}
