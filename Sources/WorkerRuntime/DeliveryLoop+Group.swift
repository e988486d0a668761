import Delivery
import KafkaClient
import Observability
import Synchronization

/// Partitions that come and go, commits, and the end.
extension DeliveryLoop {
    func assigned(_ partitions: [AssignedPartition]) {
        if let retryTopics { self.arrive(partitions, retryTopics) } else { self.admit(partitions) }
    }

    /// Begins with partitions.
    ///
    /// - Parameter found: what waits in the retry partitions among them, by the partition of requests.
    func admit(_ partitions: [AssignedPartition], _ found: [TopicPartition: RetryScan.Found] = [:]) {
        for partition in partitions {
            let family = self.retryTopics?.family(of: partition.source) ?? partition.source
            let place = self.places[family] ?? Int32(self.places.count)
            self.places[family] = place
            let copied = partition.source == family ? self.metadata(of: partition, found[family]) : nil
            let index = self.machine.assigned(
                place: place,
                committed: partition.committedOffset,
                metadata: copied ?? self.metadata(of: partition),
                isNews: copied != nil,
                end: found[family]?.ends[partition.source] ?? self.end(of: partition)
            )
            self.assigned[partition.source] = (partition, index, monotonicMilliseconds())
            if !self.machine.accused(of: index).isEmpty { self.hasAccused = true }
            self.sources[index] = partition.source
            self.retryTopics?.mark(index, isRetry: partition.source != family)
        }
        self.handler.partitionsCame()
        self.metrics.assignments.increment()
        self.metrics.partitions.set(self.assignedRequests.count)
        self.health.assigned()
        self.logger.info("assigned", metadata: ["partitions": "\(self.text(partitions.map(\.source)))"])
        self.onReady(self.assignedRequests.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) })
    }

    /// What is assigned, without retry partitions.
    var assignedRequests: [TopicPartition] {
        self.assigned.compactMap { self.retryTopics?.isRetry($0.value.index) == true ? nil : $0.key }
    }

    private func text(_ sources: [TopicPartition]) -> String {
        sources.filter { self.retryTopics?.tier(of: $0) == nil }.map(\.description).joined(separator: " ")
    }

    /// What was committed with the partition's offset; nil when it says nothing, or was written by somebody else.
    func metadata(of partition: AssignedPartition) -> CommitMetadata? {
        guard let offset = partition.committedOffset else { return nil }
        switch CommitMetadata.decode(partition.committedMetadata, base: offset) {
        case .none: return nil
        case .found(let metadata): return metadata
        case .unreadable:
            self.metrics.unreadableMetadata.increment()
            self.logger.warning(
                "the commit's metadata cannot be read: nothing above it counts as finished",
                metadata: ["partition": "\(partition.source)"]
            )
            return nil
        }
    }

    /// The next offset of the log, asked for where an owner has crashed: it cannot have come further.
    private func end(of partition: AssignedPartition) -> Int64 {
        guard self.metadata(of: partition)?.isOpen == true, let consumer = self.consumer else { return .max }
        self.logger.notice("the last owner did not come to an orderly end", metadata: ["partition": "\(partition.source)"])
        return (try? consumer.watermarks(of: partition.source, milliseconds: 2_000).high) ?? .max
    }

    /// Partitions leave: what of them has begun may end within the drain's time, and is committed here.
    func revoked(_ sources: [TopicPartition], lost: Bool) {
        let leavingSources = Set(sources)
        if let retryTopics { self.forgetArrivals(leavingSources, retryTopics) }
        defer { self.retryTopics?.remove(leavingSources) }
        let leaving = sources.compactMap { self.assigned.removeValue(forKey: $0)?.index }
        guard !leaving.isEmpty else { return }
        self.held.removeAll { leavingSources.contains($0.source) }
        if lost { self.lastLoss = monotonicMilliseconds() }
        if !lost {
            let began = monotonicMilliseconds()
            defer { self.metrics.revokeDrain.record(Double(monotonicMilliseconds() - began) / 1000) }
            self.giveUpNotBegun(of: leaving) { leavingSources.contains($0) }
            let deadline = began + Int64(self.configuration.drainTimeout)
            while leaving.contains(where: { self.machine.active(in: $0) > 0 }), self.failure == nil,
                self.lifecycle.load(ordering: .acquiring) != .stopping
            {
                // Lanes of the partitions that stay go on.
                self.start()
                let left = deadline - monotonicMilliseconds()
                guard left > 0 else {
                    self.logger.warning("partitions leave with unfinished records")
                    break
                }
                self.wake.wait(milliseconds: Int32(clamping: min(left, 1_000)))
                self.readReports()
                self.takeHandled()
                self.publishUnsent()
                if self.isTransactional, monotonicMilliseconds() >= self.transactionTime { self.transact(last: false) }
            }
            // A worker that was stopped, or has committed at its end, does not wait once more.
            if self.lifecycle.load(ordering: .acquiring) != .stopping, self.failure == nil {
                self.commit(wait: true, now: monotonicMilliseconds())
            }
        }
        let notBegun = self.takeBack { leavingSources.contains($0) }
        defer { self.dropOutputs(of: leaving) }
        for index in leaving {
            for slot in self.machine.retired(index, notBegun: notBegun) {
                self.records[Int(slot)] = nil
                self.retryTopics?.copies[slot] = nil
                self.outputs[Int(slot)] = []
            }
            if let source = self.sources.removeValue(forKey: index) { self.commitsUnderWay[source] = nil }
        }
        (lost ? self.metrics.losses : self.metrics.revocations).increment()
        self.metrics.partitions.set(self.assignedRequests.count)
        self.logger.info(lost ? "lost" : "revoked", metadata: ["partitions": "\(self.text(sources))"])
        self.wake.raise()
    }

    /// Gives up what no runner has begun; what was finished is told in the commit, and the next owner runs the rest.
    func giveUpNotBegun(of partitions: [DeliveryMachine.Partition], where isLeaving: (TopicPartition) -> Bool) {
        let notBegun = self.takeBack(where: isLeaving)
        for partition in partitions {
            for slot in self.machine.revoking(partition, notBegun: notBegun) {
                self.records[Int(slot)] = nil
                self.retryTopics?.copies[slot] = nil
            }
        }
    }

    /// Takes back what was started and no runner has begun.
    func takeBack(where isLeaving: (TopicPartition) -> Bool) -> [DeliveryMachine.Slot] {
        var slots = self.queue.removeAll { isLeaving($0.record.source) }.map(\.slot)
        self.toStart.removeAll { item in
            guard isLeaving(item.record.source) else { return false }
            slots.append(item.slot)
            return true
        }
        return slots
    }

    var isJoining: Bool { self.consumer?.isJoining ?? false }

    func commit(wait: Bool, now: Int64) {
        if self.isTransactional {
            // Who must say goodbye tries again: an abort is often over at the next attempt.
            for _ in 0..<(wait ? 5 : 1) where self.failure == nil && !self.transact(last: wait) {}
            return
        }
        self.nextCommit = now + Int64(self.configuration.commitInterval)
        guard let consumer = self.consumer else { return }
        var points: [CommitPoint] = []
        for commit in self.machine.beginCommit(last: wait) {
            guard let source = self.sources[commit.partition] else { continue }
            let point = CommitPoint(source: source, offset: commit.offset, metadata: commit.metadata.text)
            self.commitsUnderWay[source] = CommitUnderWay(point: point, partition: commit.partition, number: commit.number)
            points.append(point)
        }
        guard !points.isEmpty else { return }
        do throws(KafkaError) {
            try consumer.commit(points, waiting: wait ? DeliveryLoop.commitPatience : nil)
            if wait { self.committed(points, nil) }
        } catch {
            self.committed(points, error)
        }
    }

    func committed(_ points: [CommitPoint], _ error: KafkaError?) {
        if let error {
            self.commitNotBefore = monotonicMilliseconds() + DeliveryLoop.commitPause
            self.metrics.commitFailures.increment()
            self.logger.warning("commit failed", metadata: ["error": "\(error)"])
        } else {
            self.metrics.commits.increment()
            self.lastCommitted = monotonicNanoseconds()
        }
        for point in points {
            // An answer to an earlier commit says nothing about the newest.
            guard let commit = self.commitsUnderWay[point.source], commit.point == point else { continue }
            self.commitsUnderWay[point.source] = nil
            self.machine.commitEnded(commit.partition, number: commit.number, succeeded: error == nil) { self.toStart($0) }
        }
        self.wake.raise()
    }

    func failed(_ error: KafkaError) {
        if error.isFatal {
            self.logger.error("the Kafka client is lost", metadata: ["error": "\(error)"])
            if self.failure == nil { self.failure = error }
        } else {
            self.logger.warning("Kafka", metadata: ["error": "\(error)"])
        }
    }

    func end(_ consumer: KafkaConsumer) {
        let stopping = self.lifecycle.load(ordering: .acquiring) == .stopping || self.failure != nil
        if !stopping {
            self.commit(wait: true, now: monotonicMilliseconds())
            let last = self.handler.lastNotices()
            // What was told before it goes out before it.
            self.takeHandled()
            for notice in last { self.publish(0, notice) }
        }
        self.lifecycle.store(.stopping, ordering: .releasing)
        for arrival in (self.retryTopics?.arriving ?? [:]).values { arrival.job.forget() }
        // After a drain that took too long some wait still: they begin elsewhere.
        _ = self.queue.removeAll { _ in true }
        self.queue.close()
        self.noticeProducer.flush(milliseconds: stopping ? 0 : 2_000) { self.reported($0, $1) }
        if !stopping, self.machine.hasUncommitted { self.commit(wait: true, now: monotonicMilliseconds()) }
        self.health.ended(unfinished: self.machine.recordsInFlight + self.outbox.count)
        if !consumer.close(milliseconds: 5_000) {
            self.logger.warning("the consumer did not close in time; the group will notice by its session")
        }
        self.consumer = nil
    }
}
