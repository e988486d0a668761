import Delivery
import Glibc
import KafkaClient
import Observability
import Synchronization
import Wire

/// What a delivery loop is told at its start.
struct DeliveryLoopConfiguration: Sendable {
    var topics: [String]
    var consumer: KafkaConfiguration
    /// The number of this process in its group, which its client id ends with; 0 for none.
    var identity: UInt32 = 0
    var limits: DeliveryLimits
    var ordering: Ordering
    var concurrency: Int
    /// Milliseconds between commits.
    var commitInterval: Int
    /// Milliseconds that records may still run when partitions leave or the worker stops.
    var drainTimeout: Int
    /// Outputs and offsets go in transactions.
    var isTransactional = false
    /// Milliseconds between two transactions, unless there is much to commit.
    var transactionInterval = 50
    /// Milliseconds after which the broker gives an open transaction up.
    var transactionTimeout: Int64 = 5_000
    /// Ends the loop after so many records were taken and finished; for measuring.
    var recordLimit: Int?
    /// Where failed requests wait; nil when they have no such topics.
    var retries: RetryTopicsConfiguration?
}

/// The one thread that owns the consumer: it takes records in, hands them to runners, publishes what they return, and commits.
///
/// Decisions are those of ``DeliveryMachine``; this class performs them. Runners are tasks; they see a record and return values. Everything that
/// reaches the thread comes through a mailbox or a queue of librdkafka, and both raise the same signal: the thread sleeps until something happened.
final class DeliveryLoop: @unchecked Sendable {  // everything but `lifecycle`, the queue and the mailboxes belongs to the loop's thread
    /// How far the end of the loop is.
    enum Lifecycle: UInt8, AtomicRepresentable {
        case running, draining, stopping
    }

    /// Milliseconds until a commit is tried again that found its group being put together.
    static let joiningPause: Int64 = 20

    /// Milliseconds until a commit is tried again that has failed.
    static let commitPause: Int64 = 50

    /// Milliseconds that the last commit of a partition is waited for.
    static let commitPatience = 5_000

    /// Milliseconds that everybody else waits for a record that ended a process before.
    static let soloPatience: Int64 = 10_000

    struct Letter: Sendable {
        let slot: Int32
        var handling: Handling
    }

    struct CommitUnderWay {
        let point: CommitPoint
        let partition: DeliveryMachine.Partition
        let number: UInt64
    }

    struct Unsent {
        /// 0 for a notice, which belongs to no record.
        let token: DeliveryMachine.OutputToken
        let output: OutgoingRecord
    }

    let configuration: DeliveryLoopConfiguration
    let handler: any RecordHandler
    let producer: KafkaProducer
    /// Publishes notices: the same, unless transactions would hold them up.
    let noticeProducer: KafkaProducer
    let witness: GroupWitness
    let observer: KafkaObserver
    let logger: Logger
    let metrics: DeliveryMetrics
    let onReady: @Sendable ([TopicPartition]) -> Void
    let throttle = LogThrottle()

    let wake: WakeSignal
    let queue = WorkQueue()
    let handled: Mailbox<Letter>
    /// The places of runners that are of no use any more.
    let vacancies: AsyncStream<Void>
    let vacate: AsyncStream<Void>.Continuation
    let notices: Mailbox<OutgoingRecord>
    let testimonies: Mailbox<Testimony>
    let lifecycle = Atomic<Lifecycle>(.running)
    let health: ServiceHealth

