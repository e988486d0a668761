import JSON
public import Orchestration

/// What is remembered of the reply to a request with an idempotency key, so that the next request with the key gets it without a run.
///
/// It stands on the compacted topic `orchestration.idempotency.<layer>` under ``scope``. A null value under the same key forgets it.
public struct RememberedReply: Sendable, Hashable {
    /// CloudEvents type of a remembered reply.
    public static let type = "orchestration.idempotency.v1"
    /// Bytes of a value at most, 1 MiB: a larger reply is not remembered.
    public static let maximumBytes = 1 << 20
    /// Nested objects and arrays at most: a result may nest deeper than the request that it was made of.
    private static let maximumDepth = 128

    /// The tenant and the idempotency key, as ``scope(tenantID:idempotencyKey:)`` makes it: what only one request may mean.
    public var scope: String
    /// The id of the request that ran.
    public var requestID: String
    /// The orchestrator that ran.
    public var orchestrator: String
    /// What the request asked for, by ``Request/fingerprint``.
    public var fingerprint: UInt64
    /// Milliseconds since 1970 when the request ended; the window counts from here.
    public var time: Int64
    /// What came of it.
    public var result: StepResult

    /// Creates a remembered reply from its members.
    public init(scope: String, requestID: String, orchestrator: String, fingerprint: UInt64, time: Int64, result: StepResult) {
        self.scope = scope
        self.requestID = requestID
        self.orchestrator = orchestrator
        self.fingerprint = fingerprint
        self.time = time
        self.result = result
    }

    /// `<tenant>/<idempotency key>`, with `%` and `/` of the tenant as `%25` and `%2F`, so that no two tenants can mean the same.
    public static func scope(tenantID: String, idempotencyKey: String) -> String {
        guard tenantID.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") }) else {
            return "\(tenantID)/\(idempotencyKey)"
        }
        var scope = ""
        for scalar in tenantID.unicodeScalars {
            switch scalar {
            case "/": scope += "%2F"
            case "%": scope += "%25"
            default: scope.unicodeScalars.append(scalar)
            }
        }
        return "\(scope)/\(idempotencyKey)"
    }

    /// The record's key.
    public var key: [UInt8] { Array(self.scope.utf8) }

    /// The record's value.
    public func encodeValue() -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        writer.member("request_id", self.requestID)
        writer.member("orchestrator", self.orchestrator)
        writer.member("fingerprint", Self.hexadecimal(self.fingerprint))
        writer.member("time", WireTime.text(self.time))
        writer.key("result")
        self.result.write(into: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// The record's headers.
    ///
    /// - Parameters:
    ///   - event: the attributes of the request that ran.
    ///   - source: who remembers, a URI reference.
    public func headers(causedBy event: CloudEvent, source: String) -> RecordHeaders {
        let id = event.id ?? self.requestID
        var headers = RecordHeaders(reservingCapacity: 320)
        headers.append("ce_specversion", "1.0")
        headers.append("ce_id", id, ".idempotency")
        headers.append("ce_type", RememberedReply.type)
        headers.append("ce_source", source)
        headers.append("ce_time", time: self.time)
        headers.append("content-type", "application/json")
        headers.append("ce_causationid", id)
        headers.append("ce_correlationid", event.correlationID ?? id)
        return headers
    }

    /// Reads a value.
    ///
    /// - Throws: what breaks the contract.
    public init(scope: String, decoding value: [UInt8]) throws(WireError) {
        let reader = try MemberReader(
            parsing: value,
            JSONLimits(maximumBytes: RememberedReply.maximumBytes, maximumDepth: RememberedReply.maximumDepth)
        )
        self.scope = scope
        self.requestID = try reader.required(try reader.text("request_id"), "request_id", "a string")
        self.orchestrator = try reader.required(try reader.text("orchestrator"), "orchestrator", "a string")
        let fingerprint = try reader.required(try reader.text("fingerprint"), "fingerprint", "a string")
        guard fingerprint.utf8.count == 16, fingerprint.utf8.allSatisfy({ $0.isLowercaseHexadecimal }),
            let number = UInt64(fingerprint, radix: 16)
        else {
            throw WireError(.invalid, "fingerprint must be 16 hexadecimal digits in lower case, found \(WireText.excerpt(fingerprint))")
        }
        self.fingerprint = number
        let time = try reader.required(try reader.text("time"), "time", "a string")
        guard let milliseconds = WireTime.milliseconds(time) else {
            throw WireError(.invalid, "time must be an RFC 3339 time, found \(WireText.excerpt(time))")
        }
        self.time = milliseconds
        let result = try reader.required(try reader.members("result"), "result", "an object")
        do throws(StepResultFormatError) {
            self.result = try StepResult(jsonObject: result)
        } catch {
            throw WireError(.invalid, "result.\(error.path) must be \(error.expected), found \(WireText.excerpt(error.found))")
        }
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

/// What a record of the topic of remembered replies says.
public enum RememberedRecord: Sendable, Hashable {
    /// The reply is remembered.
    case remembered(RememberedReply)
    /// Nothing is remembered under this scope any more.
    case forgotten(scope: String)
    /// A type of a later version, named for people; to be ignored.
    case unknown(String)

    /// Reads a record.
    ///
    /// - Throws: what breaks the contract, so that the record can only be ignored.
    public init(decoding record: RecordView, limits: WireLimits = .default) throws(WireError) {
        guard let key = record.key, !key.isEmpty else {
            throw WireError(.invalid, "the key is required: a tenant, / and an idempotency key")
        }
        var limits = limits
        // Each byte of a tenant may be written as three.
        limits.keyBytes = 3 * limits.attributeBytes + 1 + limits.idempotencyKeyBytes
        limits.valueBytes = RememberedReply.maximumBytes
        var headers = CloudEventHeaders()
        try headers.read(record, limits)
        guard let scope = String(validating: key.bindMemory(to: UInt8.self), as: UTF8.self) else {
            throw WireError(.invalid, "the key is not UTF-8")
        }
        guard let slash = scope.utf8.firstIndex(of: UInt8(ascii: "/")), slash != scope.utf8.startIndex,
            scope.utf8.index(after: slash) != scope.utf8.endIndex
        else {
            throw WireError(.invalid, "the key must be a tenant, / and an idempotency key, found \(WireText.excerpt(scope))")
        }
        guard let value = record.value else {
            self = .forgotten(scope: scope)
            return
        }
        if let type = headers.event.type, type != RememberedReply.type {
            self = .unknown("type \(WireText.excerpt(type))")
            return
        }
        switch headers.mode {
        case .binary: break
        case .structured: throw WireError(.undecodable, "content-type application/cloudevents+json is not read here: use application/json")
        case .unsupported(let type): throw WireError(.undecodable, "content-type \(type) is not read here: use application/json")
        }
        self = .remembered(try RememberedReply(scope: scope, decoding: Array(value)))
    }
}

extension UInt8 {
    fileprivate var isLowercaseHexadecimal: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}
