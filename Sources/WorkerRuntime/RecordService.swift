import Delivery
import KafkaClient
import Observability
import Orchestration
import Synchronization
import Wire

/// Monotonic nanoseconds of a run; 0 for what did not happen.
package struct MeasuredTimes: Sendable {
    /// The first record's arrival.
    package var firstReceived: Int64 = 0
    /// The acknowledgement of the last record's outputs, where their number is limited.
    package var lastFinished: Int64 = 0
    /// The last commit.
    package var lastCommitted: Int64 = 0
}

/// Runs one delivery loop with its producer, its handlers and its thread, from start to the end of its drain.
final class RecordService: Sendable {
    /// Makes the handler, once producer and topics are there.
    ///
    /// The first producer is for what belongs to records, the second for notices.
    typealias MakeHandler =
        @Sendable (KafkaProducer, KafkaProducer, @escaping @Sendable (OutgoingRecord) -> Void) throws -> any RecordHandler

    private enum Phase {
        case idle
        case running(DeliveryLoop, Task<Void, Never>?)
        /// What was asked for before the loop was there.
        case ended(stop: Bool)
    }

    private let configuration: WorkerConfiguration
    private let name: String
    private let group: String
    private let topics: [String]
    private let retryTopics: [String]
    private let observer: KafkaObserver
    private let metrics: DeliveryMetrics
    private let phase = Mutex(Phase.idle)
    let health: ServiceHealth
    private let onReady: @Sendable ([TopicPartition]) -> Void

    init(
        configuration: WorkerConfiguration,
        name: String,
        topics: [String],
        retryTopics: [String] = [],
        logger: Logger,
        registry: MetricsRegistry,
        onReady: @escaping @Sendable ([TopicPartition]) -> Void
    ) {
        self.configuration = configuration
        self.name = name
        self.group = configuration.group(name)
        self.topics = topics
        self.retryTopics = retryTopics
        self.onReady = onReady
        self.metrics = DeliveryMetrics(registry: registry, layer: name)
        let statistics = KafkaStatistics(registry: registry, client: name)
        self.health = ServiceHealth(patience: configuration.drainTimeout + 30_000, statistics: statistics)
        self.observer = KafkaObserver(
            logger: logger,
            onError: { error in
                registry.counter(.kafkaErrors, name, error.name).increment()
                logger.log(level: error.isFatal ? .error : .warning, "Kafka", metadata: ["error": "\(error)"])
            },
            onStatistics: { statistics.record($0) }
        )
    }

