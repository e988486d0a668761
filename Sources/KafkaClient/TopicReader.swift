import CRDKafka

/// Reads topics outside of any group: for tools and tests.
///
/// Owned by one thread.
public final class TopicReader {
    /// Where reading begins.
    public enum Start: Sendable, Hashable {
        /// With the oldest record that is kept.
        case beginning
        /// With the first record that comes after the reader was made.
        case end
    }

    private final class Inbox {
        var records: [ConsumedRecord] = []
        var failure: KafkaError?
        var problem: KafkaError?
        /// The partition whose queue is being read.
        var source: TopicPartition?
        /// Partitions with records that were there when the reader was made and have not come, and their ends then.
        var unread: [TopicPartition: Int64] = [:]

        func take(_ record: ConsumedRecord) {
            self.records.append(record)
            if let end = self.unread[record.source], record.offset + 1 >= end { self.unread[record.source] = nil }
        }

        func take(_ error: KafkaError) {
            if error.code == RD_KAFKA_RESP_ERR__PARTITION_EOF.rawValue {
                // The last offsets of a partition may be gone, or hold no records.
                if let source = self.source { self.unread[source] = nil }
            } else if error.isFatal {
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
        var starts: [(source: TopicPartition, offset: Int64)] = []
        var ends: [TopicPartition: Int64] = [:]
        for source in sources {
            let (low, high) = try self.consumer.watermarks(of: source)
            starts.append((source, start == .beginning ? low : high))
            ends[source] = high
            if start == .beginning, low < high { inbox.unread[source] = high }
        }
        self.ends = ends
        try self.consumer.assign(starts)
    }

    /// Whether everything that was there when the reader was made has been read.
    public var isCaughtUp: Bool { self.inbox.unread.isEmpty }

    /// What a partition could not be read for since the last call, and that does not pass by itself: a topic that was deleted, a lack of rights.
    public func takeProblem() -> KafkaError? {
        defer { self.inbox.problem = nil }
        return self.inbox.problem
    }

    /// The records that have come, at least one unless the time is over.
    ///
    /// - Throws: a client that is lost.
    public func read(milliseconds: Int32) throws(KafkaError) -> [ConsumedRecord] {
        self.drain()
        if self.inbox.records.isEmpty {
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
            self.inbox.source = partition.source
            while self.consumer.read(partition, maximum: 512, { self.inbox.take($0) }) == 512, self.inbox.records.count < 100_000 {}
            self.inbox.source = nil
        }
    }

    deinit { self.consumer.close(milliseconds: 2_000) }
}

extension KafkaError {
    init(unknownTopic topic: String) {
        self.init(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "topic \(topic) does not exist")
    }
}
