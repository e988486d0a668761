import CRDKafka
import Glibc
import Synchronization

/// What a consumer tells its owner, on the owner's thread, inside ``KafkaConsumer/poll()`` or ``KafkaConsumer/close(milliseconds:)``.
public struct ConsumerEvents {
    /// Partitions have arrived, with what the group had committed of them; their queues may be read from now on.
    ///
    /// A partition whose committed offset the broker does not tell is kept back until it does: ``failed`` says so meanwhile.
    public var assigned: ([AssignedPartition]) -> Void
    /// Partitions leave when this returns: drain and commit here, within the group's patience.
    ///
    /// `lost`: they are gone already, do not commit.
    public var revoked: (_ partitions: [TopicPartition], _ lost: Bool) -> Void
    /// A record that reached the consumer's own queue before its partition's queue was split off; belongs before those of the queue.
    public var record: (ConsumedRecord) -> Void
    /// A partition or the group has a problem; fatal ones say so.
    public var failed: (KafkaError) -> Void
    /// An asynchronous commit has ended.
    public var committed: ([CommitPoint], KafkaError?) -> Void

    /// Creates the callbacks; none has a default, so that no event is missed by accident.
    public init(
        assigned: @escaping ([AssignedPartition]) -> Void,
        revoked: @escaping ([TopicPartition], Bool) -> Void,
        record: @escaping (ConsumedRecord) -> Void,
        failed: @escaping (KafkaError) -> Void,
        committed: @escaping ([CommitPoint], KafkaError?) -> Void
    ) {
        self.assigned = assigned
        self.revoked = revoked
        self.record = record
        self.failed = failed
        self.committed = committed
    }
}

/// A member of a consumer group, or a reader of chosen partitions; owned by one thread.
///
/// Every partition has a queue of its own, and librdkafka raises the ``WakeSignal`` when a queue turns non-empty: nothing polls by the clock.
public final class KafkaConsumer {
    let handle: ClientHandle
    let wake: WakeSignal
    let events: ConsumerEvents
    /// What the owner has been told of.
    var partitions: [TopicPartition: AssignedPartition] = [:]
    private var topics: [OpaquePointer] = []
    var positions: PositionReading
    private(set) var isClosing = false
    private var isClosed = false
    private var isSubscribed = false
    /// The group has given partitions, if only none.
    var hasBeenAssigned = false
    /// Partitions of topics outside of the subscription that come and go with one of the group's: they are told of together with it, and read from
    /// their beginning when nothing of them is committed.
    public var companions: (TopicPartition) -> [TopicPartition] = { _ in [] }
    /// What came along with each partition of the group.
    var companionsHere: [TopicPartition: [TopicPartition]] = [:]
    /// Called with a partition and its next offset when nothing is left to read for now; only with `enable.partition.eof`.
    public var reachedEnd: (TopicPartition, Int64) -> Void = { _, _ in }

