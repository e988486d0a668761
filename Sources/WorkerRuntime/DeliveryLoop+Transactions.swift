import Delivery
import KafkaClient
import Observability
import Synchronization
import Wire

/// What one finished record wants published, kept until a transaction with it is committed.
struct OutboxEntry {
    let partition: DeliveryMachine.Partition
    let record: ConsumedRecord
    /// Nil for one that can never be delivered.
    var outputs: [OutgoingRecord?]
}

/// Exactly once: replies, signals, dead letters, offsets and their metadata become visible together, in one transaction after the other.
///
/// Handlers run on while a transaction is committed; what they finish meanwhile goes into the next one. A transaction that is aborted is made
/// again with the same values. What belongs to partitions that were lost is dropped: it was never visible, and its new owner does it again.
extension DeliveryLoop {
    /// Milliseconds between two looks at a transaction that does not come to its end.
    static let transactionPatience: Int32 = 1_000
    /// Milliseconds until a transaction is made again.
    static let transactionPause: Int64 = 100
    /// The same after a record was refused that may be taken later, as while its topic is missing.
    static let refusalPause: Int64 = 1_000

    var isTransactional: Bool { self.configuration.isTransactional }

    /// Finished records after which a transaction is not put off: half of what may be in flight, so that handlers have the other half meanwhile.
    var transactionRecords: Int { max(1, self.configuration.limits.records / 2) }

