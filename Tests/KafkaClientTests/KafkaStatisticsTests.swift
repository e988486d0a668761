import Glibc
import KafkaClient
import KafkaProcess
import Observability
import Testing
import WorkerRuntime

@Suite("Kafka statistics", .timeLimit(.minutes(1)))
struct KafkaStatisticsTests {
    private func record(_ text: String, _ statistics: KafkaStatistics) {
        Array(text.utf8).withUnsafeBytes { statistics.record($0) }
    }

    private func text(_ registry: MetricsRegistry) -> String { String(decoding: registry.prometheusText(), as: UTF8.self) }

    @Test("of a producer become metrics")
    func producer() {
        let registry = MetricsRegistry()
        let statistics = KafkaStatistics(registry: registry, client: "domain")
        #expect(statistics.isBrokerReachable, "nothing is known yet")
        self.record(
            """
            {"type": "producer", "tx_bytes": 100, "rx_bytes": 40, "msg_cnt": 7, "msg_size": 700, "brokers": {
              "b:1/1": {"state": "UP", "rtt": {"cnt": 3, "p50": 1500, "p99": 250000}},
              "b:2/2": {"state": "DOWN", "rtt": {"cnt": 0, "p50": 0, "p99": 0}}}}
            """,
            statistics
        )
        for line in [
            #"fleet_kafka_tx_bytes_total{client="domain-producer"} 100"#, #"fleet_kafka_rx_bytes_total{client="domain-producer"} 40"#,
            #"fleet_kafka_producer_queue_messages{client="domain-producer"} 7"#,
            #"fleet_kafka_producer_queue_bytes{client="domain-producer"} 700"#,
            #"fleet_kafka_broker_rtt_seconds{client="domain-producer",broker="b:1/1",quantile="p50"} 0.0015"#,
            #"fleet_kafka_broker_rtt_seconds{client="domain-producer",broker="b:1/1",quantile="p99"} 0.25"#,
        ] { #expect(self.text(registry).contains(line), "\(line)") }
        #expect(!self.text(registry).contains("b:2/2"), "a broker that answered nothing has no round trips")
        #expect(statistics.isBrokerReachable)
        // Totals are totals: the next document replaces, it does not add.
        self.record(#"{"type": "producer", "tx_bytes": 150, "brokers": {"b:1/1": {"state": "DOWN"}}}"#, statistics)
        #expect(self.text(registry).contains(#"fleet_kafka_tx_bytes_total{client="domain-producer"} 150"#))
        #expect(!statistics.isBrokerReachable)
    }

    @Test("of a consumer tell the lag of the partitions that it fetches, and of those only")
    func lag() {
        let registry = MetricsRegistry()
        let statistics = KafkaStatistics(registry: registry, client: "domain")
        func document(_ state: String) -> String {
            """
            {"type": "consumer", "brokers": {"b": {"state": "UP"}}, "topics": {"t": {"partitions": {
              "0": {"fetch_state": "\(state)", "consumer_lag": 12}, "1": {"fetch_state": "active", "consumer_lag": -1},
              "-1": {"fetch_state": "none", "consumer_lag": 3}}}}}
            """
        }
        self.record(document("active"), statistics)
        #expect(self.text(registry).contains(#"fleet_kafka_consumer_lag{topic="t",partition="0"} 12"#))
        #expect(!self.text(registry).contains(#"partition="1""#) && !self.text(registry).contains(#"partition="-1""#))
        self.record(document("stopped"), statistics)
        #expect(!self.text(registry).contains("fleet_kafka_consumer_lag{"), "a partition that left has no lag")
    }

    @Test("tell that a broker is reachable when one of producer and consumer is connected")
    func reachable() {
        let statistics = KafkaStatistics(registry: MetricsRegistry(), client: "domain")
        func document(_ kind: String, _ state: String) -> String { #"{"type": "\#(kind)", "brokers": {"b": {"state": "\#(state)"}}}"# }
        self.record(document("producer", "INIT"), statistics)
        #expect(!statistics.isBrokerReachable)
        self.record(document("consumer", "UP"), statistics)
        self.record(document("producer", "INIT"), statistics)
        #expect(statistics.isBrokerReachable)
        self.record(document("consumer", "DOWN"), statistics)
        #expect(!statistics.isBrokerReachable)
    }

    @Test("that cannot be read change nothing", arguments: ["", "{", "[]", "{}", #"{"type": 3, "tx_bytes": 5}"#, "\u{0}"])
    func unreadable(_ text: String) {
        let registry = MetricsRegistry()
        let statistics = KafkaStatistics(registry: registry, client: "x")
        self.record(text, statistics)
        #expect(statistics.isBrokerReachable && !self.text(registry).contains("fleet_kafka_tx_bytes_total{"))
    }

    @Test("come from a client that runs")
    func real() async throws {
        let broker = try EmbeddedBroker.with("t")
        let registry = MetricsRegistry()
        let statistics = KafkaStatistics(registry: registry, client: "real")
        try await onOwnThread {
            let producer = try KafkaProducer(
                configuration: broker.client.merging(["statistics.interval.ms": "50", "linger.ms": "0"]),
                observer: KafkaObserver(logger: .silent, onStatistics: { statistics.record($0) })
            )
            #expect(producer.send("x", to: try producer.topic("t")) == .accepted)
            let deadline = ContinuousClock.now + .seconds(20)
            while !self.text(registry).contains(#"fleet_kafka_broker_rtt_seconds{client="real-producer""#), ContinuousClock.now < deadline {
                producer.readReports { _, _ in }
                usleep(5_000)
            }
        }
        #expect(self.text(registry).contains(#"fleet_kafka_broker_rtt_seconds{client="real-producer""#))
        #expect(self.text(registry).contains(#"fleet_kafka_tx_bytes_total{client="real-producer"}"#))
        #expect(statistics.isBrokerReachable)
    }
}