    /// Consumes until drained or stopped.
    ///
    /// - Throws: ``WorkerError`` when it cannot start or the client is lost.
    func run(_ makeHandler: MakeHandler) async throws -> MeasuredTimes {
        // Joining a group only to leave it would take seconds.
        if self.isEnding { return MeasuredTimes() }
        let wake = WakeSignal()
        let producer: KafkaProducer
        let noticeProducer: KafkaProducer
        do throws(KafkaError) {
            producer = try KafkaProducer(
                configuration: self.configuration.producerConfiguration(group: self.group),
                observer: self.observer,
                wake: wake
            )
            noticeProducer =
                self.configuration.delivery == .exactlyOnce
                ? try KafkaProducer(
                    configuration: self.configuration.noticeConfiguration(group: self.group),
                    observer: self.observer,
                    wake: wake
                ) : producer
        } catch {
            throw WorkerError(.startFailed, "\(error)")
        }
        if self.configuration.delivery == .exactlyOnce, try await onOwnThread({ producer.isOnEmbeddedBroker() }) {
            throw WorkerError(
                .configuration,
                "delivery exactly_once needs a Kafka broker: the embedded one has transactions in name only; use at_least_once"
            )
        }
        let loopBox = Mutex<DeliveryLoop?>(nil)
        let handler = try makeHandler(producer, noticeProducer) { notice in
            // The loop exists before the first record is handled.
            loopBox.withLock { $0 }?.publish(notice: notice)
        }
        // A static member that takes a killed one's place is told under its client id: nobody could tell the living from the dead.
        let isStatic = self.configuration.consumerConfiguration(group: self.group)["group.instance.id"] != nil
        let identity = isStatic ? 0 : UInt32.random(in: 1...UInt32.max)
        let loop = DeliveryLoop(
            configuration: DeliveryLoopConfiguration(
                topics: self.topics,
                consumer: self.configuration.consumerConfiguration(group: self.group, identity: identity),
                identity: identity,
                limits: self.configuration.deliveryLimits,
                ordering: self.configuration.ordering,
                concurrency: self.configuration.concurrency,
                commitInterval: self.configuration.commitInterval,
                drainTimeout: self.configuration.drainTimeout,
                isTransactional: self.configuration.delivery == .exactlyOnce,
                transactionInterval: self.configuration.transactionInterval,
                transactionTimeout: self.configuration.transactionTimeout,
                recordLimit: self.configuration.recordLimit,
                retries: self.retryTopics.isEmpty
                    ? nil
                    : RetryTopicsConfiguration(
                        requests: self.topics.first ?? "",
                        names: self.retryTopics,
                        client: self.configuration.retryClientConfiguration(),
                        waitInPlace: self.configuration.retries.maximumWaitInPlace,
                        areBeingMade: self.configuration.createsTopicsWithPartitions != nil
                    )
            ),
            handler: handler,
            producer: producer,
            noticeProducer: noticeProducer,
            witness: GroupWitness(
                group: self.group,
                configuration: self.configuration.clientConfiguration("witness"),
                logger: self.observer.logger
            ),
            wake: wake,
            observer: self.observer,
            metrics: self.metrics,
            health: self.health,
            onReady: self.onReady
        )
        loopBox.withLock { $0 = loop }
        defer { loopBox.withLock { $0 = nil } }

        let watch = loop.isTransactional ? self.startWatch() : nil
        defer { watch?.stop() }
        let handlers = Task { await loop.runHandlers() }
        let request: (drain: Bool, stop: Bool) = self.phase.withLock { phase in
            switch phase {
            case .ended(let stop):
                phase = .running(loop, handlers)
                return (true, stop)
            case .idle, .running:
                phase = .running(loop, handlers)
                return (false, false)
            }
        }
        if request.drain { request.stop ? loop.stop() : loop.drain() }
        defer { self.phase.withLock { $0 = .ended(stop: true) } }
        do {
            try await onOwnThread { try loop.run() }
        } catch {
            handlers.cancel()
            await self.wait(for: handlers)
            throw WorkerError(.clientLost, "\(error)")
        }
        // What still runs when the drain's time is over runs again elsewhere.
        handlers.cancel()
        await self.wait(for: handlers)
        return MeasuredTimes(
            firstReceived: loop.firstReceived,
            lastFinished: loop.lastFinished,
            lastCommitted: loop.lastCommitted
        )
    }

    /// Nobody waits for its end: a call to a broker that is away must not hold a worker up.
    private func startWatch() -> TransactionWatch {
        let watch = TransactionWatch(configuration: self.configuration, group: self.group, observer: self.observer)
        Task { try? await onOwnThread { try watch.run() } }
        return watch
    }

    /// Waits for cancelled handlers, at most two seconds: one that does not hear its cancellation must not hold a worker that has ended.
    private func wait(for handlers: Task<Void, Never>) async {
        let (events, continuation) = AsyncStream.makeStream(of: Bool.self)
        Task {
            await handlers.value
            continuation.yield(true)
        }
        let patience = Task {
            guard (try? await OrchestrationClock.system.sleep(.seconds(2))) != nil else { return }
            continuation.yield(false)
        }
        for await hasEnded in events {
            if !hasEnded { self.observer.logger.warning("a handler that ignores its cancellation is left behind") }
            break
        }
        patience.cancel()
    }

    /// Whether it was told to end before it had begun.
    var isEnding: Bool {
        self.phase.withLock { phase in
            if case .ended = phase { true } else { false }
        }
    }

    /// Ends after what runs has ended, been published and committed.
    func drain() { self.end(stop: false) }

    /// Ends now; handlers are cancelled, and what is unfinished runs again elsewhere.
    func stop() { self.end(stop: true) }

    private func end(stop: Bool) {
        let running: (DeliveryLoop, Task<Void, Never>?)? = self.phase.withLock { phase in
            switch phase {
            case .running(let loop, let handlers):
                phase = .running(loop, handlers)
                return (loop, handlers)
            case .idle:
                phase = .ended(stop: stop)
                return nil
            case .ended(let wasStopped):
                phase = .ended(stop: wasStopped || stop)
                return nil
            }
        }
        guard let (loop, handlers) = running else { return }
        if stop {
            loop.stop()
            handlers?.cancel()
        } else {
            loop.drain()
        }
    }
}
