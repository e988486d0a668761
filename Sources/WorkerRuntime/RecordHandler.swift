public import Delivery
public import KafkaClient
public import Wire

/// A record that a handler wants published.
public struct OutgoingRecord: Sendable {
    /// What a record is for, which decides what its failure means.
    public enum Purpose: Sendable, Hashable {
        /// The answer on the results topic: the request is not finished without it.
        case reply
        /// The answer at the address that the request named: best effort.
        case directReply
        /// A feedback signal or a decision: waited for, but a missing topic does not hold its request back.
        case signal
        /// What is remembered of a request's reply: published when everything else of the request is acknowledged, waited for, but a missing
        /// topic does not hold its request back.
        ///
        /// The last one of a record's outputs, if there is one.
        case memory
        /// The copy of a request that cannot be served: the request is not finished without it.
        case deadLetter
        /// The copy of a request that waits in a retry topic: the request is not finished without it.
        case retry
        /// A look at the way of a request, or a snapshot: best effort, waited for by nobody.
        case notice

        /// What the broker does not take for good is given up, and its request goes on.
        var isDispensable: Bool { self == .directReply || self == .signal || self == .memory }
    }

    /// A record's key.
    public enum Key: Sendable, Hashable {
        case none
        /// The key of the record that is being handled.
        case ofRequest
        case bytes([UInt8])
    }

    /// What the record is for; decides what happens when it cannot be published.
    public var purpose: Purpose
    /// Where it is published, looked up with the producer that publishes it.
    public var topic: ProducerTopic
    /// The partition, or nil for the choice by key.
    public var partition: Int32?
    /// The record's key, which also chooses the partition when none is named.
    public var key: Key
    /// Nil is a tombstone.
    public var value: [UInt8]?
    /// The record's headers; none by default.
    public var headers: RecordHeaders

    /// Describes a record; by default its key chooses the partition and it has no headers.
    public init(
        purpose: Purpose,
        topic: ProducerTopic,
        partition: Int32? = nil,
        key: Key,
        value: [UInt8]?,
        headers: RecordHeaders = RecordHeaders()
    ) {
        self.purpose = purpose
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
    }
}

/// What a handler made of a record.
public enum Handling: Sendable {
    /// The record is done when these are published.
    case done([OutgoingRecord])
    /// It failed, and is handled once more after this time; its key waits for it.
    case retry(after: Duration)
    /// It has not begun, because something else must end before, and is handled once more after this time; its key waits for it, and no attempt
    /// is counted.
    case later(after: Duration)
}

/// Turns a consumed record into records to publish; never fails: whatever goes wrong is a record too (a reply, a dead letter).
public protocol RecordHandler: Sendable {
    /// Handles one record. Records of one lane are handled one after another, others at the same time.
    ///
    /// - Parameter attempt: what was tried before; a record that is poison must not be worked on again.
    func handle(_ record: ConsumedRecord, attempt: DeliveryAttempt) async -> Handling

    /// What to publish instead of a record that the broker refuses for good, for example because it is too large; nil when there is nothing.
    func substitute(for output: OutgoingRecord, of record: ConsumedRecord, refused error: KafkaError) -> OutgoingRecord?

    /// Partitions have come: their records may depend on what their owners before have done. Called on the delivery thread before any of their
    /// records is handled; heeds nothing by default.
    func partitionsCame()

    /// What is left to tell once nothing runs any more and the service drains; published best effort. Nothing by default.
    func lastNotices() -> [OutgoingRecord]
}

extension RecordHandler {
    /// Nothing.
    public func partitionsCame() {}

    /// Nothing.
    public func lastNotices() -> [OutgoingRecord] { [] }
}
