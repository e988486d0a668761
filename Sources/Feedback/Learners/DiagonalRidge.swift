/// Ridge regression with nothing but the diagonal of A: θᵢ = bᵢ / Aᵢ, in O(d) (spec §5.15).
///
/// Each feature is regressed by itself, as if the others were not there: right for features of which one is set at a time; features that
/// come together are counted more than once. Use the full matrix where there is room for it.
public struct DiagonalRidge: RidgeRegression {
    private var diagonal: [Double]
    private var moment: [Double]
    private let ridge: Double

    /// Whether nothing but the diagonal is kept.
    public static var isDiagonal: Bool { true }

    /// Numbers kept for so many features.
    public static func cells(features: Int) -> Int { 2 * features }

    /// A model that knows nothing.
    public init(features: Int, ridge: Double) {
        self.diagonal = Array(repeating: 0, count: features)
        self.moment = self.diagonal
        self.ridge = ridge
    }

    /// The length of x.
    public var features: Int { self.moment.count }
    /// θ.
    var theta: [Double] { self.moment.indices.map { self.moment[$0] / (self.diagonal[$0] + self.ridge) } }

    /// θ·x.
    public func mean(_ x: [Double]) -> Double {
        x.indices.reduce(0) { $0 + x[$1] * self.moment[$1] / (self.diagonal[$1] + self.ridge) }
    }

    /// xᵀ·A⁻¹·x.
    public func variance(_ x: [Double]) -> Double {
        x.indices.reduce(0) { $0 + x[$1] * x[$1] / (self.diagonal[$1] + self.ridge) }
    }

    /// Adds an observation.
    public mutating func add(_ x: [Double], reward: Double, weight: Double) {
        for index in x.indices {
            self.diagonal[index] += weight * x[index] * x[index]
            self.moment[index] += weight * reward * x[index]
        }
    }

    /// Lets all observations so far count less.
    public mutating func fade(by discount: Double) {
        for index in self.moment.indices {
            self.diagonal[index] *= discount
            self.moment[index] *= discount
        }
    }

    /// Whether the numbers fit together.
    public func validate(features: Int) throws(LearnerError) {
        guard self.diagonal.count == features, self.moment.count == features, self.ridge >= 1e-6, self.ridge <= 1e6,
            self.diagonal.allSatisfy({ (0...1e30).contains($0) }), self.moment.allSatisfy({ abs($0) <= 1e30 })
        else { throw .state("A diagonal model has the wrong size or a number out of range.") }
    }
}