    /// Makes a consumer.
    ///
    /// Defaults unless set: cooperative-sticky, manual commits, earliest offset when there is none, a heartbeat of 500 ms (a new member has its
    /// partitions after two heartbeats), a session of 6 s, and a deep local queue (2.0.2 stops fetching for a second when it is full).
    /// - Throws: what librdkafka does not accept.
    public init(configuration: KafkaConfiguration, observer: KafkaObserver, wake: WakeSignal, events: ConsumerEvents) throws(KafkaError) {
        var defaults = configuration
        for (name, value) in [
            ("partition.assignment.strategy", "cooperative-sticky"), ("auto.offset.reset", "earliest"), ("heartbeat.interval.ms", "500"),
            ("session.timeout.ms", "6000"), ("queued.min.messages", "100000"), ("queued.max.messages.kbytes", "8192"),
            ("fetch.wait.max.ms", "100"), ("fetch.error.backoff.ms", "100"),
        ] where defaults[name] == nil { defaults[name] = value }
        // Offsets are committed by hand, and only what is finished: never by librdkafka.
        defaults["enable.auto.commit"] = "false"
        defaults["enable.auto.offset.store"] = "false"
        self.handle = try ClientHandle(RD_KAFKA_CONSUMER, configuration: defaults, observer: observer) { conf in
            rd_kafka_conf_set_rebalance_cb(conf, forwardRebalance)
            rd_kafka_conf_set_offset_commit_cb(conf, forwardCommit)
        }
        self.wake = wake
        self.events = events
        self.positions = PositionReading(defaults)
        rd_kafka_poll_set_consumer(self.handle.native)
        if let queue = rd_kafka_queue_get_consumer(self.handle.native) {
            enableWake(queue, wake)
            rd_kafka_queue_destroy(queue)
        }
        self.handle.callbacks.onRebalance = { [unowned self] code, list in self.rebalance(code, list) }
        self.handle.callbacks.onCommit = { [unowned self] code, list in
            guard let list else { return }
            let points = PartitionList.points(list)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                self.events.committed(points, KafkaError(code))
                return
            }
            // A request that succeeded may have failed for single partitions.
            var committed: [CommitPoint] = []
            for (index, point) in points.enumerated() {
                let code = list.pointee.elems[index].err
                if code == RD_KAFKA_RESP_ERR_NO_ERROR { committed.append(point) } else { self.events.committed([point], KafkaError(code)) }
            }
            if !committed.isEmpty { self.events.committed(committed, nil) }
        }
    }

    /// Lets go of everything that librdkafka's handle must not outlive.
    private func letGo() {
        self.partitions.removeAll()
        self.positions.waiting.removeAll()
        for topic in self.topics { rd_kafka_topic_destroy(topic) }
        self.topics.removeAll()
    }

    deinit {
        // Queues and messages go before the handle, else its destruction waits for them.
        self.letGo()
        self.handle.callbacks.onRebalance = nil
        self.handle.callbacks.onCommit = nil
        // librdkafka 2.0.2 ends the process when a cooperative member is destroyed that has joined its group, but never had an assignment.
        guard !self.isClosed || self.isSubscribed && !self.hasBeenAssigned else { return }
        // The handle lives on without an owner: it must not write to a descriptor that may be somebody else's by then.
        if let queue = rd_kafka_queue_get_consumer(self.handle.native) {
            rd_kafka_queue_io_event_enable(queue, -1, nil, 0)
            rd_kafka_queue_destroy(queue)
        }
        self.handle.abandon()
    }

    /// Joins the group for these topics.
    ///
    /// librdkafka 2.0.2 learns who leads a topic's partitions when the first of them is assigned, and then often fetches half a second late. So it is
    /// told of the topics here.
    public func subscribe(to topics: [String]) throws(KafkaError) {
        let list = try PartitionList.make(topics.map { TopicPartition(topic: $0, partition: crdkafka_partition_unassigned) })
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for topic in topics where !topic.hasPrefix("^") {
            if let native = rd_kafka_topic_new(self.handle.native, topic, nil) { self.topics.append(native) }
        }
        self.isSubscribed = true
        let code = rd_kafka_subscribe(self.handle.native, list)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "subscribe to \(topics.joined(separator: ", "))") }
    }

    /// Reads chosen partitions from chosen offsets, outside of any group; `offset` −1 starts at the end, −2 at the beginning.
    public func assign(_ starts: [(source: TopicPartition, offset: Int64)]) throws(KafkaError) {
        let list = try PartitionList.make(starts.map { CommitPoint(source: $0.source, offset: $0.offset) })
        defer { rd_kafka_topic_partition_list_destroy(list) }
        let code = rd_kafka_assign(self.handle.native, list)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "assign partitions") }
        for partition in self.splitQueues(list) { self.partitions[partition.source] = partition }
    }

    /// Serves the group: rebalances, commit results, errors.
    ///
    /// Waits only for what the group has committed of new partitions: usually milliseconds, at most two thirds of `session.timeout.ms` and 5 s.
    ///
    /// Must be called now and then (the group's patience is `max.poll.interval.ms`), which every turn of the owner's loop does.
    public func poll() {
        while let message = rd_kafka_consumer_poll(self.handle.native, 0) {
            defer { rd_kafka_message_destroy(message) }
            switch message.pointee.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR: self.take(ConsumedRecord(copying: message, from: self.source(of: message)))
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: self.reachedEnd(self.source(of: message), message.pointee.offset)
            default: self.events.failed(KafkaConsumer.error(in: message))
            }
        }
        self.retryPositions()
    }

    /// Reads records that a partition has fetched, without waiting.
    ///
    /// One after the other: librdkafka 2.0.2 pauses all partitions of a member while its group is put together anew, and a batch under way
    /// (`rd_kafka_consume_batch_queue`) then loses what it has taken already, as its position counts as read. Read singly a record may only come twice.
    ///
    /// - Parameters:
    ///   - maximum: the number of records wanted at most.
    ///   - body: gets each record in offset order.
    /// - Returns: the number of records read; less than was wanted means that the queue is empty for now.
    public func read(_ partition: AssignedPartition, maximum: Int, _ body: (ConsumedRecord) -> Void) -> Int {
        var count = 0
        while count < maximum, let message = rd_kafka_consume_queue(partition.queue, 0) {
            count += 1
            switch message.pointee.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR: body(ConsumedRecord(copying: message, from: partition.source))
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: self.reachedEnd(partition.source, message.pointee.offset)
            default: self.events.failed(KafkaConsumer.error(in: message))
            }
            rd_kafka_message_destroy(message)
        }
        return count
    }

    /// Whether the member waits for its group to be put together anew; a commit made now may cost it its partitions.
    ///
    /// The broker reads nothing more of a member until everybody has joined, and by then the generation that a commit carries is over. Before
    /// 2.10 librdkafka answers that by giving all partitions up as lost (its issue 4059).
    public var isJoining: Bool { self.handle.callbacks.isJoining.load(ordering: .acquiring) }

    /// Commits offsets.
    ///
    /// - Parameter milliseconds: how long the broker's answer is waited for; nil does not wait and has ``ConsumerEvents/committed`` called with it.
    /// - Throws: what the broker did not take; that it did not answer in time.
    public func commit(_ points: [CommitPoint], waiting milliseconds: Int?) throws(KafkaError) {
        guard !points.isEmpty else { return }
        let list = try PartitionList.make(points)
        defer { rd_kafka_topic_partition_list_destroy(list) }
        func check(_ code: rd_kafka_resp_err_t) throws(KafkaError) {
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
            throw KafkaError(code, "commit \(points.count) offsets: \(String(cString: rd_kafka_err2str(code)))")
        }
        guard let milliseconds else { return try check(rd_kafka_commit(self.handle.native, list, 1)) }
        // A queue of its own: rd_kafka_commit would wait without end for a broker that is away.
        guard let queue = rd_kafka_queue_new(self.handle.native) else { return }
        defer { rd_kafka_queue_destroy(queue) }
        try check(rd_kafka_commit_queue(self.handle.native, list, queue, nil, nil))
        guard let event = rd_kafka_queue_poll(queue, Int32(clamping: milliseconds)) else { return try check(RD_KAFKA_RESP_ERR__TIMED_OUT) }
        defer { rd_kafka_event_destroy(event) }
        try check(rd_kafka_event_error(event))
        guard let answer = rd_kafka_event_topic_partition_list(event) else { return }
        for index in 0..<Int(answer.pointee.cnt) { try check(answer.pointee.elems[index].err) }
    }

    /// The group's committed offsets of partitions with their metadata; offset −1001 where there is none.
    ///
    /// What passes by itself is tried again as long as the time allows: a coordinator that moves, an offset of a transaction that has not ended.
    /// - Throws: what the broker did not tell in that time, also of a single partition.
    public func committed(_ partitions: [TopicPartition], milliseconds: Int32 = 5_000) throws(KafkaError) -> [CommitPoint] {
        guard !partitions.isEmpty else { return [] }
        let list = try PartitionList.make(partitions)
        defer { rd_kafka_topic_partition_list_destroy(list) }
        let end = monotonicMilliseconds() + Int(milliseconds)
        while true {
            let left = end - monotonicMilliseconds()
            // In parts: librdkafka 2.0.2 may sleep through the coordinator's return.
            var code = rd_kafka_committed(self.handle.native, list, Int32(clamping: max(1, min(left, max(1_000, left / 2)))))
            var reason = "read committed offsets"
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                guard let failure = PartitionList.failure(list) else { return PartitionList.points(list) }
                code = failure.code
                reason = "read the committed offset of \(partitions[failure.index])"
            }
            let error = KafkaError(code, "\(reason): \(String(cString: rd_kafka_err2str(code)))")
            guard error.isRetriable, monotonicMilliseconds() + 50 < end else { throw error }
            usleep(50_000)
        }
    }

    /// The first and the next offset of a partition as the broker tells them.
    ///
    /// A leader that is not there yet, as in the moment after a topic was made, is waited for as long as the time allows.
    public func watermarks(of source: TopicPartition, milliseconds: Int32 = 5_000) throws(KafkaError) -> (low: Int64, high: Int64) {
        try self.handle.watermarks(of: source, milliseconds: milliseconds)
    }

    /// The next offset of a partition as its last fetch told it, without asking; nil before the first.
    public func lastKnownEnd(of source: TopicPartition) -> Int64? {
        var (low, high) = (Int64(-1), Int64(-1))
        let code = rd_kafka_get_watermark_offsets(self.handle.native, source.topic, source.partition, &low, &high)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : nil
    }

    /// Leaves the group: revokes what is assigned (``ConsumerEvents/revoked`` runs) and says goodbye to the coordinator.
    ///
    /// - Returns: whether it ended within the time; if not, the handle is abandoned, because librdkafka before 2.4 can hang here.
    @discardableResult
    public func close(milliseconds: Int) -> Bool {
        guard !self.isClosed else { return true }
        self.isClosing = true
        guard let queue = rd_kafka_queue_new(self.handle.native) else { return false }
        if let error = rd_kafka_consumer_close_queue(self.handle.native, queue) {
            rd_kafka_error_destroy(error)
            rd_kafka_queue_destroy(queue)
            return false
        }
        let start = monotonicMilliseconds()
        while rd_kafka_consumer_closed(self.handle.native) == 0 {
            let elapsed = monotonicMilliseconds() - start
            guard elapsed < milliseconds else { break }
            // Reading as a consumer, not as a reader of events: only so are rebalance callbacks served.
            if let message = rd_kafka_consume_queue(queue, Int32(min(100, milliseconds - elapsed))) { rd_kafka_message_destroy(message) }
        }
        self.isClosed = rd_kafka_consumer_closed(self.handle.native) != 0
        self.letGo()
        rd_kafka_queue_destroy(queue)
        return self.isClosed
    }

    /// The id that the coordinator gave to this member; nil before it joined.
    public var memberID: String? {
        guard let text = rd_kafka_memberid(self.handle.native) else { return nil }
        defer { rd_kafka_mem_free(self.handle.native, text) }
        return String(cString: text)
    }

    /// The partitions that are assigned now.
    public var assignment: [AssignedPartition] { Array(self.partitions.values) }

    func report(_ error: OpaquePointer?, _ action: String) {
        if let error { self.events.failed(KafkaError(consuming: error, doing: action)) }
    }

    func report(_ code: rd_kafka_resp_err_t, _ action: String) {
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            self.events.failed(KafkaError(code, "\(action): \(String(cString: rd_kafka_err2str(code)))"))
        }
    }

    private func source(of message: UnsafeMutablePointer<rd_kafka_message_t>) -> TopicPartition {
        let topic = message.pointee.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) } ?? ""
        return TopicPartition(topic: topic, partition: message.pointee.partition)
    }

    private static func error(in message: UnsafeMutablePointer<rd_kafka_message_t>) -> KafkaError {
        KafkaError(message.pointee.err, rd_kafka_message_errstr(message).map { String(cString: $0) })
    }
}

private func forwardRebalance(
    _ native: OpaquePointer?,
    _ code: rd_kafka_resp_err_t,
    _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let opaque, let list else { return }
    Unmanaged<ClientHandle.Callbacks>.fromOpaque(opaque).takeUnretainedValue().onRebalance?(code, list)
}

private func forwardCommit(
    _ native: OpaquePointer?,
    _ code: rd_kafka_resp_err_t,
    _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let opaque else { return }
    Unmanaged<ClientHandle.Callbacks>.fromOpaque(opaque).takeUnretainedValue().onCommit?(code, list)
}
