import KafkaClient
import KafkaProcess
import Observability
import Synchronization
import Testing
import Wire

extension KafkaObserver {
    /// Drops everything.
    static let silent = KafkaObserver(logger: .silent)
}

extension Logger {
    /// Drops everything below `critical`.
    static let silent = Logger(label: "test") { _ in InMemoryLogHandler(level: .critical) }
}

extension EmbeddedBroker {
    /// For clients without delays.
    var client: KafkaConfiguration { KafkaConfiguration(bootstrapServers: self.bootstrapServers) }
    /// For clients that read.
    var reader: KafkaConfiguration { self.client.merging(EmbeddedBroker.clientDefaults) }

    static func with(_ topic: String, partitions: Int32 = 1) throws -> EmbeddedBroker {
        let broker = try EmbeddedBroker(logger: .silent)
        try broker.createTopic(topic, partitions: partitions)
        return broker
    }

    func producer(_ properties: [String: String] = [:]) throws -> KafkaProducer {
        try KafkaProducer(configuration: self.client.merging(["linger.ms": "0"]).merging(properties), observer: .silent)
    }
}

extension KafkaProducer {
    func send(_ text: String, to topic: ProducerTopic, partition: Int32? = nil, token: UInt = 0) -> Outcome {
        Array(text.utf8).withUnsafeBytes { self.produce(to: topic, partition: partition, key: nil, value: $0, token: token) }
    }

    /// The reports of everything that waits, by token.
    func allReports(deadline: ContinuousClock.Instant = .now + .seconds(20)) throws -> [UInt: KafkaError?] {
        var reports: [UInt: KafkaError?] = [:]
        while self.queueLength > 0 {
            guard ContinuousClock.now < deadline else {
                throw KafkaProcessError(.deadlineExceeded, "\(self.queueLength) records are not reported")
            }
            self.flush(milliseconds: 50) { reports[$0] = .some($1) }
        }
        return reports
    }
}

extension TopicReader {
    /// So many records, or fewer at the deadline.
    func read(count: Int, deadline: ContinuousClock.Instant = .now + .seconds(20)) throws -> [ConsumedRecord] {
        var records: [ConsumedRecord] = []
        while records.count < count, ContinuousClock.now < deadline { records += try self.read(milliseconds: 200) }
        return records
    }
}

extension ConsumedRecord {
    var text: String { String(decoding: self.value ?? [], as: UTF8.self) }
}
