public import JSON
public import Orchestration

/// The answer to a request: a `StepResult` in its envelope (contracts, "Reply").
public struct Reply: Sendable, Hashable {
    /// CloudEvents type of a reply.
    public static let type = "orchestration.result.v1"

    /// The id of the request that is answered.
    public var requestID: String
    /// The name of the orchestrator that was asked for.
    public var orchestrator: String
    /// The layer of the worker that answers.
    public var layer: OrchestrationLayer
    /// The id of the worker that ran it.
    public var worker: String
    /// Which attempt this is the answer to, counted from 1.
    public var attempt: Int
    /// What came of the request.
    public var result: StepResult
    /// Milliseconds between the request's timestamp and the start; nil when the record had no timestamp.
    public var queuedMilliseconds: Double?
    /// Milliseconds that the orchestrator took.
    public var processingMilliseconds: Double

    /// Creates a reply; by default to a first attempt that waited for an unknown time.
    public init(
        requestID: String,
        orchestrator: String,
        layer: OrchestrationLayer,
        worker: String,
        attempt: Int = 1,
        result: StepResult,
        queuedMilliseconds: Double? = nil,
        processingMilliseconds: Double = 0
    ) {
        self.requestID = requestID
        self.orchestrator = orchestrator
        self.layer = layer
        self.worker = worker
        self.attempt = attempt
        self.result = result
        self.queuedMilliseconds = queuedMilliseconds
        self.processingMilliseconds = processingMilliseconds
    }

    /// The value of the record.
    public func encodeValue() -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 768)
        writer.beginObject()
        writer.member("step_result_version", StepResult.wireVersion)
        writer.member("request_id", self.requestID)
        writer.member("orchestrator", self.orchestrator)
        writer.member("layer", self.layer.rawValue)
        writer.member("worker", self.worker)
        writer.member("attempt", self.attempt)
        self.result.writeMembers(into: &writer)
        writer.key("timings")
        writer.beginObject()
        if let queued = self.queuedMilliseconds { writer.member("queued_ms", queued) }
        writer.member("processing_ms", self.processingMilliseconds)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// The headers of the record.
    ///
    /// - Parameters:
    ///   - event: the request's attributes.
    ///   - source: who answers, a URI reference.
    ///   - time: milliseconds since 1970.
    public static func headers(answering event: CloudEvent, source: String, time: Int64) -> RecordHeaders {
        let id = event.id ?? ""
        var headers = RecordHeaders(reservingCapacity: 384)
        headers.append("ce_specversion", "1.0")
        // Derived from the request's, so that a redelivery repeats it.
        headers.append("ce_id", id, ".result")
        headers.append("ce_type", Reply.type)
        headers.append("ce_source", source)
        headers.append("ce_time", time: time)
        headers.append("content-type", "application/json")
        headers.append("ce_causationid", id)
        headers.append("ce_correlationid", event.correlationID ?? id)
        if let value = event.traceparent { headers.append("traceparent", value) }
        if let value = event.tracestate { headers.append("tracestate", value) }
        if let correlation = event.replyAddress?.correlationID {
            correlation.withUnsafeBytes { headers.append("kafka_correlationId", bytes: $0) }
        }
        return headers
    }

    /// Reads a reply's value.
    ///
    /// - Throws: what breaks the contract.
    public init(decoding value: [UInt8], limits: JSONLimits = JSONLimits(maximumBytes: 16 << 20)) throws(WireError) {
        let reader = try MemberReader(parsing: value, limits)
        self.requestID = try reader.required(try reader.text("request_id"), "request_id", "a string")
        self.orchestrator = try reader.required(try reader.text("orchestrator"), "orchestrator", "a string")
        self.layer = try reader.choice("layer", OrchestrationLayer.self)
        self.worker = try reader.text("worker") ?? ""
        self.attempt = Int(try reader.integer("attempt") ?? 1)
        let timings = try reader.reader("timings")
        self.queuedMilliseconds = try timings.number("queued_ms")
        self.processingMilliseconds = try timings.number("processing_ms") ?? 0
        do throws(StepResultFormatError) {
            self.result = try StepResult(jsonObject: reader.object)
        } catch {
            throw WireError(.invalid, "\(error.path) must be \(error.expected), found \(WireText.excerpt(error.found))")
        }
    }
}
