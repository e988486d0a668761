import Glibc

/// UCB2: arms are played for epochs that grow, so that the choice changes seldom (Auer, Cesa-Bianchi, Fischer 2002, figure 2).
///
/// With τ(r) = ⌈(1 + α)ʳ⌉, an arm of r epochs has the bound mean + √((1 + α)·ln(e·N/τ(r)) / (2·τ(r))); the best is chosen until it has
/// been learned from τ(r + 1) − τ(r) more times. An epoch begins with the first reward of an arm after the last one ended, so that late
/// rewards do no harm. (Spec §5.16 has √(½·ln n / n), which is no UCB2 and grows with neither N nor the lack of trials.)
public struct UCB2: Learner, Hashable {
    private struct Epoch: Sendable, Hashable, Codable {
        var arm: Int
        var remaining: Int64
    }

    private var arms: [ArmStatistics]
    private var epochs: [Int]
    private var current: Epoch?
    private var plays = 0.0
    private let alpha: Double

    /// Creates a learner that knows nothing.
    ///
    /// - Parameter alpha: how fast epochs grow; .1 by default, within .001 … 1.
    /// - Throws: ``LearnerError/size(_:)``; ``LearnerError/weight(_:)`` for another α.
    public init(arms: Int, alpha: Double = 0.1) throws(LearnerError) {
        try LearnerLimits.check(arms: arms, features: 0, cells: 4)
        guard (0.001...1).contains(alpha) else { throw .weight("The α of UCB2 is .001 to 1, not \(alpha).") }
        self.arms = Array(repeating: ArmStatistics(), count: arms)
        self.epochs = Array(repeating: 0, count: arms)
        self.alpha = alpha
    }

    /// ``LearnerAlgorithm/ucb2``.
    public var algorithm: LearnerAlgorithm { .ucb2 }
    /// How many arms there are.
    public var armCount: Int { self.arms.count }
    /// None.
    public var featureCount: Int { 0 }

    /// The bound of each arm; infinite for one that was never tried.
    public var bounds: [Double] {
        self.arms.indices.map { arm in
            guard self.arms[arm].count > 0 else { return .infinity }
            let tau = self.tau(self.epochs[arm])
            let logarithm = max(0, 1 + log(max(1, self.plays) / tau))
            return self.arms[arm].mean + ((1 + self.alpha) * logarithm / (2 * tau)).squareRoot()
        }
    }

    /// The probability of each candidate; inputs have been checked.
    public func distribution(features: [Double], among arms: [Int]) -> [Double] {
        if let current, current.remaining > 0, let index = arms.firstIndex(of: current.arm) {
            return arms.indices.map { $0 == index ? 1 : 0 }
        }
        let bounds = self.bounds
        return Preference.largest(arms.map { bounds[$0] })
    }

    /// Epochs run over all arms, so that one learner has to know them all.
    ///
    /// - Throws: ``LearnerError/separate(_:)``, always.
    public static func distribution(of learners: [UCB2], features: [Double]) throws(LearnerError) -> [Double] { throw .separate(.ucb2) }

    /// Learns from an observation that has been checked.
    public mutating func absorb(_ observation: Observation) {
        let arm = observation.arm
        let isFirst = self.arms[arm].count == 0
        self.plays += 1
        self.arms[arm].add(observation.reward, weight: observation.weight)
        if let current, current.remaining > 0 {
            if current.arm == arm { self.current = Epoch(arm: arm, remaining: current.remaining - 1) }
        } else if !isFirst {
            let length = self.tau(self.epochs[arm] + 1) - self.tau(self.epochs[arm])
            self.current = Epoch(arm: arm, remaining: Int64(max(1, length)) - 1)
            self.epochs[arm] = min(self.epochs[arm] + 1, self.lastEpoch)
        }
    }

    /// Adds an arm that nothing is known of, or what the prior says.
    public mutating func addArm(prior: ColdStartPrior?) throws(LearnerError) {
        try LearnerLimits.check(arms: self.armCount + 1, features: 0, cells: 4)
        self.arms.append(ArmStatistics(prior: prior))
        self.epochs.append(0)
    }

    /// Whether the sizes and numbers fit together.
    public func validate() throws(LearnerError) {
        try ArmStatistics.check(self.arms)
        guard (0.001...1).contains(self.alpha), self.epochs.count == self.arms.count, self.plays >= 0 else {
            throw .state("The epochs of UCB2 do not fit its arms.")
        }
        guard self.epochs.allSatisfy({ (0...self.lastEpoch).contains($0) }) else { throw .state("An epoch of UCB2 is out of range.") }
        guard let current else { return }
        guard self.arms.indices.contains(current.arm), (0...1 << 50).contains(current.remaining) else {
            throw .state("The current epoch of UCB2 is of no arm.")
        }
    }

    private func tau(_ epoch: Int) -> Double { pow(1 + self.alpha, Double(epoch)).rounded(.up) }

    /// The epoch in which τ reaches 2⁴⁸, long before integers end.
    private var lastEpoch: Int { Int(48 * log(2.0) / log(1 + self.alpha)) }
}
