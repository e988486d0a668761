public import JSON
public import Orchestration

/// What a prompt variant is chosen for (spec §5.9).
public enum PromptTarget: String, CaseIterable, Sendable, Hashable {
    case quality
    case speed
    case cost
    case balanced

    /// The reward of one use: quality, 1/(1 + latency/1,000 ms), 1/(1 + 100 · USD), or .6, .2 and .2 of them.
    public func reward(quality: Double, latency: Double, cost: Double) -> Double {
        let (quality, speed, thrift) = Self.parts(quality, latency, cost)
        switch self {
        case .quality: return quality
        case .speed: return speed
        case .cost: return thrift
        case .balanced: return 0.6 * quality + 0.2 * speed + 0.2 * thrift
        }
    }

    /// What a routing score is multiplied with beside the success rate: as ``reward(quality:latency:cost:)``, but the product of the three
    /// parts when balanced.
    public func factor(quality: Double, latency: Double, cost: Double) -> Double {
        guard self == .balanced else { return self.reward(quality: quality, latency: latency, cost: cost) }
        let (quality, speed, thrift) = Self.parts(quality, latency, cost)
        return (0.6 * quality) * (0.2 * speed) * (0.2 * thrift)
    }

    private static func parts(_ quality: Double, _ latency: Double, _ cost: Double) -> (Double, Double, Double) {
        (min(max(quality, 0), 1), 1 / (1 + max(latency, 0) / 1_000), 1 / (1 + max(cost, 0) * 100))
    }
}

/// What is known of a prompt variant: exponential averages of what its uses brought (spec §5.9).
public struct PromptDetails: TypedDetails {
    /// Uses counted.
    public private(set) var uses: Int64 = 0
    /// α = .2, beginning with .5.
    public private(set) var quality = 0.5
    /// Milliseconds; α = .2, beginning with 1,000.
    public private(set) var averageLatency = 1_000.0
    /// US dollars; α = .2, beginning with .01.
    public private(set) var averageCost = 0.01
    /// α = .1, beginning with .9.
    public private(set) var successRate = 0.9
    /// Seconds since 1970; 0 before the first use.
    public private(set) var lastUsed = 0.0

    /// Nothing is known.
    public init() {}

    /// What a routing score is multiplied with for a target: ``PromptTarget/factor(quality:latency:cost:)`` · success rate.
    public func routingFactor(_ target: PromptTarget) -> Double {
        target.factor(quality: self.quality, latency: self.averageLatency, cost: self.averageCost) * self.successRate
    }

    /// Reads a stored state.
    public init(state: JSONObject) {
        self.uses = state.tally("uses")
        self.quality = state.number("quality", in: 0...1, default: 0.5)
        self.averageLatency = state.number("latency_ms", default: 1_000)
        self.averageCost = state.number("cost_usd", default: 0.01)
        self.successRate = state.number("success_rate", in: 0...1, default: 0.9)
        self.lastUsed = state.number("last_used", in: 0...1e12, default: 0)
    }

    /// As ``init(state:)`` reads it.
    public var state: JSONObject {
        [
            "uses": .integer(self.uses), "quality": .number(self.quality), "latency_ms": .number(self.averageLatency),
            "cost_usd": .number(self.averageCost), "success_rate": .number(self.successRate), "last_used": .number(self.lastUsed),
        ]
    }

    /// Reads `quality_contribution` (else `quality_score`, else the reward), `latency_ms`, `cost_usd`, `success` and `usage_count`.
    public mutating func learn(from signal: FeedbackSignal, now: Double) {
        self.uses += signal.uses
        let reward = signal.learnedReward
        self.quality.move(towards: signal.context.share("quality_contribution") ?? signal.share("quality_score") ?? reward, 0.2)
        if let latency = signal.measure("latency_ms"), latency > 0 { self.averageLatency.move(towards: latency, 0.2) }
        if let cost = signal.measure("cost_usd") { self.averageCost.move(towards: cost, 0.2) }
        self.successRate.move(towards: signal.success, 0.1)
        self.lastUsed = max(self.lastUsed, signal.time(now: now))
    }

    /// `usage_count`, `avg_quality`, `avg_latency_ms`, `avg_cost_usd`, `success_rate`, `last_used`, and `targets` with the factor of each.
    public func details(now: Double) -> JSONObject {
        var targets = JSONObject()
        for target in PromptTarget.allCases { targets[target.rawValue] = .number(self.routingFactor(target)) }
        return [
            "usage_count": .integer(self.uses), "avg_quality": .number(self.quality), "avg_latency_ms": .number(self.averageLatency),
            "avg_cost_usd": .number(self.averageCost), "success_rate": .number(self.successRate), "last_used": .number(self.lastUsed),
            "targets": .object(targets),
        ]
    }
}
