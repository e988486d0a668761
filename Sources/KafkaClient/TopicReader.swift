import CRDKafka

/// Reads topics outside of any group: for tools and tests.
///
/// Owned by one thread.
public final class TopicReader {
    /// Where reading begins.
    public enum Start: Sendable, Hashable {
        /// With the oldest record that is kept.
        case beginning
        /// With the first record whose timestamp is this one or later, in milliseconds since 1970.
        case time(Int64)
        /// In each partition with what is earlier: its offset, if it has one here, or the first record of a time, if there is one.
        ///
        /// A partition with neither begins with its oldest record.
        case earliest(offsets: [TopicPartition: Int64], time: Int64?)
        /// With the first record that comes after the reader was made.
        case end
    }

    private final class Inbox {
        var records: [ConsumedRecord] = []
        var failure: KafkaError?
        var problem: KafkaError?
        /// The next offset of each partition.
        var next: [TopicPartition: Int64] = [:]
        /// Partitions with records that were there when the ends were looked at and have not come, and their ends then.
        var unread: [TopicPartition: Int64] = [:]

        func take(_ record: ConsumedRecord) {
            self.records.append(record)
            self.reached(record.source, record.offset + 1)
        }

        /// Also told at the end of a partition, whose last offsets may be gone, or hold no records.
        func reached(_ source: TopicPartition, _ offset: Int64) {
            self.next[source] = offset
            if !self.unread.isEmpty, let end = self.unread[source], offset >= end { self.unread[source] = nil }
        }

        func take(_ error: KafkaError) {
            if error.isFatal {
                self.failure = error
            } else if !error.isRetriable {
                self.problem = error
            }
        }
    }

    private let consumer: KafkaConsumer
    private let wake: WakeSignal
    private let inbox = Inbox()
    /// The next offset of each partition when the reader was made.
    public let ends: [TopicPartition: Int64]

    /// Makes a reader; its position is fixed when this returns, so that nothing produced from then on is missed.
    ///
    /// - Parameter wake: ends a wait in ``read(milliseconds:)`` when others raise it.
    /// - Throws: a topic that does not exist, which is not created by that, or a broker that does not answer.
    public init(
        configuration: KafkaConfiguration,
        observer: KafkaObserver,
        topics: [String],
        from start: Start,
        wake: WakeSignal = WakeSignal()
    ) throws(KafkaError) {
        self.wake = wake
        let inbox = self.inbox
        var adminConfiguration = configuration
        // A consumer's property, which librdkafka would warn of in every other client.
        adminConfiguration["fetch.wait.max.ms"] = nil
        let admin = try KafkaAdmin(configuration: adminConfiguration, observer: observer)
        var sources: [TopicPartition] = []
        // Of all topics: asking for one by its name creates it where brokers create topics by themselves.
        let known = try admin.describeTopics()
        for topic in topics {
            guard let description = known.first(where: { $0.name == topic }) else { throw KafkaError(unknownTopic: topic) }
            sources += description.partitions.map { TopicPartition(topic: topic, partition: $0.id) }
        }
        self.consumer = try KafkaConsumer(
            configuration: configuration.merging([
                "group.id": "fleet-reader", "queued.min.messages": "10000", "enable.partition.eof": "true",
            ]),
            observer: observer,
            wake: self.wake,
            events: ConsumerEvents(
                assigned: { _ in },
                revoked: { _, _ in },
                record: { inbox.take($0) },
                failed: { inbox.take($0) },
                committed: { _, _ in }
            )
        )
        var bounds: [TopicPartition: (low: Int64, high: Int64)] = [:]
        for source in sources { bounds[source] = try self.consumer.watermarks(of: source) }
        var timed: [TopicPartition: Int64?] = [:]
        // After the ends were read: where all are older, what came since then is at the end or behind it.
        if let time = start.time { timed = try Self.offsets(at: time, of: bounds, admin) }
        var starts: [(source: TopicPartition, offset: Int64)] = []
        for (source, (low, high)) in bounds {
            let first =
                switch start {
                case .beginning: low
                case .time: max(low, (timed[source] ?? nil) ?? high)
                case .earliest(let offsets, let time):
                    if offsets[source] == nil, time == nil {
                        low
                    } else {
                        max(low, min(offsets[source] ?? high, time == nil ? high : (timed[source] ?? nil) ?? high))
                    }
                case .end: high
                }
            starts.append((source, first))
            inbox.next[source] = first
            if first < high { inbox.unread[source] = high }
        }
        self.ends = bounds.mapValues(\.high)
        self.consumer.reachedEnd = { inbox.reached($0, $1) }
        try self.consumer.assign(starts)
    }

    /// The first offset of each partition that is not too old.
    private static func offsets(
        at time: Int64,
        of bounds: [TopicPartition: (low: Int64, high: Int64)],
        _ admin: KafkaAdmin
    ) throws(KafkaError) -> [TopicPartition: Int64?] {
        var offsets = try admin.offsets(at: time, of: Array(bounds.keys))
        // Nothing is older than 1970: a broker that finds no record then looks nothing up by time, as the embedded one.
        let unknown = bounds.filter { $0.value.low < $0.value.high && offsets[$0.key] ?? nil == nil }
        guard !unknown.isEmpty else { return offsets }
        for (source, oldest) in try admin.offsets(at: 0, of: Array(unknown.keys)) where oldest == nil {
            offsets[source] = bounds[source]?.low
        }
        return offsets
    }

    /// Asks the broker where the partitions end now; ``isCaughtUp`` counts from here.
    ///
    /// - Throws: a broker that does not answer.
    public func markEnds() throws(KafkaError) {
        for (source, next) in self.inbox.next {
            let (_, high) = try self.consumer.watermarks(of: source)
            if next < high { self.inbox.unread[source] = high }
        }
    }

    /// Whether everything has been read that was there when the reader was made or, since then, at the last ``markEnds()``.
    public var isCaughtUp: Bool { self.inbox.unread.isEmpty }

    /// What a partition could not be read for since the last call, and that does not pass by itself: a topic that was deleted, a lack of rights.
    public func takeProblem() -> KafkaError? {
        defer { self.inbox.problem = nil }
        return self.inbox.problem
    }

    /// The records that have come, at least one unless the time is over or everything has just been read.
    ///
    /// - Throws: a client that is lost.
    public func read(milliseconds: Int32) throws(KafkaError) -> [ConsumedRecord] {
        let wasCaughtUp = self.isCaughtUp
        self.drain()
        // The end of a partition may be told without a record; whoever waits for it is to know.
        if self.inbox.records.isEmpty, wasCaughtUp || !self.isCaughtUp {
            self.wake.wait(milliseconds: milliseconds)
            self.drain()
        }
        if let failure = self.inbox.failure { throw failure }
        defer { self.inbox.records.removeAll() }
        return self.inbox.records
    }

    private func drain() {
        self.consumer.poll()
        for partition in self.consumer.assignment {
            while self.consumer.read(partition, maximum: 512, { self.inbox.take($0) }) == 512, self.inbox.records.count < 100_000 {}
        }
    }

    deinit { self.consumer.close(milliseconds: 2_000) }
}

extension TopicReader.Start {
    /// The time that reading begins with, if it does.
    fileprivate var time: Int64? {
        switch self {
        case .time(let time): time
        case .earliest(_, let time): time
        case .beginning, .end: nil
        }
    }
}

extension KafkaError {
    init(unknownTopic topic: String) {
        self.init(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "topic \(topic) does not exist")
    }
}