    var machine: DeliveryMachine
    var records: [ConsumedRecord?]
    var outputs: [[OutgoingRecord]]
    var receivedAt: [Int64]
    /// Since when, in monotonic milliseconds, each partition is here.
    var assigned: [TopicPartition: (partition: AssignedPartition, index: DeliveryMachine.Partition, since: Int64)] = [:]
    /// The number of every partition that was ever assigned.
    var places: [TopicPartition: Int32] = [:]
    var sources: [DeliveryMachine.Partition: TopicPartition] = [:]
    var unsent: [Unsent] = []
    var refused: [Unsent] = []
    var toStart: [WorkItem] = []
    /// Records that came without room for them; they go before anything later of their partition.
    var held: [ConsumedRecord] = []
    var letters: [Letter] = []
    var noticeLetters: [OutgoingRecord] = []
    var testimonyLetters: [Testimony] = []
    /// Whether some partition waits for what the group says about accused processes.
    var hasAccused = false
    /// When it is asked again.
    var nextQuestion: Int64 = 0
    var consumer: KafkaConsumer?
    var failure: KafkaError?
    /// The newest commit of each partition whose answer is not there.
    var commitsUnderWay: [TopicPartition: CommitUnderWay] = [:]
    /// Finished records whose outputs go with the next transaction.
    var finishedSlots: [DeliveryMachine.Slot] = []
    /// What the transaction under way carries; kept when it is aborted.
    var outbox: [OutboxEntry] = []
    /// Records of the transaction under way that the broker does not take, by number.
    var refusals: [Int: KafkaError] = [:]
    var nextTransaction: Int64 = 0
    /// When the newest transaction began.
    var transactionBegan: Int64 = 0
    /// The transactional producer has to be made anew before the next transaction.
    var lostProducer: LostProducer?
    /// Failed records, and when they are due.
    var retries: [(due: Int64, token: DeliveryMachine.OutputToken)] = []
    /// Who runs alone, and since when.
    var solo: (name: DeliveryMachine.OutputToken, since: Int64, isOver: Bool)?
    var nextRetryDue: Int64?
    /// Nil without retry topics.
    var retryTopics: RetryTopics?
    let scans: Mailbox<RetryScan.Letter>
    var scanLetters: [RetryScan.Letter] = []
    var nextCommit: Int64 = 0
    /// Not even urgent commits go before.
    var commitNotBefore: Int64 = 0
    var nextHousekeeping: Int64 = 0
    /// Milliseconds, taken once a turn.
    var turnTime: Int64 = 0
    var nextRetry: Int64 = 0
    /// When the producer was last fenced without a reason that lies here, and when partitions were last lost.
    var lastFenced: Int64?
    var lastLoss: Int64?
    /// When the drain's time is over; set once it has begun.
    var drainDeadline: Int64 = .max
    var taken = 0
    var finished = 0
    var firstReceived: Int64 = 0
    /// When the last record of a limited run was finished.
    var lastFinished: Int64 = 0
    var lastCommitted: Int64 = 0

    init(
        configuration: DeliveryLoopConfiguration,
        handler: any RecordHandler,
        producer: KafkaProducer,
        noticeProducer: KafkaProducer,
        witness: GroupWitness,
        wake: WakeSignal,
        observer: KafkaObserver,
        metrics: DeliveryMetrics,
        health: ServiceHealth,
        onReady: @escaping @Sendable ([TopicPartition]) -> Void
    ) {
        self.configuration = configuration
        self.handler = handler
        self.producer = producer
        self.noticeProducer = noticeProducer
        self.witness = witness
        self.wake = wake
        self.observer = observer
        self.logger = observer.logger
        self.metrics = metrics
        self.health = health
        self.onReady = onReady
        self.handled = Mailbox(wake: wake)
        (self.vacancies, self.vacate) = AsyncStream.makeStream()
        self.notices = Mailbox(wake: wake)
        self.testimonies = Mailbox(wake: wake)
        self.scans = Mailbox(wake: wake)
        self.machine = DeliveryMachine(limits: configuration.limits, ordering: configuration.ordering, identity: configuration.identity)
        self.records = Array(repeating: nil, count: configuration.limits.records)
        self.outputs = Array(repeating: [], count: configuration.limits.records)
        self.receivedAt = Array(repeating: 0, count: configuration.limits.records)
    }

    // MARK: From any thread

    /// Stops taking records in; the loop ends when what runs has ended, been published and committed, or when the drain's time is over.
    func drain() {
        if self.lifecycle.compareExchange(expected: .running, desired: .draining, ordering: .acquiringAndReleasing).exchanged {
            self.wake.raise()
        }
    }

    /// Ends the loop now: what is unfinished stays uncommitted and runs again elsewhere.
    func stop() {
        self.lifecycle.store(.stopping, ordering: .releasing)
        self.wake.raise()
    }

