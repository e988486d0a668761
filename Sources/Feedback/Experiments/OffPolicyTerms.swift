/// What each decision adds to the estimates.
struct Terms {
    let rewards: [Double]
    let weights: [Double]
    let weighted: [Double]
    let robust: [Double]
    let difference: [Double]

    /// Parts of the log; what is said of one is learned from the others.
    private static let folds = 5

    init(_ log: [LoggedDecision], _ distributions: [[Double]], _ weights: [Double]) {
        var robust = [Double](repeating: 0, count: log.count)
        for fold in 0..<Self.folds {
            let model = RewardModel(log.enumerated().lazy.filter { $0.offset % Self.folds != fold }.map(\.element))
            for index in stride(from: fold, to: log.count, by: Self.folds) {
                let entry = log[index]
                var value = 0.0
                var chosen = 0.0
                for (arm, candidate) in entry.candidates.enumerated() where distributions[index][arm] > 0 || arm == entry.chosen {
                    let expected = model.reward(of: candidate, features: entry.features)
                    value += distributions[index][arm] * expected
                    if arm == entry.chosen { chosen = expected }
                }
                robust[index] = value + weights[index] * (entry.reward - chosen)
            }
        }
        self.rewards = log.map(\.reward)
        self.weights = weights
        self.weighted = zip(weights, log).map { $0 * $1.reward }
        self.robust = robust
        self.difference = zip(robust, log).map { $0 - $1.reward }
    }

    /// The estimates of all kinds.
    struct Estimates {
        let logged: Estimate
        let inversePropensity: Estimate
        let selfNormalized: Estimate
        let doublyRobust: Estimate
        let difference: Estimate
    }

    func estimates(_ settings: OffPolicyEvaluation.Settings, maximumWeight: Double) -> Estimates {
        let confidence = settings.confidence
        // Rewards are within 0 … 1 there, and so is what the model expects.
        func mean(_ terms: [Double], span: Double) -> Estimate {
            IntervalMethod.mean(terms, confidence: confidence, span: settings.method == .bernstein ? span : nil)
        }
        let plain = Estimates(
            logged: mean(self.rewards, span: 1),
            inversePropensity: mean(self.weighted, span: maximumWeight),
            selfNormalized: IntervalMethod.ratio(self.weighted, self.weights, confidence: confidence),
            doublyRobust: mean(self.robust, span: 1 + 2 * maximumWeight),
            difference: mean(self.difference, span: 2 + 2 * maximumWeight)
        )
        return settings.method == .bootstrap ? self.bootstrap(plain, settings) : plain
    }

    /// The same estimates with percentiles of resampled ones for bounds.
    private func bootstrap(_ plain: Estimates, _ settings: OffPolicyEvaluation.Settings) -> Estimates {
        let resamples = 1_000
        let count = self.rewards.count
        var generator = SeededGenerator(seed: settings.seed)
        var draws = [[Double]](repeating: [], count: 5)
        for _ in 0..<resamples {
            var sums = (reward: 0.0, weight: 0.0, weighted: 0.0, robust: 0.0, difference: 0.0)
            for _ in 0..<count {
                let index = Int.random(in: 0..<count, using: &generator)
                sums.reward += self.rewards[index]
                sums.weight += self.weights[index]
                sums.weighted += self.weighted[index]
                sums.robust += self.robust[index]
                sums.difference += self.difference[index]
            }
            let n = Double(count)
            draws[0].append(sums.reward / n)
            draws[1].append(sums.weighted / n)
            draws[2].append(sums.weight > 0 ? sums.weighted / sums.weight : 0)
            draws[3].append(sums.robust / n)
            draws[4].append(sums.difference / n)
        }
        let rest = (1 - settings.confidence) / 2
        func estimate(_ plain: Estimate, _ draws: [Double]) -> Estimate {
            let sorted = draws.sorted()
            let low = sorted[Int(rest * Double(resamples - 1))]
            let high = sorted[Int(((1 - rest) * Double(resamples - 1)).rounded(.up))]
            return Estimate(value: plain.value, low: low, high: high, method: .bootstrap)
        }
        return Estimates(
            logged: estimate(plain.logged, draws[0]),
            inversePropensity: estimate(plain.inversePropensity, draws[1]),
            selfNormalized: estimate(plain.selfNormalized, draws[2]),
            doublyRobust: estimate(plain.doublyRobust, draws[3]),
            difference: estimate(plain.difference, draws[4])
        )
    }
}
