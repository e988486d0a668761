import CRDKafka

/// Transactions: records and offsets that become visible together or not at all, for readers with `isolation.level=read_committed`.
///
/// They need the property `transactional.id`. The order is ``initTransactions(milliseconds:)`` once, then for each transaction
/// ``beginTransaction()``, ``produce(to:partition:key:value:headers:token:)``, ``sendOffsets(_:of:milliseconds:)``, and
/// ``commitTransaction(milliseconds:_:)`` or ``abortTransaction(milliseconds:_:)``. Any thread may call, one at a time and not on the
/// cooperative pool: all calls but `beginTransaction` block, up to the time they are given unless it says otherwise. Records are produced only
/// while a transaction is open, and by nobody while it is committed or aborted.
extension KafkaProducer {
    /// Defaults of a producer with a `transactional.id`.
    ///
    /// `retry.backoff.ms`: after a commit the next transaction's first request is answered "not yet" and waits so long, 100 ms by librdkafka's
    /// default, which would allow 10 transactions a second. `transaction.timeout.ms`: how long the broker leaves a transaction open whose
    /// producer is gone, and with it the records after it unread. librdkafka derives `message.timeout.ms` and `socket.timeout.ms` from it.
    static let transactionDefaults = [("retry.backoff.ms", "20"), ("transaction.timeout.ms", String(KafkaProducer.transactionTimeout))]

    /// The default of `transaction.timeout.ms`.
    public static let transactionTimeout = 5_000

    /// Takes the `transactional.id`: fences the producer that had it, ends what that one left open, and waits until that is done.
    ///
    /// After `retriable`, also for a coordinator that is still loading, call it again. `fatal` where the broker does not allow
    /// `transaction.timeout.ms`, or the id.
    public func initTransactions(milliseconds: Int32) -> TransactionOutcome {
        self.outcome(rd_kafka_init_transactions(self.handle.native, max(milliseconds, leastWait)), "take the transactional id")
    }

    /// Opens a transaction; asks no broker.
    ///
    /// It ends with a commit or an abort, within `transaction.timeout.ms` (5 s by default): by then the broker aborts it, and the producer is
    /// fenced when it goes on.
    public func beginTransaction() -> TransactionOutcome {
        self.outcome(rd_kafka_begin_transaction(self.handle.native), "begin a transaction")
    }

    /// Adds offsets with their metadata to the transaction: the group has committed them when the transaction is.
    ///
    /// May block until `transaction.timeout.ms` while the coordinator is away. After `retriable` send the same points again, or abort.
    /// `mustAbort` when the member is not of the group's current generation (`ILLEGAL_GENERATION`, `UNKNOWN_MEMBER_ID`), and for metadata that
    /// the broker does not take (`OFFSET_METADATA_TOO_LARGE`).
    ///
    /// - Parameter group: whose offsets, as ``KafkaConsumer/groupMetadata`` tells it.
    public func sendOffsets(_ points: [CommitPoint], of group: ConsumerGroupMetadata, milliseconds: Int32) -> TransactionOutcome {
        guard !points.isEmpty else { return .success }
        let list: PartitionList.Native
        do throws(KafkaError) {
            list = try PartitionList.make(points)
        } catch {
            return .mustAbort(error)
        }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        let time = max(milliseconds, leastWait)
        return withExtendedLifetime(group) {
            self.outcome(
                rd_kafka_send_offsets_to_transaction(self.handle.native, list, group.native, time),
                "add \(points.count) offsets to the transaction"
            )
        }
    }

    /// Sends what lingers, waits until every record is delivered, and commits.
    ///
    /// After `retriable` only another commit is allowed, until it answers otherwise: the broker may have committed already. `mustAbort` when a
    /// record was not delivered.
    ///
    /// - Parameter body: gets the reports that come meanwhile, as in ``readReports(_:)``; nobody gets them again. To librdkafka a record is in
    ///   transit until its report has been read, so a commit would wait for ever if nobody read them.
    public func commitTransaction(milliseconds: Int32, _ body: (UInt, KafkaError?) -> Void) -> TransactionOutcome {
        let end = monotonicMilliseconds() + Int(milliseconds)
        guard self.flush(milliseconds: milliseconds, body) else {
            let reason = "commit the transaction: \(self.queueLength) records are not delivered yet"
            return .retriable(KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, reason))
        }
        let left = max(Int32(clamping: end - monotonicMilliseconds()), leastWait)
        return self.outcome(rd_kafka_commit_transaction(self.handle.native, left), "commit the transaction")
    }

    /// Takes back what was produced and sent since the transaction began.
    ///
    /// What waits in the client is not sent any more: its reports come with an error. After `retriable` or `mustAbort` call it again.
    ///
    /// - Parameter body: gets the reports, as in ``commitTransaction(milliseconds:_:)``.
    public func abortTransaction(milliseconds: Int32, _ body: (UInt, KafkaError?) -> Void) -> TransactionOutcome {
        let end = monotonicMilliseconds() + Int(milliseconds)
        while true {
            self.readReports(body)
            let left = max(Int32(clamping: end - monotonicMilliseconds()), leastWait)
            // The call waits for reports that only this thread reads: as long as some are missing, it waits in parts.
            let part = self.queueLength == 0 ? left : leastWait
            let outcome = self.outcome(rd_kafka_abort_transaction(self.handle.native, part), "abort the transaction")
            guard left > part, case .retriable(let error) = outcome, error.code == RD_KAFKA_RESP_ERR__TIMED_OUT.rawValue else {
                return outcome
            }
        }
    }

    /// Takes over and frees librdkafka's answer.
    private func outcome(_ error: OpaquePointer?, _ action: String) -> TransactionOutcome {
        guard let error else { return .success }
        let told = KafkaError(consuming: error, doing: action)
        if told.isFatal { return .fatal(told) }
        if told.requiresAbort { return .mustAbort(told) }
        return told.isRetriable ? .retriable(told) : .fatal(told)
    }
}

/// The shortest time that a call is given, in milliseconds: librdkafka 2.0.2 loses count of a call whose first step did not end in its time.
private let leastWait: Int32 = 100
