public import JSON

/// A job: run this orchestrator with this context and these arguments (contracts, "Request").
public struct Request: Sendable, Hashable {
    /// CloudEvents type of a request.
    public static let type = "orchestration.request.v1"

    /// The record's attributes; its id and correlation id are always set.
    public var event: CloudEvent
    /// The name of the orchestrator to run; never empty once decoded.
    public var orchestrator: String
    /// For whom; never empty once decoded.
    public var tenantID: String
    /// The message's id unless the context names another.
    public var requestID: String
    /// The id of the distributed trace, if there is one.
    public var traceID: String?
    /// The orchestrator that asked for this run; nil for a request from outside.
    public var parentOrchestrator: String?
    /// How many orchestrators stand above this run; 0 for a request from outside.
    public var depth: Int
    /// Whatever the requester sent along in the context.
    public var metadata: JSONObject
    /// The arguments of the run.
    public var kwargs: JSONObject

    /// The message's id.
    public var id: String { self.event.id ?? self.requestID }

    /// Creates a request that is the root of its job tree: its correlation id is its own id, and so is its request id unless given.
    public init(
        id: String,
        orchestrator: String,
        tenantID: String,
        requestID: String? = nil,
        traceID: String? = nil,
        parentOrchestrator: String? = nil,
        depth: Int = 0,
        metadata: JSONObject = [:],
        kwargs: JSONObject = [:],
        source: String = "/orchestration-fleet"
    ) {
        self.event = CloudEvent(id: id, type: Request.type, source: source)
        self.event.correlationID = id
        self.orchestrator = orchestrator
        self.tenantID = tenantID
        self.requestID = requestID ?? id
        self.traceID = traceID
        self.parentOrchestrator = parentOrchestrator
        self.depth = depth
        self.metadata = metadata
        self.kwargs = kwargs
    }

    /// Reads a request from a record, binary or structured.
    ///
    /// - Parameters:
    ///   - record: the record.
    ///   - fallbackID: the message's id when the record names none and its context names no request: something that a redelivery repeats,
    ///     such as the record's place in its topic.
    /// - Throws: which limit or rule the record breaks.
    public init(decoding record: RecordView, limits: WireLimits = .default, fallbackID: @autoclosure () -> String) throws(WireError) {
        var headers = CloudEventHeaders()
        try headers.read(record, limits)
        guard let value = record.value else { throw WireError(.undecodable, "the value is missing: a request is a JSON object") }
        var body = RequestBody()
        switch headers.mode {
        case .binary:
            try body.read(value, readableBytes: record.readableBytes, limits)
        case .structured:
            var envelope = StructuredEnvelope()
            try envelope.read(value, readableBytes: record.readableBytes, limits)
            headers.event = envelope.merged(with: headers.event)
            try body.read(envelope.data, readableBytes: record.readableBytes - envelope.dataOffset, limits)
        case .unsupported(let type):
            throw WireError(.undecodable, "content-type \(type) is not read here: use application/json or application/cloudevents+json")
        }
        if let type = headers.event.type, type != Request.type {
            throw WireError(.invalid, "ce_type must be \(Request.type), found \(WireText.excerpt(type))")
        }
        guard let orchestrator = body.orchestrator, !orchestrator.isEmpty else {
            throw WireError(.invalid, "orchestrator is required: a non-empty string")
        }
        guard let tenantID = body.tenantID, !tenantID.isEmpty else {
            throw WireError(.invalid, "context.tenant_id is required: a non-empty string")
        }
        try headers.event.check(limits)
        try limits.check(orchestrator, "orchestrator")
        try limits.check(tenantID, "context.tenant_id")
        try limits.check(body.requestID, "context.request_id")
        try limits.check(body.traceID, "context.trace_id")
        try limits.check(body.parentOrchestrator, "context.parent_orchestrator")
        let id = headers.event.id ?? body.requestID ?? fallbackID()
        headers.event.id = id
        if headers.event.correlationID == nil { headers.event.correlationID = id }
        self.event = headers.event
        self.orchestrator = orchestrator
        self.tenantID = tenantID
        self.requestID = body.requestID ?? id
        self.traceID = body.traceID
        self.parentOrchestrator = body.parentOrchestrator
        self.depth = body.depth
        self.metadata = body.metadata
        self.kwargs = body.kwargs
    }

