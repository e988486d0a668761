/// What the last rewards say about a component (spec §5.3).
public struct ComponentHealth: Sendable, Hashable {
    /// The mean of the last rewards, at most 100; 0 without any.
    public var averageReward: Double
    /// Their population standard deviation; 0 for fewer than two.
    public var rewardDeviation: Double
    /// The share of them below .3.
    public var errorRate: Double
    /// How many there are, at most 100.
    public var sampleSize: Int
    /// The running mean: the first reward, then 0.9 · old + 0.1 · reward.
    public var runningReward: Double
    /// average · (1 − error rate) · (1 − min(deviation, .5)), within 0 … 1; 1 without any reward.
    public var score: Double

    /// Creates a summary from its numbers, which are not checked; by default that of a component of which nothing is known.
    public init(
        averageReward: Double = 0,
        rewardDeviation: Double = 0,
        errorRate: Double = 0,
        sampleSize: Int = 0,
        runningReward: Double = 0,
        score: Double = 1
    ) {
        self.averageReward = averageReward
        self.rewardDeviation = rewardDeviation
        self.errorRate = errorRate
        self.sampleSize = sampleSize
        self.runningReward = runningReward
        self.score = score
    }
}

extension Int64 {
    /// The sum; the greatest or least number where there is none: counts of records that anybody may have written never end the process.
    package func adding(clamped other: Int64) -> Int64 {
        let (sum, isOver) = self.addingReportingOverflow(other)
        return isOver ? (other < 0 ? .min : .max) : sum
    }
}
