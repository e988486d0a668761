import CRDKafka
import Glibc
import Observability
import Synchronization
public import Wire

/// A topic of one producer, looked up once.
public final class ProducerTopic: Sendable {
    /// The topic's full name, prefix included.
    public let name: String
    fileprivate let producer: ObjectIdentifier
    /// librdkafka's object, and the number of the client that it belongs to.
    private let native: Mutex<(client: Int, pointer: UInt)>

    fileprivate init(name: String, native: OpaquePointer, of client: ProducerClient, producer: ObjectIdentifier) {
        self.name = name
        self.producer = producer
        self.native = Mutex((client.number, UInt(bitPattern: native)))
    }

    /// librdkafka's object for a client, which must live while it is used.
    fileprivate func native(of client: ProducerClient) throws(KafkaError) -> OpaquePointer {
        let known = self.native.withLock { $0.client == client.number ? $0.pointer : nil }
        if let known, let native = OpaquePointer(bitPattern: known) { return native }
        let native = try client.topic(self.name)
        self.native.withLock { known in
            if known.client < client.number { known = (client.number, UInt(bitPattern: native)) }
        }
        return native
    }
}

/// Produces records and hands back their delivery reports in batches.
///
/// Any thread may produce. Reports are read by one owner: librdkafka raises the ``WakeSignal`` when some are there, the owner calls
/// ``readReports(_:)``. A report carries the token that was given with its record; token 0 asks for no report of success.
///
/// A client that librdkafka gives up is replaced inside ``readReports(_:)``: an idempotent one can be lost when a broker dies (before 2.3.0 even
/// with nothing wrong, confluentinc/librdkafka#4438). What it had not delivered is reported with a retriable error, although some of it may
/// have been written. The client of a producer with a `transactional.id` is replaced by its owner alone, with ``renew()``: what was in the
/// transaction has to be made again.
public final class KafkaProducer: Sendable {
    /// What became of an attempt to enqueue a record.
    public enum Outcome: Sendable, Hashable {
        /// It is in the queue; its report will come.
        case accepted
        /// The local queue is full: try again after some reports were read.
        case full
        /// It will not be sent.
        case refused(KafkaError)
    }

    private struct Clients {
        var current: ProducerClient
        /// Those that were lost and have not reported everything.
        var lost: [ProducerClient] = []
    }

    private let clients: Mutex<Clients>
    private let topics = Mutex<[String: ProducerTopic]>([:])
    private let configuration: KafkaConfiguration
    private let observer: KafkaObserver
    private let wake: WakeSignal
    /// The client may be lost.
    private let isInTrouble = Atomic<Bool>(false)

    private var client: ProducerClient { self.clients.withLock { $0.current } }
    var handle: ClientHandle { self.client.handle }
    private var isReplaceable: Bool { self.configuration["transactional.id"] == nil }

    /// Makes a producer.
    ///
    /// Defaults unless set: idempotence on, acks from all replicas, murmur2 partitioner (the Java client's, so that replies and requests of one
    /// key agree with Java producers), 5 ms linger, lz4; with a `transactional.id` also `retry.backoff.ms` 20 and `transaction.timeout.ms`
    /// 5,000.
    /// - Throws: what librdkafka does not accept.
    public init(configuration: KafkaConfiguration, observer: KafkaObserver, wake: WakeSignal = WakeSignal()) throws(KafkaError) {
        var defaults = configuration
        for (name, value) in [
            ("enable.idempotence", "true"), ("partitioner", "murmur2_random"), ("linger.ms", "5"), ("compression.type", "lz4"),
        ] + (configuration["transactional.id"] == nil ? [] : KafkaProducer.transactionDefaults) where defaults[name] == nil {
            defaults[name] = value
        }
        self.configuration = defaults
        self.observer = observer
        self.wake = wake
        let client = try ProducerClient(number: 1, configuration: defaults, observer: observer, wake: wake)
        self.clients = Mutex(Clients(current: client))
    }

    /// Looks a topic up, or makes librdkafka's object for it.
    ///
    /// - Throws: a name that librdkafka does not accept.
    public func topic(_ name: String) throws(KafkaError) -> ProducerTopic {
        if let topic = self.topics.withLock({ $0[name] }) { return topic }
        let client = self.client
        let topic = ProducerTopic(name: name, native: try client.topic(name), of: client, producer: ObjectIdentifier(self))
        return self.topics.withLock { topics in
            if let first = topics[name] { return first }
            topics[name] = topic
            return topic
        }
    }

    /// How many partitions a topic has, asked of the broker; waits for its answer.
    ///
    /// - Throws: a topic that does not exist, or a broker that does not answer in time.
    public func partitionCount(of topic: ProducerTopic, milliseconds: Int32 = 3_000) throws(KafkaError) -> Int32 {
        guard topic.producer == ObjectIdentifier(self) else { throw KafkaError(unknownTopic: topic.name) }
        let client = self.client
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(client.handle.native, 0, try topic.native(of: client), &metadata, milliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else { throw KafkaError(code, "look up topic \(topic.name)") }
        defer { rd_kafka_metadata_destroy(metadata) }
        guard metadata.pointee.topic_cnt == 1, let found = metadata.pointee.topics, found[0].err == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaError(unknownTopic: topic.name)
        }
        return found[0].partition_cnt
    }