    /// The value and the headers of the request as a record in binary mode.
    public func encode() -> (value: [UInt8], headers: RecordHeaders) {
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        writer.member("orchestrator", self.orchestrator)
        writer.key("context")
        writer.beginObject()
        writer.member("tenant_id", self.tenantID)
        writer.member("request_id", self.requestID)
        writer.member("trace_id", self.traceID)
        writer.member("parent_orchestrator", self.parentOrchestrator)
        writer.member("orchestration_depth", self.depth)
        writer.member("metadata", self.metadata)
        writer.endObject()
        writer.member("kwargs", self.kwargs)
        writer.endObject()

        var headers = RecordHeaders(reservingCapacity: 384)
        headers.append("ce_specversion", "1.0")
        headers.append("ce_id", self.id)
        headers.append("ce_type", Request.type)
        headers.append("ce_source", self.event.source ?? "/orchestration-fleet")
        if let time = self.event.time { headers.append("ce_time", time) }
        headers.append("content-type", "application/json")
        if let value = self.event.traceparent { headers.append("traceparent", value) }
        if let value = self.event.tracestate { headers.append("tracestate", value) }
        if let value = self.event.correlationID, value != self.id { headers.append("ce_correlationid", value) }
        if let value = self.event.causationID { headers.append("ce_causationid", value) }
        if let value = self.event.deadline { headers.append("x-deadline-ms", String(value)) }
        if let value = self.event.notBefore { headers.append("x-not-before-ms", String(value)) }
        if let value = self.event.priority { headers.append("x-priority", String(value)) }
        if let value = self.event.idempotencyKey { headers.append("x-idempotency-key", value) }
        if self.event.attempt > 1 { headers.append("x-attempt", String(self.event.attempt)) }
        if let address = self.event.replyAddress {
            if address.partition == nil, address.correlationID == nil {
                headers.append("x-reply-to", address.topic)
            } else {
                headers.append("kafka_replyTopic", address.topic)
                if let partition = address.partition {
                    withUnsafeBytes(of: partition.bigEndian) { headers.append("kafka_replyPartition", bytes: $0) }
                }
                if let id = address.correlationID { id.withUnsafeBytes { headers.append("kafka_correlationId", bytes: $0) } }
            }
        }
        return (writer.bytes, headers)
    }

    /// Where the sender of an undecodable record wants its answer, as far as the headers can be read.
    public static func replyAddress(of record: RecordView) -> (event: CloudEvent, address: ReplyAddress)? {
        guard record.headers.count <= 1024 else { return nil }
        var headers = CloudEventHeaders()
        headers.read(record.headers)
        let event = headers.event
        return event.replyAddress.map { (event, $0) }
    }
}

/// The members of a request's JSON.
private struct RequestBody: ~Copyable {
    var orchestrator: String?
    var tenantID: String?
    var requestID: String?
    var traceID: String?
    var parentOrchestrator: String?
    var depth = 0
    var metadata = JSONObject()
    var kwargs = JSONObject()

    private static let selector = JSONSelector([
        ["orchestrator"], ["context"], ["kwargs"], ["context", "tenant_id"], ["context", "request_id"], ["context", "trace_id"],
        ["context", "parent_orchestrator"], ["context", "orchestration_depth"], ["context", "metadata"],
    ])

    mutating func read(_ value: UnsafeRawBufferPointer, readableBytes: Int, _ limits: WireLimits) throws(WireError) {
        try decoded { () throws in
            try Self.selector.select(from: value, readableBytes: readableBytes, limits: limits.json) { try self.read($0) }
        }
    }

    private mutating func read(_ selection: borrowing JSONSelection) throws(WireError) {
        guard selection.rootKind == .object else { throw wrongKind("the value", "an object", selection.rootKind) }
        if let kind = selection.kind(1), kind != .object { throw wrongKind("context", "an object", kind) }
        self.orchestrator = try selection.text(0, "orchestrator")
        self.tenantID = try selection.text(3, "context.tenant_id")
        self.requestID = try selection.attribute(4, "context.request_id")
        self.traceID = try selection.text(5, "context.trace_id")
        self.parentOrchestrator = try selection.text(6, "context.parent_orchestrator")
        if let kind = selection.kind(7), kind != .null {
            guard let depth = selection.integer(7) else { throw wrongKind("context.orchestration_depth", "an integer", kind) }
            guard (0...1_000_000).contains(depth) else {
                throw WireError(.invalid, "context.orchestration_depth must be 0 to 1000000, found \(depth)")
            }
            self.depth = Int(depth)
        }
        self.metadata = try selection.members(8, "context.metadata")
        self.kwargs = try selection.members(2, "kwargs")
    }
}

/// The envelope of structured mode: attributes and data in one JSON object.
private struct StructuredEnvelope: ~Copyable {
    var event = CloudEvent()
    /// The data inside the envelope; borrowed from it.
    var data = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Where the data begins in the envelope.
    var dataOffset = 0

