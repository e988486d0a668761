import CRDKafka
import Glibc
public import Observability

/// librdkafka's mock cluster as a broker inside this process, reachable from others on the loopback interface.
///
/// Made for the first minute, demos and tests. Its limits (librdkafka 2.0.2): transactions in name only (every call succeeds, but readers see
/// the records of aborted ones, and offsets that were sent in one are dropped), no admin calls (topics are made here or by first use), 5 MiB
/// kept per partition, a group join takes three seconds, and a waiting fetch is not woken by new records (clients set `fetch.wait.max.ms` low:
/// see ``clientDefaults``).
public final class EmbeddedBroker: Sendable {
    private let handle: ClientHandle
    nonisolated(unsafe) private let cluster: OpaquePointer
    /// Where clients connect.
    public let bootstrapServers: String

    /// Properties that make clients answer fast on this broker.
    public static let clientDefaults = ["fetch.wait.max.ms": "5"]

    /// Starts the broker on a free port.
    ///
    /// - Parameter brokers: the number of nodes, 1 by default.
    public init(brokers: Int32 = 1, logger: Logger = Logger(label: "embedded-broker")) throws(KafkaError) {
        self.handle = try ClientHandle(
            RD_KAFKA_PRODUCER,
            configuration: KafkaConfiguration(bootstrapServers: "").merging(["client.id": "embedded-broker"]),
            observer: KafkaObserver(logger: logger)
        )
        guard let cluster = rd_kafka_mock_cluster_new(self.handle.native, brokers) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, "the embedded broker did not start")
        }
        self.cluster = cluster
        self.bootstrapServers = rd_kafka_mock_cluster_bootstraps(cluster).map { String(cString: $0) } ?? ""
    }

    deinit {
        rd_kafka_mock_cluster_destroy(self.cluster)
    }

    /// Makes a topic.
    ///
    /// - Throws: a topic that exists already or a number of partitions that is not positive.
    public func createTopic(_ name: String, partitions: Int32) throws(KafkaError) {
        // librdkafka takes any number, and ends the process on a negative one.
        guard partitions > 0 else {
            throw KafkaError(RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, "create topic \(name) on the embedded broker: \(partitions) partitions")
        }
        // The cluster's thread throws the signals of new requests away right after it has answered one; one that comes then waits a second
        // for the next look (librdkafka 2.0.2, `rd_kafka_mock_cluster_op_io`). A little later it is heard.
        usleep(1_000)
        let code = rd_kafka_mock_topic_create(self.cluster, name, partitions, 1)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "create topic \(name) on the embedded broker") }
    }

    /// Takes a node away from its clients, or gives it back.
    public func setReachable(_ reachable: Bool, broker: Int32 = 1) {
        if reachable {
            rd_kafka_mock_broker_set_up(self.cluster, broker)
        } else {
            rd_kafka_mock_broker_set_down(self.cluster, broker)
        }
    }

    /// Lets the next requests of a kind fail with Kafka error codes, in order; the way to test faults.
    ///
    /// - Parameters:
    ///   - apiKey: Kafka's API key, for example 0 for Produce, 8 for OffsetCommit.
    ///   - codes: error codes of the protocol, for example 3 for an unknown topic.
    public func failRequests(apiKey: Int16, codes: [Int32]) {
        let errors = codes.map { rd_kafka_resp_err_t($0) }
        errors.withUnsafeBufferPointer { rd_kafka_mock_push_request_errors_array(self.cluster, apiKey, $0.count, $0.baseAddress) }
    }

    /// Takes back what ``failRequests(apiKey:codes:)`` has left over.
    public func endFailures(apiKey: Int16) { rd_kafka_mock_clear_request_errors(self.cluster, apiKey) }
}
