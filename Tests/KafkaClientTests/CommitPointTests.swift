import CRDKafka
import Glibc
import Testing

@testable import KafkaClient

@Suite("Commit point")
struct CommitPointTests {
    private let source = TopicPartition(topic: "t", partition: 7)

    @Test("goes through librdkafka's list and back", arguments: ["", "x", "späte Züge ✓", String(repeating: "x", count: 32_767)])
    func roundTrip(_ metadata: String) throws {
        let none = CommitPoint(source: self.source, offset: -1001)
        let points = [CommitPoint(source: self.source, offset: 1 << 40, metadata: metadata), none]
        let list = try PartitionList.make(points)
        defer { rd_kafka_topic_partition_list_destroy(list) }
        let copy = rd_kafka_topic_partition_list_copy(list)
        defer { rd_kafka_topic_partition_list_destroy(copy) }
        #expect(PartitionList.points(list) == points)
        #expect(copy.map { PartitionList.points($0) } == points)
    }

    @Test("refuses metadata that no request can carry or that could not be read back")
    func refused() throws {
        #expect(throws: KafkaError.self) { try PartitionList.make([CommitPoint(source: self.source, offset: 1, metadata: "a\0b")]) }
        let point = CommitPoint(source: self.source, offset: 1, metadata: String(repeating: "x", count: 32_768))
        let error = #expect(throws: KafkaError.self) { try PartitionList.make([point]) }
        #expect(error?.name == "OFFSET_METADATA_TOO_LARGE" && error?.message.contains("t/7") == true)
    }

    @Test(
        "reads metadata that is not text as text that is not empty",
        arguments: [[0xff], [0x41, 0xc3], [0xed, 0xa0, 0x80], [0], [0x41, 0, 0x42]] as [[UInt8]]
    )
    func notUTF8(_ bytes: [UInt8]) throws {
        let list = try PartitionList.make([self.source])
        defer { rd_kafka_topic_partition_list_destroy(list) }
        let copy = try #require(malloc(bytes.count))
        bytes.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(copy), byteCount: $0.count) }
        list.pointee.elems[0].metadata = copy
        list.pointee.elems[0].metadata_size = bytes.count
        let metadata = try #require(PartitionList.points(list).first).metadata
        #expect(metadata.contains("\u{FFFD}") && !metadata.contains("\0") && !metadata.contains("B"))
    }
}
