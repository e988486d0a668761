import CRDKafka

/// A partition that is assigned to this consumer, with its own queue of fetched records.
///
/// Not reading the queue is the way to hold a partition back: librdkafka then stops fetching at `queued.max.messages.kbytes`. (Pausing together
/// with batch reads loses positions in librdkafka before 2.1.)
public final class AssignedPartition {
    /// Which partition of which topic it is.
    public let source: TopicPartition
    /// What the group had committed when the partition was assigned, and where reading begins.
    ///
    /// Nil when nothing was committed: reading begins where `auto.offset.reset` says. Nil also for a partition that was chosen by hand.
    public internal(set) var committedOffset: Int64?
    /// The text that was committed together with that offset, empty when there was none; see ``CommitPoint/metadata``.
    public internal(set) var committedMetadata = ""
    let queue: OpaquePointer
    /// What came past the queue before the owner was told of the partition.
    var early: [ConsumedRecord] = []

    init(source: TopicPartition, queue: OpaquePointer) {
        self.source = source
        self.queue = queue
    }

    deinit {
        rd_kafka_queue_io_event_enable(self.queue, -1, nil, 0)
        rd_kafka_queue_destroy(self.queue)
    }
}
