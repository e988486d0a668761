import CRDKafka

/// Who commits: a group, its generation and the member, as a ``KafkaConsumer`` knew them when it was asked.
///
/// The broker takes offsets of a transaction only of a member of the current generation, so that one which has lost its partitions without
/// knowing cannot commit for them.
public final class ConsumerGroupMetadata: Sendable {
    // Never written to, freed in deinit.
    nonisolated(unsafe) let native: OpaquePointer

    init(_ native: OpaquePointer) {
        self.native = native
    }

    deinit {
        rd_kafka_consumer_group_metadata_destroy(self.native)
    }
}

extension KafkaConsumer {
    /// What the group knows this consumer by at the moment; nil while it is no member.
    ///
    /// Ask for every transaction, on the owner's thread: what is assigned then is of this generation, and an older generation's is refused.
    public var groupMetadata: ConsumerGroupMetadata? {
        // Without a member id the broker would check nothing; it must not have gone in between.
        guard let member = self.memberID, !member.isEmpty else { return nil }
        guard let metadata = rd_kafka_consumer_group_metadata(self.handle.native).map({ ConsumerGroupMetadata($0) }) else { return nil }
        return self.memberID == member ? metadata : nil
    }
}
