public import Feedback
public import KafkaClient
public import Observability
public import Orchestration
import Wire

/// Serves the requests of one layer: consumes them, runs orchestrators through a facade, publishes replies and signals, commits.
///
/// ```swift
/// let facade = OrchestrationFacade()
/// try facade.register(Greeter())
/// var configuration = WorkerConfiguration()
/// configuration.bootstrapServers = "localhost:9092"
/// try await Worker(.domain, configuration: configuration, facade: facade).run()
/// ```
public final class Worker: FleetService {
    /// The layer whose requests it serves.
    public let layer: OrchestrationLayer
    /// What it was created with.
    public let configuration: WorkerConfiguration
    private let facade: OrchestrationFacade
    private let logger: Logger
    private let registry: MetricsRegistry
    private let service: RecordService
    private let names: TopicNames
    private let topics: Topics
    private let cancelled = CancelledRequests()
    /// What is known of components; empty without policies.
    private let policies: PolicyTable

    /// The two topics of a worker that a measurement may choose.
    package struct Topics: Sendable {
        package var requests: String
        package var results: String

        package init(requests: String, results: String) {
            self.requests = requests
            self.results = results
        }
    }

    /// Creates a worker; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - layer: whose requests it serves.
    ///   - facade: the orchestrators, registered before ``run()``.
    ///   - policies: where the worker keeps what feedback orchestrators have learned; one of its own, unless orchestrators read it too.
    ///   - onReady: called with the partitions at the first assignment and at every later one.
    public convenience init(
        _ layer: OrchestrationLayer,
        configuration: WorkerConfiguration,
        facade: OrchestrationFacade,
        policies: PolicyTable = PolicyTable(),
        logger: Logger = Logger(label: "fleet.worker"),
        registry: MetricsRegistry = MetricsRegistry(),
        onReady: @escaping @Sendable ([TopicPartition]) -> Void = { _ in }
    ) {
        let names = TopicNames(prefix: configuration.topicPrefix)
        self.init(
            layer,
            configuration: configuration,
            facade: facade,
            policies: policies,
            logger: logger,
            registry: registry,
            topics: Topics(requests: names.requests(layer), results: names.results(layer)),
            onReady: onReady
        )
    }

    /// Creates a worker with topics of a measurement's choice.
    package init(
        _ layer: OrchestrationLayer,
        configuration: WorkerConfiguration,
        facade: OrchestrationFacade,
        policies: PolicyTable = PolicyTable(),
        logger: Logger,
        registry: MetricsRegistry = MetricsRegistry(),
        topics: Topics,
        onReady: @escaping @Sendable ([TopicPartition]) -> Void = { _ in }
    ) {
        self.layer = layer
        self.configuration = configuration
        self.facade = facade
        self.policies = policies
        var logger = logger
        logger[metadataKey: "worker"] = "\(configuration.workerID)"
        logger[metadataKey: "layer"] = "\(layer.rawValue)"
        self.logger = logger
        self.registry = registry
        self.names = TopicNames(prefix: configuration.topicPrefix)
        self.topics = topics
        self.service = RecordService(
            configuration: configuration,
            name: layer.rawValue,
            topics: [topics.requests],
            // A measurement with topics of its own does without.
            retryTopics: topics.requests == self.names.requests(layer) ? self.names.retries(layer) : [],
            logger: logger,
            registry: registry,
            onReady: onReady
        )
    }

    /// Works until ``drain()`` or ``stop()``, then shuts the orchestrators down.
    ///
    /// - Throws: ``WorkerError`` for a configuration with mistakes (all of them in one message), a worker that cannot start, or a Kafka client
    ///   that is lost while running.
    public func run() async throws {
        _ = try await self.runMeasured()
    }

