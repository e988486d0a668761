import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Testing
import Wire
import WorkerRuntime

@Suite("A worker whose producer is lost", .timeLimit(.minutes(2)))
struct LostProducerTests {
    @Test("goes on with another one, and every request is answered")
    func workerGoesOn() async throws {
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
        let worker = Worker(.domain, configuration: broker.configuration, facade: facade, logger: .silent, registry: registry)
        try await withRunning(worker) {
            for number in 0..<200 {
                try broker.send([Request(id: "\(number)", orchestrator: "play", tenantID: "acme")], key: "key-\(number % 50)")
            }
            try await eventually("handlers that run", deadline: .now + .seconds(60)) { stage.started.count == 50 }
            // Out of order, says the broker to the first reply: librdkafka then gives an idempotent producer up.
            broker.failRequests(apiKey: 0, codes: [45])
            stage.open()
            try await eventually("every reply", deadline: .now + .seconds(60), tick: .milliseconds(50)) {
                let replies = try await broker.readAll([TopicNames().results(.domain)])
                return Set(replies.compactMap { $0.headers["ce_causationid"] }).count == 200
            }
            worker.drain()
        }
        #expect(registry.counter(.deliveryRetries, "domain").value > 0)
    }
}
