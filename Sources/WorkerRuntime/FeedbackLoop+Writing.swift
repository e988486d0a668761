import Feedback
import KafkaClient
import Observability
import Orchestration
import Wire

/// What became of the records of a write.
struct WriteReports {
    /// Tokens of dead letters that are too large.
    var tooLarge: Set<UInt> = []
    /// The first one.
    var failure: KafkaError?

    mutating func take(_ token: UInt, _ error: KafkaError?) {
        guard let error else { return }
        self.failure = self.failure ?? error
        if token > 0, error.isMessageTooLarge { self.tooLarge.insert(token) }
    }
}

/// Everything that changed is written at once, with the offsets that it is made of.
extension FeedbackLoop {
    /// Writes what changed.
    ///
    /// What fails is written again later: it is always the whole of what is known, never a difference.
    /// - Parameter last: partitions leave, or the loop ends; the broker's answer is waited for.
    func write(last: Bool) {
        guard self.shards.values.contains(where: \.isChanged) || !self.letters.isEmpty else { return }
        // Before its group is put together, a member's offsets are refused.
        if !last, self.consumer?.isJoining ?? true {
            self.nextWrite = monotonicMilliseconds() + 20
            return
        }
        let began = monotonicMilliseconds()
        self.reports = WriteReports()
        let isWritten = self.configuration.isTransactional ? self.transact(last: last) : self.publish(last: last)
        let took = monotonicMilliseconds() - began
        self.isFailing = !isWritten
        guard isWritten else {
            // Some of it may be written all the same; what is written next says everything again.
            for number in self.shards.keys { self.shards[number]?.maybeSaved() }
            self.shrinkLetters(self.reports.tooLarge)
            self.metrics.failedWrites.increment()
            self.nextWrite = max(self.nextWrite, began + took + Self.pause)
            return
        }
        self.metrics.writes.increment()
        self.metrics.writeTime.record(Double(took) / 1_000)
        // Most of a write is waiting for the broker; who has nothing else to do may wait more often. But the brokers have to keep what is written.
        let pause = max(took * (self.isBehind ? 9 : 2), Int64(self.writtenBytes) * 1_000 / Self.bytesPerSecond, 1)
        self.nextWrite = began + took + min(self.configuration.schedule.processingInterval, pause)
        for number in self.shards.keys { self.shards[number]?.saved() }
        self.letters.removeAll(keepingCapacity: true)
        self.letterBytes = 0
    }

    /// What is written earlier than it must be, at most.
    private static let bytesPerSecond: Int64 = 2 << 20

    /// Of every input, also of those that nothing was read of: offsets tie a transaction to the group's generation, so that a member which has lost its
    /// partitions without noticing writes nothing.
    private var points: [CommitPoint] {
        self.sources.map { source in
            let read = self.shards[source.shard]?.positions[source.input]
            return CommitPoint(source: source.partition.source, offset: read ?? source.partition.committedOffset ?? 0)
        }
    }

    // MARK: At least once

