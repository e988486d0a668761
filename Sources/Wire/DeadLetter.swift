/// What the headers of a dead letter tell about a record that could not be served (contracts, "Dead letter headers").
///
/// Key and value are the record's own bytes, untouched, and so are its headers; these come on top.
public struct DeadLetter: Sendable, Hashable {
    /// Why the record could not be served.
    public var reason: DeadLetterReason
    /// The topic that the record was read from.
    public var sourceTopic: String
    /// The partition that the record was read from.
    public var sourcePartition: Int32
    /// The record's offset in that partition.
    public var sourceOffset: Int64
    /// Milliseconds since 1970; nil when the record had none.
    public var sourceTimestamp: Int64?
    /// The consumer group that gave the record up.
    public var consumerGroup: String
    /// How often the request was tried, the last time included; 1 by default.
    public var attempts: Int
    /// How often it ended its worker's process; 0 by default.
    public var crashAttempts: Int
    /// Milliseconds since 1970.
    public var firstFailureAt: Int64
    /// Milliseconds since 1970.
    public var lastFailureAt: Int64
    /// The category of the last failure by its wire name, such as `validation`.
    public var errorCategory: String
    /// Cut to 1 KiB between two Unicode scalars.
    public var errorMessage: String
    /// The orchestrator that was asked for, cut to 256 bytes in the header; nil when the record names none that could be read.
    public var orchestrator: String?
    /// The id of the worker that gave the record up.
    public var worker: String
    /// How often the record was taken out of the dead letters and sent again; 0 by default.
    public var replayCount: Int

    /// Describes a dead letter; defaults are those of a record that failed once.
    public init(
        reason: DeadLetterReason,
        sourceTopic: String,
        sourcePartition: Int32,
        sourceOffset: Int64,
        sourceTimestamp: Int64? = nil,
        consumerGroup: String,
        attempts: Int = 1,
        crashAttempts: Int = 0,
        firstFailureAt: Int64,
        lastFailureAt: Int64,
        errorCategory: String,
        errorMessage: String,
        orchestrator: String? = nil,
        worker: String,
        replayCount: Int = 0
    ) {
        self.reason = reason
        self.sourceTopic = sourceTopic
        self.sourcePartition = sourcePartition
        self.sourceOffset = sourceOffset
        self.sourceTimestamp = sourceTimestamp
        self.consumerGroup = consumerGroup
        self.attempts = attempts
        self.crashAttempts = crashAttempts
        self.firstFailureAt = firstFailureAt
        self.lastFailureAt = lastFailureAt
        self.errorCategory = errorCategory
        self.errorMessage = errorMessage
        self.orchestrator = orchestrator
        self.worker = worker
        self.replayCount = replayCount
    }

    /// The record's own headers (without those of an earlier death) and the dead letter's.
    public func headers(keeping original: RecordHeadersView) -> RecordHeaders {
        var headers = RecordHeaders(reservingCapacity: original.raw.count + 768)
        original.forEach { name, value in
            if !DeadLetterHeaders.isOne(name) { headers.append(name, value) }
        }
        headers.append("x-dlq-source-topic", self.sourceTopic)
        headers.append("x-dlq-source-partition", String(self.sourcePartition))
        headers.append("x-dlq-source-offset", String(self.sourceOffset))
        if let timestamp = self.sourceTimestamp { headers.append("x-dlq-source-timestamp", String(timestamp)) }
        headers.append("x-dlq-consumer-group", self.consumerGroup)
        headers.append("x-dlq-attempts", String(self.attempts))
        headers.append("x-dlq-crash-attempts", String(self.crashAttempts))
        headers.append("x-dlq-first-failure-at", WireTime.text(self.firstFailureAt))
        headers.append("x-dlq-last-failure-at", WireTime.text(self.lastFailureAt))
        headers.append("x-dlq-error-category", self.errorCategory)
        headers.append("x-dlq-error-message", self.errorMessage.utf8Prefix(1024))
        if let orchestrator = self.orchestrator { headers.append("x-dlq-orchestrator", orchestrator.utf8Prefix(256)) }
        headers.append("x-dlq-worker", self.worker)
        headers.append("x-dlq-replay-count", String(self.replayCount))
        headers.append("x-dlq-reason", self.reason.rawValue)
        return headers
    }
}

extension String {
    /// The longest prefix of whole Unicode scalars within a number of UTF-8 bytes; not of characters, one of which may be longer.
    func utf8Prefix(_ count: Int) -> String {
        guard self.utf8.count > count else { return self }
        var end = self.utf8.index(self.utf8.startIndex, offsetBy: count)
        while end > self.utf8.startIndex, end.samePosition(in: self.unicodeScalars) == nil { end = self.utf8.index(before: end) }
        return String(self[..<end])
    }
}