    private static let selector = JSONSelector([
        ["specversion"], ["id"], ["type"], ["source"], ["time"], ["correlationid"], ["causationid"], ["traceparent"], ["tracestate"],
        ["expirytime"], ["data"], ["data_base64"],
    ])

    mutating func read(_ value: UnsafeRawBufferPointer, readableBytes: Int, _ limits: WireLimits) throws(WireError) {
        try decoded { () throws in
            try Self.selector.select(from: value, readableBytes: readableBytes, limits: limits.envelope) { try self.read($0, in: value) }
        }
    }

    private mutating func read(_ selection: borrowing JSONSelection, in value: UnsafeRawBufferPointer) throws(WireError) {
        guard selection.rootKind == .object else { throw wrongKind("the envelope", "an object", selection.rootKind) }
        guard let version = try selection.text(0, "specversion") else {
            throw WireError(.invalid, "specversion is required in the envelope: \"1.0\"")
        }
        guard version == "1.0" else {
            throw WireError(.invalid, "specversion must be \"1.0\", found \(WireText.excerpt(version))")
        }
        guard selection.kind(11) == nil else {
            throw WireError(.invalid, "data_base64 is not read here: put the request as JSON into data")
        }
        guard let data = selection.raw(10), let start = data.baseAddress, let base = value.baseAddress, start >= base,
            start + data.count <= base + value.count
        else {
            throw WireError(.invalid, "data is required in the envelope: the request as a JSON object")
        }
        self.event.id = try selection.attribute(1, "id")
        self.event.type = try selection.attribute(2, "type")
        self.event.source = try selection.attribute(3, "source")
        self.event.time = try selection.attribute(4, "time")
        self.event.correlationID = try selection.attribute(5, "correlationid")
        self.event.causationID = try selection.attribute(6, "causationid")
        self.event.traceparent = try selection.attribute(7, "traceparent")
        self.event.tracestate = try selection.attribute(8, "tracestate")
        if let expiry = try selection.text(9, "expirytime") {
            guard let time = WireTime.milliseconds(expiry) else {
                throw WireError(.invalid, "expirytime must be an RFC 3339 time, found \(WireText.excerpt(expiry))")
            }
            self.event.deadline = time
        }
        self.data = data
        self.dataOffset = start - base
    }

    /// The envelope's attributes, and the headers' where the envelope has none.
    func merged(with headers: CloudEvent) -> CloudEvent {
        var event = headers
        event.id = self.event.id ?? headers.id
        event.type = self.event.type ?? headers.type
        event.source = self.event.source ?? headers.source
        event.time = self.event.time ?? headers.time
        event.correlationID = self.event.correlationID ?? headers.correlationID
        event.causationID = self.event.causationID ?? headers.causationID
        event.traceparent = self.event.traceparent ?? headers.traceparent
        event.tracestate = self.event.tracestate ?? headers.tracestate
        event.deadline = [self.event.deadline, headers.deadline].compactMap { $0 }.min()
        return event
    }
}

extension CloudEvent {
    /// Checks the attributes that a reply echoes.
    fileprivate func check(_ limits: WireLimits) throws(WireError) {
        try limits.check(self.id, "the event's id")
        try limits.check(self.correlationID, "the correlation id")
        try limits.check(self.causationID, "the causation id")
        try limits.check(self.traceparent, "traceparent")
        try limits.check(self.tracestate, "tracestate")
        if let bytes = self.idempotencyKey?.utf8.count, bytes > limits.idempotencyKeyBytes {
            throw WireError(.oversize, "x-idempotency-key has \(bytes) bytes, \(limits.idempotencyKeyBytes) are allowed")
        }
        if let bytes = self.replyAddress?.correlationID?.count, bytes > limits.attributeBytes {
            throw WireError(.oversize, "kafka_correlationId has \(bytes) bytes, \(limits.attributeBytes) are allowed")
        }
    }
}

extension WireLimits {
    fileprivate func check(_ text: String?, _ name: String) throws(WireError) {
        guard let bytes = text?.utf8.count, bytes > self.attributeBytes else { return }
        throw WireError(.oversize, "\(name) has \(bytes) bytes, \(self.attributeBytes) are allowed")
    }

    var json: JSONLimits { JSONLimits(maximumBytes: self.valueBytes, maximumDepth: self.depth) }
    /// The envelope itself is one level more.
    var envelope: JSONLimits { JSONLimits(maximumBytes: self.valueBytes, maximumDepth: self.depth + 1) }
}
