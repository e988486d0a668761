public import JSON
public import Orchestration

/// What is known of a tool: the statistics of its capability (spec §5.6) and its health (spec §5.12).
public struct ToolDetails: TypedDetails {
    /// Uses counted.
    public private(set) var uses: Int64 = 0
    /// Exponential average (α = .1) of successes, beginning with .95.
    public private(set) var successRate = 0.95
    /// Milliseconds: exponential average (α = .1) of all uses with a latency above 0, beginning with 1,000.
    public private(set) var averageLatency = 1_000.0
    /// Milliseconds: that of the uses that succeeded, beginning with the first; nil before.
    public private(set) var successLatency: Double?
    /// Exponential average (α = .2) of rewards, beginning with the first: about the last ten; nil before.
    public private(set) var recentPerformance: Double?
    /// Seconds since 1970; 0 before the first use.
    public private(set) var lastUsed = 0.0
    private var outcomes = RecentOutcomes()

    /// Nothing is known.
    public init() {}

    /// .7 · success rate + .2 · (1 − errors among the last 100 uses) + .1 · speed; see ``ToolHealth``.
    ///
    /// A tool that was never used has 1: empty parts count full.
    public var health: Double {
        ToolHealth.score(
            successRate: self.uses > 0 ? self.successRate : 1,
            errorShare: self.outcomes.errorShare,
            latency: self.successLatency
        )
    }

    /// Reads a stored state.
    public init(state: JSONObject) {
        self.uses = state.tally("uses")
        self.successRate = state.number("success_rate", in: 0...1, default: 0.95)
        self.averageLatency = state.number("latency_ms", default: 1_000)
        self.successLatency = state.measure("success_latency_ms")
        self.recentPerformance = state.share("recent")
        self.lastUsed = state.number("last_used", in: 0...1e12, default: 0)
        self.outcomes = RecentOutcomes(text: state["outcomes"]?.stringValue ?? "")
    }

    /// As ``init(state:)`` reads it.
    public var state: JSONObject {
        [
            "uses": .integer(self.uses), "success_rate": .number(self.successRate), "latency_ms": .number(self.averageLatency),
            "success_latency_ms": .optional(self.successLatency), "recent": .optional(self.recentPerformance),
            "last_used": .number(self.lastUsed), "outcomes": .string(self.outcomes.text),
        ]
    }

    /// Reads `success`, `latency_ms` and `usage_count`.
    public mutating func learn(from signal: FeedbackSignal, now: Double) {
        let success = signal.success
        self.uses += signal.uses
        self.successRate.move(towards: success, 0.1)
        self.outcomes.add(isError: success < 0.5)
        if let latency = signal.measure("latency_ms"), latency > 0 {
            self.averageLatency.move(towards: latency, 0.1)
            if success >= 0.5 {
                var average = self.successLatency ?? latency
                average.move(towards: latency, 0.1)
                self.successLatency = average
            }
        }
        let reward = signal.learnedReward
        var recent = self.recentPerformance ?? reward
        recent.move(towards: reward, 0.2)
        self.recentPerformance = recent
        self.lastUsed = max(self.lastUsed, signal.time(now: now))
    }

    /// `usage_count`, `success_rate`, `average_latency_ms`, `recent_performance`, `tool_health`, `health_bucket`, `last_used`.
    public func details(now: Double) -> JSONObject {
        let health = self.health
        return [
            "usage_count": .integer(self.uses), "success_rate": .number(self.successRate),
            "average_latency_ms": .number(self.averageLatency), "recent_performance": .optional(self.recentPerformance),
            "tool_health": .number(health), "health_bucket": .string(ToolHealth.bucket(health)), "last_used": .number(self.lastUsed),
        ]
    }
}