    /// Whether the broker is an ``EmbeddedBroker``, asked of it; false when it does not answer in time.
    public func isOnEmbeddedBroker(milliseconds: Int32 = 5_000) -> Bool {
        guard let id = rd_kafka_clusterid(self.handle.native, milliseconds) else { return false }
        defer { free(id) }
        return String(cString: id).hasPrefix("mockCluster")
    }

    /// Enqueues a record; key, value and headers are copied.
    ///
    /// - Parameters:
    ///   - partition: the partition, or nil for the partitioner's choice by key.
    ///   - token: comes back with the delivery report.
    public func produce(
        to topic: ProducerTopic,
        partition: Int32? = nil,
        key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?,
        headers: RecordHeadersView? = nil,
        token: UInt = 0
    ) -> Outcome {
        guard topic.producer == ObjectIdentifier(self) else {
            return .refused(KafkaError(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "topic \(topic.name) belongs to another producer"))
        }
        let client = self.client
        let native: OpaquePointer
        do throws(KafkaError) {
            native = try topic.native(of: client)
        } catch {
            return .refused(error)
        }
        let list: OpaquePointer? = headers.flatMap { headers in
            guard headers.count > 0 else { return nil }
            let list = rd_kafka_headers_new(headers.count)
            headers.forEach { name, value in
                rd_kafka_header_add(
                    list,
                    name.assumingMemoryBound(to: CChar.self).baseAddress,
                    name.count,
                    value?.baseAddress ?? (value == nil ? nil : UnsafeRawPointer(bitPattern: 1)),
                    value?.count ?? 0
                )
            }
            return list
        }

        let error = withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 7) { fields in
            fields[0].vtype = RD_KAFKA_VTYPE_RKT
            fields[0].u.rkt = native
            fields[1].vtype = RD_KAFKA_VTYPE_PARTITION
            fields[1].u.i32 = partition ?? crdkafka_partition_unassigned
            fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS
            fields[2].u.i = RD_KAFKA_MSG_F_COPY
            fields[3].vtype = RD_KAFKA_VTYPE_VALUE
            fields[3].u.mem.ptr = UnsafeMutableRawPointer(mutating: value.map { $0.baseAddress ?? emptyBytes })
            fields[3].u.mem.size = value?.count ?? 0
            fields[4].vtype = RD_KAFKA_VTYPE_KEY
            fields[4].u.mem.ptr = UnsafeMutableRawPointer(mutating: key.map { $0.baseAddress ?? emptyBytes })
            fields[4].u.mem.size = key?.count ?? 0
            fields[5].vtype = RD_KAFKA_VTYPE_OPAQUE
            fields[5].u.ptr = UnsafeMutableRawPointer(bitPattern: token)
            guard let list else { return rd_kafka_produceva(client.handle.native, fields.baseAddress, 6) }
            fields[6].vtype = RD_KAFKA_VTYPE_HEADERS
            fields[6].u.headers = list
            return rd_kafka_produceva(client.handle.native, fields.baseAddress, 7)
        }
        guard let error else { return .accepted }
        // A failed call did not take the headers.
        if let list { rd_kafka_headers_destroy(list) }
        guard rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__QUEUE_FULL else {
            rd_kafka_error_destroy(error)
            return .full
        }
        let refusal = KafkaError(consuming: error, doing: "produce to \(topic.name)")
        guard refusal.isFatal, self.isReplaceable else { return .refused(refusal) }
        // The next look at the reports brings another client.
        self.isInTrouble.store(true, ordering: .releasing)
        self.wake.raise()
        return .full
    }

    /// Reads the delivery reports that are there, without waiting; the observer hears of errors and statistics inside.
    ///
    /// - Parameter body: a record's token and, when it was not delivered, why.
    /// - Returns: the number of reports read.
    @discardableResult
    public func readReports(_ body: (UInt, KafkaError?) -> Void) -> Int { self.readReports(waiting: 0, body) }

    /// Reads the delivery reports that are there, after waiting some time for the first.
    @discardableResult
    public func readReports(waiting milliseconds: Int32, _ body: (UInt, KafkaError?) -> Void) -> Int {
        let (client, lost) = self.clients.withLock { ($0.current, $0.lost) }
        var total = self.readReports(of: client, waiting: milliseconds, body)
        if !lost.isEmpty {
            for client in lost { total += self.readReports(of: client, waiting: 0, body) }
            self.clients.withLock { clients in clients.lost.removeAll { $0.queueLength == 0 } }
        }
        if self.isInTrouble.exchange(false, ordering: .acquiringAndReleasing) { self.replaceIfLost(client) }
        return total
    }

    private func readReports(of client: ProducerClient, waiting milliseconds: Int32, _ body: (UInt, KafkaError?) -> Void) -> Int {
        var total = 0
        var wait = milliseconds
        while let event = rd_kafka_queue_poll(client.reports, wait) {
            wait = 0
            if rd_kafka_event_type(event) != RD_KAFKA_EVENT_DR {
                if rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR { self.isInTrouble.store(true, ordering: .releasing) }
                client.handle.observe(event)
            } else {
                withUnsafeTemporaryAllocation(of: UnsafePointer<rd_kafka_message_t>?.self, capacity: 256) { messages in
                    while true {
                        let count = rd_kafka_event_message_array(event, messages.baseAddress, messages.count)
                        guard count > 0 else { break }
                        total += count
                        for case let message? in messages.prefix(count) {
                            let code = message.pointee.err
                            let error = code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : self.notDelivered(code, by: client)
                            body(UInt(bitPattern: message.pointee._private), error)
                        }
                    }
                }
            }
            rd_kafka_event_destroy(event)
        }
        return total
    }

    private func notDelivered(_ code: rd_kafka_resp_err_t, by client: ProducerClient) -> KafkaError {
        guard self.isReplaceable, client.isLost else { return KafkaError(code) }
        self.isInTrouble.store(true, ordering: .releasing)
        let reason = String(cString: rd_kafka_err2str(code))
        return KafkaError(code, "the client was lost before the record was delivered: \(reason)", isRetriable: true)
    }

    private func makeClient(after client: ProducerClient) throws(KafkaError) -> ProducerClient {
        try ProducerClient(number: client.number + 1, configuration: self.configuration, observer: self.observer, wake: self.wake)
    }

    /// Puts another client in the place of a producer with a `transactional.id` whose calls answer ``TransactionOutcome/fatal(_:)``.
    ///
    /// Nothing that the old one had is delivered or reported any more. The new one begins with ``initTransactions(milliseconds:)``; topics go on.
    /// For the thread that makes the calls about transactions.
    /// - Throws: a client that cannot be made; the old one stays.
    public func renew() throws(KafkaError) {
        let old = self.client
        let new = try self.makeClient(after: old)
        self.clients.withLock { $0.current = new }
    }

    /// Puts another client in the place of one that was lost; what that one has not delivered is reported.
    private func replaceIfLost(_ client: ProducerClient) {
        guard self.isReplaceable, client.isLost else { return }
        do throws(KafkaError) {
            let new = try self.makeClient(after: client)
            self.clients.withLock { clients in
                clients.current = new
                clients.lost.append(client)
            }
            self.observer.logger.warning("the producer was lost, another one goes on")
        } catch {
            // The next look tries again.
            self.isInTrouble.store(true, ordering: .releasing)
            self.observer.onError(error)
        }
        client.purge()
        self.wake.raise()
    }

    /// Sends what lingers now instead of at the end of its linger time, and waits at most `milliseconds` until everything has been reported;
    /// with 0 it only pushes.
    ///
    /// Reports that come meanwhile are read: to librdkafka a record is in transit until its report has been read, so waiting alone would
    /// always take the whole time.
    /// - Parameter body: gets the reports, as in ``readReports(_:)``; nobody gets them again.
    /// - Returns: whether everything has been reported.
    @discardableResult
    public func flush(milliseconds: Int32, _ body: (UInt, KafkaError?) -> Void) -> Bool {
        let end = monotonicMilliseconds() + Int(milliseconds)
        // Long enough to be seen by librdkafka's threads, which stop lingering only while the call lasts.
        while rd_kafka_flush(self.handle.native, milliseconds > 0 ? 1 : 0) == RD_KAFKA_RESP_ERR__TIMED_OUT || self.isOwedReports {
            let left = end - monotonicMilliseconds()
            guard left > 0 else { return false }
            _ = self.readReports(waiting: Int32(clamping: min(left, 10)), body)
        }
        return true
    }

    /// Whether clients that were lost have reports left.
    private var isOwedReports: Bool { self.clients.withLock { clients in clients.lost.contains { $0.queueLength > 0 } } }

    /// Records and requests that wait in the client, reports not yet read included.
    public var queueLength: Int {
        self.clients.withLock { clients in clients.lost.reduce(clients.current.queueLength) { $0 + $1.queueLength } }
    }
}

/// A place to point to for present but empty bytes: librdkafka reads a null pointer as "no key" or "no value".
nonisolated(unsafe) private let emptyBytes = UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))

/// Lets librdkafka raise a signal when a queue turns non-empty.
func enableWake(_ queue: OpaquePointer, _ wake: WakeSignal) {
    guard wake.descriptor >= 0 else { return }
    var one: UInt64 = 1
    // librdkafka copies the payload.
    withUnsafeBytes(of: &one) { rd_kafka_queue_io_event_enable(queue, wake.descriptor, $0.baseAddress, $0.count) }
}
