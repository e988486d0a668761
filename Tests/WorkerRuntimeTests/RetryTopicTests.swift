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

    @Test("nothing begins before the broker has told what waits, however often it has to be asked")
    func asksAgain() async throws {
        let broker = try EmbeddedBroker.withTopics()
        try broker.send(self.requests(["a1"]), key: "a")
        // ListOffsets, which tells the ends of the retry topics: no right to the topic.
        broker.failRequests(apiKey: 2, codes: Array(repeating: 29, count: 100_000))
        let (log, logger) = InMemoryLogHandler.makeLogger(level: .info)
        let failing = Failing { _, _ in .ok() }
        let facade = OrchestrationFacade(logger: .silent)
        try facade.register(failing)
        let registry = MetricsRegistry()
        let worker = Worker(.domain, configuration: broker.configuration, facade: facade, logger: logger, registry: registry)
        let running = Task { try await worker.run() }
        try await eventually("the first question", deadline: .now + .seconds(60)) {
            log.entries.contains { $0.message == "retry topics cannot be read yet" }
        }
        #expect(worker.health.unreadyReason != nil && failing.attempts.isEmpty)
        broker.endFailures(apiKey: 2)
        try await eventually("the reply", deadline: .now + .seconds(60)) { registry.counter(.replies, "domain").value == 1 }
        worker.drain()
        try await running.value
        #expect(failing.attempts == ["a1/1"])
    }

    @Test("what waits is finished by the next worker; what is exhausted there is a dead letter that names the request")
    func handsOver() async throws {
        let isLater = Mutex(false)
        let failing = Failing { id, _ in
            guard id == "a1" else { return .ok() }
            return isLater.withLock { $0 } ? .fail("never", category: .network, retryable: true) : Failing.later(3)
        }
        let broker = try EmbeddedBroker.withTopics(partitions: 2)
        let registry = MetricsRegistry()
        try broker.send(self.requests(["a1", "a2"]), key: "a")
        let first = try self.worker(broker, failing, registry)
        try await withRunning(first) {
            try await eventually("two copies", deadline: .now + .seconds(60)) {
                registry.counter(.retriesSpilled, "domain").value + registry.counter(.retriesDiverted, "domain").value == 2
            }
            first.drain()
        }
        #expect(failing.attempts == ["a1/1"] && registry.counter(.replies, "domain").value == 0)
        isLater.withLock { $0 = true }
        let second = try self.worker(broker, failing, registry)
        try await withRunning(second) {
            try broker.send(self.requests(["a3"]), key: "a")
            try await eventually("all replies", deadline: .now + .seconds(60)) { registry.counter(.replies, "domain").value == 3 }
            second.drain()
        }
        #expect(failing.attempts == ["a1/1", "a1/2", "a1/3", "a1/4", "a2/1", "a3/1"])
        let letters = try await broker.readAll([self.names.deadLetters(.domain)])
        let letter = try #require(letters.first)
        #expect(letters.count == 1 && letter.headers["x-dlq-reason"] == "exhausted" && letter.headers["x-dlq-attempts"] == "4")
        #expect(letter.headers["x-dlq-source-topic"] == self.names.requests(.domain) && letter.headers["x-dlq-source-offset"] == "0")
        #expect(!letter.headers.pairs.contains { $0.name.hasPrefix("x-retry-") } && letter.headers["ce_id"] == "a1")
    }

    @Test("whatever is written into a retry topic: a dead letter that says what is wrong, and the partition goes on")
    func hostile() async throws {
        let failing = Failing { _, _ in .ok() }
        let broker = try EmbeddedBroker.withTopics()
        let registry = MetricsRegistry()
        let request = self.requests(["x"])[0].encode()
        func copy(_ change: (inout RetryHeaders) -> Void) -> (key: String, value: [UInt8], headers: RecordHeaders) {
            var headers = RetryHeaders(due: 0, originPartition: 0, originOffset: 7, originTimestamp: -1, failures: 1)
            change(&headers)
            return ("k", request.value, request.headers.withView { headers.headers(keeping: $0) })
        }
        var broken = request.headers
        broken.append("x-retry-due", "soon")
        try broker.send(
            [
                ("k", request.value, request.headers), ("k", request.value, broken), ("k", [], RecordHeaders()),
                copy { $0.originPartition = 1 }, copy { $0.due = .max - 1 },
            ],
            to: self.names.retries(.domain, .tenMinutes)
        )
        try broker.send([copy { ($0.failures, $0.originOffset) = (3, 5) }], to: self.names.retries(.domain, .oneMinute))
        let worker = try self.worker(broker, failing, registry)
        try await withRunning(worker) {
            try await eventually("four dead letters and a reply", deadline: .now + .seconds(60)) {
                registry.counter(.recordsDead, "domain", "invalid").value == 4 && registry.counter(.replies, "domain").value == 1
            }
            try await eventually("a key that waits", deadline: .now + .seconds(60)) {
                registry.gauge(.retryKeysWaiting, "domain").value == 1
            }
            worker.drain()
        }
        #expect(failing.attempts == ["x/4"])
        let letters = try await broker.readAll([self.names.deadLetters(.domain)])
        #expect(letters.allSatisfy { $0.headers["x-dlq-source-topic"] == self.names.retries(.domain, .tenMinutes) })
        #expect(letters.map { $0.headers["x-dlq-source-offset"] } == ["0", "1", "2", "3"])
        #expect(letters.allSatisfy { $0.headers["x-dlq-error-message"]?.contains("x-retry-") == true })
    }

    @Test("without retry topics a long wait is cut short, and waits in the worker")
    func withoutTopics() async throws {
        let broker = try EmbeddedBroker()
        for name in self.names.all where !self.names.retries(.domain).contains(name) { try broker.createTopic(name, partitions: 1) }
        // Too few partitions are none.
        for name in self.names.retries(.domain).dropLast() { try broker.createTopic(name, partitions: 1) }
        let registry = MetricsRegistry()
        let failing = Failing { id, attempt in id == "a1" && attempt == 1 ? Failing.later(0.2) : .ok() }
        try broker.send(self.requests(["a1", "a2"]), key: "a")
        let worker = try self.worker(broker, failing, registry)
        try await withRunning(worker) {
            try await eventually("both replies", deadline: .now + .seconds(60)) { registry.counter(.replies, "domain").value == 2 }
            worker.drain()
        }
        #expect(failing.attempts == ["a1/1", "a1/2", "a2/1"])
        #expect(registry.counter(.retriesNotSpilled, "domain").value == 1 && registry.counter(.retriesSpilled, "domain").value == 0)
    }

    @Test("a key that is busy leaves the retry topics again, in order")
    func busyKey() async throws {
        let registry = MetricsRegistry()
        let failing = Failing { id, attempt in id == "r0" && attempt == 1 ? Failing.later(0.3) : .ok() }
        let broker = try EmbeddedBroker.withTopics()
        let worker = try self.worker(broker, failing, registry)
        try await withRunning(worker) {
            for number in 0..<300 {
                try broker.send(self.requests(["r\(number)"]), key: "k")
            }
            try await eventually("all replies", deadline: .now + .seconds(60)) { registry.counter(.replies, "domain").value == 300 }
            worker.drain()
        }
        #expect(failing.attempts == ["r0/1", "r0/2"] + (1..<300).map { "r\($0)/1" })
    }
}
