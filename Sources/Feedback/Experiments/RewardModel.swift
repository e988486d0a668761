/// What rewards are to be expected, learned from a part of a log: the model that doubly robust estimates lean on.
///
/// Per arm a ridge regression of what rewards differ from the mean of all by; for an arm with fewer observations than features, their mean, drawn
/// towards that of all. It may be wrong: that costs the estimate precision, not truth.
struct RewardModel {
    private enum Arm {
        case mean(Double)
        case ridge(FullRidge)
    }

    private var arms: [String: Arm] = [:]
    private let overall: Double
    private let range: ClosedRange<Double>

    /// - Parameter log: at least one decision; all with the same number of features, or those with another are left to the means.
    init(_ log: some Sequence<LoggedDecision>) {
        var groups: [String: [(features: [Double], reward: Double)]] = [:]
        var sum = 0.0
        var count = 0
        var low = Double.infinity
        var high = -Double.infinity
        for entry in log {
            groups[entry.candidates[entry.chosen], default: []].append((entry.features, entry.reward))
            sum += entry.reward
            count += 1
            low = min(low, entry.reward)
            high = max(high, entry.reward)
        }
        let overall = count > 0 ? sum / Double(count) : 0
        self.overall = overall
        self.range = low <= high ? low...high : 0...0
        for (arm, observations) in groups {
            let width = observations[0].features.count
            guard width > 0, observations.count > width, observations.allSatisfy({ $0.features.count == width }) else {
                let deviation = observations.reduce(0) { $0 + $1.reward - overall }
                self.arms[arm] = .mean(overall + deviation / (Double(observations.count) + 1))
                continue
            }
            var ridge = FullRidge(features: width, ridge: 1)
            for observation in observations { ridge.add(observation.features, reward: observation.reward - overall, weight: 1) }
            self.arms[arm] = .ridge(ridge)
        }
    }

    /// The expected reward, within the rewards that were seen.
    func reward(of arm: String, features: [Double]) -> Double {
        let value =
            switch self.arms[arm] {
            case .ridge(let ridge) where ridge.features == features.count: self.overall + ridge.mean(features)
            case .mean(let mean): mean
            default: self.overall
            }
        return min(max(value, self.range.lowerBound), self.range.upperBound)
    }
}
