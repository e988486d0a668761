import CRDKafka
import Synchronization

/// A topic as it should be.
public struct TopicSpecification: Sendable, Hashable {
    /// The topic's full name, prefix included.
    public var name: String
    /// How many partitions the topic gets.
    public var partitions: Int32
    /// Copies of each partition; −1 leaves it to the broker.
    public var replicationFactor: Int32
    /// Topic settings, for example `cleanup.policy`.
    public var settings: [String: String]

    /// Specifies a topic; by default the broker decides about copies and settings.
    public init(name: String, partitions: Int32, replicationFactor: Int32 = -1, settings: [String: String] = [:]) {
        self.name = name
        self.partitions = partitions
        self.replicationFactor = replicationFactor
        self.settings = settings
    }
}

/// A topic as it is.
public struct TopicDescription: Sendable, Hashable {
    /// The topic's full name, prefix included.
    public var name: String
    /// The topic's partitions as the broker lists them.
    public var partitions: [PartitionDescription]

    /// A partition as the cluster sees it at the moment.
    public struct PartitionDescription: Sendable, Hashable {
        /// The partition's number, counted from 0.
        public var id: Int32
        /// The leading broker's id; −1 while there is none.
        public var leader: Int32
        /// How many brokers are to hold a copy, the leader included.
        public var replicas: Int
        /// How many of these copies are up to date.
        public var inSyncReplicas: Int
    }
}

/// A consumer group in the broker's list.
public struct GroupListing: Sendable, Hashable {
    /// The group's name.
    public var id: String
    /// The group's state in the broker's words, such as `Stable` or `Empty`.
    public var state: String
    /// How many consumers are in the group; 0 when nobody reads.
    public var members: Int
}

/// Looks at a cluster, creates topics and deletes records; its calls wait for the broker, so call them off the cooperative pool.
public final class KafkaAdmin: Sendable {
    /// The version of librdkafka that runs, such as `2.0.2`.
    public static var libraryVersion: String { String(cString: rd_kafka_version_str()) }

    let handle: ClientHandle
    private let configuration: KafkaConfiguration
    private let observer: KafkaObserver
    private let groupHandle = Mutex<ClientHandle?>(nil)

    /// Makes the client; no connection is tried yet.
    public init(configuration: KafkaConfiguration, observer: KafkaObserver) throws(KafkaError) {
        self.configuration = configuration
        self.observer = observer
        self.handle = try ClientHandle(RD_KAFKA_PRODUCER, configuration: configuration, observer: observer)
    }

