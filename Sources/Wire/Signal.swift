import JSON
public import Orchestration

/// A feedback signal on the wire (contracts, "Signal").
public enum SignalCodec {
    /// CloudEvents type of a signal.
    public static let type = "feedback.signal.v1"

    private static let selector = JSONSelector([
        ["signal_id"], ["source"], ["component_type"], ["component_id"], ["reward"], ["confidence"], ["context"], ["metadata"],
        ["timestamp"],
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
        var headers = CloudEventHeaders()
        try headers.read(record, limits)
        guard let value = record.value else { throw WireError(.undecodable, "the value is missing: a signal is a JSON object") }
        switch headers.mode {
        case .binary: break
        case .structured: throw WireError(.undecodable, "content-type application/cloudevents+json is not read here: use application/json")
        case .unsupported(let type): throw WireError(.undecodable, "content-type \(type) is not read here: use application/json")
        }
        if let type = headers.event.type, type != SignalCodec.type {
            throw WireError(.invalid, "ce_type must be \(SignalCodec.type), found \(WireText.excerpt(type))")
        }
        return try decoded { () throws in
            try Self.selector.select(from: value, readableBytes: record.readableBytes, limits: limits.json) { selection in
                try Self.signal(selection, fallbackID: headers.event.id, limits)
            }
        }
    }

    private static func signal(
        _ selection: borrowing JSONSelection,
        fallbackID: String?,
        _ limits: WireLimits
    ) throws(WireError) -> FeedbackSignal {
        guard selection.rootKind == .object else { throw wrongKind("the value", "an object", selection.rootKind) }
        guard let id = try selection.text(0, "signal_id") ?? fallbackID, !id.isEmpty else {
            throw WireError(.invalid, "signal_id is required: a non-empty string")
        }
        let sourceName = try selection.text(1, "source") ?? ""
        guard let source = FeedbackSource(name: sourceName) else { throw notOneOf(FeedbackSource.self, "source", sourceName) }
        let typeName = try selection.text(2, "component_type") ?? ""
        guard let type = ComponentType(rawValue: typeName) else { throw notOneOf(ComponentType.self, "component_type", typeName) }
        guard let component = try selection.text(3, "component_id"), !component.isEmpty else {
            throw WireError(.invalid, "component_id is required: a non-empty string")
        }
        // It is the key of the component's records, and kept as long as the component is known.
        guard component.utf8.count <= limits.keyBytes else {
            throw WireError(.oversize, "component_id has \(component.utf8.count) bytes, \(limits.keyBytes) are allowed")
        }
        guard let reward = try selection.number(4, "reward") else {
            throw WireError(.invalid, "reward is required: a number from 0 to 1")
        }
        var signal = FeedbackSignal(source: source, componentType: type, componentID: component, reward: reward)
        signal.signalID = id
        if let confidence = try selection.number(5, "confidence") { signal.confidence = confidence }
        signal.context = try selection.members(6, "context")
        signal.metadata = try selection.members(7, "metadata")
        signal.timestamp = try selection.number(8, "timestamp")
        if let timestamp = signal.timestamp, timestamp < 0 {
            throw WireError(.invalid, "timestamp must be 0 or more, found \(timestamp)")
        }
        if let version = try selection.number(9, "version") {
            guard let number = Int(exactly: version), (1...1_000_000_000).contains(number) else {
                throw WireError(.invalid, "version must be an integer, 1 to 1000000000, found \(version)")
            }
            signal.version = number
        }
        do {
            try signal.validate()
        } catch {
            throw WireError(.invalid, "\(error)")
        }
        return signal
    }
}
