/// Count, mean and squared deviations of an arm's rewards, each observation with its weight (Welford 1962; West 1979).
struct ArmStatistics: Sendable, Hashable, Codable {
    /// The sum of the weights.
    var count = 0.0
    var mean = 0.0
    /// The weighted sum of squared deviations from the mean.
    var deviations = 0.0

    init(prior: ColdStartPrior? = nil) {
        guard let prior, prior.count > 0 else { return }
        self.count = prior.count
        self.mean = prior.mean
        self.deviations = prior.count * prior.variance
    }

    /// The variance of the rewards seen, not of a larger population.
    var variance: Double { self.count > 0 ? self.deviations / self.count : 0 }

    mutating func add(_ reward: Double, weight: Double) {
        self.count += weight
        let error = reward - self.mean
        self.mean += error * weight / self.count
        self.deviations += weight * error * (reward - self.mean)
    }

    /// Lets what was seen count less, without changing what it says.
    mutating func fade(by discount: Double) {
        self.count *= discount
        self.deviations *= discount
    }

    static func check(_ arms: [ArmStatistics]) throws(LearnerError) {
        try LearnerLimits.check(arms: arms.count, features: 0, cells: 3)
        guard arms.allSatisfy({ $0.count >= 0 && $0.deviations >= 0 && abs($0.mean) <= LearnerLimits.magnitude }) else {
            throw .state("An arm has a negative count or deviation, or a mean beyond ±\(LearnerLimits.magnitude).")
        }
    }
}