    /// The state first, its checkpoint last, then the offsets; after a crash in between, the checkpoint says what had been read.
    private func publish(last: Bool) -> Bool {
        guard self.produceChanges() else { return false }
        let isFlushed = self.producer.flush(milliseconds: last ? 3_000 : 10_000) { self.reports.take($0, $1) }
        guard isFlushed, self.reports.failure == nil else {
            if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
                let reason = self.reports.failure.map { "\($0)" } ?? "the broker does not answer"
                self.logger.warning("what was learned cannot be written yet", metadata: ["error": "\(reason)"].merging(leftOut) { $1 })
            }
            return false
        }
        guard let consumer = self.consumer else { return true }
        do throws(KafkaError) {
            try consumer.commit(self.points, waiting: last ? Int(Self.patience) : nil)
        } catch {
            // The state knows better than the group.
            self.logger.warning("commit failed", metadata: ["error": "\(error)"])
        }
        return true
    }

    /// Hands everything to the producer.
    ///
    /// - Returns: false when something was refused.
    private func produceChanges() -> Bool {
        let time = WireTime.now
        let now = Double(time) / 1_000
        let worker = self.configuration.worker.workerID
        let source = "/orchestration-fleet/feedback/\(worker)"
        self.writtenBytes = 0
        for (number, shard) in self.shards where shard.isChanged {
            let changes = shard.changes(now: now, worker: worker)
            for (key, value) in changes.state {
                guard self.produce(self.topics.state, number, key, value, RecordHeaders()) else { return false }
            }
            for (component, snapshot) in changes.policies {
                let (value, headers) = snapshot.map { $0.encode(source: source, time: time) } ?? (nil, RecordHeaders())
                guard self.produce(self.topics.policies, nil, Array(component.description.utf8), value, headers) else {
                    return false
                }
            }
            let standing = self.standing(of: shard, worker: worker, now: now)
            let (value, headers) = standing.encode(source: source, time: time)
            guard self.produce(self.topics.policies, nil, standing.key, value, headers) else { return false }
        }
        for letter in self.letters {
            let record = letter.record
            var key: [UInt8]?
            if case .bytes(let bytes) = record.key { key = bytes }
            guard self.produce(record.topic, record.partition, key, record.value, record.headers, token: letter.token) else { return false }
        }
        return true
    }

    private func standing(of shard: FeedbackShard, worker: String, now: Double) -> PartitionStanding {
        var unread: [FeedbackInput: Int64] = [:]
        for source in self.sources where source.shard == shard.partition {
            guard let read = shard.positions[source.input], let end = self.consumer?.lastKnownEnd(of: source.partition.source) else {
                continue
            }
            unread[source.input] = max(0, end - read)
        }
        return PartitionStanding(
            partition: shard.partition,
            unread: unread,
            waiting: shard.waitingCount,
            healthChecks: shard.healthChecks,
            updatedAt: now,
            worker: worker
        )
    }

    private func produce(
        _ topic: ProducerTopic,
        _ partition: Int32?,
        _ key: [UInt8]?,
        _ value: [UInt8]?,
        _ headers: RecordHeaders,
        token: UInt = 0
    ) -> Bool {
        let deadline = monotonicMilliseconds() + 5_000
        self.writtenBytes += value?.count ?? 0
        while true {
            let outcome = headers.withView { headers in
                withOptionalBytes(key) { key in
                    withOptionalBytes(value) { value in
                        self.producer.produce(to: topic, partition: partition, key: key, value: value, headers: headers, token: token)
                    }
                }
            }
            switch outcome {
            case .accepted: return true
            case .full:
                guard monotonicMilliseconds() < deadline else { return false }
                self.producer.readReports(waiting: 10) { self.reports.take($0, $1) }
            case .refused(let error):
                self.reports.take(token, error)
                self.failed(error)
                return false
            }
        }
    }

    // MARK: Exactly once

    /// State, policies, dead letters and offsets in one transaction; the offsets first, so that whoever has the partition next waits for its end.
    private func transact(last: Bool) -> Bool {
        guard self.regainProducer(), let group = self.consumer?.groupMetadata else { return false }
        let producer = self.producer
        self.transactionBegan = monotonicMilliseconds()
        var outcome = producer.beginTransaction()
        if outcome == .success { outcome = producer.sendOffsets(self.points, of: group, milliseconds: Self.patience) }
        guard outcome == .success else { return self.give(outcome, "offsets") }
        guard self.produceChanges() else { return self.give(nil, "records") }
        let deadline = monotonicMilliseconds() + 10_000
        repeat {
            outcome = producer.commitTransaction(milliseconds: Self.patience) { self.reports.take($0, $1) }
        } while outcome.isRetriable
            && monotonicMilliseconds() < deadline && self.lifecycle.current != .stopping
        return outcome == .success || self.give(outcome, "commit")
    }

    /// Ends a transaction that cannot be committed.
    ///
    /// - Parameter outcome: of the step that failed; nil when the producer did not take a record.
    private func give(_ outcome: TransactionOutcome?, _ step: String) -> Bool {
        if let error = self.reports.failure ?? outcome?.error, let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
            let metadata: Logger.Metadata = ["error": "\(error)", "step": "\(step)"]
            self.logger.warning("what was learned cannot be written yet", metadata: metadata.merging(leftOut) { $1 })
        }
        switch outcome {
        case .success: break
        case .fatal(let error): self.lost(error)
        case .retriable, .mustAbort, nil:
            switch self.producer.abortTransaction(milliseconds: Self.patience, { self.reports.take($0, $1) }) {
            case .success: break
            case .retriable(let error), .mustAbort(let error), .fatal(let error): self.lost(error)
            }
        }
        return false
    }

    /// The producer is of no use any more; another one takes its place, unless another process has its id.
    ///
    /// A transaction that was open for too long, or whose member had lost its partitions, was ended by the brokers or by another member.
    private func lost(_ error: KafkaError) {
        let now = monotonicMilliseconds()
        let isRecent = { (time: Int64?) in time.map { now - $0 < 60_000 } ?? false }
        if error.isFenced, now - self.transactionBegan < self.configuration.worker.transactionTimeout {
            if isRecent(self.lastFenced), !isRecent(self.lastLoss) {
                let text = "another process takes the transactional id: every feedback orchestrator of a group needs a worker id of its own"
                self.failure = self.failure ?? WorkerError(.clientLost, "\(error.adding(text))")
                return
            }
            self.lastFenced = now
        }
        self.logger.warning("the producer was lost, another one goes on", metadata: ["error": "\(error)"])
        self.lostProducer = LostProducer()
    }

    /// Takes the next steps towards a producer that may begin a transaction.
    ///
    /// - Returns: whether there is one.
    func regainProducer() -> Bool {
        guard let lost = self.lostProducer else { return true }
        do throws(KafkaError) {
            if !lost.isRenewed {
                try self.producer.renew()
                self.lostProducer?.isRenewed = true
            }
            switch self.producer.initTransactions(milliseconds: Self.patience) {
            case .success:
                self.lostProducer = nil
                return true
            case .retriable(let error), .mustAbort(let error): throw error
            case .fatal(let error):
                if error.isFenced {
                    self.lostProducer?.isRenewed = false
                    throw error
                }
                self.failure = self.failure ?? WorkerError(.startFailed, "\(error)")
                return false
            }
        } catch {
            if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
                self.logger.warning("waits for another producer", metadata: ["error": "\(error)"].merging(leftOut) { $1 })
            }
            return false
        }
    }
}

/// Calls with the bytes, or with nil.
private func withOptionalBytes<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
    guard let bytes else { return body(nil) }
    return bytes.withUnsafeBytes { body($0) }
}
