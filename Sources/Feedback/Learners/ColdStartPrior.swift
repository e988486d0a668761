/// What is believed of an arm before its first reward, as a number of pseudo-observations (spec §5.17).
public struct ColdStartPrior: Sendable, Hashable, Codable {
    /// The expected reward, 0 … 1.
    public let mean: Double
    /// How far rewards are believed to lie from it, squared.
    public let variance: Double
    /// How sure that is, 0 … 1; .5 by default.
    public let confidence: Double

    /// Values outside their range are moved to its nearer end; what is not a number becomes the default (.5, .25, .5).
    public init(mean: Double, variance: Double = 0.25, confidence: Double = 0.5) {
        self.mean = Self.clamp(mean, to: 0...1, default: 0.5)
        self.variance = Self.clamp(variance, to: 0...LearnerLimits.magnitude, default: 0.25)
        self.confidence = Self.clamp(confidence, to: 0...1, default: 0.5)
    }

    /// Pseudo-observations: 100 · confidence.
    public var count: Double { 100 * self.confidence }

    /// What a new member of the same family starts with: mean · .8 + .1, variance · 1.3, confidence · .7.
    public var inherited: ColdStartPrior {
        ColdStartPrior(mean: self.mean * 0.8 + 0.1, variance: self.variance * 1.3, confidence: self.confidence * 0.7)
    }

    /// The prior as rewards from 0 to 1 with this mean, variance and count, of a situation of which nothing but the constant first
    /// feature is known: two of them, one on either side of the mean.
    ///
    /// A variance that no rewards from 0 to 1 with this mean can have counts as the largest that they can.
    /// - Parameter features: the length of a context; 0 for learners that read none.
    func observations(features: Int) -> [Observation] {
        guard self.count > 0 else { return [] }
        let context = (0..<features).map { $0 == 0 ? 1.0 : 0 }
        func observation(_ reward: Double, _ weight: Double) -> Observation {
            Observation(features: context, arm: 0, reward: reward, weight: weight)
        }
        let variance = min(self.variance, self.mean * (1 - self.mean))
        guard variance > 0 else { return [observation(self.mean, self.count)] }
        var below = min(variance.squareRoot(), self.mean)
        var above = variance / below
        if above > 1 - self.mean { (below, above) = (variance / (1 - self.mean), 1 - self.mean) }
        return [
            observation(self.mean - below, self.count * above / (below + above)),
            observation(self.mean + above, self.count * below / (below + above)),
        ]
    }

    private static func clamp(_ value: Double, to range: ClosedRange<Double>, default standard: Double) -> Double {
        value.isNaN ? standard : min(max(value, range.lowerBound), range.upperBound)
    }
}
