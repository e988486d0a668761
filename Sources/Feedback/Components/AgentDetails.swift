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

    /// Distinct decisions for it, where they are counted (``FeedbackSettings/countsDecisions(about:)``).
    public private(set) var decisions: Int64 = 0
    /// How well its rewards were predicted, where somebody says what was predicted.
    public private(set) var predictions = PredictionRecord()

    /// Nothing is known.
    public init() {}

    /// A decision for it was read.
    mutating func countDecision() { self.decisions = min(self.decisions + 1, 1 << 53) }

    /// Reads a stored state.
    public init(state: JSONObject) {
        self.tasks = state.tally("tasks")
        self.successRate = state.number("success_rate", in: 0...1, default: 0.9)
        self.quality = state.number("quality", in: 0...1, default: 0.85)
        self.averageDuration = state.number("duration_s", default: 60)
        self.recentPerformance = state.share("recent")
        self.lastUsed = state.number("last_used", in: 0...1e12, default: 0)
        self.decisions = state.tally("decisions")
        self.predictions = PredictionRecord(state: state["predictions"]?.objectValue ?? [:])
    }

    /// As ``init(state:)`` reads it.
    public var state: JSONObject {
        var state: JSONObject = [
            "tasks": .integer(self.tasks), "success_rate": .number(self.successRate), "quality": .number(self.quality),
            "duration_s": .number(self.averageDuration), "recent": .optional(self.recentPerformance), "last_used": .number(self.lastUsed),
        ]
        if self.decisions > 0 { state["decisions"] = .integer(self.decisions) }
        if self.predictions.count > 0 { state["predictions"] = .object(self.predictions.state) }
        return state
    }

    /// Reads `success`, `duration_s`, `quality_score`, `usage_count`, and `predicted_reward`.
    public mutating func learn(from signal: FeedbackSignal, now: Double) {
        self.tasks += signal.uses
        self.successRate.move(towards: signal.success, 0.1)
        if let quality = signal.share("quality_score") { self.quality.move(towards: quality, 0.1) }
        if let duration = signal.measure("duration_s"), duration > 0 { self.averageDuration.move(towards: duration, 0.1) }
        let reward = signal.learnedReward
        var recent = self.recentPerformance ?? reward
        recent.move(towards: reward, 0.2)
        self.recentPerformance = recent
        if let prediction = signal.share("predicted_reward") { self.predictions.add(prediction, reward: reward) }
        self.lastUsed = max(self.lastUsed, signal.time(now: now))
    }

    /// `usage_count`, `success_rate`, `quality_score`, `average_task_duration_s`, `recent_performance`, `last_used`; `decisions`, and
    /// `predictions`, `avg_prediction` and `prediction_accuracy`, where there are any.
    public func details(now: Double) -> JSONObject {
        var details: JSONObject = [
            "usage_count": .integer(self.tasks), "success_rate": .number(self.successRate), "quality_score": .number(self.quality),
            "average_task_duration_s": .number(self.averageDuration), "recent_performance": .optional(self.recentPerformance),
            "last_used": .number(self.lastUsed),
        ]
        if self.decisions > 0 { details["decisions"] = .integer(self.decisions) }
        if self.predictions.count > 0 {
            details["predictions"] = .integer(self.predictions.count)
            details["avg_prediction"] = .number(self.predictions.mean)
            details["prediction_accuracy"] = .number(self.predictions.accuracy)
        }
        return details
    }
}
