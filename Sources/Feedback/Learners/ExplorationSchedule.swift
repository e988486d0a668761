import Glibc

/// The share of choices that explores: initial · decayⁿ after n observations, never below the minimum.
public struct ExplorationSchedule: Sendable, Hashable, Codable {
    /// The share before the first observation; .1 in spec §5.15.
    public let initial: Double
    /// What an observation multiplies it with; 1 for no decay.
    public let decay: Double
    /// The least share, so that every arm keeps a chance.
    public let minimum: Double

    /// Values outside 0 … 1 are moved to the nearer end; what is not a number becomes the default.
    public init(initial: Double = 0.1, decay: Double = 0.999, minimum: Double = 0.01) {
        self.initial = initial.isNaN ? 0.1 : min(max(initial, 0), 1)
        self.decay = decay.isNaN ? 0.999 : min(max(decay, 0), 1)
        self.minimum = minimum.isNaN ? 0.01 : min(max(minimum, 0), 1)
    }

    /// The share after `observations`.
    public func share(after observations: Double) -> Double {
        max(self.minimum, self.initial * pow(self.decay, observations))
    }

    func validate() throws(LearnerError) {
        guard [self.initial, self.decay, self.minimum].allSatisfy({ (0...1).contains($0) }) else {
            throw .state("A share of exploration or its decay is outside 0 … 1.")
        }
    }
}
