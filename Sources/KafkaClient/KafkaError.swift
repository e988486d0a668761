import CRDKafka

/// A failure told by librdkafka, with what may be done about it by the library's own flags.
public struct KafkaError: Error, Sendable, Hashable, CustomStringConvertible {
    /// librdkafka's error code (`rd_kafka_resp_err_t`); negative codes are the client's own.
    public let code: Int32
    /// The code's name, for example `_ALL_BROKERS_DOWN`.
    public let name: String
    /// What happened, in a sentence.
    public let message: String
    /// The same call may succeed if it is made again.
    public let isRetriable: Bool
    /// The client handle is lost and must be made anew.
    public let isFatal: Bool
    /// The current transaction must be aborted.
    public let requiresAbort: Bool

    /// The message with the code's name and the flags that are set.
    public var description: String {
        var flags: [String] = []
        if self.isFatal { flags.append("fatal") }
        if self.isRetriable { flags.append("retriable") }
        if self.requiresAbort { flags.append("abort the transaction") }
        return "Kafka: \(self.message) [\(self.name)\(flags.isEmpty ? "" : "; " + flags.joined(separator: ", "))]"
    }

    /// Creates an error of the project's own with a librdkafka code.
    init(_ code: rd_kafka_resp_err_t, _ message: String? = nil, isRetriable: Bool? = nil, isFatal: Bool = false) {
        self.code = code.rawValue
        self.name = String(cString: rd_kafka_err2name(code))
        self.message = message ?? String(cString: rd_kafka_err2str(code))
        self.isRetriable = isRetriable ?? KafkaError.isRetriable(code)
        self.isFatal = isFatal || code == RD_KAFKA_RESP_ERR__FATAL || code == RD_KAFKA_RESP_ERR__FENCED
        self.requiresAbort = false
    }

    /// Takes over and frees an error object of librdkafka.
    init(consuming error: OpaquePointer, doing action: String) {
        let code = rd_kafka_error_code(error)
        self.code = code.rawValue
        self.name = String(cString: rd_kafka_err2name(code))
        self.message = "\(action): \(String(cString: rd_kafka_error_string(error)))"
        self.isRetriable = rd_kafka_error_is_retriable(error) != 0
        self.isFatal = rd_kafka_error_is_fatal(error) != 0
        self.requiresAbort = rd_kafka_error_txn_requires_abort(error) != 0
        rd_kafka_error_destroy(error)
    }

    /// The same error with more at the end of its message.
    public func adding(_ text: String) -> KafkaError { KafkaError(self, message: "\(self.message); \(text)") }

    private init(_ error: KafkaError, message: String) {
        self.code = error.code
        self.name = error.name
        self.message = message
        self.isRetriable = error.isRetriable
        self.isFatal = error.isFatal
        self.requiresAbort = error.requiresAbort
    }

    /// What was waited for did not come; worth another try.
    package static func timedOut(_ message: String) -> KafkaError { KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, message) }

    /// The codes that librdkafka returns as bare numbers and that pass by themselves: brokers away, queues full, leaders moving.
    private static func isRetriable(_ code: rd_kafka_resp_err_t) -> Bool {
        switch code {
        case RD_KAFKA_RESP_ERR__QUEUE_FULL, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
            RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__WAIT_CACHE, RD_KAFKA_RESP_ERR__RETRY,
            RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__IN_PROGRESS,
            RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
            RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
            RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
            true
        default:
            false
        }
    }

    /// The record is larger than the broker or the client takes.
    public var isMessageTooLarge: Bool {
        self.code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE.rawValue || self.code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE.rawValue
    }

    /// The record was taken back before it was sent, or before its answer came.
    public var isPurged: Bool {
        self.code == RD_KAFKA_RESP_ERR__PURGE_QUEUE.rawValue || self.code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT.rawValue
    }

    /// Another producer has taken the `transactional.id`, or the broker has ended a transaction that took longer than
    /// `transaction.timeout.ms`: this producer is of no use any more.
    ///
    /// Which of the two it was librdkafka 2.0.2 does not tell: the broker's answers differ (PRODUCER_FENCED, INVALID_PRODUCER_EPOCH), the library
    /// makes one error of them. Who knows how long its transaction was open can tell.
    public var isFenced: Bool {
        self.code == RD_KAFKA_RESP_ERR__FENCED.rawValue || self.code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH.rawValue
            || self.code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED.rawValue
    }

    /// The topic or partition does not exist.
    public var isUnknownTopicOrPartition: Bool {
        self.code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC.rawValue || self.code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.rawValue
            || self.code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART.rawValue
    }
}
