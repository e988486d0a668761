/// A linear model of rewards, r ≈ θ·x, kept up to date one observation at a time; A = λ·1 + Σ w·x·xᵀ, b = Σ w·r·x, θ = A⁻¹·b.
public protocol RidgeRegression: Codable, Sendable, Hashable {
    /// Whether it keeps the whole of A or its diagonal.
    static var isDiagonal: Bool { get }
    /// Numbers kept for so many features.
    static func cells(features: Int) -> Int
    /// A model that knows nothing: θ = 0, A = λ·1.
    init(features: Int, ridge: Double)
    /// The length of x.
    var features: Int { get }
    /// θ·x.
    func mean(_ x: [Double]) -> Double
    /// xᵀ·A⁻¹·x: how little is known in this direction.
    func variance(_ x: [Double]) -> Double
    /// Adds an observation.
    mutating func add(_ x: [Double], reward: Double, weight: Double)
    /// Lets all observations so far count less; λ stays.
    mutating func fade(by discount: Double)
    /// Whether the numbers fit together.
    func validate(features: Int) throws(LearnerError)
}

extension RidgeRegression {
    /// A model that starts with what a prior says of contexts of which nothing but the constant first feature is known.
    init(features: Int, ridge: Double, prior: ColdStartPrior?) {
        self.init(features: features, ridge: ridge)
        guard let prior, prior.count > 0, features > 0 else { return }
        self.add((0..<features).map { $0 == 0 ? 1 : 0 }, reward: prior.mean, weight: prior.count)
    }

    static func check(arms: Int, features: Int) throws(LearnerError) {
        guard features > 0 else { throw .size("A linear learner reads at least one feature: a constant 1.") }
        try LearnerLimits.check(arms: arms, features: features, cells: self.cells(features: features))
    }

    /// Models of an untouched learner.
    static func models(arms: Int, features: Int, ridge: Double) throws(LearnerError) -> [Self] {
        try self.check(arms: arms, features: features)
        guard ridge >= 1e-6, ridge <= 1e6 else { throw .weight("The ridge λ is 1e-6 to 1e6, not \(ridge).") }
        return Array(repeating: Self(features: features, ridge: ridge), count: arms)
    }

    /// Checks the models of a stored learner.
    static func check(_ models: [Self], features: Int) throws(LearnerError) {
        try self.check(arms: models.count, features: features)
        for model in models { try model.validate(features: features) }
    }
}
