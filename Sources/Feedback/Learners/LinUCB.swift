/// LinUCB with disjoint arms: the arm whose reward could be the largest, θ·x + α·√(xᵀA⁻¹x).
///
/// Li, Chu, Langford, Schapire: A contextual-bandit approach to personalized news article recommendation, 2010, algorithm 1; λ = 1. α is
/// .8 by default with the full matrix (spec §5.17), 1 with the diagonal (§5.15). The choice has probability 1; equal bounds share it.
/// With a discount below 1 every observation lets the earlier ones of all arms count less (Russac, Vernade, Cappé: Weighted linear
/// bandits for non-stationary environments, 2019), which costs an exact inversion per arm and observation.
public struct LinUCB<Model: RidgeRegression>: Learner, Hashable {
    private var models: [Model]
    private let alpha: Double
    private let ridge: Double
    private let discount: Double
    /// How many features a context has.
    public let featureCount: Int

    /// Creates a learner that knows nothing.
    ///
    /// - Throws: ``LearnerError/size(_:)``; ``LearnerError/weight(_:)`` for an α outside 0 … 1000, a λ outside 1e-6 … 1e6 or a discount
    ///   outside 0 … 1.
    public init(
        arms: Int,
        features: Int,
        alpha: Double? = nil,
        ridge: Double = 1,
        discount: Double = 1
    ) throws(LearnerError) {
        self.models = try Model.models(arms: arms, features: features, ridge: ridge)
        self.featureCount = features
        self.alpha = alpha ?? (Model.isDiagonal ? 1 : 0.8)
        self.ridge = ridge
        self.discount = discount
        try self.checkParameters()
    }

    /// ``LearnerAlgorithm/linUCB`` or ``LearnerAlgorithm/linUCBDiagonal``.
    public var algorithm: LearnerAlgorithm { Model.isDiagonal ? .linUCBDiagonal : .linUCB }
    /// How many arms there are.
    public var armCount: Int { self.models.count }

    /// The mean of one arm in a context of ``featureCount`` features.
    func mean(_ arm: Int, _ x: [Double]) -> Double { self.models[arm].mean(x) }

    /// The bound of one arm in a context of ``featureCount`` features.
    func bound(_ arm: Int, _ x: [Double]) -> Double {
        self.models[arm].mean(x) + self.alpha * self.models[arm].variance(x).squareRoot()
    }

    /// The probability of each candidate; inputs have been checked.
    public func distribution(features: [Double], among arms: [Int]) -> [Double] {
        Preference.largest(arms.map { self.bound($0, features) })
    }

    /// The same with arms of several learners; each of them is discounted by its own observations only.
    public static func distribution(of learners: [LinUCB], features: [Double]) -> [Double] {
        Preference.largest(learners.map { $0.bound(0, features) })
    }

    /// Learns from an observation that has been checked.
    public mutating func absorb(_ observation: Observation) {
        if self.discount < 1 {
            for arm in self.models.indices { self.models[arm].fade(by: self.discount) }
        }
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
        guard (0...1_000).contains(self.alpha), (1e-6...1e6).contains(self.ridge), self.discount > 0, self.discount <= 1 else {
            throw .weight("α is 0 to 1000, λ 1e-6 to 1e6, and a discount above 0 and at most 1.")
        }
    }
}
