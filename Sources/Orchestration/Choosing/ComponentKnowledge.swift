public import JSON

/// What the feedback orchestrators say of a component: whether it may be chosen, what its last rewards say, and what else it is known by.
public struct ComponentKnowledge: Sendable, Hashable {
    /// Whether it may be chosen.
    public var availability: ComponentAvailability
    /// What the last rewards say.
    public var health: ComponentHealth
    /// Signals counted.
    public var signals: Int64
    /// The version of its policy.
    public var policyVersion: Int64
    /// Seconds since 1970 of the last signal.
    public var lastSignalAt: Double
    /// What its type is known by, such as `success_rate` and `average_latency_ms` of a tool.
    public var details: JSONObject

    /// Creates it from its members, which are not checked.
    public init(
        availability: ComponentAvailability = .enabled,
        health: ComponentHealth = ComponentHealth(),
        signals: Int64 = 0,
        policyVersion: Int64 = 0,
        lastSignalAt: Double = 0,
        details: JSONObject = JSONObject()
    ) {
        self.availability = availability
        self.health = health
        self.signals = signals
        self.policyVersion = policyVersion
        self.lastSignalAt = lastSignalAt
        self.details = details
    }

    /// A number of the details that is finite and not negative.
    public func measure(_ name: String) -> Double? {
        self.details[name]?.doubleValue.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
    }

    /// A number of the details, moved into 0 … 1.
    public func share(_ name: String) -> Double? {
        self.details[name]?.doubleValue.flatMap { $0.isNaN ? nil : min(max($0, 0), 1) }
    }

    /// What a result's relevance is multiplied with when the results of a memory are ranked again: the chunk's quality, .5 for one that is
    /// not known (spec §5.8).
    ///
    /// The details of a memory tell the quality of the chunks that were retrieved last.
    public func rerankScore(ofChunk chunk: String) -> Double {
        guard let quality = self.details["chunk_quality"]?[chunk]?.doubleValue, !quality.isNaN else { return 0.5 }
        return min(max(quality, 0), 1)
    }
}
