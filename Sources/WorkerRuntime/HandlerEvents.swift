import Glibc
import JSON
import KafkaClient
import Wire

/// Writes the start and the end of each handler to a topic, so that order and overlap can be checked from outside; for drills.
///
/// A producer of its own, without linger and outside of any transaction: an event must not wait for what it tells about. It is not idempotent,
/// because such a one can be lost when a broker dies; with one request under way at a time events stay in order, and some may come twice.
final class HandlerEvents: Sendable {
    enum Event: String {
        case start, end
    }

    private let producer: KafkaProducer
    private let topic: ProducerTopic
    private let worker: String

    init(configuration: KafkaConfiguration, observer: KafkaObserver, topic: String, worker: String) throws(KafkaError) {
        let configuration = configuration.merging([
            "linger.ms": "0", "enable.idempotence": "false", "max.in.flight.requests.per.connection": "1",
        ])
        self.producer = try KafkaProducer(configuration: configuration, observer: observer)
        self.topic = try self.producer.topic(topic)
        self.worker = worker
    }

    func record(_ event: Event, id: String, key: UnsafeRawBufferPointer?) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var writer = JSONWriter(reservingCapacity: 192)
        writer.beginObject()
        writer.member("id", id)
        writer.member("key", key.map { String(decoding: $0, as: UTF8.self) })
        writer.member("event", event.rawValue)
        writer.member("worker", self.worker)
        writer.member("at_ns", Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
        writer.endObject()
        writer.bytes.withUnsafeBytes { value in
            while self.producer.produce(to: self.topic, key: key, value: value) == .full {
                self.producer.readReports { _, _ in }
                usleep(1_000)
            }
        }
        self.producer.readReports { _, _ in }
    }

    deinit { self.producer.flush(milliseconds: 2_000) { _, _ in } }
}
