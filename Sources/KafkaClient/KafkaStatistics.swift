import JSON
public import Observability
import Synchronization

/// Turns librdkafka's statistics into metrics.
public final class KafkaStatistics: Sendable {
    private let registry: MetricsRegistry
    private let client: String
    /// Whether a broker was connected, by kind of client.
    private let reachable = Mutex<[String: Bool]>([:])

    /// Whether the producer or the consumer was connected to a broker when its last statistics were written; true before the first.
    ///
    /// One is enough: the connections of a client that has nothing to do end after a while.
    public var isBrokerReachable: Bool { self.reachable.withLock { $0.isEmpty || $0.values.contains(true) } }

    /// - Parameter client: the value of the label `client`.
    public init(registry: MetricsRegistry, client: String) {
        self.registry = registry
        self.client = client
    }

    /// Reads one statistics document (librdkafka's STATISTICS.md); what cannot be read is left out.
    public func record(_ json: UnsafeRawBufferPointer) {
        guard let document = try? JSONValue(parsing: json, limits: JSONLimits(maximumBytes: 64 << 20)),
            let kind = document["type"]?.stringValue, kind == "producer" || kind == "consumer"
        else { return }
        let client = "\(self.client)-\(kind)"
        if let bytes = document["tx_bytes"]?.integerValue { self.registry.counter(.sentBytes, client).advance(to: bytes) }
        if let bytes = document["rx_bytes"]?.integerValue { self.registry.counter(.receivedBytes, client).advance(to: bytes) }
        if kind == "producer" {
            if let count = document["msg_cnt"]?.doubleValue { self.registry.gauge(.producerQueueMessages, client).set(count) }
            if let bytes = document["msg_size"]?.doubleValue { self.registry.gauge(.producerQueueBytes, client).set(bytes) }
        }
        var isConnected = false
        for (name, broker) in document["brokers"]?.objectValue ?? [:] {
            if broker["state"]?.stringValue == "UP" { isConnected = true }
            guard let count = broker["rtt"]?["cnt"]?.integerValue, count > 0 else { continue }
            for quantile in ["p50", "p99"] {
                guard let microseconds = broker["rtt"]?[quantile]?.doubleValue else { continue }
                self.registry.gauge(.brokerRoundTripTime, client, name, quantile).set(microseconds / 1_000_000)
            }
        }
        self.reachable.withLock { $0[kind] = isConnected }
        guard kind == "consumer" else { return }
        for (topic, description) in document["topics"]?.objectValue ?? [:] {
            for (partition, state) in description["partitions"]?.objectValue ?? [:] {
                // Partitions that left stay listed; only fetched ones tell the truth.
                guard state["fetch_state"]?.stringValue == "active", let lag = state["consumer_lag"]?.doubleValue, lag >= 0 else {
                    self.registry.remove(.consumerLag, topic, partition)
                    continue
                }
                self.registry.gauge(.consumerLag, topic, partition).set(lag)
            }
        }
    }
}
