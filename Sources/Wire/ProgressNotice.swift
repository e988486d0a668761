import JSON
public import Orchestration

/// A look at a running request on the progress topic; best effort, no answer to anything.
public struct ProgressNotice: Sendable, Hashable {
    /// CloudEvents type of a progress notice.
    public static let type = "orchestration.progress.v1"

    /// The id of the running request.
    public var requestID: String
    /// The name of the orchestrator that reports.
    public var orchestrator: String
    /// The layer of the worker that runs it.
    public var layer: OrchestrationLayer
    /// The id of the worker that runs it.
    public var worker: String
    /// What the orchestrator reported.
    public var progress: Progress
    /// Seconds since 1970.
    public var timestamp: Double

    /// Creates a notice.
    public init(requestID: String, orchestrator: String, layer: OrchestrationLayer, worker: String, progress: Progress, timestamp: Double) {
        self.requestID = requestID
        self.orchestrator = orchestrator
        self.layer = layer
        self.worker = worker
        self.progress = progress
        self.timestamp = timestamp
    }

    /// The value and headers of the notice's record.
    public func encode(about event: CloudEvent, ordinal: Int, source: String, time: Int64) -> (value: [UInt8], headers: RecordHeaders) {
        var writer = JSONWriter(reservingCapacity: 320)
        writer.beginObject()
        writer.member("request_id", self.requestID)
        writer.member("orchestrator", self.orchestrator)
        writer.member("layer", self.layer.rawValue)
        writer.member("worker", self.worker)
        writer.member("stage", self.progress.stage)
        writer.member("step", self.progress.step)
        writer.member("total", self.progress.total)
        writer.member("message", self.progress.message)
        writer.member("data", self.progress.data)
        writer.member("timestamp", self.timestamp)
        writer.endObject()
        let id = event.id ?? self.requestID
        var headers = RecordHeaders(reservingCapacity: 320)
        headers.append("ce_specversion", "1.0")
        headers.append("ce_id", "\(id).progress.\(ordinal)")
        headers.append("ce_type", ProgressNotice.type)
        headers.append("ce_source", source)
        headers.append("ce_time", time: time)
        headers.append("content-type", "application/json")
        headers.append("ce_causationid", id)
        headers.append("ce_correlationid", event.correlationID ?? id)
        return (writer.bytes, headers)
    }

    /// Reads a notice's value.
    ///
    /// - Throws: what breaks the contract.
    public init(decoding value: [UInt8]) throws(WireError) {
        let reader = try MemberReader(parsing: value)
        self.requestID = try reader.required(try reader.text("request_id"), "request_id", "a string")
        self.orchestrator = try reader.text("orchestrator") ?? ""
        self.layer = try reader.choice("layer", OrchestrationLayer.self)
        self.worker = try reader.text("worker") ?? ""
        self.progress = Progress(
            stage: try reader.required(try reader.text("stage"), "stage", "a string"),
            step: Int(try reader.integer("step") ?? 0),
            total: Int(try reader.integer("total") ?? 0),
            message: try reader.text("message") ?? "",
            data: try reader.members("data") ?? [:]
        )
        self.timestamp = try reader.number("timestamp") ?? 0
    }
}
