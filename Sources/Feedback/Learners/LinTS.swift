/// Linear Thompson sampling with disjoint arms: each arm is chosen with the probability that its reward is the largest.
///
/// θ ~ N(A⁻¹b, σ²A⁻¹), so an arm's score is N(θ·x, σ²·xᵀA⁻¹x), independent of the others' (Agrawal, Goyal: Thompson sampling for contextual
/// bandits with linear payoffs, 2013). λ = 1, and σ, the noise of rewards, is .5 (spec §5.15) only at first: it is estimated from how far the
/// models were off, σ² = (10·.5² + Σ w·e²/(1 + w·xᵀA⁻¹x)) / (10 + Σ w), e = r − θ·x before learning; the mode of the usual
/// normal–inverse-gamma posterior but for constants (Riquelme, Tucker, Snoek: Deep Bayesian bandits showdown, 2018). So rewards of any scale
/// are explored as much as their noise asks for. The probability is integrated and the choice drawn from it, so the propensity is exact.
///
/// With a discount below 1 every observation lets the earlier ones of all arms count less (Russac, Vernade, Cappé: Weighted linear bandits for
/// non-stationary environments, 2019), σ's too, which costs an exact inversion per arm and observation.
public struct LinTS<Model: RidgeRegression>: Learner, Hashable {
    private var models: [Model]
    /// Σ w·e²/(1 + w·xᵀA⁻¹x), and Σ w.
    private var squares = 0.0
    private var weights = 0.0
    /// What is added to them: the belief in the beginning.
    private let priorSquares: Double
    private let priorWeight: Double
    private let ridge: Double
    private let discount: Double
    /// How many features a context has.
    public let featureCount: Int

    /// Creates a learner that knows nothing.
    ///
    /// - Parameters:
    ///   - sigma: the noise believed at first.
    ///   - sigmaWeight: how many observations that belief counts.
    /// - Throws: ``LearnerError/size(_:)``; ``LearnerError/weight(_:)`` for a weight of σ below .001, a λ outside 1e-6 … 1e6 or a discount
    ///   outside 0 … 1.
    public init(
        arms: Int,
        features: Int,
        sigma: Double = 0.5,
        sigmaWeight: Double = 10,
        ridge: Double = 1,
        discount: Double = 1
    ) throws(LearnerError) {
        self.models = try Model.models(arms: arms, features: features, ridge: ridge)
        self.featureCount = features
        self.priorSquares = sigmaWeight * sigma * sigma
        self.priorWeight = sigmaWeight
        self.ridge = ridge
        self.discount = discount
        try self.checkParameters()
    }

    /// ``LearnerAlgorithm/linTS``, ``LearnerAlgorithm/linTSDiagonal``, or with a discount and the full matrix
    /// ``LearnerAlgorithm/linTSDiscounted``.
    public var algorithm: LearnerAlgorithm { Model.isDiagonal ? .linTSDiagonal : self.discount < 1 ? .linTSDiscounted : .linTS }
    /// How many arms there are.
    public var armCount: Int { self.models.count }

    /// The noise of rewards, as it is believed now.
    var sigma: Double { ((self.priorSquares + self.squares) / (self.priorWeight + self.weights)).squareRoot() }

    /// Mean and standard deviation of one arm's score in a context of ``featureCount`` features.
    func score(_ arm: Int, _ x: [Double]) -> (mean: Double, deviation: Double) {
        (self.models[arm].mean(x), self.sigma * self.models[arm].variance(x).squareRoot())
    }

    /// The probability of each candidate; inputs have been checked.
    public func distribution(features: [Double], among arms: [Int]) -> [Double] {
        Self.distribution(of: arms.map { self.models[$0] }, sigma: self.sigma, features)
    }

    /// The same with arms of several learners: σ is estimated from the residuals of all of them, with the mean of their priors.
    public static func distribution(of learners: [LinTS], features: [Double]) -> [Double] {
        var (squares, weights, priorSquares, priorWeight) = (0.0, 0.0, 0.0, 0.0)
        for learner in learners {
            squares += learner.squares
            weights += learner.weights
            priorSquares += learner.priorSquares
            priorWeight += learner.priorWeight
        }
        let count = Double(learners.count)
        let sigma = ((priorSquares / count + squares) / (priorWeight / count + weights)).squareRoot()
        return self.distribution(of: learners.map { $0.models[0] }, sigma: sigma, features)
    }

    private static func distribution(of models: [Model], sigma: Double, _ x: [Double]) -> [Double] {
        ProbabilityOfLargest.normal(means: models.map { $0.mean(x) }, deviations: models.map { sigma * $0.variance(x).squareRoot() })
    }

    /// Learns from an observation that has been checked.
    public mutating func absorb(_ observation: Observation) {
        let (x, weight) = (observation.features, observation.weight)
        if self.discount < 1 {
            for arm in self.models.indices { self.models[arm].fade(by: self.discount) }
            // Back towards no weight at all, but for what keeps σ finite.
            self.squares *= self.discount
            self.weights = max(1e-3, self.weights * self.discount)
        }
        let error = observation.reward - self.models[observation.arm].mean(x)
        self.squares += weight * error * error / (1 + weight * self.models[observation.arm].variance(x))
        self.weights += weight
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
        guard (0...1e30).contains(self.squares), (0...1e30).contains(self.weights), (0...1e30).contains(self.priorSquares),
            (1e-3...1e30).contains(self.priorWeight), (1e-6...1e6).contains(self.ridge), self.discount > 0, self.discount <= 1
        else {
            throw .weight("σ and its weight are not negative, the weight at least .001, λ 1e-6 to 1e6, a discount above 0 and up to 1.")
        }
    }
}