    /// Works like ``run()`` and tells when the first record came and the last one went.
    package func runMeasured() async throws -> MeasuredTimes {
        let mistakes = self.configuration.mistakes()
        guard mistakes.isEmpty else { throw WorkerError(.configuration, mistakes.joined(separator: "\n")) }
        if let partitions = self.configuration.createsTopicsWithPartitions {
            try await TopicProvision.createPatiently(
                self.names,
                partitions: partitions,
                configuration: self.configuration.clientConfiguration("admin"),
                logger: self.logger,
                while: { !self.service.isEnding }
            )
        }
        defer { self.logger.info("ended") }
        self.registry.observe(.stuckHandlers, self.layer.rawValue) { [facade] in Double(facade.stuckHandlers.running) }
        self.registry.observe(.cancellationsKept, self.layer.rawValue) { [cancelled] in Double(cancelled.count) }
        let control = ControlReader(
            topic: self.names.control,
            configuration: self.configuration.tableConfiguration("control"),
            cancelled: self.cancelled,
            layer: self.layer.rawValue,
            logger: self.logger,
            registry: self.registry
        )
        // Its thread may take a while to end and is not waited for: it has nothing to lose.
        Task { await control.run() }
        defer { control.end() }
        let policies = self.makePolicyReader()
        if let policies { Task { await policies.run() } }
        defer { policies?.end() }
        let idempotency = self.makeIdempotency()
        if let idempotency { Task { await idempotency.run() } }
        defer { idempotency?.end() }
        do {
            let times = try await self.service.run { try self.makeHandler($0, notices: $1, idempotency, $2) }
            await self.facade.shutdown()
            return times
        } catch {
            await self.facade.shutdown()
            throw error
        }
    }

    /// Takes no more requests, finishes what runs, commits, and lets ``run()`` return.
    public func drain() { self.service.drain() }

    /// Lets ``run()`` return now: handlers are cancelled, unfinished requests run again elsewhere.
    public func stop() { self.service.stop() }

    /// How the service is doing, readable from any thread at any time.
    public var health: ServiceHealth { self.service.health }

    /// Nil when nothing is chosen by policies.
    private func makePolicyReader() -> PolicyReader? {
        guard self.configuration.policies == .on else { return nil }
        self.registry.observe(.policiesKnown, self.layer.rawValue) { [policies] in Double(policies.count) }
        return PolicyReader(
            topic: self.names.policies,
            configuration: self.configuration.tableConfiguration("policies"),
            policies: self.policies,
            layer: self.layer.rawValue,
            logger: self.logger,
            registry: self.registry
        )
    }

    /// Nil when idempotency keys are ignored.
    private func makeIdempotency() -> Idempotency? {
        guard self.configuration.idempotencyWindow > 0 else { return nil }
        let idempotency = Idempotency(
            topic: self.names.idempotency(self.layer),
            window: self.configuration.idempotencyWindow,
            configuration: self.configuration.tableConfiguration("idempotency"),
            layer: self.layer.rawValue,
            logger: self.logger,
            registry: self.registry
        )
        self.registry.observe(.repliesRemembered, self.layer.rawValue) { Double(idempotency.replies.count) }
        return idempotency
    }

    private func makeHandler(
        _ producer: KafkaProducer,
        notices: KafkaProducer,
        _ idempotency: Idempotency?,
        _ notify: @escaping @Sendable (OutgoingRecord) -> Void
    ) throws -> any RecordHandler {
        var signals: [ComponentType: ProducerTopic] = [:]
        for component in ComponentType.allCases { signals[component] = try producer.topic(self.names.signals(component)) }
        return RequestHandler(
            facade: self.facade,
            identity: RequestHandler.Identity(
                layer: self.layer,
                worker: self.configuration.workerID,
                group: self.configuration.group(self.layer.rawValue)
            ),
            topics: RequestHandler.Topics(
                results: try producer.topic(self.topics.results),
                progress: try notices.topic(self.names.progress(self.layer)),
                deadLetters: DeadLetterTopic(try producer.topic(self.names.deadLetters(self.layer)), of: producer),
                signals: signals,
                decisions: try producer.topic(self.names.decisions),
                retries: self.names.retries(self.layer),
                refusedForReplies: Set(self.names.all).subtracting(OrchestrationLayer.allCases.map { self.names.results($0) })
            ),
            limits: self.configuration.limits,
            signalPolicy: self.configuration.signals,
            retries: self.configuration.retries,
            cancelled: self.cancelled,
            chooser: ComponentChooser(policies: self.policies),
            memory: try idempotency.map {
                RequestHandler.Memory(idempotency: $0, topic: try producer.topic(self.names.idempotency(self.layer)))
            },
            logger: self.logger,
            metrics: RequestMetrics(registry: self.registry, layer: self.layer),
            producer: producer,
            events: try self.configuration.probeEventsTopic.map { topic in
                try HandlerEvents(
                    configuration: self.configuration.clientConfiguration("events"),
                    observer: KafkaObserver(logger: self.logger),
                    topic: topic,
                    worker: self.configuration.workerID
                )
            },
            notify: notify
        )
    }
}
