import Glibc

/// What came of the control or a variant.
public struct ExperimentArm: Sendable, Hashable {
    /// Rewards counted.
    public internal(set) var pulls = 0
    /// Their mean; 0 without any.
    public internal(set) var mean = 0.0
    /// The sum of their squared deviations from the mean.
    var deviations = 0.0
    /// The last of them.
    public internal(set) var lastReward: Double?
    /// The sum of max(0, the control's mean at that time − reward) (spec §5.18).
    public internal(set) var regretSum = 0.0
    /// Whether it is given to nobody any more.
    public internal(set) var isRolledBack = false
    /// What the log said of it in the shadow phase; nil for the control and before it was looked at.
    public internal(set) var shadow: ShadowJudgement?

    /// The sum of the rewards.
    public var rewardSum: Double { self.mean * Double(self.pulls) }
    /// The variance of the rewards, of the population they were drawn from; 0 for fewer than two.
    public var variance: Double { self.pulls > 1 ? self.deviations / Double(self.pulls - 1) : 0 }
    /// The mean regret of a reward; 0 without any.
    public var meanRegret: Double { self.pulls > 0 ? self.regretSum / Double(self.pulls) : 0 }

    /// The mean regret in percent of what the control earns; nil where that is nothing (spec §5.18).
    public func regretPercent(of baseline: ExperimentArm) -> Double? {
        baseline.mean > 0 ? 100 * self.meanRegret / baseline.mean : nil
    }

    /// The mean as a multiple of the control's; nil where that is nothing, or nothing is known (spec §5.18).
    public func performanceRatio(to baseline: ExperimentArm) -> Double? {
        baseline.mean > 0 && self.pulls > 0 ? self.mean / baseline.mean : nil
    }

    mutating func add(_ reward: Double, baseline: Double?) {
        self.pulls += 1
        let error = reward - self.mean
        self.mean += error / Double(self.pulls)
        self.deviations += error * (reward - self.mean)
        self.lastReward = reward
        if let baseline { self.regretSum += max(0, baseline - reward) }
    }
}

/// What the log of the shadow phase said of a variant.
public struct ShadowJudgement: Sendable, Hashable {
    /// The improvement over what was done, relative to that; nil for what was refused, or is infinite.
    public internal(set) var improvement: Double?
    /// What the variant would have earned more; nil for what was refused.
    public internal(set) var difference: Estimate?
    /// How many decisions of the variant's own the log counted like; nil for what was refused.
    public internal(set) var effectiveSize: Double?
    /// Why it could not be judged, in one sentence; nil when it could.
    public internal(set) var refusal: String?

    init(_ evaluation: OffPolicyEvaluation) {
        self.improvement = evaluation.improvement.isFinite ? evaluation.improvement : nil
        self.difference = evaluation.difference
        self.effectiveSize = evaluation.effectiveSize
    }

    init(refusal: String) { self.refusal = refusal }
}

/// How a variant does beside the control.
public struct ExperimentComparison: Sendable, Hashable {
    /// The variant's mean minus the control's.
    public let difference: Double
    /// What it is at least; the interval up to ``high`` holds after every reward, at all times together.
    public let low: Double
    /// What it is at most.
    public let high: Double
    /// What it is at most after every reward, at all times together, with ``ExperimentDefinition/rollBackConfidence``.
    public let rollBackHigh: Double
    /// The difference as a share of the control's mean; infinite, or 0, where that is 0.
    public let improvement: Double
    /// Whether both have as many rewards as a decision needs.
    public let isJudged: Bool

    init?(of arm: ExperimentArm, with control: ExperimentArm, definition: ExperimentDefinition) {
        guard arm.pulls > 0, control.pulls > 0 else { return nil }
        let value = arm.mean - control.mean
        let spread = Spread(arm, control)
        // All variants share what is left of the confidence.
        let rest = (1 - definition.confidence) / Double(definition.variants.count)
        let half = spread.halfWidth(rest: rest, narrowestAt: 4 * Double(definition.minimumSamples))
        self.difference = value
        self.low = value - half
        self.high = value + half
        self.rollBackHigh =
            value
            + spread.oneSided(rest: 1 - ExperimentDefinition.rollBackConfidence, narrowestAt: Double(definition.minimumSamples))
        self.improvement = OffPolicyEvaluation.relative(value, to: control.mean)
        self.isJudged = arm.pulls >= definition.minimumSamples && control.pulls >= definition.minimumSamples
    }
}

/// How exactly a difference of two means is known.
private struct Spread {
    /// The difference's standard error.
    let error: Double
    /// How many rewards of either it is known like, were the other mean known.
    let size: Double

    init(_ arm: ExperimentArm, _ control: ExperimentArm) {
        // Where rewards are rare, a few may all be alike by chance: each varies at least as much as the other does.
        let variance = max(arm.variance, control.variance)
        let (count, other) = (Double(arm.pulls), Double(control.pulls))
        self.size = count * other / (count + other)
        self.error = (variance / self.size).squareRoot()
    }

    /// Half the width of the two-sided confidence sequence.
    ///
    /// SE·√((1 + 1/k)·(ln(1 + k) + 2·ln(1/α))), where k rises with the samples and is chosen so that the sequence is narrowest at a number of them
    /// (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas: Time-uniform central limit theory, 2021, §2.2 and appendix B.2).
    func halfWidth(rest alpha: Double, narrowestAt best: Double) -> Double {
        let k = self.k(alpha, best)
        return self.error * ((1 + 1 / k) * (log(1 + k) + 2 * log(1 / alpha))).squareRoot()
    }

    /// How far the bound of the one-sided confidence sequence is away.
    ///
    /// SE·√(2·(1 + 1/k)·ln(1 + √(1 + k)/(2α))) (the same, appendix B.1).
    func oneSided(rest alpha: Double, narrowestAt best: Double) -> Double {
        let k = self.k(2 * alpha, best)
        return self.error * (2 * (1 + 1 / k) * log(1 + (1 + k).squareRoot() / (2 * alpha))).squareRoot()
    }

    private func k(_ alpha: Double, _ best: Double) -> Double {
        let spent = 2 * log(1 / alpha)
        return (spent + log(spent + 1)) * self.size / best
    }
}
