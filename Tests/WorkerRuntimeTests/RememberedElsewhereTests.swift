import Delivery
import JSON
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Synchronization
import Testing
import Wire

@testable import WorkerRuntime

@Suite("What others remember", .timeLimit(.minutes(1)))
struct RememberedElsewhereTests {
    /// A handler on a broker, with a memory whose topic nobody reads yet.
    private struct Scene {
        let broker: EmbeddedBroker
        let idempotency: Idempotency
        let handler: RequestHandler

        init(_ broker: EmbeddedBroker) throws {
            self.broker = broker
            let names = TopicNames()
            let facade = OrchestrationFacade(logger: .silent)
            try facade.register(ClosureOrchestrator("note") { context, _ in .ok(["by": .string(context.requestID)]) })
            let producer = try KafkaProducer(
                configuration: KafkaConfiguration(bootstrapServers: broker.bootstrapServers),
                observer: KafkaObserver(logger: .silent)
            )
            self.idempotency = Idempotency(
                topic: names.idempotency(.domain),
                window: 3_600_000,
                configuration: broker.configuration.tableConfiguration("idempotency"),
                layer: "domain",
                logger: .silent,
                registry: MetricsRegistry()
            )
            let cancelled = CancelledRequests()
            cancelled.readOnce()
            self.handler = RequestHandler(
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
                signalPolicy: .off,
                retries: RetryPolicy(),
                cancelled: cancelled,
                chooser: .uniform,
                memory: RequestHandler.Memory(idempotency: self.idempotency, topic: try producer.topic(names.idempotency(.domain))),
                logger: .silent,
                metrics: RequestMetrics(registry: MetricsRegistry(), layer: .domain),
                producer: producer,
                events: nil,
                notify: { _ in }
            )
        }

        /// The outputs for a record; nil when it is to come later.
        func outputs(_ record: ConsumedRecord, attempt: DeliveryAttempt = DeliveryAttempt()) async -> [OutgoingRecord]? {
            guard case .done(let outputs) = await self.handler.handle(record, attempt: attempt) else { return nil }
            return outputs
        }
    }

    private static func request(_ id: String, _ key: String?, deadline: Int64? = nil) -> Request {
        var request = Request(id: id, orchestrator: "note", tenantID: "acme")
        request.event.idempotencyKey = key
        request.event.deadline = deadline
        return request
    }

    @Test("is read before requests with a key begin that came with a partition; those without one do not wait, nor what will not run")
    func waiting() async throws {
        let broker = try EmbeddedBroker.withTopics()
        let names = TopicNames()
        let remembered = RememberedReply(
            scope: "acme/k",
            requestID: "before",
            orchestrator: "note",
            fingerprint: Self.request("before", nil).fingerprint,
            time: WireTime.now,
            result: .ok(["by": "before"])
        )
        let headers = remembered.headers(causedBy: CloudEvent(), source: "/test")
        try broker.send([(remembered.scope, remembered.encodeValue(), headers)], to: names.idempotency(.domain))
        try broker.send([
            Self.request("with", "k"), Self.request("without", nil), Self.request("expired", "k", deadline: 1), Self.request("poison", "k"),
        ])
        let records = try await broker.readAll([names.requests(.domain)])
        let scene = try Scene(broker)
        scene.handler.partitionsCame()
        #expect(await scene.outputs(records[0]) == nil)
        #expect(await scene.outputs(records[1])?.map(\.purpose) == [.reply])
        #expect(await scene.outputs(records[2])?.map(\.purpose) == [.reply, .deadLetter])
        let poison = DeliveryAttempt(crashes: 3, isPoison: true)
        #expect(await scene.outputs(records[3], attempt: poison)?.map(\.purpose) == [.reply, .deadLetter])
        #expect(await scene.outputs(records[0]) == nil)

        let reading = Task { await scene.idempotency.run() }
        let found = Mutex<[OutgoingRecord]?>(nil)
        try await eventually("the end of the wait", tick: .milliseconds(10)) {
            let outputs = await scene.outputs(records[0])
            found.withLock { $0 = outputs }
            return outputs != nil
        }
        let outputs = try #require(found.withLock { $0 })
        #expect(outputs.map(\.purpose) == [.reply])
        #expect(try Reply(decoding: outputs[0].value ?? []).result.metadata["first_request_id"] == "before")
        scene.idempotency.end()
        await reading.value
    }

    /// Notes when partitions came and records were handled.
    private final class Notes: RecordHandler {
        private let notes = Mutex<[String]>([])
        var all: [String] { self.notes.withLock { $0 } }

        func partitionsCame() { self.notes.withLock { $0.append("came") } }
        func handle(_ record: ConsumedRecord, attempt: DeliveryAttempt) async -> Handling {
            self.notes.withLock { $0.append("handled") }
            return .done([])
        }
        func substitute(for output: OutgoingRecord, of record: ConsumedRecord, refused error: KafkaError) -> OutgoingRecord? { nil }
    }

    @Test("is asked for when partitions come, before the first of their records")
    func assignment() async throws {
        let broker = try EmbeddedBroker.withTopics()
        try broker.send([Self.request("r", nil)])
        let service = RecordService(
            configuration: broker.configuration,
            name: "domain",
            topics: [TopicNames().requests(.domain)],
            logger: .silent,
            registry: MetricsRegistry(),
            onReady: { _ in }
        )
        let notes = Notes()
        let running = Task { _ = try await service.run { _, _, _ in notes } }
        try await eventually("the record", deadline: .now + .seconds(30)) { notes.all.contains("handled") }
        service.drain()
        try await running.value
        #expect(notes.all == ["came", "handled"])
    }
}