    /// Publishes a record that belongs to no request in flight; dropped when 10,000 of them wait.
    func publish(notice: OutgoingRecord) {
        if !self.notices.send(notice, unlessMoreThan: 10_000) { self.metrics.noticesDropped.increment() }
    }

    /// Runs handlers until the loop has ended; as many at the same time as the configured concurrency.
    func runHandlers() async {
        await withDiscardingTaskGroup { group in
            func start() {
                group.addTask { [queue, handler, handled, vacate] in await Runner(handled, vacancies: vacate).run(queue, handler) }
            }
            for _ in 0..<self.configuration.concurrency { start() }
            for await _ in self.vacancies { start() }
        }
    }

    // MARK: The loop's thread

    /// Runs until drained or stopped.
    ///
    /// - Throws: a fatal error of the consumer or the producer.
    func run() throws(KafkaError) {
        defer {
            self.queue.close()
            self.vacate.finish()
        }
        if self.isTransactional, !self.initTransactions() {
            if let failure = self.failure { throw failure }
            return
        }
        self.findRetryTopics()
        let consumer = try self.makeConsumer()
        if let retryTopics { consumer.companions = { retryTopics.companions(of: $0) } }
        self.consumer = consumer
        try consumer.subscribe(to: self.configuration.topics)
        self.logger.info("subscribed", metadata: ["topics": "\(self.configuration.topics.joined(separator: " "))"])

        var isDraining = false
        while true {
            self.wake.wait(milliseconds: self.waitTime())
            while self.turn() {}
            if self.failure != nil || self.lifecycle.load(ordering: .acquiring) == .stopping { break }
            if let limit = self.configuration.recordLimit, self.finished >= limit, self.lastFinished == 0 {
                self.lastFinished = monotonicNanoseconds()
                self.drain()
            }
            if self.lifecycle.load(ordering: .acquiring) == .draining {
                let now = monotonicMilliseconds()
                let deadline = self.drainEnd(now)
                if !isDraining {
                    isDraining = true
                    self.health.draining()
                    self.logger.info("draining", metadata: ["records": "\(self.machine.recordsInFlight)"])
                    self.giveUpNotBegun(of: self.assigned.values.map(\.index)) { _ in true }
                    self.start()
                }
                // The last commit waits for the group too.
                let mustWait = self.isJoining && self.machine.hasUncommitted
                if self.machine.recordsInFlight == 0 && self.unsent.isEmpty && self.outbox.isEmpty && !mustWait { break }
                if now >= deadline {
                    self.logger.warning("drain timed out", metadata: ["unfinished": "\(self.machine.recordsInFlight)"])
                    break
                }
            }
        }
        self.end(consumer)
        if let failure = self.failure { throw failure }
    }

    /// When the drain's time is over; it begins with the first question.
    func drainEnd(_ now: Int64) -> Int64 {
        if self.drainDeadline == .max { self.drainDeadline = now + Int64(self.configuration.drainTimeout) }
        return self.drainDeadline
    }

    func makeConsumer() throws(KafkaError) -> KafkaConsumer {
        // The consumer dies before the loop, and its events run on the loop's thread only.
        let events = ConsumerEvents(
            assigned: { [unowned self] in self.assigned($0) },
            revoked: { [unowned self] in self.revoked($0, lost: $1) },
            record: { [unowned self] in self.receiveEarly($0) },
            failed: { [unowned self] in self.failed($0) },
            committed: { [unowned self] in self.committed($0, $1) }
        )
        return try KafkaConsumer(configuration: self.configuration.consumer, observer: self.observer, wake: self.wake, events: events)
    }

