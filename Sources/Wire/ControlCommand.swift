import JSON

/// The command to cancel a request, on the compacted control topic under `request/<request id>`.
///
/// A null value under the same key withdraws it: what has not been cancelled by then runs. Ids are not secret and the command names no tenant:
/// who may write to the control topic may cancel any request.
public struct ControlCommand: Sendable, Hashable {
    /// CloudEvents type of a command.
    public static let type = "fleet.control.v1"

    /// The id of the request that is cancelled, as its context or else its event has it.
    public var requestID: String
    /// Why, for people; stands in the reply.
    ///
    /// At most 1 KiB.
    public var reason: String?
    /// Who wants it, for people; stands in the reply.
    ///
    /// At most 1 KiB.
    public var issuedBy: String?
    /// Milliseconds since 1970.
    public var time: Int64?

    /// Creates a command from its members, which are not checked.
    public init(requestID: String, reason: String? = nil, issuedBy: String? = nil, time: Int64? = nil) {
        self.requestID = requestID
        self.reason = reason
        self.issuedBy = issuedBy
        self.time = time
    }

    /// The key of the command to cancel a request, and of its withdrawal.
    public static func key(requestID: String) -> [UInt8] { Array("\(ControlRecord.requestScope)\(requestID)".utf8) }

    /// The record's key.
    public var key: [UInt8] { ControlCommand.key(requestID: self.requestID) }

    /// The value and headers of the record.
    ///
    /// - Parameter time: milliseconds since 1970, of the event.
    public func encode(source: String, time: Int64) -> (value: [UInt8], headers: RecordHeaders) {
        var writer = JSONWriter(reservingCapacity: 192)
        writer.beginObject()
        writer.member("command", ControlRecord.cancelCommand)
        writer.member("reason", self.reason)
        writer.member("issued_by", self.issuedBy)
        writer.member("time", self.time.map { WireTime.text($0) })
        writer.endObject()
        var headers = RecordHeaders(reservingCapacity: 256)
        headers.append("ce_specversion", "1.0")
        headers.append("ce_id", "\(ControlRecord.requestScope)\(self.requestID).\(ControlRecord.cancelCommand).\(time)")
        headers.append("ce_type", ControlCommand.type)
        headers.append("ce_source", source)
        headers.append("ce_time", time: time)
        headers.append("content-type", "application/json")
        return (writer.bytes, headers)
    }
}

/// What a record of the control topic says.
public enum ControlRecord: Sendable, Hashable {
    /// A request is cancelled.
    case cancel(ControlCommand)
    /// The command to cancel a request counts no longer.
    case withdrawn(requestID: String)
    /// A scope, a type or a command of a later version, named for people; to be ignored.
    case unknown(String)

    static let requestScope = "request/"
    static let cancelCommand = "cancel"

    /// Reads a record of the control topic.
    ///
    /// - Throws: what breaks the contract, so that the record can only be ignored.
    public init(decoding record: RecordView, limits: WireLimits = .default) throws(WireError) {
        guard let key = record.key, !key.isEmpty else {
            throw WireError(.invalid, "the key is required: request/ and the request's id")
        }
        // An id may be as long as an attribute.
        var limits = limits
        limits.keyBytes = limits.attributeBytes + ControlRecord.requestScope.utf8.count
        var headers = CloudEventHeaders()
        try headers.read(record, limits)
        guard let scope = String(validating: key.bindMemory(to: UInt8.self), as: UTF8.self) else {
            throw WireError(.invalid, "the key is not UTF-8")
        }
        guard scope.hasPrefix(ControlRecord.requestScope) else {
            self = .unknown("scope \(WireText.excerpt(String(scope.prefix { $0 != "/" })))")
            return
        }
        let requestID = String(scope.dropFirst(ControlRecord.requestScope.count))
        guard !requestID.isEmpty else { throw WireError(.invalid, "the key names no request") }
        guard let value = record.value else {
            self = .withdrawn(requestID: requestID)
            return
        }
        if let type = headers.event.type, type != ControlCommand.type {
            self = .unknown("type \(WireText.excerpt(type))")
            return
        }
        switch headers.mode {
        case .binary: break
        case .structured: throw WireError(.undecodable, "content-type application/cloudevents+json is not read here: use application/json")
        case .unsupported(let type): throw WireError(.undecodable, "content-type \(type) is not read here: use application/json")
        }
        let reader = try MemberReader(parsing: Array(value), limits.json)
        let command = try reader.required(try reader.text("command"), "command", "a string")
        guard command == ControlRecord.cancelCommand else {
            self = .unknown("command \(WireText.excerpt(command))")
            return
        }
        self = .cancel(
            ControlCommand(
                requestID: requestID,
                reason: try Self.bounded(reader, "reason", limits),
                issuedBy: try Self.bounded(reader, "issued_by", limits),
                time: try Self.time(reader)
            )
        )
    }

    private static func bounded(_ reader: MemberReader, _ name: String, _ limits: WireLimits) throws(WireError) -> String? {
        let text = try reader.text(name)
        if let bytes = text?.utf8.count, bytes > limits.attributeBytes {
            throw WireError(.oversize, "\(name) has \(bytes) bytes, \(limits.attributeBytes) are allowed")
        }
        return text
    }

    private static func time(_ reader: MemberReader) throws(WireError) -> Int64? {
        guard let text = try reader.text("time") else { return nil }
        guard let time = WireTime.milliseconds(text) else {
            throw WireError(.invalid, "time must be an RFC 3339 time, found \(WireText.excerpt(text))")
        }
        return time
    }
}
