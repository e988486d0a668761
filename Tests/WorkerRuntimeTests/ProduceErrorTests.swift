import Delivery
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Testing
import Wire
import WorkerRuntime

/// A broker that takes no records, as one whose disk is full.
@Suite("A worker whose records are refused", .timeLimit(.minutes(2)))
struct ProduceErrorTests {
    private static let produce: Int16 = 0
    private static let inFlight = 100
    private static let requests = 300

    /// KAFKA_STORAGE_ERROR and NOT_ENOUGH_REPLICAS, which librdkafka sends again by itself; INVALID_RECORD, POLICY_VIOLATION and
    /// TOPIC_AUTHORIZATION_FAILED, which it reports.
    @Test("takes no more in than it may hold, and answers everything once records are taken again", arguments: [56, 19, 87, 44, 29])
    func refused(_ code: Int32) async throws {
        let broker = try EmbeddedBroker.withTopics()
        let stage = Stage()
        let facade = OrchestrationFacade(logger: .silent)
        try facade.register(
            ClosureOrchestrator("play") { context, _ in
                try await stage.play(context.requestID)
                return .ok()
            }
        )
        let registry = MetricsRegistry()
        var configuration = broker.configuration
        configuration.inFlight.records = Self.inFlight
        configuration.signals = .off
        let worker = Worker(.domain, configuration: configuration, facade: facade, logger: .silent, registry: registry)
        let received = registry.counter(.recordsReceived, "domain")
        try await withRunning(worker) {
            let requests = (0..<Self.requests).map { Request(id: "\($0)", orchestrator: "play", tenantID: "acme") }
            for (number, request) in requests.enumerated() { try broker.send([request], key: "key-\(number % 100)") }
            try await eventually("handlers that run", deadline: .now + .seconds(60)) { stage.started.count == 64 }
            broker.failRequests(apiKey: Self.produce, codes: Array(repeating: code, count: 100_000))
            stage.open()
            // Everything that is taken in has ended, and none of it has been delivered.
            try await eventually("a full worker", deadline: .now + .seconds(60)) {
                stage.ended.count > 64 && stage.ended.count == received.value
            }
            if ![56, 19].contains(code) {
                try await eventually("a second try", deadline: .now + .seconds(60)) {
                    registry.counter(.deliveryRetries, "domain").value > received.value
                }
            }
            #expect(received.value <= Self.inFlight && stage.started.count == received.value)
            #expect(try await broker.readAll([TopicNames().results(.domain)]).isEmpty)
            let source = TopicPartition(topic: TopicNames().requests(.domain), partition: 0)
            #expect(try await broker.committed(group: "fleet.domain", source) <= 0)

            broker.endFailures(apiKey: Self.produce)
            try await eventually("every reply", deadline: .now + .seconds(60), tick: .milliseconds(50)) {
                let replies = try await broker.readAll([TopicNames().results(.domain)])
                return Set(replies.compactMap { $0.headers["ce_causationid"] }).count == Self.requests
            }
            #expect(try await broker.readAll([TopicNames().deadLetters(.domain)]).isEmpty)
            worker.drain()
        }
        #expect(stage.started.count == Self.requests)
    }
}
