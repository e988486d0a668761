import CRDKafka
import Glibc

/// How a member of a group learns where its partitions begin.
struct PositionReading {
    /// Partitions that are assigned and wait for the broker to tell what is committed; the owner does not know of them.
    var waiting: [TopicPartition: AssignedPartition] = [:]
    /// When they are asked for again.
    var nextTry = 0
    /// How long an assignment waits.
    ///
    /// Shorter than the session: librdkafka sees a session end only when the assignment is over.
    let patience: Int32
    /// Where a partition begins of which nothing is committed; nil leaves it to librdkafka, which then raises an error.
    let reset: Int64?

    init(_ configuration: KafkaConfiguration) {
        let session = configuration["session.timeout.ms"].flatMap { Int32($0) } ?? 6_000
        self.patience = min(5_000, session / 3 * 2)
        switch configuration["auto.offset.reset"] {
        case "smallest", "earliest", "beginning": self.reset = -2
        case "largest", "latest", "end": self.reset = -1
        default: self.reset = nil
        }
    }
}

/// Partitions that come and go with the group.
extension KafkaConsumer {
    /// Called inside a poll, or while the consumer closes.
    func rebalance(_ code: rd_kafka_resp_err_t, _ groups: PartitionList.Native) {
        let native = self.handle.native
        let isArriving = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
        let together = self.withCompanions(groups, isArriving: isArriving)
        defer { if let together { rd_kafka_topic_partition_list_destroy(together) } }
        let list = together ?? groups
        let cooperative = rd_kafka_rebalance_protocol(native).map { strcmp($0, "COOPERATIVE") == 0 } ?? false
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            self.hasBeenAssigned = true
            let points = self.startAtCommitted(list)
            if cooperative {
                self.report(rd_kafka_incremental_assign(native, list), "assign partitions")
            } else {
                self.report(rd_kafka_assign(native, list), "assign partitions")
            }
            for partition in self.splitQueues(list) { self.positions.waiting[partition.source] = partition }
            if let points { self.assigned(points) }
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            let sources = PartitionList.points(list).map(\.source)
            let known = sources.filter { self.partitions[$0] != nil }
            if !known.isEmpty { self.events.revoked(known, rd_kafka_assignment_lost(native) != 0) }
            if cooperative {
                self.report(rd_kafka_incremental_unassign(native, list), "give partitions back")
            } else {
                self.report(rd_kafka_assign(native, nil), "give partitions back")
            }
            for source in sources {
                self.partitions[source] = nil
                self.positions.waiting[source] = nil
            }
        default:
            self.report(rd_kafka_assign(native, nil), "end the assignment")
            self.events.failed(KafkaError(code, "rebalance failed: \(String(cString: rd_kafka_err2str(code)))"))
        }
    }

    /// Makes new partitions start at what the group has committed, so that offset and metadata are of one commit.
    ///
    /// - Returns: what is committed; nil if the broker did not tell in time, then librdkafka asks by itself until it knows.
    private func startAtCommitted(_ list: PartitionList.Native) -> [CommitPoint]? {
        // A consumer that leaves waits for nothing.
        guard !self.isClosing else { return nil }
        let sources = PartitionList.points(list).map(\.source)
        guard let points = self.readPositions(of: sources, milliseconds: self.positions.patience) else { return nil }
        for (index, point) in points.enumerated() {
            // To librdkafka −1001 means to ask again; then a commit in between would count.
            let reset = self.isCompanion(point.source) ? -2 : self.positions.reset
            list.pointee.elems[index].offset = point.offset >= 0 ? point.offset : reset ?? point.offset
        }
        return points
    }

    /// The group's partitions together with those that come and go with them; nil when there are none of these.
    ///
    /// What leaves is what came, whatever the owner would say now.
    private func withCompanions(_ groups: PartitionList.Native, isArriving: Bool) -> PartitionList.Native? {
        var companions: [TopicPartition] = []
        for source in PartitionList.points(groups).map(\.source) {
            if isArriving {
                let own = self.companions(source)
                if !own.isEmpty { self.companionsHere[source] = own }
                companions += own
            } else {
                companions += self.companionsHere.removeValue(forKey: source) ?? []
            }
        }
        guard !companions.isEmpty, let together = rd_kafka_topic_partition_list_copy(groups) else { return nil }
        for source in companions { rd_kafka_topic_partition_list_add(together, source.topic, source.partition) }
        return together
    }

    private func isCompanion(_ source: TopicPartition) -> Bool { self.companionsHere.values.contains { $0.contains(source) } }

    /// Takes a record that reached the consumer's own queue before its partition's queue was split off.
    func take(_ record: ConsumedRecord) {
        if let partition = self.positions.waiting[record.source] {
            partition.early.append(record)
        } else {
            self.events.record(record)
        }
    }

    /// Asks again for positions that were not told, at most every second.
    func retryPositions() {
        guard !self.positions.waiting.isEmpty, monotonicMilliseconds() >= self.positions.nextTry else { return }
        guard let points = self.readPositions(of: Array(self.positions.waiting.keys), milliseconds: 1_000) else { return }
        self.assigned(points)
    }

    private func readPositions(of sources: [TopicPartition], milliseconds: Int32) -> [CommitPoint]? {
        do throws(KafkaError) {
            return try self.committed(sources, milliseconds: milliseconds)
        } catch {
            self.positions.nextTry = monotonicMilliseconds() + 1_000
            self.events.failed(error.adding("\(sources.count) new partitions wait for it"))
            return nil
        }
    }

    /// Hands partitions to the owner.
    private func assigned(_ points: [CommitPoint]) {
        var assigned: [AssignedPartition] = []
        for point in points {
            guard let partition = self.positions.waiting.removeValue(forKey: point.source) else { continue }
            if point.offset >= 0 {
                partition.committedOffset = point.offset
                partition.committedMetadata = point.metadata
            }
            self.partitions[point.source] = partition
            assigned.append(partition)
        }
        self.events.assigned(assigned)
        for partition in assigned {
            for record in partition.early { self.events.record(record) }
            partition.early = []
        }
        // Records may have reached a queue before its wake-up was armed.
        self.wake.raise()
    }

    /// Gives each partition its own queue.
    func splitQueues(_ list: PartitionList.Native) -> [AssignedPartition] {
        let partitions = PartitionList.points(list).compactMap { point -> AssignedPartition? in
            let source = point.source
            guard let queue = rd_kafka_queue_get_partition(self.handle.native, source.topic, source.partition) else { return nil }
            rd_kafka_queue_forward(queue, nil)
            enableWake(queue, self.wake)
            return AssignedPartition(source: source, queue: queue)
        }
        self.wake.raise()
        return partitions
    }
}
