import KafkaClient
import Synchronization
import Wire

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

    /// The same without asking: nil also before the first.
    func knownPartition(for source: TopicPartition) -> Int32? {
        let count = self.partitions.load(ordering: .relaxed)
        return count > 0 ? source.partition % count : nil
    }
}

extension OutgoingRecord {
    /// The same dead letter without its value, and when it has none, without the headers of the record; nil when nothing is left to leave out.
    ///
    /// The record itself still stands at its source, and the headers that remain say where.
    var smallerDeadLetter: OutgoingRecord? {
        var smaller = self
        if let value = self.value, !value.isEmpty {
            smaller.value = nil
            smaller.headers.append("x-dlq-value-bytes", String(value.count))
            return smaller
        }
        smaller.headers = RecordHeaders()
        self.headers.withView { headers in
            headers.forEach { name, value in
                if name.starts(with: "x-dlq-".utf8) { smaller.headers.append(name, value) }
            }
        }
        return smaller.headers.count < self.headers.count ? smaller : nil
    }
}
