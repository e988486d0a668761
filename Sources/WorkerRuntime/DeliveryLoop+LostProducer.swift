import Delivery
import KafkaClient
import Observability
import Synchronization

/// A transactional producer that librdkafka or the broker has given up, until another one has its place.
struct LostProducer {
    /// Another client is there; it has to take the transactional id.
    var isRenewed = false
    /// What the lost one was committing: nobody knows yet whether it has.
    var inDoubt: [DeliveryMachine.Commit]?
}

/// Exactly once goes on after the loss of its producer: another one takes the transactional id, and with it ends what the lost one left open.
///
/// Then the outbox is made again with the same values, unless the broker had committed it. All of it happens in steps between the loop's turns, so
/// that neither the group nor a shutdown waits.
extension DeliveryLoop {
    /// The worker is stopped, or its drain has taken as long as it may.
    var isOutOfTime: Bool {
        switch self.lifecycle.load(ordering: .acquiring) {
        case .running: return false
        case .stopping: return true
        case .draining:
            let now = monotonicMilliseconds()
            return now >= self.drainEnd(now)
        }
    }

    /// Milliseconds within which a second fencing means that another process has the same id.
    static let fencedAgain: Int64 = 60_000

    /// The producer is of no use any more.
    ///
    /// Who was fenced because its transaction took too long goes on with its id. So does, once, who was fenced otherwise: the group had taken it
    /// for dead (``TransactionWatch``). When that comes again, and the group has not taken partitions away from it either, another process has the
    /// same id and takes it back each time.
    ///
    /// - Parameter milliseconds: how long a transaction was open; since it began, unless told otherwise.
    func lost(_ error: KafkaError, openFor milliseconds: Int64? = nil) {
        let now = monotonicMilliseconds()
        if error.isFenced, milliseconds ?? now - self.transactionBegan < self.configuration.transactionTimeout {
            let isRecent = { (time: Int64?) in time.map { now - $0 < DeliveryLoop.fencedAgain } ?? false }
            if isRecent(self.lastFenced), !isRecent(self.lastLoss) {
                let text = "another process takes the transactional id: every worker of a group needs a worker id of its own"
                return self.failed(error.adding(text))
            }
            self.lastFenced = now
        }
        self.logger.warning("the producer was lost, another one goes on", metadata: ["error": "\(error)"])
        self.metrics.deliveryRetries.increment()
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
            switch self.producer.initTransactions(milliseconds: DeliveryLoop.transactionPatience) {
            case .success: break
            case .retriable(let error), .mustAbort(let error): throw error
            case .fatal(let error):
                // Unless that ends the worker, it begins again.
                self.failed(error)
                self.lostProducer?.isRenewed = false
                self.commitNotBefore = monotonicMilliseconds() + DeliveryLoop.refusalPause
                return false
            }
            if let commits = lost.inDoubt {
                let isCommitted = try self.isCommitted(commits)
                self.lostProducer?.inDoubt = nil
                self.conclude(commits, isCommitted: isCommitted)
            }
        } catch {
            self.commitNotBefore = monotonicMilliseconds() + DeliveryLoop.transactionPause
            if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
                self.logger.warning("waits for another producer", metadata: ["error": "\(error)"].merging(leftOut) { $1 })
            }
            return false
        }
        self.lostProducer = nil
        return true
    }

    /// Whether the group has these commits; no transaction is open that could change it.
    ///
    /// Every transaction moves the offset or the metadata of each partition whose results it carries, so equal ones are this transaction's.
    private func isCommitted(_ commits: [DeliveryMachine.Commit]) throws(KafkaError) -> Bool {
        let points = commits.compactMap { self.point(of: $0) }
        guard !points.isEmpty, let consumer = self.consumer else { return false }
        return try consumer.committed(points.map(\.source), milliseconds: DeliveryLoop.transactionPatience) == points
    }

    /// What a commit says of its partition; nil when that has left.
    func point(of commit: DeliveryMachine.Commit) -> CommitPoint? {
        self.sources[commit.partition].map { CommitPoint(source: $0, offset: commit.offset, metadata: commit.metadata.text) }
    }
}
