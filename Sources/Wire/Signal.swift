import JSON
public import Orchestration

/// A feedback signal on the wire (contracts, "Signal").
public enum SignalCodec {
    /// CloudEvents type of a signal.
    public static let type = "feedback.signal.v1"

    private static let selector = JSONSelector([
        ["signal_id"], ["source"], ["component_type"], ["component_id"], ["reward"], ["confidence"], ["context"], ["metadata"], ["timestamp"],
        ["version"],
    ])

    /// The value of a signal's record.
    ///
    /// - Parameters:
    ///   - id: the signal's id, unless it has one of its own.
    ///   - timestamp: seconds since 1970, unless it has one of its own.
    public static func encode(_ signal: FeedbackSignal, id: String, timestamp: Double) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 384)
        writer.beginObject()
        writer.member("signal_id", signal.signalID ?? id)
        writer.member("source", signal.source.rawValue)
        writer.member("component_type", signal.componentType.rawValue)
        writer.member("component_id", signal.componentID)
        writer.member("reward", signal.reward)
        writer.member("confidence", signal.confidence)
        writer.member("context", signal.context)
        writer.member("metadata", signal.metadata)
        writer.member("timestamp", signal.timestamp ?? timestamp)
        writer.member("version", signal.version)
        writer.endObject()
        return writer.bytes
    }

    /// The headers of a signal's record.
    public static func headers(id: String, causedBy event: CloudEvent, source: String, time: Int64) -> RecordHeaders {
        var headers = RecordHeaders(reservingCapacity: 320)
        headers.append("ce_specversion", "1.0")
        headers.append("ce_id", id)
        headers.append("ce_type", SignalCodec.type)
        headers.append("ce_source", source)
        headers.append("ce_time", time: time)
        headers.append("content-type", "application/json")
        if let cause = event.id { headers.append("ce_causationid", cause) }
        if let correlation = event.correlationID ?? event.id { headers.append("ce_correlationid", correlation) }
        if let value = event.traceparent { headers.append("traceparent", value) }
        return headers
    }

    /// Reads a signal and checks it by the rules of ``FeedbackSignal``.
    ///
    /// - Throws: which limit or rule the record breaks.
    public static func decode(_ record: RecordView, limits: WireLimits = .default) throws(WireError) -> FeedbackSignal {
        guard let value = record.value else { throw WireError(.undecodable, "the value is missing: a signal is a JSON object") }
        guard value.count <= limits.valueBytes else {
            throw WireError(.oversize, "the value has \(value.count) bytes, \(limits.valueBytes) are allowed")
        }
        guard record.headers.count <= limits.headers else {
            throw WireError(.oversize, "there are \(record.headers.count) headers, \(limits.headers) are allowed")
        }
        let headers = CloudEventHeaders(record.headers)
        if let mistake = headers.mistake { throw mistake }
        if case .unsupported(let type) = headers.mode {
            throw WireError(.undecodable, "content-type \(type) is not read here: use application/json")
        }
        if let type = headers.event.type, type != SignalCodec.type {
            throw WireError(.invalid, "ce_type must be \(SignalCodec.type), found \"\(type.prefix(80))\"")
        }
        return try decoded { () throws in
            try Self.selector.select(from: value, readableBytes: record.readableBytes, limits: limits.json) { selection in
                try Self.signal(selection, fallbackID: headers.event.id)
            }
        }
    }

    private static func signal(_ selection: borrowing JSONSelection, fallbackID: String?) throws(WireError) -> FeedbackSignal {
        guard selection.rootKind == .object else { throw wrongKind("the value", "an object", selection.rootKind) }
        guard let id = try selection.text(0, "signal_id") ?? fallbackID, !id.isEmpty else {
            throw WireError(.invalid, "signal_id is required: a non-empty string")
        }
        guard let source = try selection.text(1, "source").flatMap({ FeedbackSource(rawValue: $0) }) else {
            let known = FeedbackSource.allCases.map(\.rawValue).joined(separator: ", ")
            throw WireError(.invalid, "source must be one of \(known)")
        }
        guard let type = try selection.text(2, "component_type").flatMap({ ComponentType(rawValue: $0) }) else {
            let known = ComponentType.allCases.map(\.rawValue).joined(separator: ", ")
            throw WireError(.invalid, "component_type must be one of \(known)")
        }
        guard let component = try selection.text(3, "component_id"), !component.isEmpty else {
            throw WireError(.invalid, "component_id is required: a non-empty string")
        }
        guard let reward = selection.number(4) else { throw WireError(.invalid, "reward is required: a number from 0 to 1") }
        guard selection.kind(5) == nil || selection.number(5) != nil else { throw WireError(.invalid, "confidence must be a number") }
        var signal = FeedbackSignal(source: source, componentType: type, componentID: component, reward: reward)
        signal.signalID = id
        if let confidence = selection.number(5) { signal.confidence = confidence }
        signal.context = try selection.members(6, "context")
        signal.metadata = try selection.members(7, "metadata")
        signal.timestamp = selection.number(8)
        if let version = selection.integer(9), version >= 1, version <= 1_000_000_000 { signal.version = Int(version) }
        do {
            try signal.validate()
        } catch {
            throw WireError(.invalid, "\(error)")
        }
        return signal
    }
}
