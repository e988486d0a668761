import Delivery
import Feedback
public import KafkaClient
public import Observability
import Orchestration
import Synchronization
import Wire

/// Consumes every signal topic, validates and counts the signals, and publishes a snapshot per component to the policies topic.
///
/// Each instance has the components of its partitions: signals are keyed by component, so a component is counted in one place. Counts begin
/// anew where a partition arrives, and a redelivered signal is counted again.
public final class FeedbackWorker: FleetService {
    private let configuration: WorkerConfiguration
    private let logger: Logger
    private let registry: MetricsRegistry
    private let service: RecordService
    private let names: TopicNames
    private let publishInterval: Duration

    /// Creates a feedback worker; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - publishInterval: between snapshots of what changed; 1 s by default (spec §5.3, processing loop).
    ///   - onReady: called with the partitions at each assignment.
    public init(
        configuration: WorkerConfiguration,
        publishInterval: Duration = .seconds(1),
        logger: Logger = Logger(label: "fleet.feedback"),
        registry: MetricsRegistry = MetricsRegistry(),
        onReady: @escaping @Sendable ([TopicPartition]) -> Void = { _ in }
    ) {
        var configuration = configuration
        // Counting is order-blind and never waits.
        configuration.ordering = .none
        self.configuration = configuration
        self.publishInterval = publishInterval
        var logger = logger
        logger[metadataKey: "worker"] = "\(configuration.workerID)"
        logger[metadataKey: "layer"] = "feedback"
        self.logger = logger
        self.registry = registry
        let names = TopicNames(prefix: configuration.topicPrefix)
        self.names = names
        self.service = RecordService(
            configuration: configuration,
            name: "feedback",
            topics: ComponentType.allCases.map { names.signals($0) },
            logger: logger,
            registry: registry,
            onReady: onReady
        )
    }

    /// Works until ``drain()`` or ``stop()``.
    ///
    /// - Throws: ``WorkerError``, as ``Worker/run()``.
    public func run() async throws {
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
        let publisher = Mutex<Task<Void, Never>?>(nil)
        defer {
            publisher.withLock { $0 }?.cancel()
            self.logger.info("ended")
        }
        _ = try await self.service.run { producer, notices, notify in
            let handler = SignalHandler(
                worker: self.configuration.workerID,
                group: self.configuration.group("feedback"),
                deadLetters: DeadLetterTopic(try producer.topic(self.names.feedbackDeadLetters), of: producer),
                policies: try notices.topic(self.names.policies),
                limits: self.configuration.limits,
                logger: self.logger,
                registry: self.registry,
                notify: notify
            )
            let interval = self.publishInterval
            publisher.withLock {
                $0 = Task {
                    while (try? await Task.sleep(for: interval)) != nil { handler.publishChanges() }
                }
            }
            return handler
        }
    }

    /// How the service is doing, readable from any thread at any time.
    public var health: ServiceHealth { self.service.health }

    /// Takes no more signals, commits, and lets ``run()`` return.
    public func drain() { self.service.drain() }

    /// Lets ``run()`` return now.
    public func stop() { self.service.stop() }
}

/// Counts signals; what is no signal becomes a dead letter.
struct SignalHandler: RecordHandler {
    private final class Tally: Sendable {
        let value = Mutex(SignalTally())
    }

    let worker: String
    let group: String
    let deadLetters: DeadLetterTopic
    let policies: ProducerTopic
    let limits: WireLimits
    let logger: Logger
    let registry: MetricsRegistry
    let notify: @Sendable (OutgoingRecord) -> Void
    private let tally = Tally()
    private let throttle = LogThrottle()

    func handle(_ record: ConsumedRecord, attempt: DeliveryAttempt) async -> Handling {
        let decoded: Result<FeedbackSignal, WireError> = record.withView { view in
            Result { () throws(WireError) in try SignalCodec.decode(view, limits: self.limits) }
        }
        switch decoded {
        case .success(let signal):
            self.tally.value.withLock { $0.record(signal, now: Double(WireTime.now) / 1000) }
            return .done([])
        case .failure(let error):
            self.registry.counter(.recordsDead, "feedback", error.reason.rawValue).increment()
            if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
                let metadata: Logger.Metadata = [
                    "reason": "\(error.reason.rawValue)", "error": "\(error.message)", "partition": "\(record.source)",
                    "offset": "\(record.offset)",
                ]
                self.logger.notice("dead letter", metadata: metadata.merging(leftOut) { $1 })
            }
            let now = WireTime.now
            var letter = DeadLetter(
                reason: error.reason,
                sourceTopic: record.source.topic,
                sourcePartition: record.source.partition,
                sourceOffset: record.offset,
                sourceTimestamp: record.timestamp > 0 ? record.timestamp : nil,
                consumerGroup: self.group,
                firstFailureAt: now,
                lastFailureAt: now,
                errorCategory: ErrorCategory.validation.rawValue,
                errorMessage: error.message,
                worker: self.worker
            )
            record.withView { letter.carryOn(from: $0.headers) }
            let output = OutgoingRecord(
                purpose: .deadLetter,
                topic: self.deadLetters.topic,
                partition: await self.deadLetters.partition(for: record.source),
                key: .ofRequest,
                value: record.value,
                headers: record.withView { letter.headers(keeping: $0.headers) }
            )
            return .done([output])
        }
    }

    func substitute(for output: OutgoingRecord, of record: ConsumedRecord, refused error: KafkaError) -> OutgoingRecord? {
        guard output.purpose == .deadLetter, error.isMessageTooLarge else { return nil }
        return output.smallerDeadLetter
    }

    /// Publishes the snapshots of the components that changed since the last time.
    func publishChanges() {
        // Handed over under the lock: whoever takes changes later also tells them later.
        self.tally.value.withLock { tally in
            for snapshot in self.snapshots(of: &tally, limit: 5_000) { self.notify(snapshot) }
        }
    }

    /// What was counted in the last interval is told too.
    func lastNotices() -> [OutgoingRecord] {
        self.tally.value.withLock { self.snapshots(of: &$0, limit: .max) }
    }

    private func snapshots(of tally: inout SignalTally, limit: Int) -> [OutgoingRecord] {
        let time = WireTime.now
        return tally.takeChanges(now: Double(time) / 1000, worker: self.worker, limit: limit).map { snapshot in
            let (value, headers) = snapshot.encode(source: "/orchestration-fleet/feedback/\(self.worker)", time: time)
            return OutgoingRecord(purpose: .notice, topic: self.policies, key: .bytes(snapshot.key), value: value, headers: headers)
        }
    }
}
