import Feedback
import KafkaClient
import Observability
import Orchestration
import Synchronization
import Wire

/// What tells a feedback loop to end; for any thread.
final class FeedbackLifecycle: Sendable {
    enum Phase: UInt8, AtomicRepresentable {
        case running, draining, stopping
    }

    let wake = WakeSignal()
    private let phase = Atomic(Phase.running)
    /// Whether this instance has the first partition: one of the fleet does what only one should do.
    let leads = Atomic<Bool>(false)

    var current: Phase { self.phase.load(ordering: .acquiring) }

    /// What has been read is written and committed first.
    func drain() {
        _ = self.phase.compareExchange(expected: .running, desired: .draining, ordering: .acquiringAndReleasing)
        self.wake.raise()
    }

    /// Now.
    func stop() {
        self.phase.store(.stopping, ordering: .releasing)
        self.wake.raise()
    }
}

/// What a feedback loop works with.
struct FeedbackLoopConfiguration: Sendable {
    var worker: WorkerConfiguration
    var feedback: FeedbackSettings
    var schedule: FeedbackSchedule
    var names: TopicNames
    var group: String
    var identity: UInt32
    var isTransactional: Bool { self.worker.delivery == .exactlyOnce }
}

/// A command about a component on its way to the loop.
struct ComponentCommand: Sendable {
    let component: ComponentID
    let command: FeedbackShard.Command
    /// Milliseconds since 1970.
    let time: Int64
}

/// Reads signals and decisions, learns, and writes what it knows: one shard for each partition that the group gives it.
///
/// The group subscribes to the topic of decisions; partition p of every signal topic comes and goes with partition p of it, and so does partition p of
/// the state. Everything happens on one thread: records are taken as they come, and from time to time all that changed is written at once, with the
/// offsets it is made of: in one transaction when delivery is exactly once; else in such an order that a crash in between is repaired from the
/// checkpoint that ends every write.
final class FeedbackLoop {
    /// A partition of an input that is read.
    struct Source {
        let partition: AssignedPartition
        let input: FeedbackInput
        let shard: Int32
    }

    /// Records that are read of one partition before the others have their turn.
    static let batch = 512
    /// Records that are read at most before the time is looked at.
    static let turnLimit = 16_384
    /// Milliseconds that one call waits for the broker.
    static let patience: Int32 = 2_000
    /// Milliseconds without a record of a state that is being read, after which reading begins anew.
    static let silence: Int64 = 10_000
    /// Milliseconds until something is tried again that has failed.
    static let pause: Int64 = 200

    let configuration: FeedbackLoopConfiguration
    let lifecycle: FeedbackLifecycle
    let observer: KafkaObserver
    let logger: Logger
    let metrics: FeedbackMetrics
    let health: ServiceHealth
    let producer: KafkaProducer
    let topics: FeedbackTopics
    let commands: Mailbox<ComponentCommand>
    private let onReady: @Sendable ([TopicPartition]) -> Void
    var consumer: KafkaConsumer?
    /// Partitions of each topic; all have as many.
    var partitionCount: Int32 = 0
    var shards: [Int32: FeedbackShard] = [:]
    /// In the order in which they are read.
    var sources: [Source] = []
    /// Partitions whose state has yet to be read, with their inputs.
    var arriving: [Int32: [AssignedPartition]] = [:]
    /// What came of them before they can be read.
    var early: [TopicPartition: [ConsumedRecord]] = [:]
    /// The newest command about each component, for shards that are yet to come.
    var known: [ComponentID: ComponentCommand] = [:]
    private var commandLetters: [ComponentCommand] = []
    /// Records that are neither signals nor decisions, to be written with the next changes.
    var letters: [FeedbackLetter] = []
    var letterBytes = 0
    var nextLetter: UInt = 1
    /// What became of the records of a write.
    var reports = WriteReports()
    /// Partitions of the dead letter topic; 0 while unknown.
    var deadLetterCount: Int32 = 0
    var failure: WorkerError?
    /// The transactional producer has to be made anew; and whether that has been done.
    var lostProducer: LostProducer?
    var lastFenced: Int64?
    var lastLoss: Int64?
    var transactionBegan: Int64 = 0
    var nextWrite: Int64 = 0
    /// The last write did not succeed.
    var isFailing = false
    /// Bytes of the last write.
    var writtenBytes = 0
    /// There is more to read than one turn takes.
    var isBehind = false
    var nextArrival: Int64 = 0
    /// Partitions that left while states were read.
    var leftMeanwhile: Set<Int32> = []
    private var nextHealth: Int64
    private var nextConsolidation: Int64
    private var nextExpiry: Int64 = 0
    let throttle = LogThrottle()

