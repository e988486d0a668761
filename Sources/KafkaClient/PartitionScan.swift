import CRDKafka

/// Reads parts of partitions outside of any group, from known offsets to known offsets, and is done.
///
/// Owned by one thread.
public final class PartitionScan {
    private final class Inbox {
        /// Where reading of a partition ends; those that are done are gone.
        var ends: [TopicPartition: Int64] = [:]
        var record: (ConsumedRecord) -> Void = { _ in }
        var failure: KafkaError?

        func take(_ record: ConsumedRecord) {
            guard let end = self.ends[record.source] else { return }
            if record.offset < end { self.record(record) }
            self.reached(record.source, record.offset + 1)
        }

        func reached(_ source: TopicPartition, _ offset: Int64) {
            if let end = self.ends[source], offset >= end { self.ends[source] = nil }
        }
    }

    private let consumer: KafkaConsumer
    private let wake = WakeSignal()
    private let inbox = Inbox()

    /// Makes a reader of partitions; nothing is connected yet.
    ///
    /// - Parameter seesUndecided: also records of transactions that have not ended; by default reading waits until they have.
    public init(configuration: KafkaConfiguration, observer: KafkaObserver, seesUndecided: Bool = false) throws(KafkaError) {
        let inbox = self.inbox
        self.consumer = try KafkaConsumer(
            configuration: configuration.merging([
                "group.id": "fleet-reader", "queued.min.messages": "10000", "enable.partition.eof": "true",
                "isolation.level": seesUndecided ? "read_uncommitted" : "read_committed",
            ]),
            observer: observer,
            wake: self.wake,
            events: ConsumerEvents(
                assigned: { _ in },
                revoked: { _, _ in },
                record: { inbox.take($0) },
                failed: { error in
                    if error.code == RD_KAFKA_RESP_ERR__PARTITION_EOF.rawValue || error.isRetriable { return }
                    inbox.failure = error
                },
                committed: { _, _ in }
            )
        )
        self.consumer.reachedEnd = { inbox.reached($0, $1) }
    }

    /// The next offset of each partition's log.
    ///
    /// - Throws: the first partition that was not told, in one request a broker.
    public func ends(of sources: [TopicPartition], milliseconds: Int32 = 5_000) throws(KafkaError) -> [TopicPartition: Int64] {
        // In the place of a time, −1 asks for the end.
        try self.consumer.handle.offsets(at: -1, of: sources, milliseconds: milliseconds).compactMapValues { $0 }
    }

    /// The first and the next offset of a partition's log, transactions that have not ended included.
    public func watermarks(of source: TopicPartition, milliseconds: Int32 = 5_000) throws(KafkaError) -> (low: Int64, high: Int64) {
        try self.consumer.watermarks(of: source, milliseconds: milliseconds)
    }

    /// Reads every record from a start, −2 for the oldest that is kept, to below an end.
    ///
    /// - Parameters:
    ///   - isWanted: asked now and then; reading ends when it says no.
    ///   - body: gets the records, of each partition in the order of offsets.
    /// - Throws: what cannot be read, and does not pass by itself.
    public func read(
        _ parts: [TopicPartition: Range<Int64>],
        while isWanted: () -> Bool,
        _ body: (ConsumedRecord) -> Void
    ) throws(KafkaError) {
        let parts = parts.filter { !$0.value.isEmpty }
        guard !parts.isEmpty else { return }
        let failure: KafkaError? = try withoutActuallyEscaping(body) { (body) throws(KafkaError) -> KafkaError? in
            self.inbox.record = body
            defer { self.inbox.record = { _ in } }
            self.inbox.ends = parts.mapValues(\.upperBound)
            try self.consumer.assign(parts.map { ($0.key, $0.value.lowerBound) })
            while isWanted(), self.inbox.failure == nil {
                self.consumer.poll()
                for partition in self.consumer.assignment where self.inbox.ends[partition.source] != nil {
                    while self.consumer.read(partition, maximum: 512, { self.inbox.take($0) }) == 512 {}
                }
                if self.inbox.ends.isEmpty { break }
                self.wake.wait(milliseconds: 100)
            }
            return self.inbox.failure
        }
        if let failure { throw failure }
    }

    deinit { self.consumer.close(milliseconds: 2_000) }
}
