import FleetTestKit
import JSON
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Synchronization
import Testing
import Wire
import WorkerRuntime

/// An orchestrator made of a closure.
struct ClosureOrchestrator: Orchestrator {
    let name: String
    let layer = OrchestrationLayer.domain
    let body: @Sendable (OrchestrationContext, Arguments) async throws -> StepResult

    init(_ name: String, _ body: @escaping @Sendable (OrchestrationContext, Arguments) async throws -> StepResult) {
        self.name = name
        self.body = body
    }

    func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        try await self.body(context, arguments)
    }
}

/// Writes down what starts and ends, and holds handlers until it is opened.
final class Stage: Sendable {
    private let state = Mutex<(started: [String], ended: [String], isOpen: Bool)>(([], [], false))

    var started: [String] { self.state.withLock { $0.started } }
    var ended: [String] { self.state.withLock { $0.ended } }
    func open() { self.state.withLock { $0.isOpen = true } }

    /// Starts, waits until the stage is open, ends.
    func play(_ id: String) async throws {
        self.state.withLock { $0.started.append(id) }
        try await eventually("an open stage", deadline: .now + .seconds(60), tick: .milliseconds(2)) { self.state.withLock { $0.isOpen } }
        self.state.withLock { $0.ended.append(id) }
    }
}

extension Logger {
    /// Drops everything below `critical`.
    static let silent = Logger(label: "test") { _ in InMemoryLogHandler(level: .critical) }
}

extension EmbeddedBroker {
    /// A configuration for this broker; commits go out soon.
    var configuration: WorkerConfiguration {
        var configuration = WorkerConfiguration()
        configuration.bootstrapServers = self.bootstrapServers
        configuration.kafka = EmbeddedBroker.clientDefaults
        configuration.workerID = "in-process"
        configuration.commitInterval = 50
        return configuration
    }

    /// A broker with the fleet's topics.
    static func withTopics(partitions: Int32 = 1) throws -> EmbeddedBroker {
        let broker = try EmbeddedBroker(logger: .silent)
        try TopicProvision.create(TopicNames(), partitions: partitions, on: broker)
        return broker
    }

    /// Sends records to a topic and waits until the broker has them.
    func send(_ records: [(key: String, value: [UInt8], headers: RecordHeaders)], to topic: String) throws {
        let producer = try KafkaProducer(
            configuration: KafkaConfiguration(bootstrapServers: self.bootstrapServers).merging(["linger.ms": "0"]),
            observer: KafkaObserver(logger: .silent)
        )
        let topic = try producer.topic(topic)
        for record in records {
            let outcome = record.headers.withView { headers in
                Array(record.key.utf8).withUnsafeBytes { key in
                    record.value.withUnsafeBytes { producer.produce(to: topic, key: key, value: $0, headers: headers, token: 1) }
                }
            }
            #expect(outcome == .accepted)
        }
        var failures: [KafkaError] = []
        while producer.queueLength > 0 { producer.flush(milliseconds: 100) { if let error = $1 { failures.append(error) } } }
        #expect(failures.isEmpty)
    }

    func send(_ requests: [Request], key: String = "k", layer: OrchestrationLayer = .domain) throws {
        let records = requests.map { request in
            let (value, headers) = request.encode()
            return (key, value, headers)
        }
        try self.send(records, to: TopicNames().requests(layer))
    }

    /// Everything that topics hold now.
    func readAll(_ topics: [String]) async throws -> [ConsumedRecord] {
        let configuration = KafkaConfiguration(bootstrapServers: self.bootstrapServers).merging(EmbeddedBroker.clientDefaults)
        return try await onOwnThread {
            let reader = try TopicReader(
                configuration: configuration,
                observer: KafkaObserver(logger: .silent),
                topics: topics,
                from: .beginning
            )
            let expected = reader.ends.values.reduce(0, +)
            var records: [ConsumedRecord] = []
            while records.count < Int(expected) { records += try reader.read(milliseconds: 1_000) }
            return records
        }
    }

    /// The committed offset of a partition; -1001 without one.
    func committed(group: String, _ source: TopicPartition) async throws -> Int64 {
        let configuration = KafkaConfiguration(bootstrapServers: self.bootstrapServers).merging(["group.id": group])
        return try await onOwnThread {
            let consumer = try KafkaConsumer(
                configuration: configuration,
                observer: KafkaObserver(logger: .silent),
                wake: WakeSignal(),
                events: ConsumerEvents(assigned: { _ in }, revoked: { _, _ in }, record: { _ in }, failed: { _ in }, committed: { _, _ in })
            )
            defer { consumer.close(milliseconds: 2_000) }
            return try consumer.committed([source]).first?.offset ?? -1001
        }
    }
}

extension ConsumedRecord {
    /// The key as text; empty without one.
    var keyText: String { String(decoding: self.key ?? [], as: UTF8.self) }
}

/// Runs a service beside a body, and ends it when the body throws; the body ends it itself otherwise.
func withRunning(_ service: any FleetService, _ body: @Sendable @escaping () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await service.run() }
        group.addTask {
            do {
                try await eventually("membership in the group", deadline: .now + .seconds(30)) { service.health.hasStarted }
                try await body()
            } catch {
                service.stop()
                throw error
            }
        }
        try await group.waitForAll()
    }
}
