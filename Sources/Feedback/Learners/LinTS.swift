/// Linear Thompson sampling with disjoint arms: each arm is chosen with the probability that its reward is the largest.
///
/// θ ~ N(A⁻¹b, σ²A⁻¹), so an arm's score is N(θ·x, σ²·xᵀA⁻¹x), independent of the others' (Agrawal, Goyal: Thompson sampling for
/// contextual bandits with linear payoffs, 2013). σ = .5 and λ = 1 (spec §5.15). The probability is integrated and the choice drawn from
/// it, so the propensity is exact.
public struct LinTS<Model: RidgeRegression>: Learner, Hashable {
    private var models: [Model]
    private let sigma: Double
    private let ridge: Double
    /// How many features a context has.
    public let featureCount: Int

    /// Creates a learner that knows nothing.
    ///
    /// - Throws: ``LearnerError/size(_:)``; ``LearnerError/weight(_:)`` for a σ outside 0 … 1000 or a λ outside 1e-6 … 1e6.
    public init(arms: Int, features: Int, sigma: Double = 0.5, ridge: Double = 1) throws(LearnerError) {
        self.models = try Model.models(arms: arms, features: features, ridge: ridge)
        self.featureCount = features
        self.sigma = sigma
        self.ridge = ridge
        try self.checkParameters()
    }

    /// ``LearnerAlgorithm/linTS`` or ``LearnerAlgorithm/linTSDiagonal``.
    public var algorithm: LearnerAlgorithm { Model.isDiagonal ? .linTSDiagonal : .linTS }
    /// How many arms there are.
    public var armCount: Int { self.models.count }

    /// Mean and standard deviation of one arm's score in a context of ``featureCount`` features.
    func score(_ arm: Int, _ x: [Double]) -> (mean: Double, deviation: Double) {
        (self.models[arm].mean(x), self.sigma * self.models[arm].variance(x).squareRoot())
    }

    /// The probability of each candidate; inputs have been checked.
    public func distribution(features: [Double], among arms: [Int]) -> [Double] {
        let scores = arms.map { self.score($0, features) }
        return ProbabilityOfLargest.normal(means: scores.map(\.mean), deviations: scores.map(\.deviation))
    }

    /// Learns from an observation that has been checked.
    public mutating func absorb(_ observation: Observation) {
        self.models[observation.arm].add(observation.features, reward: observation.reward, weight: observation.weight)
    }

    /// Adds an arm that nothing is known of, or what the prior says.
    public mutating func addArm(prior: ColdStartPrior?) throws(LearnerError) {
        try Model.check(arms: self.armCount + 1, features: self.featureCount)
        self.models.append(Model(features: self.featureCount, ridge: self.ridge, prior: prior))
    }

    /// Whether the sizes and numbers fit together.
    public func validate() throws(LearnerError) {
        try Model.check(self.models, features: self.featureCount)
        try self.checkParameters()
    }

    private func checkParameters() throws(LearnerError) {
        guard (0...1_000).contains(self.sigma), (1e-6...1e6).contains(self.ridge) else {
            throw .weight("σ is 0 to 1000 and λ 1e-6 to 1e6.")
        }
    }
}
