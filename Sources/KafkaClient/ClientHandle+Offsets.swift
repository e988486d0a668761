import CRDKafka
import Glibc

extension ClientHandle {
    /// The first and the next offset of a partition as the broker tells them; a leader that is not there yet is waited for.
    func watermarks(of source: TopicPartition, milliseconds: Int32) throws(KafkaError) -> (low: Int64, high: Int64) {
        let end = monotonicMilliseconds() + Int(milliseconds)
        while true {
            var low: Int64 = 0
            var high: Int64 = 0
            let left = Int32(clamping: max(1, end - monotonicMilliseconds()))
            let code = rd_kafka_query_watermark_offsets(self.native, source.topic, source.partition, &low, &high, left)
            if code == RD_KAFKA_RESP_ERR_NO_ERROR { return (low, high) }
            let error = KafkaError(code, "read the offsets of \(source): \(String(cString: rd_kafka_err2str(code)))")
            guard error.isRetriable, monotonicMilliseconds() + 50 < end else { throw error }
            usleep(50_000)
        }
    }

    /// The first offset of each partition whose record is as young as a time or younger; nil where all are older.
    func offsets(
        at time: Int64,
        of sources: [TopicPartition],
        milliseconds: Int32
    ) throws(KafkaError) -> [TopicPartition: Int64?] {
        // The list takes times in the place of offsets, and gives offsets in their place.
        let list = try PartitionList.make(sources.map { CommitPoint(source: $0, offset: time) })
        defer { rd_kafka_topic_partition_list_destroy(list) }
        let code = rd_kafka_offsets_for_times(self.native, list, milliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaError(code, "look up offsets by time: \(String(cString: rd_kafka_err2str(code)))")
        }
        for index in 0..<Int(list.pointee.cnt) where list.pointee.elems[index].err != RD_KAFKA_RESP_ERR_NO_ERROR {
            throw KafkaError(list.pointee.elems[index].err, "look up offsets by time")
        }
        return Dictionary(PartitionList.points(list).map { ($0.source, $0.offset < 0 ? nil : $0.offset) }) { $1 }
    }
}

/// Milliseconds of the clock that never jumps.
func monotonicMilliseconds() -> Int {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
}