    /// Creates the topics that do not exist; those that do are left as they are.
    ///
    /// - Returns: the names that were created.
    /// - Throws: the first topic that can neither be created nor exists; a broker that does not answer in time.
    @discardableResult
    public func createTopics(_ specifications: [TopicSpecification], milliseconds: Int32 = 15_000) throws(KafkaError) -> [String] {
        guard !specifications.isEmpty else { return [] }
        var topics: [OpaquePointer?] = []
        defer { topics.withUnsafeMutableBufferPointer { rd_kafka_NewTopic_destroy_array($0.baseAddress, $0.count) } }
        for specification in specifications {
            let result: Result<OpaquePointer, KafkaError> = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
                let topic = rd_kafka_NewTopic_new(
                    specification.name,
                    specification.partitions,
                    specification.replicationFactor,
                    buffer.baseAddress,
                    buffer.count
                )
                guard let topic else {
                    let reason = buffer.baseAddress.map { String(cString: $0) } ?? ""
                    return .failure(KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, "topic \(specification.name): \(reason)"))
                }
                return .success(topic)
            }
            let topic = try result.get()
            topics.append(topic)
            for (name, value) in specification.settings.sorted(by: { $0.key < $1.key }) {
                rd_kafka_NewTopic_set_config(topic, name, value)
            }
        }

        let event = try self.request(RD_KAFKA_ADMIN_OP_CREATETOPICS, milliseconds, "create topics") { options, queue in
            topics.withUnsafeMutableBufferPointer {
                rd_kafka_CreateTopics(self.handle.native, $0.baseAddress, $0.count, options, queue)
            }
        }
        defer { rd_kafka_event_destroy(event) }
        var created: [String] = []
        var count = 0
        let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
        for index in 0..<count {
            guard let result = results?[index] else { continue }
            let name = rd_kafka_topic_result_name(result).map { String(cString: $0) } ?? ""
            switch rd_kafka_topic_result_error(result) {
            case RD_KAFKA_RESP_ERR_NO_ERROR:
                created.append(name)
            case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
                continue
            case let code:
                let reason = rd_kafka_topic_result_error_string(result).map { String(cString: $0) } ?? ""
                throw KafkaError(code, "create topic \(name): \(reason)")
            }
        }
        return created
    }

    /// The topics of the cluster, or one of them; a topic that does not exist is not in the answer.
    public func describeTopics(_ name: String? = nil, milliseconds: Int32 = 10_000) throws(KafkaError) -> [TopicDescription] {
        var native: OpaquePointer?
        if let name {
            native = rd_kafka_topic_new(self.handle.native, name, nil)
            guard native != nil else { throw KafkaError(rd_kafka_last_error(), "look up topic \(name)") }
        }
        defer { if let native { rd_kafka_topic_destroy(native) } }
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(self.handle.native, name == nil ? 1 : 0, native, &metadata, milliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else {
            throw KafkaError(code, "look up topics: \(String(cString: rd_kafka_err2str(code)))")
        }
        defer { rd_kafka_metadata_destroy(metadata) }
        return (0..<Int(metadata.pointee.topic_cnt)).compactMap { index in
            let topic = metadata.pointee.topics[index]
            guard topic.err == RD_KAFKA_RESP_ERR_NO_ERROR, let name = topic.topic else { return nil }
            let partitions = (0..<Int(topic.partition_cnt)).map { index in
                let partition = topic.partitions[index]
                return TopicDescription.PartitionDescription(
                    id: partition.id,
                    leader: partition.leader,
                    replicas: Int(partition.replica_cnt),
                    inSyncReplicas: Int(partition.isr_cnt)
                )
            }
            return TopicDescription(name: String(cString: name), partitions: partitions)
        }
    }

    /// The consumer groups that the cluster knows.
    public func listGroups(milliseconds: Int32 = 10_000) throws(KafkaError) -> [GroupListing] {
        var list: UnsafePointer<rd_kafka_group_list>?
        let code = rd_kafka_list_groups(self.handle.native, nil, &list, milliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { throw KafkaError(code, "list groups") }
        defer { rd_kafka_group_list_destroy(list) }
        return (0..<Int(list.pointee.group_cnt)).map { index in
            let group = list.pointee.groups[index]
            return GroupListing(
                id: group.group.map { String(cString: $0) } ?? "",
                state: group.state.map { String(cString: $0) } ?? "",
                members: Int(group.member_cnt)
            )
        }
    }

    /// A group's committed offsets.
    ///
    /// - Parameter partitions: which ones; nil for all that the group has committed.
    /// - Throws: retriable, as long as the group's coordinator is being made or moved.
    public func committedOffsets(
        group: String,
        partitions: [TopicPartition]? = nil,
        milliseconds: Int32 = 10_000
    ) throws(KafkaError) -> [CommitPoint] {
        var list: PartitionList.Native?
        if let partitions { list = try PartitionList.make(partitions) }
        defer { if let list { rd_kafka_topic_partition_list_destroy(list) } }
        var request = rd_kafka_ListConsumerGroupOffsets_new(group, list)
        defer { rd_kafka_ListConsumerGroupOffsets_destroy(request) }
        let handle = try self.handle(for: group)
        let event = try self.request(
            RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS,
            milliseconds,
            "read the offsets of group \(group)",
            handle
        ) {
            rd_kafka_ListConsumerGroupOffsets(handle.native, &request, 1, $0, $1)
        }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        let results = rd_kafka_ListConsumerGroupOffsets_result_groups(rd_kafka_event_ListConsumerGroupOffsets_result(event), &count)
        guard count > 0, let result = results?[0] else { return [] }
        if let error = rd_kafka_group_result_error(result) {
            throw KafkaError(
                rd_kafka_error_code(error),
                "read the offsets of group \(group): \(String(cString: rd_kafka_error_string(error)))"
            )
        }
        guard let offsets = rd_kafka_group_result_partitions(result) else { return [] }
        return PartitionList.points(offsets)
    }

    /// The first and the next offset of a partition, as ``KafkaConsumer/watermarks(of:milliseconds:)``.
    public func watermarks(of source: TopicPartition, milliseconds: Int32 = 5_000) throws(KafkaError) -> (low: Int64, high: Int64) {
        try self.handle.watermarks(of: source, milliseconds: milliseconds)
    }

    /// The first offset of each partition whose record is as young as a time or younger; nil where all are older.
    ///
    /// - Parameter time: milliseconds since 1970, not negative.
    public func offsets(
        at time: Int64,
        of sources: [TopicPartition],
        milliseconds: Int32 = 10_000
    ) throws(KafkaError) -> [TopicPartition: Int64?] {
        try self.handle.offsets(at: max(0, time), of: sources, milliseconds: milliseconds)
    }

    /// Deletes the records of partitions below an offset: Kafka can only delete from a partition's beginning.
    ///
    /// - Parameter ends: the first record to stay, for each partition.
    /// - Returns: each partition's first offset afterwards.
    /// - Throws: the first partition whose records could not be deleted; those of others may be gone by then.
    @discardableResult
    public func deleteRecords(
        before ends: [TopicPartition: Int64],
        milliseconds: Int32 = 15_000
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        guard !ends.isEmpty else { return [:] }
        let list = try PartitionList.make(ends.map { CommitPoint(source: $0.key, offset: $0.value) })
        defer { rd_kafka_topic_partition_list_destroy(list) }
        var deletion = rd_kafka_DeleteRecords_new(list)
        defer { rd_kafka_DeleteRecords_destroy(deletion) }
        let event = try self.request(RD_KAFKA_ADMIN_OP_DELETERECORDS, milliseconds, "delete records") {
            rd_kafka_DeleteRecords(self.handle.native, &deletion, 1, $0, $1)
        }
        defer { rd_kafka_event_destroy(event) }
        guard let offsets = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event)) else { return [:] }
        for index in 0..<Int(offsets.pointee.cnt) {
            let element = offsets.pointee.elems[index]
            guard element.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
                let source = "\(element.topic.map { String(cString: $0) } ?? "")/\(element.partition)"
                throw KafkaError(element.err, "delete records of \(source): \(String(cString: rd_kafka_err2str(element.err)))")
            }
        }
        let points = PartitionList.points(offsets)
        return Dictionary(points.map { ($0.source, $0.offset) }) { $1 }
    }

    /// A consumer that joins nothing: in 2.0.2 a client without a group crashes when the coordinator that it asks for offsets is not the one, as
    /// in the first seconds of a cluster (`rd_kafka_handle_OffsetFetch` tells the group of the client, which is null).
    private func handle(for group: String) throws(KafkaError) -> ClientHandle {
        let made: Result<ClientHandle, KafkaError> = self.groupHandle.withLock { handle in
            if let handle { return .success(handle) }
            let configuration = self.configuration.merging(["group.id": group, "enable.auto.commit": "false"])
            return Result { () throws(KafkaError) in
                let made = try ClientHandle(RD_KAFKA_CONSUMER, configuration: configuration, observer: self.observer)
                handle = made
                return made
            }
        }
        return try made.get()
    }

    /// Makes one admin request and waits for its event; the caller destroys the event.
    private func request(
        _ operation: rd_kafka_admin_op_t,
        _ milliseconds: Int32,
        _ action: String,
        _ handle: ClientHandle? = nil,
        _ body: (OpaquePointer?, OpaquePointer?) -> Void
    ) throws(KafkaError) -> OpaquePointer {
        let native = (handle ?? self.handle).native
        let options = rd_kafka_AdminOptions_new(native, operation)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let queue = rd_kafka_queue_new(native)
        defer { rd_kafka_queue_destroy(queue) }
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            _ = rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, buffer.baseAddress, buffer.count)
            if operation == RD_KAFKA_ADMIN_OP_CREATETOPICS || operation == RD_KAFKA_ADMIN_OP_DELETERECORDS {
                _ = rd_kafka_AdminOptions_set_operation_timeout(options, milliseconds, buffer.baseAddress, buffer.count)
            }
        }
        body(options, queue)
        guard let event = rd_kafka_queue_poll(queue, milliseconds + 1_000) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, "\(action): no answer within \(milliseconds) ms")
        }
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            let reason = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? ""
            rd_kafka_event_destroy(event)
            throw KafkaError(code, "\(action): \(reason)")
        }
        return event
    }
}
