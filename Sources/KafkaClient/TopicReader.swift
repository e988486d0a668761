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
    }

    private let consumer: KafkaConsumer
    private let wake = WakeSignal()
    private let inbox = Inbox()
    /// The next offset of each partition when the reader was made.
    public let ends: [TopicPartition: Int64]

    /// Makes a reader; its position is fixed when this returns, so that nothing produced from then on is missed.
    ///
    /// - Throws: a topic that does not exist, or a broker that does not answer.
    public init(configuration: KafkaConfiguration, observer: KafkaObserver, topics: [String], from start: Start) throws(KafkaError) {
        let inbox = self.inbox
        var adminConfiguration = configuration
        // A consumer's property, which librdkafka would warn of in every other client.
        adminConfiguration["fetch.wait.max.ms"] = nil
        let admin = try KafkaAdmin(configuration: adminConfiguration, observer: observer)
        var sources: [TopicPartition] = []
        for topic in topics {
            guard let description = try admin.describeTopics(topic).first else {
                throw KafkaError(unknownTopic: topic)
            }
            sources += description.partitions.map { TopicPartition(topic: topic, partition: $0.id) }
        }
        self.consumer = try KafkaConsumer(
            configuration: configuration.merging(["group.id": "fleet-reader", "queued.min.messages": "10000"]),
            observer: observer,
            wake: self.wake,
            events: ConsumerEvents(
                assigned: { _ in },
                revoked: { _, _ in },
                record: { inbox.records.append($0) },
                failed: { if $0.isFatal { inbox.failure = $0 } },
                committed: { _, _ in }
            )
        )
        var starts: [(source: TopicPartition, offset: Int64)] = []
        var ends: [TopicPartition: Int64] = [:]
        for source in sources {
            let (low, high) = try self.consumer.watermarks(of: source)
            starts.append((source, start == .beginning ? low : high))
            ends[source] = high
        }
        self.ends = ends
        try self.consumer.assign(starts)
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
            while self.consumer.read(partition, maximum: 512, { self.inbox.records.append($0) }) == 512, self.inbox.records.count < 100_000
            {}
        }
    }

    deinit { self.consumer.close(milliseconds: 2_000) }
}

extension KafkaError {
    init(unknownTopic topic: String) {
        self.init(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "topic \(topic) does not exist")
    }
}
