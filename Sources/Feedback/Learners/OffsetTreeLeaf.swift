import Glibc

/// What a leaf of an ``OffsetTree`` knows: its arms, and the last contexts it saw.
struct OffsetTreeLeaf: Sendable, Hashable, Codable {
    struct Sample: Sendable, Hashable, Codable {
        var features: [Double]
        var arm: Int
        var reward: Double
        var weight: Double
    }

    var arms: [BetaEvidence]
    /// A ring once it is full.
    private(set) var samples: [Sample] = []
    private(set) var seen = 0

    init(arms: [BetaEvidence]) { self.arms = arms }

    mutating func add(_ observation: Observation, memory: Int) {
        let reward = min(max(observation.reward, 0), 1)
        self.arms[observation.arm].add(reward, weight: observation.weight)
        let sample = Sample(features: observation.features, arm: observation.arm, reward: reward, weight: observation.weight)
        if self.samples.count < memory {
            self.samples.append(sample)
        } else {
            self.samples[self.seen % memory] = sample
        }
        // Begins anew long before it overflows, at the same place of the ring.
        self.seen = self.seen >= memory * 1_000_000 ? self.seen % memory + 1 : self.seen + 1
    }

    /// Keeps what the arms have learned.
    mutating func forgetContexts() { (self.samples, self.seen) = ([], 0) }

    /// Whether a split is worth looking for: enough contexts for both sides, and so many new ones since the last look.
    func isDue(_ minimumSplit: Int) -> Bool {
        self.samples.count >= 2 * minimumSplit && self.seen % minimumSplit == 0
    }

    /// The split at a quartile of a feature that takes most of the rewards' variance, each arm's around its own mean.
    ///
    /// Besides the minimum it has to take more than noise would: n·gain/σ² is then chi-square with K degrees of freedom for K arms, which
    /// passes K + 2·√(K·t) + 2·t with a probability below e⁻ᵗ (Laurent, Massart: Adaptive estimation of a quadratic functional, 2000,
    /// lemma 1); t = 5 + ln(3·d), for the three quartiles of d features that are looked at. σ² is what remains, over n − 2K.
    func bestSplit(_ parameters: OffsetTree.Parameters) -> (feature: Int, threshold: Double)? {
        let count = Double(self.samples.count)
        let arms = Double(Set(self.samples.map(\.arm)).count)
        guard count > 2 * arms else { return nil }
        let spread = self.squares { _ in true }
        let t = 5 + log(3 * Double(self.samples[0].features.count))
        let noise = (arms + 2 * (arms * t).squareRoot() + 2 * t) / (count - 2 * arms)
        var best: (feature: Int, threshold: Double)?
        var bestGain = parameters.minimumGain
        for feature in self.samples[0].features.indices {
            let values = self.samples.map { $0.features[feature] }.sorted()
            for threshold in Set([values.count / 4, values.count / 2, values.count * 3 / 4].map { values[$0 - 1] }).sorted() {
                let left = values.count { $0 <= threshold }
                guard left >= parameters.minimumSplit, values.count - left >= parameters.minimumSplit else { continue }
                let rest = self.squares { $0.features[feature] <= threshold } + self.squares { $0.features[feature] > threshold }
                guard spread - rest > bestGain * count, spread - rest > noise * rest else { continue }
                (best, bestGain) = ((feature, threshold), (spread - rest) / count)
            }
        }
        return best
    }

    /// The sum of squared deviations of rewards from their arm's mean.
    private func squares(_ isIncluded: (Sample) -> Bool) -> Double {
        var statistics = [ArmStatistics](repeating: ArmStatistics(), count: self.arms.count)
        for sample in self.samples where isIncluded(sample) { statistics[sample.arm].add(sample.reward, weight: 1) }
        return statistics.reduce(0) { $0 + $1.deviations }
    }

    /// Two leaves that begin with their share of the contexts.
    func children(feature: Int, threshold: Double) -> (left: OffsetTreeLeaf, right: OffsetTreeLeaf) {
        let empty = OffsetTreeLeaf(arms: Array(repeating: BetaEvidence(), count: self.arms.count))
        var (left, right) = (empty, empty)
        // Oldest first, so that the ring goes on forgetting in order.
        let start = self.seen % max(1, self.samples.count)
        for sample in self.samples[start...] + self.samples[..<start] {
            let observation = Observation(features: sample.features, arm: sample.arm, reward: sample.reward, weight: sample.weight)
            if sample.features[feature] <= threshold {
                left.add(observation, memory: self.samples.count)
            } else {
                right.add(observation, memory: self.samples.count)
            }
        }
        return (left, right)
    }

    func validate(arms: Int, features: Int, memory: Int) throws(LearnerError) {
        guard self.arms.count == arms, self.samples.count <= memory, self.seen >= self.samples.count, self.seen <= 1 << 40 else {
            throw .state("A leaf of an offset tree has the wrong size.")
        }
        try BetaEvidence.check(self.arms)
        for sample in self.samples {
            guard sample.features.count == features, sample.features.allSatisfy({ abs($0) <= LearnerLimits.magnitude }),
                (0..<arms).contains(sample.arm), (0...1).contains(sample.reward), (0...LearnerLimits.weight).contains(sample.weight)
            else { throw .state("A context kept by an offset tree is out of range.") }
        }
    }
}
