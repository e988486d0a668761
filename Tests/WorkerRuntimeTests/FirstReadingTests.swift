import Delivery
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Synchronization
import Testing
import Wire

@testable import WorkerRuntime

@Suite("Requests before the control topic was read", .timeLimit(.minutes(1)))
struct FirstReadingTests {
    @Test("wait for it, so that a command from before the worker's start counts")
    func waiting() async throws {
        let broker = try EmbeddedBroker.withTopics()
        let names = TopicNames()
        try broker.send([Request(id: "r", orchestrator: "note", tenantID: "acme")])
        let record = try #require(try await broker.readAll([names.requests(.domain)]).first)
        let begun = Mutex(0)
        let facade = OrchestrationFacade(logger: .silent)
        try facade.register(
            ClosureOrchestrator("note") { _, _ in
                begun.withLock { $0 += 1 }
                return .ok()
            }
        )
        let producer = try KafkaProducer(
            configuration: KafkaConfiguration(bootstrapServers: broker.bootstrapServers),
            observer: KafkaObserver(logger: .silent)
        )
        let cancelled = CancelledRequests()
        let handler = RequestHandler(
            facade: facade,
            identity: RequestHandler.Identity(layer: .domain, worker: "w", group: "g"),
            topics: RequestHandler.Topics(
                results: try producer.topic(names.results(.domain)),
                progress: try producer.topic(names.progress(.domain)),
                deadLetters: DeadLetterTopic(try producer.topic(names.deadLetters(.domain)), of: producer),
                signals: [:],
                decisions: try producer.topic(TopicNames().decisions)
            ),
            limits: .default,
            signalPolicy: .all,
            retries: RetryPolicy(),
            cancelled: cancelled,
            chooser: .uniform,
            logger: .silent,
            metrics: RequestMetrics(registry: MetricsRegistry(), layer: .domain),
            producer: producer,
            events: nil,
            notify: { _ in }
        )
        let handling = Task { await handler.handle(record, attempt: DeliveryAttempt()) }
        for _ in 0..<1_000 { await Task.yield() }
        #expect(begun.withLock { $0 } == 0)
        let command = ControlRecord.command(ControlCommand(.cancel(requestID: "r"), reason: "enough"))
        #expect(cancelled.take(command, timestamp: WireTime.now, now: WireTime.now) == .cancelled(running: 0))
        cancelled.readOnce()
        guard case .done(let outputs) = await handling.value else { return #expect(Bool(false), "tried again") }
        #expect(outputs.map(\.purpose) == [.reply])
        let reply = try Reply(decoding: outputs.first?.value ?? [])
        #expect(reply.result.isCancelled && reply.result.error == "enough" && begun.withLock { $0 } == 0)
    }
}
