/// The dead letter headers of a record, as far as they can be read: nothing is required, because anybody may write to a topic.
///
/// Of a header that occurs twice, the last one counts; a text is read up to 1 KiB, and bytes that are no UTF-8 are repaired.
public struct DeadLetterHeaders: Sendable, Hashable {
    /// Why the record could not be served, by its wire name; not every writer keeps to ``DeadLetterReason``.
    public var reason: String?
    /// The topic that the record was read from.
    public var sourceTopic: String?
    /// The partition that the record was read from; never negative.
    public var sourcePartition: Int32?
    /// The record's offset in that partition; never negative.
    public var sourceOffset: Int64?
    /// Milliseconds since 1970.
    public var sourceTimestamp: Int64?
    /// The consumer group that gave the record up.
    public var consumerGroup: String?
    /// How often the request was tried.
    public var attempts: Int?
    /// How often it ended its worker's process.
    public var crashAttempts: Int?
    /// Milliseconds since 1970.
    public var firstFailureAt: Int64?
    /// Milliseconds since 1970.
    public var lastFailureAt: Int64?
    /// The category of the last failure by its wire name.
    public var errorCategory: String?
    /// What went wrong, in a sentence.
    public var errorMessage: String?
    /// The orchestrator that was asked for.
    public var orchestrator: String?
    /// The id of the worker that gave the record up.
    public var worker: String?
    /// How often the record was taken out of the dead letters and sent again; 0 when that cannot be read, a million at most.
    public var replayCount = 0
    /// The bytes that the value has at its source; only when the dead letter was too large to keep it.
    public var valueBytes: Int64?

    /// What every dead letter header begins with.
    public static let prefix: StaticString = "x-dlq-"

    /// Knows nothing yet.
    public init() {}

    /// Reads the headers of a record.
    public init(_ headers: RecordHeadersView) {
        headers.forEach { name, value in
            guard let value, Self.isOne(name) else { return }
            let text = String(decoding: value.prefix(1024), as: UTF8.self)
            switch String(decoding: name.dropFirst(Self.prefix.utf8CodeUnitCount).prefix(24), as: UTF8.self) {
            case "reason": self.reason = text
            case "source-topic": self.sourceTopic = text
            case "source-partition": self.sourcePartition = Int32(text).flatMap { $0 < 0 ? nil : $0 }
            case "source-offset": self.sourceOffset = Int64(text).flatMap { $0 < 0 ? nil : $0 }
            case "source-timestamp": self.sourceTimestamp = Int64(text)
            case "consumer-group": self.consumerGroup = text
            case "attempts": self.attempts = Int(text)
            case "crash-attempts": self.crashAttempts = Int(text)
            case "first-failure-at": self.firstFailureAt = WireTime.milliseconds(text)
            case "last-failure-at": self.lastFailureAt = WireTime.milliseconds(text)
            case "error-category": self.errorCategory = text
            case "error-message": self.errorMessage = text
            case "orchestrator": self.orchestrator = text
            case "worker": self.worker = text
            case "replay-count": self.replayCount = min(max(Int(text) ?? 0, 0), 1_000_000)
            case "value-bytes": self.valueBytes = Int64(text)
            default: break
            }
        }
    }

    /// Whether a header's name is that of a dead letter header.
    public static func isOne(_ name: UnsafeRawBufferPointer) -> Bool {
        name.count >= Self.prefix.utf8CodeUnitCount
            && UnsafeRawBufferPointer(rebasing: name[0..<Self.prefix.utf8CodeUnitCount]).isEqual(to: Self.prefix)
    }
}

extension DeadLetter {
    /// Reads what ``headers(keeping:)`` has written.
    ///
    /// - Throws: `invalid` with the first header that is missing or that cannot be read.
    public init(headers: RecordHeadersView) throws(WireError) {
        func need<Value>(_ value: Value?, _ name: StaticString) throws(WireError) -> Value {
            guard let value else { throw WireError(.invalid, "header \(DeadLetterHeaders.prefix)\(name) is missing or cannot be read") }
            return value
        }
        let read = DeadLetterHeaders(headers)
        self.init(
            reason: try need(read.reason.flatMap { DeadLetterReason(rawValue: $0) }, "reason"),
            sourceTopic: try need(read.sourceTopic, "source-topic"),
            sourcePartition: try need(read.sourcePartition, "source-partition"),
            sourceOffset: try need(read.sourceOffset, "source-offset"),
            sourceTimestamp: read.sourceTimestamp,
            consumerGroup: try need(read.consumerGroup, "consumer-group"),
            attempts: try need(read.attempts, "attempts"),
            crashAttempts: try need(read.crashAttempts, "crash-attempts"),
            firstFailureAt: try need(read.firstFailureAt, "first-failure-at"),
            lastFailureAt: try need(read.lastFailureAt, "last-failure-at"),
            errorCategory: try need(read.errorCategory, "error-category"),
            errorMessage: try need(read.errorMessage, "error-message"),
            orchestrator: read.orchestrator,
            worker: try need(read.worker, "worker"),
            replayCount: read.replayCount
        )
    }

    /// Carries on the history of a record that died before and was sent again: its replays, and when it failed first.
    ///
    /// A record that was not replayed leaves everything as it is.
    public mutating func carryOn(from headers: RecordHeadersView) {
        let history = DeadLetterHeaders(headers)
        guard history.replayCount > 0 else { return }
        self.replayCount = history.replayCount
        if let first = history.firstFailureAt { self.firstFailureAt = min(first, self.firstFailureAt) }
    }
}

/// The headers of a dead letter that is sent again.
public struct ReplayedHeaders: Sendable {
    /// What is sent.
    public let headers: RecordHeaders
    /// How many deadlines that had passed were left out.
    public let droppedDeadlines: Int

    /// The record's own headers, byte by byte, and its history: how often it was replayed, this time included, and when it failed first.
    ///
    /// Left out are the dead letter's own headers, `x-attempt`, because trying begins anew, and the deadlines `x-deadline-ms` and
    /// `ce_expirytime` where they have passed, with which the record would expire again at once.
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - keepsDeadlines: leaves deadlines as they are.
    public init(of letter: RecordHeadersView, now: Int64, keepsDeadlines: Bool = false) {
        var headers = RecordHeaders(reservingCapacity: letter.raw.count)
        var dropped = 0
        letter.forEach { name, value in
            if DeadLetterHeaders.isOne(name) || name.isEqual(to: "x-attempt") { return }
            if !keepsDeadlines, let deadline = Self.deadline(name, value), deadline <= now {
                dropped += 1
                return
            }
            headers.append(name, value)
        }
        let history = DeadLetterHeaders(letter)
        headers.append("x-dlq-replay-count", String(history.replayCount + 1))
        if let first = history.firstFailureAt { headers.append("x-dlq-first-failure-at", time: first) }
        self.headers = headers
        self.droppedDeadlines = dropped
    }

    /// The deadline that a header tells, in milliseconds since 1970.
    private static func deadline(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) -> Int64? {
        guard let value, value.count <= 64 else { return nil }
        if name.isEqual(to: "x-deadline-ms") { return Int64(String(decoding: value, as: UTF8.self)) }
        if name.isEqual(to: "ce_expirytime") { return WireTime.milliseconds(String(decoding: value, as: UTF8.self)) }
        return nil
    }
}
