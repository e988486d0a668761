import JSON
import Orchestration
public import Wire

/// How the learning loop stands in one partition, on the compacted policies topic under `partition/<number>`.
///
/// It is written with what was learned, and after every look at the health of components, so `updatedAt` also tells that somebody is at work.
public struct PartitionStanding: Sendable, Hashable {
    /// CloudEvents type of a standing.
    public static let type = "feedback.partition.v1"
    private static let prefix = "partition/"

    /// The partition of decisions, signals and state.
    public var partition: Int32
    /// Records that were there and had not been read yet, by input.
    ///
    /// The mark that ends a transaction counts as one. Inputs that nothing is known of are left out.
    public var unread: [FeedbackInput: Int64]
    /// Decisions and rewards that wait for each other.
    public var waiting: Int
    /// Looks at the health of all components of the partition, since its state began.
    public var healthChecks: Int64
    /// Seconds since 1970.
    public var updatedAt: Double
    /// The id of the feedback orchestrator.
    public var worker: String

    /// Creates a record from its numbers, which are not checked.
    public init(
        partition: Int32,
        unread: [FeedbackInput: Int64] = [:],
        waiting: Int = 0,
        healthChecks: Int64 = 0,
        updatedAt: Double,
        worker: String
    ) {
        self.partition = partition
        self.unread = unread
        self.waiting = waiting
        self.healthChecks = healthChecks
        self.updatedAt = updatedAt
        self.worker = worker
    }

    /// The record's key.
    public var key: [UInt8] { Array("\(Self.prefix)\(self.partition)".utf8) }

    /// The partition that a key of the policies topic names; nil for a key that names none.
    public static func partition(of key: [UInt8]) -> Int32? {
        guard key.starts(with: Self.prefix.utf8), let text = String(validating: key.dropFirst(Self.prefix.utf8.count), as: UTF8.self) else {
            return nil
        }
        return Int32(text).flatMap { $0 >= 0 ? $0 : nil }
    }

    /// The record's value and headers.
    public func encode(source: String, time: Int64) -> (value: [UInt8], headers: RecordHeaders) {
        let unread = FeedbackInput.all.compactMap { input in self.unread[input].map { (input.name, JSONValue.integer($0)) } }
        let object: JSONObject = [
            "partition": .integer(Int64(self.partition)),
            "unread": .object(JSONObject(unread)),
            "waiting": .integer(Int64(self.waiting)),
            "health_checks": .integer(self.healthChecks),
            "updated_at": .number(self.updatedAt),
            "worker": .string(self.worker),
        ]
        var headers = RecordHeaders(reservingCapacity: 256)
        headers.append("ce_specversion", "1.0")
        headers.append("ce_id", "\(Self.prefix)\(self.partition).\(self.worker).\(time)")
        headers.append("ce_type", PartitionStanding.type)
        headers.append("ce_source", source)
        headers.append("ce_time", time: time)
        headers.append("content-type", "application/json")
        return (JSONValue.object(object).serialized(), headers)
    }

    /// Reads a record's value.
    ///
    /// - Throws: what breaks the contract.
    public init(decoding value: [UInt8]) throws(WireError) {
        let object: JSONObject?
        do {
            object = try JSONValue(parsing: value).objectValue
        } catch {
            throw WireError(.undecodable, "\(error)")
        }
        guard let partition = object?["partition"]?.integerValue.flatMap({ Int32(exactly: $0) }), partition >= 0 else {
            throw WireError(.invalid, "partition is required: a number of a partition")
        }
        self.partition = partition
        self.unread = [:]
        for input in FeedbackInput.all {
            self.unread[input] = (object?["unread"]?[input.name]?.integerValue).map { $0.moved(into: 0...1 << 53) }
        }
        self.waiting = Int(clamping: object?.tally("waiting") ?? 0)
        self.healthChecks = object?.tally("health_checks") ?? 0
        self.updatedAt = object?.number("updated_at", in: 0...1e12, default: 0) ?? 0
        self.worker = object?["worker"]?.stringValue ?? ""
    }
}