    /// One look at everything; true when there may be more to do at once.
    func turn() -> Bool {
        self.turnTime = monotonicMilliseconds()
        self.health.turned(at: self.turnTime)
        self.consumer?.poll()
        self.readReports()
        self.takeHandled()
        self.publishUnsent()
        self.takeScans()
        let isFull = self.takeIn()
        self.wakeRetries()
        self.wakeAsides()
        self.start()
        let now = monotonicMilliseconds()
        self.watchSolo(now)
        if self.hasAccused { self.hearTestimonies(now) }
        if now >= self.commitTime {
            if self.isJoining { self.commitNotBefore = now + DeliveryLoop.joiningPause } else { self.commit(wait: false, now: now) }
        }
        if now >= self.nextHousekeeping { self.keepHouse(now) }
        return isFull && self.failure == nil && self.lifecycle.load(ordering: .relaxed) == .running
    }

    /// Hands to the runners whatever may begin.
    func start() {
        self.machine.takeStarts { self.toStart($0) }
        if let retryTopics, !self.toStart.isEmpty, !retryTopics.isQuiet { self.keepKeyOrder(retryTopics) }
        self.queue.push(self.toStart)
        self.toStart.removeAll(keepingCapacity: true)
    }

    func toStart(_ start: DeliveryMachine.Start) {
        guard let record = self.records[Int(start.slot)] else { return }
        self.toStart.append(WorkItem(slot: start.slot, record: record, attempt: start.attempt))
    }

    /// Gives failed records whose time has come to the machine again.
    func wakeRetries() {
        guard let first = self.nextRetryDue, first <= self.turnTime else { return }
        for retry in self.retries where retry.due <= self.turnTime { self.machine.retryDue(retry.token) }
        self.retries.removeAll { $0.due <= self.turnTime }
        self.nextRetryDue = self.retries.lazy.map(\.due).min()
    }

    /// Ends the patience with a record that runs alone.
    func watchSolo(_ now: Int64) {
        guard let slot = self.machine.suspect else {
            self.solo = nil
            return
        }
        let name = self.machine.token(of: slot, output: 0)
        if self.solo?.name != name { self.solo = (name, now, false) }
        guard let solo = self.solo, !solo.isOver, now - solo.since >= DeliveryLoop.soloPatience else { return }
        self.solo?.isOver = true
        self.logger.warning("others go on beside a record that ended its worker before", metadata: self.metadata(of: slot))
        self.machine.openGate()
        self.wake.raise()
    }

    func metadata(of slot: DeliveryMachine.Slot) -> Logger.Metadata {
        guard let record = self.records[Int(slot)] else { return [:] }
        return ["partition": "\(record.source)", "offset": "\(record.offset)"]
    }

    /// When the next commit is to go; never without something to commit.
    var commitTime: Int64 {
        if self.isTransactional { return self.transactionTime }
        guard self.machine.hasUncommitted else { return .max }
        return max(self.commitNotBefore, self.machine.isCommitUrgent ? 0 : self.nextCommit)
    }

    /// Tells the gauges how things stand, once a second.
    func keepHouse(_ now: Int64) {
        self.nextHousekeeping = now + 1_000
        self.metrics.inFlight.set(Double(self.machine.recordsInFlight))
        self.metrics.bytesInFlight.set(Double(self.machine.bytesInFlight))
        self.metrics.metadataShare.set(self.machine.metadataShare)
        if let retryTopics { self.metrics.retryKeys.set(Double(retryTopics.keyCount)) }
        var oldest = now
        for slot in self.records.indices where self.records[slot] != nil { oldest = min(oldest, self.receivedAt[slot]) }
        self.metrics.oldestUnfinishedAge.set(Double(now - oldest) / 1000)
    }

    /// Milliseconds until the clock asks for something: a commit, a retry of a refused record, the group's sign of life.
    func waitTime() -> Int32 {
        let now = monotonicMilliseconds()
        var next = now + 1_000
        next = min(next, self.commitTime, self.nextRetryDue ?? .max)
        next = min(next, self.retryWakeTime)
        if !self.refused.isEmpty { next = min(next, self.nextRetry) }
        if self.hasAccused { next = min(next, self.nextQuestion) }
        if !self.unsent.isEmpty { next = min(next, now + 10) }
        return Int32(clamping: max(0, next - now))
    }
}

/// Milliseconds of the clock that never jumps.
func monotonicMilliseconds() -> Int64 { monotonicNanoseconds() / 1_000_000 }

/// Nanoseconds of the clock that never jumps.
package func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
