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
    var limits: DeliveryLimits
    var ordering: Ordering
    var concurrency: Int
    /// Milliseconds between commits.
    var commitInterval: Int
    /// Milliseconds that records may still run when partitions leave or the worker stops.
    var drainTimeout: Int
    /// Ends the loop after so many records were taken and finished; for measuring.
    var recordLimit: Int?
}

/// The one thread that owns the consumer: it takes records in, hands them to runners, publishes what they return, and commits.
///
/// Decisions are those of ``DeliveryMachine``; this class performs them. Runners are tasks; they see a record and return values. Everything that
/// reaches the thread comes through a mailbox or a queue of librdkafka, and both raise the same signal: the thread sleeps until something happened.
final class DeliveryLoop: @unchecked Sendable {  // everything but `lifecycle`, the queue and the mailboxes belongs to the loop's thread
    /// How far the end of the loop is.
    private enum Lifecycle: UInt8, AtomicRepresentable {
        case running, draining, stopping
    }

    /// Milliseconds until a commit is tried again that found its group being put together.
    private static let joiningPause: Int64 = 20

    /// Milliseconds that the last commit of a partition is waited for.
    private static let commitPatience = 5_000

    private struct Letter: Sendable {
        let slot: Int32
        var outputs: [OutgoingRecord]
    }

    private struct Unsent {
        /// 0 for a notice, which belongs to no record.
        let token: DeliveryMachine.OutputToken
        let output: OutgoingRecord
    }

    private let configuration: DeliveryLoopConfiguration
    private let handler: any RecordHandler
    private let producer: KafkaProducer
    private let observer: KafkaObserver
    private let logger: Logger
    private let metrics: DeliveryMetrics
    private let onReady: @Sendable ([TopicPartition]) -> Void
    private let throttle = LogThrottle()

    let wake: WakeSignal
    private let queue = WorkQueue()
    private let handled: Mailbox<Letter>
    private let notices: Mailbox<OutgoingRecord>
    private let lifecycle = Atomic<Lifecycle>(.running)
    private let health: ServiceHealth

    private var machine: DeliveryMachine
    private var records: [ConsumedRecord?]
    private var outputs: [[OutgoingRecord]]
    private var receivedAt: [Int64]
    private var assigned: [TopicPartition: (partition: AssignedPartition, index: DeliveryMachine.Partition)] = [:]
    /// The number of every partition that was ever assigned.
    private var places: [TopicPartition: Int32] = [:]
    private var sources: [DeliveryMachine.Partition: TopicPartition] = [:]
    private var unsent: [Unsent] = []
    private var refused: [Unsent] = []
    private var toStart: [WorkItem] = []
    /// Records that came without room for them; they go before anything later of their partition.
    private var held: [ConsumedRecord] = []
    private var letters: [Letter] = []
    private var noticeLetters: [OutgoingRecord] = []
    private var consumer: KafkaConsumer?
    private var failure: KafkaError?
    private var nextCommit: Int64 = 0
    private var nextHousekeeping: Int64 = 0
    /// Milliseconds, taken once a turn.
    private var turnTime: Int64 = 0
    private var nextRetry: Int64 = 0
    private var taken = 0
    private var finished = 0
    private(set) var firstReceived: Int64 = 0
    private(set) var lastCommitted: Int64 = 0

