/// Doubly robust learning: a reward model of each arm, corrected by what was really observed, weighted with 1/propensity.
///
/// Dudík, Langford, Li: Doubly robust policy evaluation and learning, 2011. Every context, whichever arm was chosen in it, is an example
/// for every arm k, with the target Γₖ = θ̂ₖ·x + 1[chosen k]·w·(r − θ̂ₖ·x), w = min(1/propensity, 10) (clipped as in spec §5.15). The
/// regression of all Γₖ on all contexts has the closed form θ̂ₖ + G⁻¹·(cₖ − Cₖ·θ̂ₖ), with G = λ·1 + Σ x·xᵀ over all contexts, and Cₖ = Σ
/// w·x·xᵀ, cₖ = Σ w·r·x over those of arm k; so targets never grow stale as θ̂ improves. It is right when either the model is, or the
/// propensities are: what the policy chose seldom does not count less. Score: doubly robust mean + α·√(xᵀAₖ⁻¹x); the best is chosen, and
/// with probability ε any arm, so that every propensity is above 0.
public struct DoublyRobust: Learner, Hashable {
    private struct Arm: Sendable, Hashable, Codable {
        /// The reward model, every observation alike.
        var model: FullRidge
        var weighted: SymmetricMatrix
        var moment: [Double]

        /// cₖ − Cₖ·θ̂ₖ: what the weighted observations say beyond the model.
        var correction: [Double] {
            let explained = self.weighted.times(self.model.theta)
            return self.moment.indices.map { self.moment[$0] - explained[$0] }
        }
    }

    private var arms: [Arm]
    private var contexts: FullRidge
    private var observations = 0.0
    private let alpha: Double
    private let clip: Double
    private let ridge: Double
    private let exploration: ExplorationSchedule

    /// Creates a learner that knows nothing.
    ///
    /// - Parameters:
    ///   - alpha: how much an uncertain reward model is given the benefit of the doubt; 1 in spec §5.15.
    ///   - clip: the largest importance weight; 10 in spec §5.15. Less is less variance and more bias towards the model.
    /// - Throws: ``LearnerError/size(_:)``; ``LearnerError/weight(_:)`` for parameters out of range.
    public init(
        arms: Int,
        features: Int,
        alpha: Double = 1,
        clip: Double = 10,
        ridge: Double = 1,
        exploration: ExplorationSchedule = ExplorationSchedule()
    ) throws(LearnerError) {
        try LearnerLimits.check(arms: arms, features: features, cells: Self.cells(features))
        self.arms = try FullRidge.models(arms: arms, features: features, ridge: ridge).map { Self.arm($0) }
        self.contexts = FullRidge(features: features, ridge: ridge)
        self.alpha = alpha
        self.clip = clip
        self.ridge = ridge
        self.exploration = exploration
        try self.checkParameters()
    }

    private static func cells(_ features: Int) -> Int { 2 * FullRidge.cells(features: features) }

    private static func arm(_ model: FullRidge) -> Arm {
        // What a prior put into the model counts as observed with propensity 1.
        Arm(model: model, weighted: model.gram, moment: model.moment)
    }

    /// ``LearnerAlgorithm/doublyRobust``.
    public var algorithm: LearnerAlgorithm { .doublyRobust }
    /// How many arms there are.
    public var armCount: Int { self.arms.count }
    /// How many features a context has.
    public var featureCount: Int { self.contexts.features }

    /// The doubly robust estimate of an arm's reward in a context of ``featureCount`` features.
    func estimate(_ arm: Int, _ x: [Double]) -> Double {
        self.arms[arm].model.mean(x) + dot(self.contexts.inverse.times(x), self.arms[arm].correction)
    }

    /// The probability of each candidate; inputs have been checked.
    public func distribution(features: [Double], among arms: [Int]) -> [Double] {
        let projected = self.contexts.inverse.times(features)
        let scores = arms.map { self.score(self.arms[$0], features, projected) }
        return Preference.largest(scores, exploration: self.exploration.share(after: self.observations))
    }

    /// The same with arms of several learners: contexts and observations are those of all of them, ε the largest of all schedules.
    public static func distribution(of learners: [DoublyRobust], features: [Double]) -> [Double] {
        var contexts = SymmetricMatrix(dimension: features.count)
        for learner in learners { contexts.add(learner.contexts.gram) }
        let ridge = learners.reduce(0) { max($0, $1.ridge) }
        let projected = contexts.inverse(ridge: ridge, dimension: features.count).times(features)
        let observations = learners.reduce(0) { $0 + $1.observations }
        return Preference.largest(
            learners.map { $0.score($0.arms[0], features, projected) },
            exploration: learners.reduce(0) { max($0, $1.exploration.share(after: observations)) }
        )
    }

    private func score(_ arm: Arm, _ x: [Double], _ projected: [Double]) -> Double {
        arm.model.mean(x) + dot(projected, arm.correction) + self.alpha * arm.model.variance(x).squareRoot()
    }

    /// Learns from an observation that has been checked.
    public mutating func absorb(_ observation: Observation) {
        let x = observation.features
        let importance = min(1 / observation.propensity, self.clip) * observation.weight
        self.observations += 1
        self.contexts.add(x, reward: 0, weight: observation.weight)
        self.arms[observation.arm].model.add(x, reward: observation.reward, weight: observation.weight)
        self.arms[observation.arm].weighted.add(x, scale: importance)
        for index in x.indices { self.arms[observation.arm].moment[index] += importance * observation.reward * x[index] }
    }

    /// Adds an arm that nothing is known of, or what the prior says.
    public mutating func addArm(prior: ColdStartPrior?) throws(LearnerError) {
        try LearnerLimits.check(arms: self.armCount + 1, features: self.featureCount, cells: Self.cells(self.featureCount))
        self.arms.append(Self.arm(FullRidge(features: self.featureCount, ridge: self.ridge, prior: prior)))
    }

    /// Whether the sizes and numbers fit together.
    public func validate() throws(LearnerError) {
        try FullRidge.check(self.arms.map(\.model), features: self.featureCount)
        try LearnerLimits.check(arms: self.armCount, features: self.featureCount, cells: Self.cells(self.featureCount))
        try self.contexts.validate(features: self.featureCount)
        for arm in self.arms {
            let fits = arm.weighted.isGram(dimension: self.featureCount) && arm.moment.count == self.featureCount
            guard fits, arm.moment.allSatisfy({ abs($0) <= 1e30 }) else { throw .state("An arm's weighted sums have the wrong size.") }
        }
        guard self.observations >= 0 else { throw .state("The number of observations is negative.") }
        try self.exploration.validate()
        try self.checkParameters()
    }

    private func checkParameters() throws(LearnerError) {
        guard (0...1_000).contains(self.alpha), (1...1_000).contains(self.clip), (1e-6...1e6).contains(self.ridge) else {
            throw .weight("α is 0 to 1000, the largest importance weight 1 to 1000, λ 1e-6 to 1e6.")
        }
    }
}
