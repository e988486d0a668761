import JSON
public import Wire

/// How an experiment stands, on the compacted policies topic under `experiment/<name>`: what workers give variants by, and what a feedback
/// orchestrator goes on from.
///
/// It says of which signals its counts are made, so that whoever goes on counts each of them once. A null value: the experiment was stopped.
public struct ExperimentStanding: Sendable, Hashable {
    /// CloudEvents type of a standing.
    public static let type = "feedback.experiment.v1"
    private static let prefix = "experiment/"

    /// The experiment with its counts.
    public var experiment: Experiment
    /// When it was defined: milliseconds since 1970.
    ///
    /// Another time is another experiment.
    public var definedAt: Int64
    /// The first signal that may yet count, by `<component type>/<partition>`; of those behind it the decisions in ``counted`` have counted.
    public var positions: [String: Int64]
    /// The decisions that were counted last, oldest first: eight characters each (``CountedDecisions``).
    public var counted: String
    /// Seconds since 1970.
    public var updatedAt: Double
    /// The id of the feedback orchestrator that says so.
    public var worker: String

    /// Creates a standing from its members, which are not checked.
    public init(
        experiment: Experiment,
        definedAt: Int64,
        positions: [String: Int64] = [:],
        counted: String = "",
        updatedAt: Double,
        worker: String
    ) {
        self.experiment = experiment
        self.definedAt = definedAt
        self.positions = positions
        self.counted = counted
        self.updatedAt = updatedAt
        self.worker = worker
    }

    /// The key of an experiment's standing.
    public static func key(of name: String) -> [UInt8] { Array("\(Self.prefix)\(name)".utf8) }

    /// The experiment that a key of the policies topic names; nil for a key that names none.
    public static func name(of key: [UInt8]) -> String? {
        guard key.starts(with: Self.prefix.utf8), key.count > Self.prefix.utf8.count else { return nil }
        return String(validating: key.dropFirst(Self.prefix.utf8.count), as: UTF8.self)
    }

    /// A definition's time as standings have it: not before 1970, and not after some 30,000 years.
    public static func definedAt(_ time: Int64) -> Int64 { min(max(time, 0), 1_000_000_000_000_000) }

    /// The time of the oldest decision that may yet get its reward; milliseconds since 1970.
    ///
    /// - Parameter wait: how long a decision waits for its reward; milliseconds.
    public func oldestWaiting(_ wait: Int64) -> Int64 {
        guard self.updatedAt >= 0, self.updatedAt <= 1e12 else { return self.definedAt }
        let (time, isBeyond) = Int64(self.updatedAt * 1_000).subtractingReportingOverflow(wait)
        return isBeyond ? self.definedAt : max(self.definedAt, time)
    }

    /// The record's value and headers.
    public func encode(source: String, time: Int64) -> (value: [UInt8], headers: RecordHeaders) {
        let object: JSONObject = [
            "experiment": .object(self.experiment.state),
            "defined_at": .integer(self.definedAt),
            "positions": .object(JSONObject(self.positions.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) })),
            "counted": .string(self.counted),
            "updated_at": .number(self.updatedAt),
            "worker": .string(self.worker),
        ]
        var headers = RecordHeaders(reservingCapacity: 256)
        headers.append("ce_specversion", "1.0")
        headers.append("ce_id", "\(Self.prefix)\(self.experiment.name).\(self.worker).\(time)")
        headers.append("ce_type", ExperimentStanding.type)
        headers.append("ce_source", source)
        headers.append("ce_time", time: time)
        headers.append("content-type", "application/json")
        return (JSONValue.object(object).serialized(), headers)
    }

    /// Reads a standing's value.
    ///
    /// - Throws: what breaks the contract.
    public init(decoding value: [UInt8]) throws(WireError) {
        let object: JSONObject?
        do {
            object = try JSONValue(parsing: value).objectValue
        } catch {
            throw WireError(.undecodable, "\(error)")
        }
        guard let object, let state = object["experiment"]?.objectValue else {
            throw WireError(.invalid, "experiment is required: an object")
        }
        do throws(ExperimentError) {
            self.experiment = try Experiment(state: state)
        } catch {
            throw WireError(.invalid, error.description)
        }
        self.definedAt = Self.definedAt(object["defined_at"]?.integerValue ?? 0)
        var positions: [String: Int64] = [:]
        for (place, offset) in object["positions"]?.objectValue ?? [:] {
            positions[place] = offset.integerValue.flatMap { $0 >= 0 ? $0 : nil }
        }
        self.positions = positions
        self.counted = object["counted"]?.stringValue ?? ""
        self.updatedAt = min(max(object["updated_at"]?.doubleValue ?? 0, 0), 1e12)
        self.worker = object["worker"]?.stringValue ?? ""
    }
}
