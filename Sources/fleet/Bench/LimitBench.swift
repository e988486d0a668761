import CRDKafka
import Glibc

/// The plainest consume → produce loop that librdkafka allows.
///
/// One thread, batch reads, no JSON, no handler, an idempotent producer, one commit at the end. What a worker reaches is told as a share of
/// this, measured on the same broker in one run.
///
/// It speaks to librdkafka directly, so that nothing of the project is between the two.
struct LimitBench {
    var bootstrapServers: String
    var input: String
    var output: String
    var group: String
    var records: Int
    var kafka: [String: String]

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    func run() throws -> BenchResult {
        let consumer = try self.make(
            RD_KAFKA_CONSUMER,
            [
                "group.id": self.group, "auto.offset.reset": "earliest", "enable.auto.commit": "false", "queued.min.messages": "1000000",
                "queued.max.messages.kbytes": "1048576", "heartbeat.interval.ms": "500", "session.timeout.ms": "6000",
            ]
        )
        let producer = try self.make(
            RD_KAFKA_PRODUCER,
            [
                "enable.idempotence": "true", "linger.ms": "5", "compression.type": "lz4", "partitioner": "murmur2_random",
                "queue.buffering.max.messages": "500000",
            ]
        )
        defer {
            rd_kafka_destroy(producer)
            rd_kafka_consumer_close(consumer)
            rd_kafka_destroy(consumer)
        }
        guard let topic = rd_kafka_topic_new(producer, self.output, nil) else {
            throw Failure(description: "cannot use topic \(self.output)")
        }
        defer { rd_kafka_topic_destroy(topic) }
        rd_kafka_poll_set_consumer(consumer)
        guard let queue = rd_kafka_queue_get_consumer(consumer) else { throw Failure(description: "no consumer queue") }
        defer { rd_kafka_queue_destroy(queue) }
        let topics = rd_kafka_topic_partition_list_new(1)
        rd_kafka_topic_partition_list_add(topics, self.input, crdkafka_partition_unassigned)
        rd_kafka_subscribe(consumer, topics)
        rd_kafka_topic_partition_list_destroy(topics)

        var start = timespec()
        var startUsage = ProcessUsage.now
        var count = 0
        withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<rd_kafka_message_t>?.self, capacity: 4096) { messages in
            while count < self.records {
                let wanted = min(messages.count, self.records - count)
                let read = rd_kafka_consume_batch_queue(queue, count == 0 ? 100 : 1, messages.baseAddress, wanted)
                guard read > 0 else {
                    rd_kafka_poll(producer, 0)
                    continue
                }
                for case let message? in messages.prefix(read) {
                    defer { rd_kafka_message_destroy(message) }
                    guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
                    if count == 0 {
                        clock_gettime(CLOCK_MONOTONIC, &start)
                        startUsage = ProcessUsage.now
                    }
                    count += 1
                    while rd_kafka_produce(
                        topic,
                        crdkafka_partition_unassigned,
                        RD_KAFKA_MSG_F_COPY,
                        message.pointee.payload,
                        message.pointee.len,
                        message.pointee.key,
                        message.pointee.key_len,
                        nil
                    ) != 0 {
                        guard rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL else { break }
                        rd_kafka_poll(producer, 10)
                    }
                }
                rd_kafka_poll(producer, 0)
            }
        }
        while rd_kafka_flush(producer, 1_000) == RD_KAFKA_RESP_ERR__TIMED_OUT {}
        let code = rd_kafka_commit(consumer, nil, 0)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw Failure(description: "commit: \(String(cString: rd_kafka_err2str(code)))") }
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let usage = ProcessUsage.now
        return BenchResult(
            name: "limit",
            records: count,
            seconds: Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1_000_000_000,
            cpuSeconds: usage.cpuSeconds - startUsage.cpuSeconds,
            maximumResidentMebibytes: usage.maximumResidentMebibytes
        )
    }

    private func make(_ type: rd_kafka_type_t, _ properties: [String: String]) throws -> OpaquePointer {
        let configuration = rd_kafka_conf_new()
        var merged = ["bootstrap.servers": self.bootstrapServers, "socket.nagle.disable": "true"]
        merged.merge(properties) { $1 }
        merged.merge(self.kafka) { $1 }
        var text = [CChar](repeating: 0, count: 512)
        for (name, value) in merged where rd_kafka_conf_set(configuration, name, value, &text, text.count) != RD_KAFKA_CONF_OK {
            rd_kafka_conf_destroy(configuration)
            throw Failure(description: "Kafka property \(name) was not accepted")
        }
        guard let native = rd_kafka_new(type, configuration, &text, text.count) else {
            rd_kafka_conf_destroy(configuration)
            throw Failure(description: "cannot create a Kafka client")
        }
        return native
    }
}
