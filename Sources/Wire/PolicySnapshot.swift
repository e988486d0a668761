public import JSON
public import Orchestration

/// What the feedback orchestrator knows of one component, on the compacted policies topic under `<component type>/<component id>`.
public struct PolicySnapshot: Sendable, Hashable {
    /// CloudEvents type of a snapshot.
    public static let type = "feedback.policy.v1"

    /// Rises with every snapshot of the component.
    public var policyVersion: Int64
    /// What kind of component it is about.
    public var componentType: ComponentType
    /// The component's id, unique within its type.
    public var componentID: String
    /// Signals counted.
    public var signals: Int64
    /// The mean of all rewards counted, 0 to 1.
    public var meanReward: Double
    /// Signals by source; sources without any are left out.
    public var bySource: [FeedbackSource: Int64]
    /// Whether the component may be chosen.
    public var availability: ComponentAvailability
    /// Why it is not enabled, for people; nil while it is.
    public var reason: String?
    /// What the last rewards say.
    public var health: ComponentHealth
    /// What was learned about the component, by the algorithm's name: the stored state of a learner whose only arm it is.
    public var learners: JSONObject
    /// What else is known, depending on the component's type.
    public var details: JSONObject
    /// Seconds since 1970.
    public var firstSignalAt: Double
    /// Seconds since 1970.
    public var lastSignalAt: Double
    /// Seconds since 1970.
    public var updatedAt: Double
    /// The id of the feedback orchestrator that counted.
    public var worker: String

    /// Creates a snapshot from its numbers, which are not checked.
    public init(
        policyVersion: Int64,
        componentType: ComponentType,
        componentID: String,
        signals: Int64,
        meanReward: Double,
        bySource: [FeedbackSource: Int64],
        availability: ComponentAvailability = .enabled,
        reason: String? = nil,
        health: ComponentHealth = ComponentHealth(),
        learners: JSONObject = JSONObject(),
        details: JSONObject = JSONObject(),
        firstSignalAt: Double,
        lastSignalAt: Double,
        updatedAt: Double,
        worker: String
    ) {
        self.policyVersion = policyVersion
        self.componentType = componentType
        self.componentID = componentID
        self.signals = signals
        self.meanReward = meanReward
        self.bySource = bySource
        self.availability = availability
        self.reason = reason
        self.health = health
        self.learners = learners
        self.details = details
        self.firstSignalAt = firstSignalAt
        self.lastSignalAt = lastSignalAt
        self.updatedAt = updatedAt
        self.worker = worker
    }

    /// The component that it is about.
    public var component: ComponentID { ComponentID(self.componentType, self.componentID) }

    /// The record's key.
    public var key: [UInt8] { Array(self.component.description.utf8) }

    /// The value and headers of the record.
    public func encode(source: String, time: Int64) -> (value: [UInt8], headers: RecordHeaders) {
        var writer = JSONWriter(reservingCapacity: 384)
        writer.beginObject()
        writer.member("policy_version", self.policyVersion)
        writer.member("component_type", self.componentType.rawValue)
        writer.member("component_id", self.componentID)
        writer.member("signals", self.signals)
        writer.member("mean_reward", self.meanReward)
        writer.key("by_source")
        writer.beginObject()
        for source in FeedbackSource.allCases {
            guard let count = self.bySource[source] else { continue }
            writer.key(source.rawValue)
            writer.integer(count)
        }
        writer.endObject()
        writer.member("availability", self.availability.rawValue)
        writer.member("reason", self.reason)
        writer.key("health")
        writer.beginObject()
        writer.member("health_score", self.health.score)
        writer.member("avg_reward", self.health.averageReward)
        writer.member("reward_std", self.health.rewardDeviation)
        writer.member("error_rate", self.health.errorRate)
        writer.member("sample_size", self.health.sampleSize)
        writer.member("running_reward", self.health.runningReward)
        writer.endObject()
        writer.member("learners", self.learners)
        writer.member("details", self.details)
        writer.member("first_signal_at", self.firstSignalAt)
        writer.member("last_signal_at", self.lastSignalAt)
        writer.member("updated_at", self.updatedAt)
        writer.member("worker", self.worker)
        writer.endObject()
        var headers = RecordHeaders(reservingCapacity: 256)
        headers.append("ce_specversion", "1.0")
        headers.append("ce_id", "\(self.componentType.rawValue)/\(self.componentID).\(self.worker).\(self.policyVersion)")
        headers.append("ce_type", PolicySnapshot.type)
        headers.append("ce_source", source)
        headers.append("ce_time", time: time)
        headers.append("content-type", "application/json")
        return (writer.bytes, headers)
    }

    /// Reads a snapshot's value; counts, shares and times out of range are moved into it.
    ///
    /// - Throws: what breaks the contract.
    public init(decoding value: [UInt8]) throws(WireError) {
        let reader = try MemberReader(parsing: value)
        self.policyVersion = try reader.required(try reader.integer("policy_version"), "policy_version", "an integer")
        self.componentType = try reader.choice("component_type", ComponentType.self)
        self.componentID = try reader.required(try reader.text("component_id"), "component_id", "a string")
        self.signals = try reader.count("signals") ?? 0
        self.meanReward = try reader.share("mean_reward") ?? 0
        let counts = try reader.reader("by_source")
        var bySource: [FeedbackSource: Int64] = [:]
        for source in FeedbackSource.allCases { bySource[source] = try counts.count(source.rawValue) }
        self.bySource = bySource
        let isNamed = try reader.text("availability") != nil
        self.availability = isNamed ? try reader.choice("availability", ComponentAvailability.self) : .enabled
        self.reason = try reader.text("reason")
        let health = try reader.reader("health")
        self.health = ComponentHealth(
            averageReward: try health.share("avg_reward") ?? 0,
            rewardDeviation: try health.share("reward_std") ?? 0,
            errorRate: try health.share("error_rate") ?? 0,
            sampleSize: Int(clamping: try health.count("sample_size") ?? 0),
            runningReward: try health.share("running_reward") ?? 0,
            score: try health.share("health_score") ?? 1
        )
        self.learners = try reader.members("learners") ?? [:]
        self.details = try reader.members("details") ?? [:]
        self.firstSignalAt = try reader.time("first_signal_at") ?? 0
        self.lastSignalAt = try reader.time("last_signal_at") ?? 0
        self.updatedAt = try reader.time("updated_at") ?? 0
        self.worker = try reader.text("worker") ?? ""
    }
}
