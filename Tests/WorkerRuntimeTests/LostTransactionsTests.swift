import Delivery
import KafkaClient
import KafkaProcess
import Observability
import Synchronization
import Testing
import Wire

@testable import WorkerRuntime

/// What a delivery loop makes of transactions whose producer is lost; the embedded broker's answers are made up, its transactions are in name
/// only, so what readers see is for the tests with a real broker.
@Suite("Exactly once, when the producer is lost", .timeLimit(.minutes(2)))
struct LostTransactionsTests {
    // Keys of Kafka's protocol.
    private static let initProducerID: Int16 = 22
    private static let addPartitions: Int16 = 24
    private static let endTransaction: Int16 = 26

    /// Answers every record on the topic `out` with its value.
    private struct Answering: RecordHandler {
        let topic: ProducerTopic

        func handle(_ record: ConsumedRecord, attempt: DeliveryAttempt) async -> Handling {
            .done([OutgoingRecord(purpose: .reply, topic: self.topic, key: .none, value: record.value)])
        }

        func substitute(for output: OutgoingRecord, of record: ConsumedRecord, refused error: KafkaError) -> OutgoingRecord? {
            guard error.isMessageTooLarge || error.isFatal else { return nil }
            var output = output
            output.value = Array("substitute".utf8)
            return output
        }
    }

    private struct Running: Sendable {
        let broker: EmbeddedBroker
        let loop: DeliveryLoop
        let registry = MetricsRegistry()
        let ended: Task<Void, any Error>

        /// - Parameter timeout: milliseconds that the broker is believed to leave a transaction open.
        init(timeout: Int64 = 5_000, drainTimeout: Int = 20_000) throws {
            self.broker = try EmbeddedBroker(logger: .silent)
            for topic in ["in", "out"] { try self.broker.createTopic(topic, partitions: 1) }
            let configuration = self.broker.configuration
            let wake = WakeSignal()
            let observer = KafkaObserver(logger: .silent)
            let base = KafkaConfiguration(bootstrapServers: self.broker.bootstrapServers).merging(EmbeddedBroker.clientDefaults)
            let producer = try KafkaProducer(
                configuration: base.merging(["transactional.id": "x", "linger.ms": "0"]),
                observer: observer,
                wake: wake
            )
            let loop = DeliveryLoop(
                configuration: DeliveryLoopConfiguration(
                    topics: ["in"],
                    consumer: configuration.consumerConfiguration(group: "g"),
                    limits: DeliveryLimits(),
                    ordering: .key,
                    concurrency: 8,
                    commitInterval: 50,
                    drainTimeout: drainTimeout,
                    isTransactional: true,
                    transactionTimeout: timeout
                ),
                handler: Answering(topic: try producer.topic("out")),
                producer: producer,
                noticeProducer: try KafkaProducer(configuration: base, observer: observer, wake: wake),
                witness: GroupWitness(group: "g", configuration: base, logger: observer.logger),
                wake: wake,
                observer: observer,
                metrics: DeliveryMetrics(registry: self.registry, layer: "test"),
                health: ServiceHealth(patience: 60_000, statistics: KafkaStatistics(registry: self.registry, client: "test")),
                onReady: { _ in }
            )
            self.loop = loop
            let handlers = Task { await loop.runHandlers() }
            self.ended = Task {
                defer { handlers.cancel() }
                try await onOwnThread { try loop.run() }
            }
        }

        func waitUntilJoined() async throws {
            try await eventually("membership in the group", deadline: .now + .seconds(30)) { self.loop.health.hasStarted }
        }

        /// Sends by a producer that asks for no id, which the broker might refuse, until everything is taken.
        func send(_ texts: [String]) throws {
            let configuration = KafkaConfiguration(bootstrapServers: self.broker.bootstrapServers)
            var waiting = texts
            for _ in 0..<20 where !waiting.isEmpty {
                // Another one each time: one that was refused a topic does not ask again at once.
                let producer = try KafkaProducer(
                    configuration: configuration.merging(["linger.ms": "0", "enable.idempotence": "false"]),
                    observer: KafkaObserver(logger: .silent)
                )
                let topic = try producer.topic("in")
                var refused: [String] = []
                for (index, text) in waiting.enumerated() {
                    let outcome = Array(text.utf8).withUnsafeBytes {
                        producer.produce(to: topic, key: $0, value: $0, token: UInt(index + 1))
                    }
                    if outcome != .accepted { refused.append(text) }
                }
                let isReported = producer.flush(milliseconds: 10_000) { if $1 != nil { refused.append(waiting[Int($0) - 1]) } }
                #expect(isReported)
                waiting = refused
            }
            #expect(waiting.isEmpty)
        }

