import CRDKafka
import Synchronization

/// librdkafka's client behind a ``KafkaProducer``, with its topics and its queue of reports.
final class ProducerClient: Sendable {
    /// Tells the clients apart that one producer has had.
    let number: Int
    let handle: ClientHandle
    // Set once; librdkafka's queues are safe from any thread.
    nonisolated(unsafe) let reports: OpaquePointer
    private let topics = Mutex<[String: UInt]>([:])

    init(number: Int, configuration: KafkaConfiguration, observer: KafkaObserver, wake: WakeSignal) throws(KafkaError) {
        self.number = number
        self.handle = try ClientHandle(RD_KAFKA_PRODUCER, configuration: configuration, observer: observer) { conf in
            rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR)
        }
        guard let queue = rd_kafka_queue_get_main(self.handle.native) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, "the producer has no main queue")
        }
        self.reports = queue
        enableWake(queue, wake)
    }

    deinit {
        rd_kafka_queue_io_event_enable(self.reports, -1, nil, 0)
        self.purge()
        self.topics.withLock { topics in
            for topic in topics.values { rd_kafka_topic_destroy(OpaquePointer(bitPattern: topic)) }
        }
        rd_kafka_queue_destroy(self.reports)
    }

    /// librdkafka's object for a topic, made once; lives as long as the client.
    func topic(_ name: String) throws(KafkaError) -> OpaquePointer {
        let found: UInt? = self.topics.withLock { topics in
            if let topic = topics[name] { return topic }
            guard let native = rd_kafka_topic_new(self.handle.native, name, nil) else { return nil }
            topics[name] = UInt(bitPattern: native)
            return topics[name]
        }
        guard let found, let native = OpaquePointer(bitPattern: found) else {
            throw KafkaError(rd_kafka_last_error(), "cannot use topic \(name)")
        }
        return native
    }

    /// Gives up what waits; its reports come with an error.
    func purge() {
        rd_kafka_purge(self.handle.native, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING)
    }

    /// librdkafka has given the client up: it sends nothing any more.
    var isLost: Bool { rd_kafka_fatal_error(self.handle.native, nil, 0) != RD_KAFKA_RESP_ERR_NO_ERROR }

    /// Records and requests that wait, reports not yet read included.
    var queueLength: Int { Int(rd_kafka_outq_len(self.handle.native)) }
}
