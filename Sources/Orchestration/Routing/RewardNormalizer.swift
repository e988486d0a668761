/// Makes one reward from 0 to 1 of quality, latency and cost (spec §5.17).
///
/// reward = .5 · quality + .3 · (1 − min(1, latency / (2 · average))) + .2 · (1 − min(1, cost / (2 · average))). Each average is the
/// exponential one of what was seen before, with α = .2; the first value is its own average. What is not known counts half.
public struct RewardNormalizer: Sendable, Hashable, Codable {
    /// The average latency; nil before the first.
    public private(set) var latency: Double?
    /// The average cost; nil before the first.
    public private(set) var cost: Double?

    /// A normaliser that has seen nothing.
    public init() {}

    /// The reward of an outcome, which also moves the averages.
    ///
    /// - Parameters:
    ///   - quality: 0 … 1, moved into that range; not a number counts 0.
    ///   - latency: in any unit that stays the same; nil, negative or not finite for unknown.
    ///   - cost: likewise.
    public mutating func reward(quality: Double, latency: Double? = nil, cost: Double? = nil) -> Double {
        let quality = quality.isNaN ? 0 : min(max(quality, 0), 1)
        return 0.5 * quality + 0.3 * Self.thrift(latency, &self.latency) + 0.2 * Self.thrift(cost, &self.cost)
    }

    private static func thrift(_ value: Double?, _ average: inout Double?) -> Double {
        guard let value, value.isFinite, value >= 0 else { return 0.5 }
        let known = average ?? value
        average = known + 0.2 * (value - known)
        guard known > 0 else { return value > 0 ? 0 : 0.5 }
        return 1 - min(1, value / (2 * known))
    }
}
