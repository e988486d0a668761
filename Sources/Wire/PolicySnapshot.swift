import JSON
public import Orchestration

/// What the feedback orchestrator knows of one component, on the compacted policies topic under `<component type>/<component id>`.
public struct PolicySnapshot: Sendable, Hashable {
    /// CloudEvents type of a snapshot.
    public static let type = "feedback.policy.v1"

    /// Rises with every snapshot of the component.
    public var policyVersion: Int64
    public var componentType: ComponentType
    public var componentID: String
    /// Signals counted.
    public var signals: Int64
    public var meanReward: Double
    /// Signals by source; sources without any are left out.
    public var bySource: [FeedbackSource: Int64]
    /// Seconds since 1970.
    public var firstSignalAt: Double
    /// Seconds since 1970.
    public var lastSignalAt: Double
    /// Seconds since 1970.
    public var updatedAt: Double
    /// The id of the feedback orchestrator that counted.
    public var worker: String

    public init(
        policyVersion: Int64,
        componentType: ComponentType,
        componentID: String,
        signals: Int64,
        meanReward: Double,
        bySource: [FeedbackSource: Int64],
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
        self.firstSignalAt = firstSignalAt
        self.lastSignalAt = lastSignalAt
        self.updatedAt = updatedAt
        self.worker = worker
    }

    /// The record's key.
    public var key: [UInt8] { Array("\(self.componentType.rawValue)/\(self.componentID)".utf8) }

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

    /// Reads a snapshot's value.
    public init(decoding value: [UInt8]) throws(WireError) {
        let object = try parsedObject(value, .default)
        guard let type = object["component_type"]?.stringValue.flatMap({ ComponentType(rawValue: $0) }),
            let component = object["component_id"]?.stringValue, let version = object["policy_version"]?.integerValue
        else { throw WireError(.invalid, "policy_version, component_type and component_id are required in a policy snapshot") }
        self.policyVersion = version
        self.componentType = type
        self.componentID = component
        self.signals = object["signals"]?.integerValue ?? 0
        self.meanReward = object["mean_reward"]?.doubleValue ?? 0
        var bySource: [FeedbackSource: Int64] = [:]
        for (name, count) in object["by_source"]?.objectValue ?? [:] {
            if let source = FeedbackSource(rawValue: name), let count = count.integerValue { bySource[source] = count }
        }
        self.bySource = bySource
        self.firstSignalAt = object["first_signal_at"]?.doubleValue ?? 0
        self.lastSignalAt = object["last_signal_at"]?.doubleValue ?? 0
        self.updatedAt = object["updated_at"]?.doubleValue ?? 0
        self.worker = object["worker"]?.stringValue ?? ""
    }
}
