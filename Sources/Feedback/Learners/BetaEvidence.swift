/// What an arm's rewards say about its chance of success, beside the prior: sums of rewards and of what they lack to 1.
struct BetaEvidence: Sendable, Hashable, Codable {
    var successes = 0.0
    var failures = 0.0

    init(prior: ColdStartPrior? = nil) {
        guard let prior else { return }
        self.successes = prior.count * prior.mean
        self.failures = prior.count * (1 - prior.mean)
    }

    /// Rewards outside 0 … 1 count as the nearer end (spec §5.15).
    mutating func add(_ reward: Double, weight: Double) {
        let reward = min(max(reward, 0), 1)
        self.successes += weight * reward
        self.failures += weight * (1 - reward)
    }

    mutating func fade(by discount: Double) {
        self.successes *= discount
        self.failures *= discount
    }

    static func check(_ arms: [BetaEvidence]) throws(LearnerError) {
        guard arms.allSatisfy({ (0...1e15).contains($0.successes) && (0...1e15).contains($0.failures) }) else {
            throw .state("An arm's successes or failures are out of range.")
        }
    }
}
