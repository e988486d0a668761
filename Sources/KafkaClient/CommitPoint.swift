import CRDKafka
import Glibc

/// An offset to commit: the next one to read, and text that travels with it.
public struct CommitPoint: Sendable, Hashable {
    /// The partition whose position this is.
    public let source: TopicPartition
    /// The next offset to read, one above the last record that is done; −1001 where a group has committed nothing.
    public let offset: Int64
    /// Text that the broker keeps with the offset, empty for none.
    ///
    /// A broker takes 4,096 bytes unless its `offset.metadata.max.bytes` says otherwise; NUL cannot be sent. Of what was read, U+FFFD stands
    /// for what is not UTF-8, and for a NUL and everything after it.
    public let metadata: String

    /// Creates a position; nothing is committed yet.
    public init(source: TopicPartition, offset: Int64, metadata: String = "") {
        self.source = source
        self.offset = offset
        self.metadata = metadata
    }

    /// The most bytes of metadata that a request can carry: Kafka's protocol counts them in 15 bits.
    static let maximumMetadataBytes = Int(Int16.max)
}

/// librdkafka's lists of partitions with offsets.
enum PartitionList {
    typealias Native = UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    /// Builds a list that the caller destroys.
    ///
    /// - Throws: metadata that no request can carry (librdkafka 2.0.2 would send a wrong length), or that has a NUL (librdkafka would read past
    ///   the end of its copy when it gets it back).
    static func make(_ points: [CommitPoint]) throws(KafkaError) -> Native {
        if let point = points.first(where: { $0.metadata.utf8.count > CommitPoint.maximumMetadataBytes }) {
            throw KafkaError(
                RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE,
                "the metadata for \(point.source) has \(point.metadata.utf8.count) bytes, more than \(CommitPoint.maximumMetadataBytes)"
            )
        }
        if let point = points.first(where: { $0.metadata.utf8.contains(0) }) {
            let reason = "the metadata for \(point.source) has a NUL, which librdkafka cannot read back"
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, reason)
        }
        let list = try self.make(points.map(\.source))
        for (index, point) in points.enumerated() {
            list.pointee.elems[index].offset = point.offset
            var metadata = point.metadata
            metadata.withUTF8 { bytes in
                // The list frees it with free().
                guard let source = bytes.baseAddress, !bytes.isEmpty, let copy = malloc(bytes.count) else { return }
                memcpy(copy, source, bytes.count)
                list.pointee.elems[index].metadata = copy
                list.pointee.elems[index].metadata_size = bytes.count
            }
        }
        return list
    }

    /// Builds a list without offsets that the caller destroys.
    static func make(_ sources: [TopicPartition]) throws(KafkaError) -> Native {
        guard let list = rd_kafka_topic_partition_list_new(Int32(clamping: sources.count)) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, "no memory for a list of partitions")
        }
        for source in sources { rd_kafka_topic_partition_list_add(list, source.topic, source.partition) }
        return list
    }

    /// Reads a list, in its order.
    static func points(_ list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> [CommitPoint] {
        self.indices(list).map { index in
            let element = list.pointee.elems[index]
            let count = element.metadata == nil ? 0 : element.metadata_size
            return CommitPoint(
                source: TopicPartition(topic: element.topic.map { String(cString: $0) } ?? "", partition: element.partition),
                offset: element.offset,
                metadata: self.text(UnsafeRawBufferPointer(start: element.metadata, count: count))
            )
        }
    }

    /// Metadata as text: librdkafka 2.0.2 copies what it reads up to a NUL, and what follows is not the metadata's any more.
    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        guard let end = bytes.firstIndex(of: 0) else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: bytes[..<end], as: UTF8.self) + "\u{FFFD}"
    }

    /// The first partition's error that a list carries, and the partition.
    static func failure(_ list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> (code: rd_kafka_resp_err_t, index: Int)? {
        for index in self.indices(list) where list.pointee.elems[index].err != RD_KAFKA_RESP_ERR_NO_ERROR {
            return (list.pointee.elems[index].err, index)
        }
        return nil
    }

    private static func indices(_ list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> Range<Int> { 0..<Int(list.pointee.cnt) }
}
