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

/// An orchestrator that writes down its attempts and fails as it is told.
private final class Failing: Orchestrator {
    let name = "failing"
    let layer = OrchestrationLayer.domain
    let retryPolicy: ErrorRecoveryPolicy? = ErrorRecoveryPolicy(.retry, maxRetries: 3, retryDelayBase: 0.001)
    let journal = Mutex<[String]>([])
    let body: @Sendable (String, Int) async throws -> StepResult

    init(_ body: @escaping @Sendable (String, Int) async throws -> StepResult) { self.body = body }

    var attempts: [String] { self.journal.withLock { $0 } }

    func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        self.journal.withLock { $0.append("\(context.requestID)/\(context.attempt)") }
        return try await self.body(context.requestID, context.attempt)
    }

    /// A failure after which so many seconds are to be waited.
    static func later(_ seconds: Double) -> StepResult {
        .fail("later", category: .rateLimit, retryable: true, metadata: ["retry_after": .number(seconds)])
    }
}


@Suite("Retry topics", .timeLimit(.minutes(2)))
struct RetryTopicTests {
    private let names = TopicNames()

    /// A worker whose requests wait 50 ms in it at most.
    private func worker(_ broker: EmbeddedBroker, _ orchestrator: Failing, _ registry: MetricsRegistry) throws -> Worker {
        let facade = OrchestrationFacade(logger: .silent)
        try facade.register(orchestrator)
        var configuration = broker.configuration
        configuration.retries.maximumWaitInPlace = 50
        return Worker(.domain, configuration: configuration, facade: facade, logger: .silent, registry: registry)
    }

    private func requests(_ ids: [String]) -> [Request] { ids.map { Request(id: $0, orchestrator: "failing", tenantID: "acme") } }

    @Test("a long wait is in a retry topic: its key follows it there and is answered after it, others are not held up")
    func spills() async throws {
        let registry = MetricsRegistry()
        let replies = registry.counter(.replies, "domain")
        let failing = Failing { id, attempt in
            guard id == "a1", attempt < 3 else { return .ok() }
            // The other key has been served by then, or never will be.
            if attempt == 2 {
                try await eventually("the replies of others", deadline: .now + .seconds(60)) { replies.value >= 2 }
            }
            return Failing.later(0.2)
        }
        let broker = try EmbeddedBroker.withTopics()
        try broker.send(self.requests(["a1", "a2"]), key: "a")
        try broker.send(self.requests(["b1", "b2"]), key: "b")
        try broker.send(self.requests(["a3"]), key: "a")
        let worker = try self.worker(broker, failing, registry)
        try await withRunning(worker) {
            try await eventually("all replies", deadline: .now + .seconds(60)) { replies.value == 5 }
            worker.drain()
        }
        #expect(failing.attempts.filter { $0.hasPrefix("a") } == ["a1/1", "a1/2", "a1/3", "a2/1", "a3/1"])
        #expect(failing.attempts.filter { $0.hasPrefix("b") } == ["b1/1", "b2/1"])
        #expect(registry.counter(.retriesSpilled, "domain").value == 2)
        let records = try await broker.readAll([self.names.results(.domain)])
        let ofKey = try records.map { try Reply(decoding: $0.value ?? []) }.filter { $0.requestID.hasPrefix("a") }
        #expect(ofKey.map(\.requestID) == ["a1", "a2", "a3"] && ofKey.map(\.attempt) == [3, 1, 1])
        let copies = try await broker.readAll(self.names.retries(.domain))
        #expect(copies.allSatisfy { $0.source.topic == self.names.retries(.domain, .oneMinute) })
        let first = try #require(copies.first)
        let (value, headers) = self.requests(["a1"])[0].encode()
        #expect(first.keyText == "a" && first.value == value && first.headers["x-retry-failures"] == "1")
        #expect(Array(first.headers.pairs.map(\.name).prefix(headers.count)) == headers.pairs.map(\.name))
        for source in copies.map(\.source) {
            #expect(try await broker.committed(group: "fleet.domain", source) == Int64(copies.count { $0.source == source }))
        }
    }
}
