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

@Suite("Retries", .timeLimit(.minutes(2)))
struct RetryTests {
    /// An orchestrator with a policy of its own: two quick retries.
    struct Flaky: Orchestrator {
        let name = "flaky"
        let layer = OrchestrationLayer.domain
        let retryPolicy: ErrorRecoveryPolicy? = ErrorRecoveryPolicy(.retry, maxRetries: 2, retryDelayBase: 0.01)
        let attempts: @Sendable (String, Int) -> Bool

        func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
            self.attempts(context.requestID, context.attempt)
                ? .ok(["attempt": .integer(Int64(context.attempt))]) : .fail("not yet", category: .network, retryable: true)
        }
    }

    @Test("a failure is tried again while its key waits and others go on; what is exhausted is a dead letter")
    func retries() async throws {
        let order = Mutex<[String]>([])
        let flaky = Flaky { id, attempt in
            order.withLock { $0.append("\(id)/\(attempt)") }
            return id != "never" && (id != "third" || attempt == 3)
        }
        let broker = try EmbeddedBroker.withTopics()
        try broker.send(["third", "after"].map { Request(id: $0, orchestrator: "flaky", tenantID: "acme") }, key: "a")
        try broker.send([Request(id: "never", orchestrator: "flaky", tenantID: "acme")], key: "b")
        let facade = OrchestrationFacade(logger: .silent)
        try facade.register(flaky)
        let registry = MetricsRegistry()
        let worker = Worker(.domain, configuration: broker.configuration, facade: facade, logger: .silent, registry: registry)
        try await withRunning(worker) {
            try await eventually("three replies", deadline: .now + .seconds(60)) { registry.counter(.replies, "domain").value == 3 }
            worker.drain()
        }
        let names = TopicNames()
        let replies = try await broker.readAll([names.results(.domain)]).map { try Reply(decoding: $0.value ?? []) }
        let byID = Dictionary(replies.map { ($0.requestID, $0) }) { first, _ in first }
        #expect(replies.count == 3 && byID["third"]?.result.success == true && byID["third"]?.attempt == 3)
        #expect(byID["after"]?.result.success == true)
        #expect(byID["never"]?.result.error == "not yet" && byID["never"]?.attempt == 3)
        let letters = try await broker.readAll([names.deadLetters(.domain)])
        #expect(letters.count == 1 && letters.first?.headers["x-dlq-reason"] == "exhausted")
        #expect(letters.first?.headers["x-dlq-attempts"] == "3" && letters.first?.headers["x-dlq-crash-attempts"] == "0")
        #expect(registry.counter(.recordsRetried, "domain").value == 4)
        let ofKey = order.withLock { $0.filter { !$0.hasPrefix("never") } }
        #expect(ofKey == ["third/1", "third/2", "third/3", "after/1"])
        #expect(order.withLock { $0.filter { $0.hasPrefix("never") } } == ["never/1", "never/2", "never/3"])
    }
}

@Suite("Exactly once", .timeLimit(.minutes(1)))
struct ExactlyOnceRefusalTests {
    @Test("is refused on the embedded broker, whose transactions are none")
    func refused() async throws {
        let broker = try EmbeddedBroker()
        var configuration = broker.configuration
        configuration.delivery = .exactlyOnce
        let worker = Worker(.domain, configuration: configuration, facade: OrchestrationFacade(logger: .silent), logger: .silent)
        let error = try await #require(throws: WorkerError.self) { try await worker.run() }
        #expect(error.code == .configuration && error.message.contains("at_least_once"), "\(error)")
    }
}