    init(
        configuration: FeedbackLoopConfiguration,
        lifecycle: FeedbackLifecycle,
        observer: KafkaObserver,
        metrics: FeedbackMetrics,
        health: ServiceHealth,
        producer: KafkaProducer,
        commands: Mailbox<ComponentCommand>,
        onReady: @escaping @Sendable ([TopicPartition]) -> Void
    ) throws(KafkaError) {
        self.configuration = configuration
        self.lifecycle = lifecycle
        self.observer = observer
        self.logger = observer.logger
        self.metrics = metrics
        self.health = health
        self.producer = producer
        self.topics = try FeedbackTopics(configuration.names, producer)
        self.commands = commands
        self.onReady = onReady
        let now = monotonicMilliseconds()
        self.nextHealth = now + configuration.schedule.healthInterval
        self.nextConsolidation = now + configuration.schedule.consolidationInterval
    }

    /// Runs until drained or stopped.
    ///
    /// - Throws: ``WorkerError`` when it cannot start, or cannot go on.
    func run() throws {
        if self.configuration.isTransactional {
            self.lostProducer = LostProducer(isRenewed: true)
            while self.lifecycle.current == .running, !self.regainProducer(), self.failure == nil {
                self.health.turned(at: monotonicMilliseconds())
                self.lifecycle.wake.wait(milliseconds: Int32(Self.pause))
            }
        }
        guard try self.countPartitions() else { return }
        let consumer = try self.makeConsumer()
        self.consumer = consumer
        try consumer.subscribe(to: [self.configuration.names.decisions])
        self.logger.info("subscribed", metadata: ["topics": "\(self.topics.inputs.map(\.name).joined(separator: " "))"])
        while self.lifecycle.current == .running, self.failure == nil {
            self.lifecycle.wake.wait(milliseconds: self.waitTime())
            while self.turn(), self.lifecycle.current == .running, self.failure == nil {}
        }
        self.health.draining()
        self.end(consumer)
        if let failure { throw failure }
    }

    private func makeConsumer() throws(KafkaError) -> KafkaConsumer {
        let consumer = try KafkaConsumer(
            configuration: self.configuration.worker.consumerConfiguration(
                group: self.configuration.group,
                identity: self.configuration.identity
            ),
            observer: self.observer,
            wake: self.lifecycle.wake,
            events: ConsumerEvents(
                assigned: { [unowned self] in self.assigned($0) },
                revoked: { [unowned self] in self.revoked($0, lost: $1) },
                record: { [unowned self] in self.takeEarly($0) },
                failed: { [unowned self] in self.failed($0) },
                committed: { [unowned self] _, error in
                    if let error { self.logger.warning("commit failed", metadata: ["error": "\(error)"]) }
                }
            )
        )
        let (names, decisions) = (self.configuration.names, self.configuration.names.decisions)
        consumer.companions = { source in
            source.topic == decisions
                ? ComponentType.allCases.map { TopicPartition(topic: names.signals($0), partition: source.partition) } : []
        }
        return consumer
    }

    func ready() {
        self.health.assigned()
        let decisions = self.configuration.names.decisions
        self.onReady(self.shards.keys.sorted().map { TopicPartition(topic: decisions, partition: $0) })
    }

