public import JSON
public import Orchestration

/// What is known of an agent: the statistics of its capability (spec §5.7).
public struct AgentDetails: TypedDetails {
    /// Tasks counted.
    public private(set) var tasks: Int64 = 0
    /// Exponential average (α = .1) of successes, beginning with .9.
    public private(set) var successRate = 0.9
    /// Exponential average (α = .1) of `quality_score`, beginning with .85.
    public private(set) var quality = 0.85
    /// Seconds: exponential average (α = .1) of the tasks with a duration above 0, beginning with 60.
    public private(set) var averageDuration = 60.0
    /// Exponential average (α = .2) of rewards, beginning with the first: about the last ten; nil before.
    public private(set) var recentPerformance: Double?
    /// Seconds since 1970; 0 before the first task.
    public private(set) var lastUsed = 0.0

    /// Nothing is known.
    public init() {}

    /// What a routing score is multiplied with: health · success rate · share of free places (spec §5.7).
    ///
    /// - Parameters:
    ///   - health: of the component, from its policy snapshot.
    ///   - load: tasks it has now; the chooser knows.
    ///   - places: tasks it may have at once; 3 by default, at least 1.
    public func routingFactor(health: Double, load: Int = 0, places: Int = 3) -> Double {
        let free = 1 - Double(max(load, 0)) / Double(max(places, 1))
        return min(max(health, 0), 1) * self.successRate * max(free, 0)
    }

    /// Reads a stored state.
    public init(state: JSONObject) {
        self.tasks = state.tally("tasks")
        self.successRate = state.number("success_rate", in: 0...1, default: 0.9)
        self.quality = state.number("quality", in: 0...1, default: 0.85)
        self.averageDuration = state.number("duration_s", default: 60)
        self.recentPerformance = state.share("recent")
        self.lastUsed = state.number("last_used", in: 0...1e12, default: 0)
    }

    /// As ``init(state:)`` reads it.
    public var state: JSONObject {
        [
            "tasks": .integer(self.tasks), "success_rate": .number(self.successRate), "quality": .number(self.quality),
            "duration_s": .number(self.averageDuration), "recent": .optional(self.recentPerformance), "last_used": .number(self.lastUsed),
        ]
    }

    /// Reads `success`, `duration_s`, `quality_score` and `usage_count`.
    public mutating func learn(from signal: FeedbackSignal, now: Double) {
        self.tasks += signal.uses
        self.successRate.move(towards: signal.success, 0.1)
        if let quality = signal.share("quality_score") { self.quality.move(towards: quality, 0.1) }
        if let duration = signal.measure("duration_s"), duration > 0 { self.averageDuration.move(towards: duration, 0.1) }
        let reward = signal.learnedReward
        var recent = self.recentPerformance ?? reward
        recent.move(towards: reward, 0.2)
        self.recentPerformance = recent
        self.lastUsed = max(self.lastUsed, signal.time(now: now))
    }

    /// `usage_count`, `success_rate`, `quality_score`, `average_task_duration_s`, `recent_performance`, `last_used`.
    public func details(now: Double) -> JSONObject {
        [
            "usage_count": .integer(self.tasks), "success_rate": .number(self.successRate), "quality_score": .number(self.quality),
            "average_task_duration_s": .number(self.averageDuration), "recent_performance": .optional(self.recentPerformance),
            "last_used": .number(self.lastUsed),
        ]
    }
}