    /// Takes the transactional id, as long as it takes; false when the loop is to end.
    func initTransactions() -> Bool {
        while self.lifecycle.load(ordering: .acquiring) == .running {
            self.health.turned(at: monotonicMilliseconds())
            switch self.producer.initTransactions(milliseconds: DeliveryLoop.transactionPatience) {
            case .success:
                return true
            case .retriable(let error), .mustAbort(let error):
                if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
                    let metadata: Logger.Metadata = ["error": "\(error)"]
                    self.logger.warning("waits for the transaction coordinator", metadata: metadata.merging(leftOut) { $1 })
                }
            case .fatal(let error):
                self.failed(error)
                return false
            }
        }
        return false
    }

    /// When the next transaction is to begin.
    var transactionTime: Int64 {
        // What it was committing may be all that there is.
        guard self.lostProducer == nil else { return self.commitNotBefore }
        let hasOutputs = !self.finishedSlots.isEmpty || !self.outbox.isEmpty
        guard hasOutputs || self.machine.hasUncommitted else { return .max }
        let isUrgent = self.machine.isCommitUrgent || self.finishedSlots.count >= self.transactionRecords
        return max(self.commitNotBefore, isUrgent ? 0 : self.nextTransaction)
    }

    /// Commits everything that is finished, in one transaction.
    ///
    /// - Parameter last: partitions that leave say goodbye with it.
    /// - Returns: whether it was committed, or there was nothing to commit.
    @discardableResult
    func transact(last: Bool) -> Bool {
        guard self.regainProducer() else { return false }
        // What was aborted goes first, with the same values; the rest waits and holds the intake back.
        if last || self.outbox.isEmpty { self.fillOutbox() }
        let commits = self.machine.beginCommit(last: last)
        guard !commits.isEmpty || !self.outbox.isEmpty else { return true }
        let outcome = self.attemptTransaction(commits)
        let now = monotonicMilliseconds()
        self.nextTransaction = now + Int64(self.configuration.transactionInterval)
        // The new producer finds out.
        if outcome != .inDoubt { self.conclude(commits, isCommitted: outcome == .committed) }
        guard outcome != .committed else { return true }
        self.commitNotBefore = now + (outcome == .refused ? DeliveryLoop.refusalPause : DeliveryLoop.transactionPause)
        return false
    }

    /// A transaction was committed, or will not be.
    func conclude(_ commits: [DeliveryMachine.Commit], isCommitted: Bool) {
        for commit in commits {
            self.machine.commitEnded(commit.partition, number: commit.number, succeeded: isCommitted) { self.toStart($0) }
        }
        guard isCommitted else { return self.metrics.commitFailures.increment() }
        self.finished += self.outbox.count
        self.outbox.removeAll(keepingCapacity: true)
        self.metrics.commits.increment()
        self.lastCommitted = monotonicNanoseconds()
        self.wake.raise()
    }

    /// Forgets what belongs to partitions that have left.
    func dropOutputs(of partitions: [DeliveryMachine.Partition]) {
        let leaving = Set(partitions)
        let count = self.outbox.count
        self.outbox.removeAll { leaving.contains($0.partition) }
        let dropped = count - self.outbox.count
        if dropped > 0 { self.logger.notice("results of partitions that left are dropped", metadata: ["records": "\(dropped)"]) }
        self.finishedSlots.removeAll { self.machine.output(self.machine.token(of: $0, output: 0)) == nil }
    }

    /// A handler's outputs wait for the next transaction.
    func enqueue(_ slot: DeliveryMachine.Slot, _ outputs: [OutgoingRecord]) {
        self.outputs[Int(slot)] = outputs
        self.finishedSlots.append(slot)
    }

    /// Moves what is finished into the outbox: from here on it is done, if the transaction is committed.
    private func fillOutbox() {
        for slot in self.finishedSlots {
            guard let partition = self.machine.partition(ofPublishing: slot), let record = self.records[Int(slot)] else { continue }
            self.outbox.append(OutboxEntry(partition: partition, record: record, outputs: self.outputs[Int(slot)]))
            self.machine.acknowledged(slot)
            self.records[Int(slot)] = nil
            self.outputs[Int(slot)] = []
        }
        self.finishedSlots.removeAll(keepingCapacity: true)
    }

    private enum Outcome {
        case committed, aborted, refused
        /// The producer was lost while it committed.
        case inDoubt
    }

    private func attemptTransaction(_ commits: [DeliveryMachine.Commit]) -> Outcome {
        self.refusals = [:]
        self.transactionBegan = monotonicMilliseconds()
        if case .fatal(let error) = self.producer.beginTransaction() {
            // Nothing was open that could have taken long.
            self.lost(error, openFor: 0)
            return .aborted
        }
        if let reason = self.produceOutbox() ?? self.sendOffsets(of: commits) {
            return self.takeBack(because: reason)
        }
        guard let reason = self.commitTransaction() else { return .committed }
        let outcome = self.takeBack(because: reason)
        guard self.lostProducer != nil else { return outcome }
        self.lostProducer?.inDoubt = commits
        return .inDoubt
    }

    /// Ends a transaction that cannot be committed.
    private func takeBack(because reason: String) -> Outcome {
        guard self.failure == nil, self.lostProducer == nil else { return .aborted }
        if self.refusals.isEmpty, let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
            let metadata: Logger.Metadata = ["reason": "\(reason)"]
            self.logger.warning("the transaction is aborted and made again", metadata: metadata.merging(leftOut) { $1 })
        }
        self.abort()
        // What a producer says that is lost is said of itself, not of the records.
        guard self.failure == nil, self.lostProducer == nil else { return .aborted }
        return self.settle() ? .refused : .aborted
    }

    /// The report of one record of the transaction under way; an abort takes records back, which is no refusal.
    private func note(_ token: UInt, _ error: KafkaError?) {
        if token != 0, let error, !error.isPurged { self.refusals[Int(token) - 1] = error }
    }

    /// Returns why the transaction cannot go on; nil when everything was taken.
    private func produceOutbox() -> String? {
        var number: UInt = 0
        for entry in self.outbox {
            for case let output in entry.outputs {
                number += 1
                guard let output else { continue }
                while true {
                    switch self.produce(number, output, for: entry.record) {
                    case .accepted: break
                    case .full:
                        guard !self.isOutOfTime else { return "the worker ends" }
                        self.producer.readReports(waiting: 10) { self.note($0, $1) }
                        continue
                    case .refused(let error):
                        if error.isFatal { self.lost(error) } else { self.note(number, error) }
                        return error.description
                    }
                    break
                }
            }
        }
        return nil
    }

    private func produce(_ token: UInt, _ output: OutgoingRecord, for record: ConsumedRecord) -> KafkaProducer.Outcome {
        output.headers.withView { headers in
            switch output.key {
            case .none: self.produce(token, output, nil, headers)
            case .bytes(let bytes): bytes.withUnsafeBytes { self.produce(token, output, $0, headers) }
            case .ofRequest: record.withView { self.produce(token, output, $0.key, headers) }
            }
        }
    }

    private func sendOffsets(of commits: [DeliveryMachine.Commit]) -> String? {
        let points = commits.compactMap { self.point(of: $0) }
        guard !points.isEmpty else { return nil }
        guard let group = self.consumer?.groupMetadata else { return "the worker is no member of its group" }
        while true {
            switch self.producer.sendOffsets(points, of: group, milliseconds: DeliveryLoop.transactionPatience) {
            case .success: return nil
            case .retriable(let error):
                if self.isOutOfTime { return error.description }
                self.health.turned(at: monotonicMilliseconds())
            case .mustAbort(let error): return error.description
            case .fatal(let error):
                self.lost(error)
                return error.description
            }
        }
    }

    private func commitTransaction() -> String? {
        while true {
            switch self.producer.commitTransaction(milliseconds: DeliveryLoop.transactionPatience, { self.note($0, $1) }) {
            case .success: return nil
            case .retriable(let error):
                // Whether it is committed is the broker's to know: whoever takes the transactional id next finds out.
                if self.isOutOfTime {
                    self.failed(error)
                    self.lostProducer = LostProducer()
                    return error.description
                }
                self.health.turned(at: monotonicMilliseconds())
            case .mustAbort(let error): return error.description
            case .fatal(let error):
                self.lost(error)
                return error.description
            }
        }
    }

    private func abort() {
        while true {
            switch self.producer.abortTransaction(milliseconds: DeliveryLoop.transactionPatience, { self.note($0, $1) }) {
            case .success: return
            case .retriable, .mustAbort:
                if self.isOutOfTime {
                    self.lostProducer = LostProducer()
                    return
                }
                self.health.turned(at: monotonicMilliseconds())
            case .fatal(let error): return self.lost(error)
            }
        }
    }

    /// Replaces or gives up what the broker does not take.
    ///
    /// - Returns: whether something is left that may be taken later.
    private func settle() -> Bool {
        guard !self.refusals.isEmpty else { return false }
        var waits = false
        var number = 0
        for entry in self.outbox.indices {
            for index in self.outbox[entry].outputs.indices {
                defer { number += 1 }
                guard let error = self.refusals[number], let output = self.outbox[entry].outputs[index] else { continue }
                if output.purpose.isDispensable, !error.isRetriable {
                    self.giveUp(output, error)
                    self.outbox[entry].outputs[index] = nil
                } else if !error.isRetriable, !error.isUnknownTopicOrPartition,
                    let substitute = self.handler.substitute(for: output, of: self.outbox[entry].record, refused: error)
                {
                    if output.purpose == .retry { self.gaveUpCopy(of: self.outbox[entry].record) }
                    self.outbox[entry].outputs[index] = substitute
                } else if error.isMessageTooLarge {
                    // It was made as small as it can be.
                    if output.purpose == .retry { self.gaveUpCopy(of: self.outbox[entry].record) }
                    self.giveUp(output, error)
                    self.outbox[entry].outputs[index] = nil
                } else {
                    waits = true
                    self.metrics.deliveryRetries.increment()
                    if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
                        let metadata: Logger.Metadata = ["topic": "\(output.topic.name)", "error": "\(error)"]
                        self.logger.warning("cannot deliver, will retry", metadata: metadata.merging(leftOut) { $1 })
                    }
                }
            }
        }
        return waits
    }
}
