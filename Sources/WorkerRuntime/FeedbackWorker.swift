import Delivery
public import Feedback
public import KafkaClient
public import Observability
import Orchestration
import Synchronization
import Wire

/// Learns from signals: reads them with the decisions they are about, keeps what it knows in a topic, publishes policies.
///
/// Each instance has the components of its partitions: signals and decisions are keyed by component, so a component is learned in one place. What it
/// knows survives crashes and hand-overs, and each signal counts once.
public final class FeedbackWorker: FleetService {
    private let configuration: WorkerConfiguration
    private let feedback: FeedbackSettings
    private let schedule: FeedbackSchedule
    private let logger: Logger
    private let registry: MetricsRegistry
    private let names: TopicNames
    private let group: String
    private let lifecycle = FeedbackLifecycle()
    private let observer: KafkaObserver
    private let onReady: @Sendable ([TopicPartition]) -> Void
    /// How the service is doing, readable from any thread at any time.
    public let health: ServiceHealth

    /// Creates a feedback worker; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - configuration: ordering, concurrency and what concerns orchestrators is not looked at.
    ///   - feedback: what is learned, and how.
    ///   - schedule: how often it is written.
    ///   - onReady: called with the partitions of the decisions topic at each assignment, when their state has been read.
    public init(
        configuration: WorkerConfiguration,
        feedback: FeedbackSettings = FeedbackSettings(),
        schedule: FeedbackSchedule = FeedbackSchedule(),
        logger: Logger = Logger(label: "fleet.feedback"),
        registry: MetricsRegistry = MetricsRegistry(),
        onReady: @escaping @Sendable ([TopicPartition]) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.feedback = feedback
        self.schedule = schedule
        var logger = logger
        logger[metadataKey: "worker"] = "\(configuration.workerID)"
        logger[metadataKey: "layer"] = "feedback"
        let ownLogger = logger
        self.logger = ownLogger
        self.registry = registry
        self.names = TopicNames(prefix: configuration.topicPrefix)
        self.group = configuration.group("feedback")
        self.onReady = onReady
        let statistics = KafkaStatistics(registry: registry, client: "feedback")
        self.health = ServiceHealth(patience: configuration.drainTimeout + 30_000, statistics: statistics)
        self.observer = KafkaObserver(
            logger: ownLogger,
            onError: { error in
                registry.counter(.kafkaErrors, "feedback", error.name).increment()
                ownLogger.log(level: error.isFatal ? .error : .warning, "Kafka", metadata: ["error": "\(error)"])
            },
            onStatistics: { statistics.record($0) }
        )
    }

    /// Works until ``drain()`` or ``stop()``.
    ///
    /// - Throws: ``WorkerError`` for a configuration with mistakes, for topics that do not go together, for a client that is lost.
    public func run() async throws {
        let mistakes = self.configuration.mistakes() + self.schedule.mistakes()
        guard mistakes.isEmpty else { throw WorkerError(.configuration, mistakes.joined(separator: "\n")) }
        if let partitions = self.configuration.createsTopicsWithPartitions {
            try await TopicProvision.createPatiently(
                self.names,
                partitions: partitions,
                configuration: self.configuration.clientConfiguration("admin"),
                logger: self.logger,
                while: { self.lifecycle.current == .running }
            )
        }
        defer { self.logger.info("ended") }
        guard self.lifecycle.current == .running else { return }
        let isTransactional = self.configuration.delivery == .exactlyOnce
        let producer: KafkaProducer
        do throws(KafkaError) {
            producer = try KafkaProducer(
                configuration: self.configuration.producerConfiguration(group: self.group),
                observer: self.observer,
                wake: self.lifecycle.wake
            )
        } catch {
            throw WorkerError(.startFailed, "\(error)")
        }
        if isTransactional, try await onOwnThread({ producer.isOnEmbeddedBroker() }) {
            throw WorkerError(
                .configuration,
                "delivery exactly_once needs a Kafka broker: the embedded one has transactions in name only; use at_least_once"
            )
        }
        let watch = isTransactional ? TransactionWatch(configuration: self.configuration, group: self.group, observer: self.observer) : nil
        if let watch { Task { try? await onOwnThread { try watch.run() } } }
        defer { watch?.stop() }
        let isStatic = self.configuration.consumerConfiguration(group: self.group)["group.instance.id"] != nil
        let configuration = FeedbackLoopConfiguration(
            worker: self.configuration,
            feedback: self.feedback,
            schedule: self.schedule,
            names: self.names,
            group: self.group,
            identity: isStatic ? 0 : UInt32.random(in: 1...UInt32.max)
        )
        let commands = Mailbox<ComponentCommand>(wake: self.lifecycle.wake)
        let experiments = ExperimentKeeper(
            names: self.names,
            configuration: self.configuration,
            lifecycle: self.lifecycle,
            interval: self.schedule.processingInterval,
            rewards: self.feedback.rewards,
            logger: self.logger,
            registry: self.registry
        )
        let control = ComponentCommands(
            topic: self.names.control,
            configuration: self.configuration.tableConfiguration("control"),
            logger: self.logger,
            registry: self.registry,
            commands: commands,
            experiments: experiments.commands
        )
        // Their threads may take a while to end and are not waited for: they have nothing to lose.
        Task { await control.run() }
        Task { await experiments.run() }
        defer {
            control.end()
            experiments.end()
        }
        try await onOwnThread { [lifecycle, observer, registry, health, onReady] in
            let loop = try FeedbackLoop(
                configuration: configuration,
                lifecycle: lifecycle,
                observer: observer,
                metrics: FeedbackMetrics(registry: registry),
                health: health,
                producer: producer,
                commands: commands,
                onReady: onReady
            )
            try loop.run()
        }
    }

    /// Reads nothing more, writes what was learned, and lets ``run()`` return.
    public func drain() { self.lifecycle.drain() }

    /// Lets ``run()`` return now; what was not written is read again.
    public func stop() { self.lifecycle.stop() }
}