    func failed(_ error: KafkaError) {
        if error.isFatal {
            self.logger.error("the Kafka client is lost", metadata: ["error": "\(error)"])
            self.failure = self.failure ?? WorkerError(.clientLost, "\(error)")
        } else if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
            self.logger.warning("Kafka", metadata: ["error": "\(error)"].merging(leftOut) { $1 })
        }
    }

    // MARK: A turn

    private func waitTime() -> Int32 {
        let now = monotonicMilliseconds()
        var next = min(self.nextHealth, self.nextConsolidation, now + 1_000)
        if self.shards.values.contains(where: \.isChanged) || !self.letters.isEmpty { next = min(next, self.nextWrite) }
        if !self.arriving.isEmpty { next = min(next, self.nextArrival) }
        return Int32(clamping: max(0, next - now))
    }

    /// Does what there is to do.
    ///
    /// - Returns: whether there is more.
    private func turn() -> Bool {
        self.health.turned(at: monotonicMilliseconds())
        guard let consumer = self.consumer else { return false }
        consumer.poll()
        // No transaction is open here; errors and statistics come this way too.
        self.producer.readReports { _, _ in }
        self.obey()
        if !self.arriving.isEmpty, monotonicMilliseconds() >= self.nextArrival { self.arrive() }
        var taken = 0
        for source in self.sources where taken < Self.turnLimit {
            var count = Self.batch
            while count == Self.batch, taken < Self.turnLimit, !self.isFull {
                count = consumer.read(source.partition, maximum: Self.batch) { self.take($0, source) }
                taken += count
            }
        }
        self.isBehind = taken >= Self.turnLimit
        let wasFull = self.isFull
        let now = monotonicMilliseconds()
        self.passTime(now)
        if now >= self.nextWrite || wasFull && !self.isFailing { self.write(last: false) }
        return taken > 0 || wasFull && !self.isFull
    }

    /// So much is to be written that nothing more is read before that.
    ///
    /// It bounds what waits in memory while the broker takes nothing, and how much goes into one transaction.
    private var isFull: Bool {
        self.letters.count >= 1_000 || self.letterBytes >= 16 << 20 || self.shards.values.reduce(0) { $0 + $1.changeCount } >= 4_000
    }

    /// A record came before its partition's queue was there; it is the first of the partition, and waits until the state has been read.
    private func takeEarly(_ record: ConsumedRecord) {
        if let source = self.sources.first(where: { $0.partition.source == record.source }) {
            self.take(record, source)
        } else {
            self.early[record.source, default: []].append(record)
        }
    }

    func take(_ record: ConsumedRecord, _ source: Source) {
        let now = Double(WireTime.now) / 1_000
        let outcome: FeedbackShard.Outcome
        do throws(WireError) {
            switch source.input {
            case .signals(let type):
                let signal = try record.withView { (view) throws(WireError) in
                    try SignalCodec.decode(view, limits: self.configuration.worker.limits)
                }
                guard signal.componentType == type else {
                    throw WireError(.invalid, "component_type \(signal.componentType.rawValue) does not belong on \(record.source.topic)")
                }
                guard let shard = self.shards.index(forKey: source.shard) else { return }
                outcome = self.shards.values[shard].take(signal, at: record.offset, now: now)
            case .decisions:
                let decision = try record.withView { (view) throws(WireError) in
                    try DecisionCodec.decode(view, limits: self.configuration.worker.limits)
                }
                guard let shard = self.shards.index(forKey: source.shard) else { return }
                outcome = self.shards.values[shard].take(decision, at: record.offset, now: now)
            }
        } catch {
            self.shards[source.shard]?.skip(source.input, at: record.offset)
            self.refuse(record, error)
            return
        }
        self.metrics.count(outcome)
    }

    /// Commands about components: for the shards that are here, and for those to come.
    private func obey() {
        self.commands.take(into: &self.commandLetters)
        for letter in self.commandLetters {
            if let before = self.known[letter.component], before.time >= letter.time { continue }
            // Whoever may write commands may disable as much as there is; memory stays bounded.
            guard self.known.count < 100_000 || self.known[letter.component] != nil else { continue }
            self.known[letter.component] = letter
            self.obey(letter)
        }
    }

    func obey(_ letter: ComponentCommand) {
        let partition = KafkaPartitioner.partition(of: Array(letter.component.id.utf8), among: self.partitionCount)
        guard let index = self.shards.index(forKey: partition) else { return }
        let now = Double(WireTime.now) / 1_000
        guard self.shards.values[index].obey(letter.command, about: letter.component, time: letter.time, now: now) else { return }
        let metadata: Logger.Metadata = ["component": "\(Redaction.redact("\(letter.component)"))", "command": "\(letter.command.name)"]
        self.logger.notice("obeyed a command", metadata: metadata)
    }

    private func passTime(_ now: Int64) {
        let time = Double(WireTime.now) / 1_000
        if now >= self.nextExpiry {
            self.nextExpiry = now + 1_000
            for partition in self.shards.keys {
                let unrewarded = self.shards[partition]?.expire(now: time) ?? 0
                if unrewarded > 0 { self.metrics.unrewarded.increment(by: Int64(unrewarded)) }
            }
            self.metrics.observe(self.shards.values)
        }
        if now >= self.nextHealth {
            self.nextHealth = now + self.configuration.schedule.healthInterval
            for partition in self.shards.keys {
                for component in self.shards[partition]?.judgeHealth(now: time) ?? [] {
                    self.metrics.disabled.increment()
                    self.logger.warning("disabled an unhealthy component", metadata: ["component": "\(Redaction.redact("\(component)"))"])
                }
            }
        }
        guard now >= self.nextConsolidation else { return }
        self.nextConsolidation = now + self.configuration.schedule.consolidationInterval
        for partition in self.shards.keys {
            for (component, consolidation) in self.shards[partition]?.consolidate(now: time) ?? [:] {
                self.metrics.consolidations.increment()
                let metadata: Logger.Metadata = [
                    "component": "\(Redaction.redact("\(component)"))", "reason": "\(consolidation.reason)",
                    "pruned": "\(consolidation.pruned.count)",
                ]
                self.logger.info("consolidated", metadata: metadata)
            }
        }
    }
}