        /// The values of all that was answered, as soon as these are among them.
        func answers(with texts: Set<String>) async throws -> [String] {
            let all = Mutex<[String]>([])
            try await eventually("answers \(texts.sorted())", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
                let values = try await self.broker.readAll(["out"]).map { String(decoding: $0.value ?? [], as: UTF8.self) }
                all.withLock { $0 = values }
                return texts.isSubset(of: values)
            }
            return all.withLock { $0 }
        }
    }

    /// INVALID_TXN_STATE, TRANSACTIONAL_ID_AUTHORIZATION_FAILED.
    @Test("another one makes the transaction again", arguments: zip([endTransaction, addPartitions, addPartitions], [48, 48, 53]))
    func another(_ apiKey: Int16, _ code: Int32) async throws {
        let running = try Running()
        try await running.waitUntilJoined()
        try running.send(["before"])
        _ = try await running.answers(with: ["before"])
        running.broker.failRequests(apiKey: apiKey, codes: [code])
        let texts = (0..<50).map { "\($0)" }
        try running.send(texts)
        let answers = try await running.answers(with: Set(texts))
        // What a lost producer says of records is no reason to replace them.
        #expect(!answers.contains("substitute"))
        try running.send(["after"])
        _ = try await running.answers(with: ["after"])
        #expect(running.registry.counter(.deliveryRetries, "test").value == 1)
        running.loop.drain()
        try await running.ended.value
    }

    /// INVALID_PRODUCER_EPOCH, PRODUCER_FENCED.
    @Test("once and again by another process that has its id, the worker ends and says so", arguments: [47, 90])
    func fenced(_ code: Int32) async throws {
        let running = try Running()
        try await running.waitUntilJoined()
        running.broker.failRequests(apiKey: Self.endTransaction, codes: [code, code])
        try running.send(["a"])
        let error = try await #require(throws: KafkaError.self) { try await running.ended.value }
        #expect(error.isFenced && error.message.contains("worker id of its own"), "\(error)")
    }

    @Test("to its own transaction that took too long, another one makes it again", arguments: [47, 90])
    func late(_ code: Int32) async throws {
        // Every transaction has taken as long as it may.
        let running = try Running(timeout: 0)
        try await running.waitUntilJoined()
        running.broker.failRequests(apiKey: Self.endTransaction, codes: [code])
        try running.send(["a"])
        try await eventually("another producer", deadline: .now + .seconds(30)) {
            running.registry.counter(.deliveryRetries, "test").value == 1
        }
        try running.send(["b"])
        _ = try await running.answers(with: ["a", "b"])
        running.loop.drain()
        try await running.ended.value
    }

    @Test("and no other can begin, the worker can still be ended")
    func shutdown() async throws {
        let running = try Running(drainTimeout: 100)
        try await running.waitUntilJoined()
        try running.send(["before"])
        _ = try await running.answers(with: ["before"])
        // Not the coordinator, says the broker from now on.
        running.broker.failRequests(apiKey: Self.endTransaction, codes: [48])
        running.broker.failRequests(apiKey: Self.initProducerID, codes: Array(repeating: 16, count: 10_000))
        try running.send(["a"])
        try await eventually("the loss", deadline: .now + .seconds(30)) {
            running.registry.counter(.deliveryRetries, "test").value == 1
        }
        running.loop.drain()
        try await running.ended.value
        #expect(running.loop.health.unfinishedRecords > 0)
    }

    /// KAFKA_STORAGE_ERROR, NOT_ENOUGH_REPLICAS, INVALID_RECORD, POLICY_VIOLATION, TOPIC_AUTHORIZATION_FAILED.
    @Test("or the broker takes no records, transactions are made again until it does", arguments: [56, 19, 87, 44, 29])
    func refusals(_ code: Int32) async throws {
        let running = try Running()
        try await running.waitUntilJoined()
        try running.send(["before"])
        _ = try await running.answers(with: ["before"])
        // The requests themselves may be refused too: they are sent again.
        running.broker.failRequests(apiKey: 0, codes: Array(repeating: code, count: 5))
        var sent: [String] = []
        for number in 0..<10 {
            sent.append("\(number)")
            try running.send(["\(number)"])
        }
        let answers = try await running.answers(with: Set(sent))
        #expect(!answers.contains("substitute"))
        running.loop.drain()
        try await running.ended.value
    }
}
