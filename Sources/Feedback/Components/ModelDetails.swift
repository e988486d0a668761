public import JSON
public import Orchestration

/// What is known of a model: exponential averages (α = .1) of its latency, cost and accuracy, beginning with the first of each (spec §5.5).
public struct ModelDetails: TypedDetails {
    /// Signals counted, each with its `usage_count`.
    public private(set) var uses: Int64 = 0
    /// Milliseconds; nil before the first.
    public private(set) var averageLatency: Double?
    /// US dollars; nil before the first.
    public private(set) var averageCost: Double?
    /// `accuracy` of the signals' contexts, else their rewards; nil before the first.
    public private(set) var accuracy: Double?
    /// Seconds since 1970; 0 before the first.
    public private(set) var lastUsed = 0.0

    /// Nothing is known.
    public init() {}

    /// Reads a stored state.
    public init(state: JSONObject) {
        self.uses = state.tally("uses")
        self.averageLatency = state.measure("latency_ms")
        self.averageCost = state.measure("cost_usd")
        self.accuracy = state.share("accuracy")
        self.lastUsed = state.number("last_used", in: 0...1e12, default: 0)
    }

    /// As ``init(state:)`` reads it.
    public var state: JSONObject {
        [
            "uses": .integer(self.uses), "latency_ms": .optional(self.averageLatency), "cost_usd": .optional(self.averageCost),
            "accuracy": .optional(self.accuracy), "last_used": .number(self.lastUsed),
        ]
    }

    /// Reads `latency_ms`, `cost_usd` and `accuracy`.
    public mutating func learn(from signal: FeedbackSignal, now: Double) {
        self.uses += signal.uses
        Self.average(&self.averageLatency, signal.measure("latency_ms"))
        Self.average(&self.averageCost, signal.measure("cost_usd"))
        Self.average(&self.accuracy, signal.context.share("accuracy") ?? signal.learnedReward)
        self.lastUsed = max(self.lastUsed, signal.time(now: now))
    }

    private static func average(_ average: inout Double?, _ sample: Double?) {
        guard let sample else { return }
        var moved = average ?? sample
        moved.move(towards: sample, 0.1)
        average = moved
    }

    /// `usage_count`, `average_latency_ms`, `average_cost_usd`, `accuracy_score`, `last_used`; what is unknown is null.
    public func details(now: Double) -> JSONObject {
        [
            "usage_count": .integer(self.uses), "average_latency_ms": .optional(self.averageLatency),
            "average_cost_usd": .optional(self.averageCost), "accuracy_score": .optional(self.accuracy),
            "last_used": .number(self.lastUsed),
        ]
    }
}

extension JSONValue {
    /// The number, or null.
    static func optional(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
}
