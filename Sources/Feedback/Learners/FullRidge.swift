/// Ridge regression with the whole matrix.
///
/// A⁻¹ follows by Sherman and Morrison's formula, A⁻¹ − w·(A⁻¹x)(A⁻¹x)ᵀ / (1 + w·xᵀA⁻¹x), in O(d²); every 256 observations it is made
/// anew from A by Cholesky's decomposition, so that rounding does not add up. Only A − λ·1 and b are stored; the rest is made from them.
public struct FullRidge: RidgeRegression {
    /// Updates of the inverse between two exact ones.
    static let inversionInterval = 256

    private(set) var gram: SymmetricMatrix
    private(set) var moment: [Double]
    private let ridge: Double
    private(set) var inverse: SymmetricMatrix
    private(set) var theta: [Double]
    private var sinceInversion = 0

    /// Whether nothing but the diagonal is kept.
    public static var isDiagonal: Bool { false }

    /// Numbers kept for so many features.
    public static func cells(features: Int) -> Int { 2 * SymmetricMatrix.cellCount(features) + 2 * features }

    /// A model that knows nothing.
    public init(features: Int, ridge: Double) {
        self.gram = SymmetricMatrix(dimension: features)
        self.moment = Array(repeating: 0, count: features)
        self.ridge = ridge
        self.inverse = self.gram.inverse(ridge: ridge, dimension: features)
        self.theta = self.moment
    }

    /// The length of x.
    public var features: Int { self.moment.count }

    /// θ·x.
    public func mean(_ x: [Double]) -> Double { dot(self.theta, x) }

    /// xᵀ·A⁻¹·x.
    public func variance(_ x: [Double]) -> Double { max(0, self.inverse.quadratic(x)) }

    /// Adds an observation.
    public mutating func add(_ x: [Double], reward: Double, weight: Double) {
        self.gram.add(x, scale: weight)
        for index in x.indices { self.moment[index] += weight * reward * x[index] }
        self.sinceInversion += 1
        if self.sinceInversion >= Self.inversionInterval {
            self.invert()
        } else {
            let direction = self.inverse.times(x)
            self.inverse.add(direction, scale: -weight / (1 + weight * dot(direction, x)))
            self.theta = self.inverse.times(self.moment)
        }
    }

    /// Lets all observations so far count less.
    public mutating func fade(by discount: Double) {
        self.gram.scale(by: discount)
        for index in self.moment.indices { self.moment[index] *= discount }
        self.invert()
    }

    private mutating func invert() {
        self.inverse = self.gram.inverse(ridge: self.ridge, dimension: self.features)
        self.theta = self.inverse.times(self.moment)
        self.sinceInversion = 0
    }

    /// Whether the numbers fit together.
    public func validate(features: Int) throws(LearnerError) {
        guard self.features == features, self.ridge >= 1e-6, self.ridge <= 1e6, self.moment.allSatisfy({ abs($0) <= 1e30 }) else {
            throw .state("A linear model has the wrong size or a number out of range.")
        }
    }
}

extension FullRidge {
    private enum CodingKeys: String, CodingKey { case gram, moment, ridge }

    /// Reads A − λ·1, b and λ, and makes the rest from them; throws for a matrix that is no sum of squares.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.gram = try container.decode(SymmetricMatrix.self, forKey: .gram)
        self.moment = try container.decode([Double].self, forKey: .moment)
        self.ridge = try container.decode(Double.self, forKey: .ridge)
        self.inverse = self.gram
        self.theta = self.moment
        guard self.moment.count <= LearnerLimits.features, self.ridge >= 1e-6, self.gram.isGram(dimension: self.moment.count) else {
            throw LearnerError.state("A linear model's matrix has the wrong size or is no sum of squares.")
        }
        self.invert()
    }

    /// Writes A − λ·1, b and λ.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.gram, forKey: .gram)
        try container.encode(self.moment, forKey: .moment)
        try container.encode(self.ridge, forKey: .ridge)
    }
}
