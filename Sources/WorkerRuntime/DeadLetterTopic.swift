import KafkaClient
import Synchronization

/// The dead letter topic, whose partition p mod P takes what came from partition p, so that order is kept.
final class DeadLetterTopic: Sendable {
    let topic: ProducerTopic
    private let producer: KafkaProducer
    /// 0 while unknown.
    private let partitions = Atomic<Int32>(0)

    init(_ topic: ProducerTopic, of producer: KafkaProducer) {
        self.topic = topic
        self.producer = producer
    }

    /// The partition for a record; the broker is asked at the first one, because it may be away, or the topic too young, when a worker starts.
    ///
    /// - Returns: nil when the broker does not tell: then the partitioner chooses by key.
    func partition(for source: TopicPartition) async -> Int32? {
        var count = self.partitions.load(ordering: .relaxed)
        if count == 0 {
            count = (try? await onOwnThread { [producer, topic] in try producer.partitionCount(of: topic) }) ?? 0
            self.partitions.store(count, ordering: .relaxed)
        }
        return count > 0 ? source.partition % count : nil
    }
}