    init(
        configuration: DeliveryLoopConfiguration,
        handler: any RecordHandler,
        producer: KafkaProducer,
        wake: WakeSignal,
        observer: KafkaObserver,
        metrics: DeliveryMetrics,
        health: ServiceHealth,
        onReady: @escaping @Sendable ([TopicPartition]) -> Void
    ) {
        self.configuration = configuration
        self.handler = handler
        self.producer = producer
        self.wake = wake
        self.observer = observer
        self.logger = observer.logger
        self.metrics = metrics
        self.health = health
        self.onReady = onReady
        self.handled = Mailbox(wake: wake)
        self.notices = Mailbox(wake: wake)
        self.machine = DeliveryMachine(limits: configuration.limits, ordering: configuration.ordering)
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
            for _ in 0..<self.configuration.concurrency {
                group.addTask { [queue, handler, handled] in
                    var sinceYield = 0
                    while let item = await queue.next() {
                        let outputs = await handler.handle(item.record)
                        handled.send(Letter(slot: item.slot, outputs: outputs))
                        // A runner that never has to wait would keep its thread from everybody else.
                        sinceYield += 1
                        if sinceYield == 64 {
                            sinceYield = 0
                            await Task.yield()
                        }
                    }
                }
            }
        }
    }

    // MARK: The loop's thread

    /// Runs until drained or stopped.
    ///
    /// - Throws: a fatal error of the consumer or the producer.
    func run() throws(KafkaError) {
        defer { self.queue.close() }
        let consumer = try self.makeConsumer()
        self.consumer = consumer
        try consumer.subscribe(to: self.configuration.topics)
        self.logger.info("subscribed", metadata: ["topics": "\(self.configuration.topics.joined(separator: " "))"])

        var drainDeadline: Int64 = .max
        while true {
            self.wake.wait(milliseconds: self.waitTime())
            while self.turn() {}
            if self.failure != nil || self.lifecycle.load(ordering: .acquiring) == .stopping { break }
            if let limit = self.configuration.recordLimit, self.finished >= limit { self.drain() }
            if self.lifecycle.load(ordering: .acquiring) == .draining {
                let now = monotonicMilliseconds()
                if drainDeadline == .max {
                    drainDeadline = now + Int64(self.configuration.drainTimeout)
                    self.health.draining()
                    self.logger.info("draining", metadata: ["records": "\(self.machine.recordsInFlight)"])
                    self.giveUpNotBegun(of: self.assigned.values.map(\.index)) { _ in true }
                    self.queue.push(self.toStart)
                    self.toStart.removeAll(keepingCapacity: true)
                }
                // The last commit waits for the group too.
                let mustWait = self.isJoining && self.machine.hasUncommitted
                if self.machine.recordsInFlight == 0 && self.unsent.isEmpty && !mustWait { break }
                if now >= drainDeadline {
                    self.logger.warning("drain timed out", metadata: ["unfinished": "\(self.machine.recordsInFlight)"])
                    break
                }
            }
        }
        self.end(consumer)
        if let failure = self.failure { throw failure }
    }

    private func makeConsumer() throws(KafkaError) -> KafkaConsumer {
        // The consumer dies before the loop, and its events run on the loop's thread only.
        let events = ConsumerEvents(
            assigned: { [unowned self] in self.assigned($0) },
            revoked: { [unowned self] in self.revoked($0, lost: $1) },
            record: { [unowned self] record in
                if let entry = self.assigned[record.source] { self.receive(record, entry.index) }
            },
            failed: { [unowned self] in self.failed($0) },
            committed: { [unowned self] in self.committed($0, $1) }
        )
        return try KafkaConsumer(configuration: self.configuration.consumer, observer: self.observer, wake: self.wake, events: events)
    }

    /// One look at everything; true when there may be more to do at once.
    private func turn() -> Bool {
        self.turnTime = monotonicMilliseconds()
        self.health.turned(at: self.turnTime)
        self.consumer?.poll()
        self.readReports()
        self.takeHandled()
        self.publishUnsent()
        let isFull = self.takeIn()
        self.queue.push(self.toStart)
        self.toStart.removeAll(keepingCapacity: true)
        let now = monotonicMilliseconds()
        if now >= self.nextCommit, self.machine.hasUncommitted {
            if self.isJoining { self.nextCommit = now + DeliveryLoop.joiningPause } else { self.commit(wait: false, now: now) }
        }
        if now >= self.nextHousekeeping { self.keepHouse(now) }
        return isFull && self.failure == nil && self.lifecycle.load(ordering: .relaxed) == .running
    }

    /// Tells the gauges how things stand, once a second.
    private func keepHouse(_ now: Int64) {
        self.nextHousekeeping = now + 1_000
        self.metrics.inFlight.set(Double(self.machine.recordsInFlight))
        self.metrics.bytesInFlight.set(Double(self.machine.bytesInFlight))
        var oldest = now
        for slot in self.records.indices where self.records[slot] != nil { oldest = min(oldest, self.receivedAt[slot]) }
        self.metrics.oldestUnfinishedAge.set(Double(now - oldest) / 1000)
    }

    /// Milliseconds until the clock asks for something: a commit, a retry of a refused record, the group's sign of life.
    private func waitTime() -> Int32 {
        let now = monotonicMilliseconds()
        var next = now + 1_000
        if self.machine.hasUncommitted { next = min(next, self.nextCommit) }
        if !self.refused.isEmpty { next = min(next, self.nextRetry) }
        if !self.unsent.isEmpty { next = min(next, now + 10) }
        return Int32(clamping: max(0, next - now))
    }

    // MARK: Intake

    /// Reads what the partitions have fetched, as far as there is room; true when a partition had more than was read.
    private func takeIn() -> Bool {
        guard self.lifecycle.load(ordering: .relaxed) == .running, self.unsent.isEmpty, let consumer = self.consumer else { return false }
        let held = self.held
        self.held.removeAll(keepingCapacity: true)
        for record in held {
            if let entry = self.assigned[record.source] { self.receive(record, entry.index) }
        }
        var isFull = false
        // At most as many as one read gives: fewer then mean that there are no more for now.
        let chunk = min(512, max(64, self.configuration.limits.records / max(1, self.assigned.count)))
        for (_, entry) in self.assigned {
            var room = min(self.machine.capacity(of: entry.index), chunk)
            if let limit = self.configuration.recordLimit { room = min(room, limit - self.taken) }
            guard room > 0 else { continue }
            let count = consumer.read(entry.partition, maximum: room) { self.receive($0, entry.index) }
            if count == room { isFull = true }
        }
        return isFull && self.toStart.isEmpty == false
    }

    private func receive(_ record: ConsumedRecord, _ partition: DeliveryMachine.Partition) {
        let bytes = record.byteCount
        switch self.machine.received(partition, offset: record.offset, keyHash: record.keyHash, bytes: bytes) {
        case .start(let slot):
            self.records[Int(slot)] = record
            self.receivedAt[Int(slot)] = self.turnTime
            self.toStart.append(WorkItem(slot: slot, record: record))
        case .wait(let slot):
            self.records[Int(slot)] = record
            self.receivedAt[Int(slot)] = self.turnTime
        case .drop:
            // Delivered before (librdkafka before 2.1 may repeat a record after a rebalance): its first delivery decides.
            self.metrics.dropped.increment()
            return
        case .full:
            self.held.append(record)
            return
        }
        if self.taken == 0 { self.firstReceived = monotonicNanoseconds() }
        self.taken += 1
        self.metrics.received.increment()
    }

    // MARK: Outputs

    private func takeHandled() {
        self.handled.take(into: &self.letters)
        // What a cancelled handler says is not an answer: its record runs again elsewhere. (A stop is noted before handlers are cancelled.)
        if self.lifecycle.load(ordering: .acquiring) == .stopping { self.letters.removeAll() }
        for letterIndex in self.letters.indices {
            let slot = self.letters[letterIndex].slot
            let waited = self.letters[letterIndex].outputs.count
            let completion = self.machine.handled(slot, outputs: waited)
            if completion.publish {
                if waited == 0 {
                    self.records[Int(slot)] = nil
                    self.finished += 1
                } else {
                    // Kept until they are acknowledged.
                    swap(&self.outputs[Int(slot)], &self.letters[letterIndex].outputs)
                    for index in 0..<waited { self.publish(self.machine.token(of: slot, output: index), self.outputs[Int(slot)][index]) }
                }
            } else {
                self.records[Int(slot)] = nil
                self.metrics.stale.increment()
            }
            if let next = completion.next, let record = self.records[Int(next)] {
                self.toStart.append(WorkItem(slot: next, record: record))
            }
        }
        self.letters.removeAll(keepingCapacity: true)
        // While the producer has no room they wait in their mailbox, which is bounded.
        guard self.unsent.isEmpty else { return }
        self.notices.take(into: &self.noticeLetters)
        for notice in self.noticeLetters { self.publish(0, notice) }
        self.noticeLetters.removeAll(keepingCapacity: true)
    }

    private func publishUnsent() {
        if !self.refused.isEmpty, monotonicMilliseconds() >= self.nextRetry {
            self.unsent.append(contentsOf: self.refused)
            self.refused.removeAll()
        }
        guard !self.unsent.isEmpty else { return }
        let waiting = self.unsent
        self.unsent = []
        for entry in waiting { self.publish(entry.token, entry.output) }
    }

    private func publish(_ token: DeliveryMachine.OutputToken, _ output: OutgoingRecord) {
        // A record that left meanwhile belongs to somebody else.
        guard token == 0 || self.machine.output(token) != nil else { return }
        // Order is kept: nothing overtakes what waits for room.
        guard self.unsent.isEmpty else {
            self.unsent.append(Unsent(token: token, output: output))
            return
        }
        switch self.produce(token, output) {
        case .accepted:
            break
        case .full:
            self.unsent.append(Unsent(token: token, output: output))
        case .refused(let error):
            self.notDelivered(token, output, error)
        }
    }

    private func produce(_ token: DeliveryMachine.OutputToken, _ output: OutgoingRecord) -> KafkaProducer.Outcome {
        output.headers.withView { headers in
            switch output.key {
            case .none:
                return self.produce(token, output, nil, headers)
            case .bytes(let bytes):
                return bytes.withUnsafeBytes { self.produce(token, output, $0, headers) }
            case .ofRequest:
                guard let place = self.machine.output(token), let record = self.records[Int(place.slot)] else {
                    return self.produce(token, output, nil, headers)
                }
                return record.withView { self.produce(token, output, $0.key, headers) }
            }
        }
    }

    private func produce(
        _ token: DeliveryMachine.OutputToken,
        _ output: OutgoingRecord,
        _ key: UnsafeRawBufferPointer?,
        _ headers: RecordHeadersView
    ) -> KafkaProducer.Outcome {
        func produce(_ value: UnsafeRawBufferPointer?) -> KafkaProducer.Outcome {
            self.producer.produce(
                to: output.topic,
                partition: output.partition,
                key: key,
                value: value,
                headers: headers,
                token: UInt(token)
            )
        }
        guard let value = output.value else { return produce(nil) }
        return value.withUnsafeBytes { produce($0) }
    }

    private func readReports() {
        self.producer.readReports { self.reported($0, $1) }
    }

    private func reported(_ token: UInt, _ error: KafkaError?) {
        guard token != 0 else {
            if error != nil { self.metrics.noticesDropped.increment() }
            return
        }
        guard let (slot, index) = self.machine.output(DeliveryMachine.OutputToken(token)) else { return }
        if let error {
            self.notDelivered(DeliveryMachine.OutputToken(token), self.outputs[Int(slot)][index], error)
        } else {
            self.acknowledged(slot)
        }
    }

    private func acknowledged(_ slot: DeliveryMachine.Slot) {
        guard self.machine.acknowledged(slot) else { return }
        self.records[Int(slot)] = nil
        self.outputs[Int(slot)] = []
        self.finished += 1
    }

    /// A record was not delivered: what that means depends on what it was for and on whether it can ever be.
    private func notDelivered(_ token: DeliveryMachine.OutputToken, _ output: OutgoingRecord, _ error: KafkaError) {
        guard !error.isFatal else {
            self.failed(error)
            return
        }
        guard let (slot, index) = self.machine.output(token), let record = self.records[Int(slot)] else {
            self.metrics.noticesDropped.increment()
            return
        }
        if output.purpose == .directReply || output.purpose == .signal, !error.isRetriable {
            self.metrics.undelivered.increment()
            if let leftOut = self.throttle.admit(at: self.turnTime) {
                let metadata: Logger.Metadata = ["topic": "\(output.topic.name)", "error": "\(error)"]
                self.logger.warning("gave up a record", metadata: metadata.merging(leftOut) { $1 })
            }
            self.acknowledged(slot)
            return
        }
        if !error.isRetriable, !error.isUnknownTopicOrPartition,
            let substitute = self.handler.substitute(for: output, of: record, refused: error)
        {
            self.outputs[Int(slot)][index] = substitute
            self.publish(token, substitute)
            return
        }
        if error.isMessageTooLarge {
            // It was made as small as it can be; holding it back would hold its partition back for ever.
            self.metrics.undelivered.increment()
            self.logger.error(
                "gave up a record that is too large for its topic",
                metadata: ["topic": "\(output.topic.name)", "partition": "\(record.source)", "offset": "\(record.offset)"]
            )
            self.acknowledged(slot)
            return
        }
        // Held back until it can be delivered: the record stays unfinished and its partition's base stays below it.
        self.metrics.deliveryRetries.increment()
        if self.refused.isEmpty {
            self.nextRetry = monotonicMilliseconds() + 1_000
            self.logger.warning("cannot deliver, will retry", metadata: ["topic": "\(output.topic.name)", "error": "\(error)"])
        }
        self.refused.append(Unsent(token: token, output: output))
    }

    // MARK: Group

    private func assigned(_ partitions: [AssignedPartition]) {
        for partition in partitions {
            let place = self.places[partition.source] ?? Int32(self.places.count)
            self.places[partition.source] = place
            let index = self.machine.assigned(place: place)
            self.assigned[partition.source] = (partition, index)
            self.sources[index] = partition.source
        }
        self.metrics.assignments.increment()
        self.metrics.partitions.set(self.assigned.count)
        self.health.assigned()
        self.logger.info("assigned", metadata: ["partitions": "\(partitions.map(\.source.description).joined(separator: " "))"])
        self.onReady(self.assigned.keys.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) })
    }

    /// Partitions leave: what of them has begun may end within the drain's time, together with what lies below it, and is committed here.
    private func revoked(_ sources: [TopicPartition], lost: Bool) {
        let leavingSources = Set(sources)
        let leaving = sources.compactMap { self.assigned.removeValue(forKey: $0)?.index }
        guard !leaving.isEmpty else { return }
        self.held.removeAll { leavingSources.contains($0.source) }
        if !lost {
            let began = monotonicMilliseconds()
            defer { self.metrics.revokeDrain.record(Double(monotonicMilliseconds() - began) / 1000) }
            self.giveUpNotBegun(of: leaving) { leavingSources.contains($0) }
            let deadline = began + Int64(self.configuration.drainTimeout)
            while leaving.contains(where: { self.machine.active(in: $0) > 0 }), self.failure == nil,
                self.lifecycle.load(ordering: .acquiring) != .stopping
            {
                // Lanes of the partitions that stay go on.
                self.queue.push(self.toStart)
                self.toStart.removeAll(keepingCapacity: true)
                let left = deadline - monotonicMilliseconds()
                guard left > 0 else {
                    self.logger.warning("partitions leave with unfinished records")
                    break
                }
                self.wake.wait(milliseconds: Int32(clamping: min(left, 1_000)))
                self.readReports()
                self.takeHandled()
                self.publishUnsent()
            }
            // A worker that was stopped, or has committed at its end, does not wait once more.
            if self.lifecycle.load(ordering: .acquiring) != .stopping, self.failure == nil {
                self.commit(wait: true, now: monotonicMilliseconds())
            }
        }
        let notBegun = self.takeBack { leavingSources.contains($0) }
        for index in leaving {
            for slot in self.machine.retired(index, notBegun: notBegun) {
                self.records[Int(slot)] = nil
                self.outputs[Int(slot)] = []
            }
            self.sources[index] = nil
        }
        (lost ? self.metrics.losses : self.metrics.revocations).increment()
        self.metrics.partitions.set(self.assigned.count)
        self.logger.info(
            lost ? "lost" : "revoked",
            metadata: ["partitions": "\(sources.map(\.description).joined(separator: " "))"]
        )
        self.wake.raise()
    }

    /// Gives up what no runner has begun, except what lies below records that have begun.
    private func giveUpNotBegun(of partitions: [DeliveryMachine.Partition], where isLeaving: (TopicPartition) -> Bool) {
        let notBegun = self.takeBack(where: isLeaving)
        for partition in partitions {
            let leaving = self.machine.revoking(partition, notBegun: notBegun)
            for slot in leaving.givenUp { self.records[Int(slot)] = nil }
            for slot in leaving.goOn {
                if let record = self.records[Int(slot)] { self.toStart.append(WorkItem(slot: slot, record: record)) }
            }
        }
    }

    /// Takes back what was started and no runner has begun.
    private func takeBack(where isLeaving: (TopicPartition) -> Bool) -> [DeliveryMachine.Slot] {
        var slots = self.queue.removeAll { isLeaving($0.record.source) }.map(\.slot)
        self.toStart.removeAll { item in
            guard isLeaving(item.record.source) else { return false }
            slots.append(item.slot)
            return true
        }
        return slots
    }

    private var isJoining: Bool { self.consumer?.isJoining ?? false }

    private func commit(wait: Bool, now: Int64) {
        self.nextCommit = now + Int64(self.configuration.commitInterval)
        let points = self.machine.beginCommit(again: wait).compactMap { point in
            self.sources[point.partition].map { CommitPoint(source: $0, offset: point.offset) }
        }
        guard !points.isEmpty, let consumer = self.consumer else { return }
        do throws(KafkaError) {
            try consumer.commit(points, waiting: wait ? DeliveryLoop.commitPatience : nil)
            if wait { self.committed(points, nil) }
        } catch {
            self.committed(points, error)
        }
    }

    private func committed(_ points: [CommitPoint], _ error: KafkaError?) {
        if let error {
            self.metrics.commitFailures.increment()
            self.logger.warning("commit failed", metadata: ["error": "\(error)"])
        } else {
            self.metrics.commits.increment()
            self.lastCommitted = monotonicNanoseconds()
        }
        for point in points {
            guard let index = self.sources.first(where: { $0.value == point.source })?.key else { continue }
            self.machine.commitEnded(index, offset: point.offset, succeeded: error == nil)
        }
    }

    private func failed(_ error: KafkaError) {
        if error.isFatal {
            self.logger.error("the Kafka client is lost", metadata: ["error": "\(error)"])
            if self.failure == nil { self.failure = error }
        } else {
            self.logger.warning("Kafka", metadata: ["error": "\(error)"])
        }
    }

    private func end(_ consumer: KafkaConsumer) {
        let stopping = self.lifecycle.load(ordering: .acquiring) == .stopping || self.failure != nil
        if !stopping {
            self.commit(wait: true, now: monotonicMilliseconds())
            let last = self.handler.lastNotices()
            // What was told before it goes out before it.
            self.takeHandled()
            for notice in last { self.publish(0, notice) }
        }
        self.lifecycle.store(.stopping, ordering: .releasing)
        // After a drain that took too long some wait still: they begin elsewhere.
        _ = self.queue.removeAll { _ in true }
        self.queue.close()
        self.producer.flush(milliseconds: stopping ? 0 : 2_000) { self.reported($0, $1) }
        if !stopping, self.machine.hasUncommitted { self.commit(wait: true, now: monotonicMilliseconds()) }
        self.health.ended(unfinished: self.machine.recordsInFlight)
        if !consumer.close(milliseconds: 5_000) {
            self.logger.warning("the consumer did not close in time; the group will notice by its session")
        }
        self.consumer = nil
    }
}

/// Milliseconds of the clock that never jumps.
func monotonicMilliseconds() -> Int64 { monotonicNanoseconds() / 1_000_000 }

/// Nanoseconds of the clock that never jumps.
func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
