public import JSON
public import Orchestration

/// The answer to a request: a `StepResult` in its envelope (contracts, "Reply").
public struct Reply: Sendable, Hashable {
    /// CloudEvents type of a reply.
    public static let type = "orchestration.result.v1"

    public var requestID: String
    public var orchestrator: String
    public var layer: OrchestrationLayer
    /// The id of the worker that ran it.
    public var worker: String
    public var attempt: Int
    public var result: StepResult
    /// Milliseconds between the request's timestamp and the start; nil when the record had no timestamp.
    public var queuedMilliseconds: Double?
    /// Milliseconds that the orchestrator took.
    public var processingMilliseconds: Double

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
        let object = try parsedObject(value, limits)
        guard let requestID = object["request_id"]?.stringValue, let orchestrator = object["orchestrator"]?.stringValue else {
            throw WireError(.invalid, "request_id and orchestrator must be strings in a reply")
        }
        guard let layer = object["layer"]?.stringValue.flatMap({ OrchestrationLayer(rawValue: $0) }) else {
            throw WireError(.invalid, "layer must be domain, application or infrastructure in a reply")
        }
        do throws(StepResultFormatError) {
            self.result = try StepResult(jsonObject: object)
        } catch {
            throw WireError(.invalid, error.description)
        }
        self.requestID = requestID
        self.orchestrator = orchestrator
        self.layer = layer
        self.worker = object["worker"]?.stringValue ?? ""
        self.attempt = object["attempt"]?.integerValue.flatMap { Int(exactly: $0) } ?? 1
        self.queuedMilliseconds = object["timings"]?["queued_ms"]?.doubleValue
        self.processingMilliseconds = object["timings"]?["processing_ms"]?.doubleValue ?? 0
    }
}

/// Parses a value that must be a JSON object.
func parsedObject(_ value: [UInt8], _ limits: JSONLimits) throws(WireError) -> JSONObject {
    let parsed = try decoded { () throws in try JSONValue(parsing: value, limits: limits) }
    guard case .object(let object) = parsed else { throw WireError(.invalid, "the value must be an object, found \(parsed.kindName)") }
    return object
}
