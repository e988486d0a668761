import KafkaClient
import KafkaProcess

/// A producer with a transactional id that notes its reports; for one thread.
final class TransactionalProducer {
    let native: KafkaProducer
    private let topic: ProducerTopic
    private(set) var reports: [UInt: KafkaError?] = [:]
    private(set) var refusals: [KafkaProducer.Outcome] = []

    /// Takes the id; returns when its transactions may begin.
    ///
    /// - Parameter topic: where records go.
    init(_ id: String, _ topic: String, of topics: TestTopics, _ properties: [String: String] = [:]) throws {
        let configuration = topics.configuration.merging(["transactional.id": topics.prefix + id, "linger.ms": "0"]).merging(properties)
        self.native = try KafkaProducer(configuration: configuration, observer: .silent)
        self.topic = try self.native.topic(topic)
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let outcome = self.native.initTransactions(milliseconds: 5_000)
            if outcome == .success { return }
            guard outcome.isRetriable, ContinuousClock.now < deadline else {
                throw KafkaProcessError(.deadlineExceeded, "transactions are not initialized: \(outcome)")
            }
        }
    }

    func note(_ token: UInt, _ error: KafkaError?) { self.reports[token] = .some(error) }

    func send(_ text: String, token: UInt) {
        while true {
            let outcome = self.native.produce(TestRecord(text: text), to: self.topic, token: token)
            if outcome == .full {
                self.native.readReports { self.note($0, $1) }
                continue
            }
            if outcome != .accepted { self.refusals.append(outcome) }
            return
        }
    }

    func commit(milliseconds: Int32 = 30_000) -> TransactionOutcome {
        self.native.commitTransaction(milliseconds: milliseconds) { self.note($0, $1) }
    }

    func abort(milliseconds: Int32 = 30_000) -> TransactionOutcome {
        self.native.abortTransaction(milliseconds: milliseconds) { self.note($0, $1) }
    }
}

/// A member of a group that is turned by hand; for one thread.
final class TransactionalMember {
    /// What the consumer told.
    final class Told {
        var assigned: [AssignedPartition] = []
        var assignments = 0
        var failures: [KafkaError] = []
        var offsets: [Int64] = []
    }

    let consumer: KafkaConsumer
    let told: Told
    private let wake = WakeSignal()

    /// Asks to join; the group has the name of the topic.
    init(joining topic: String, of topics: TestTopics) throws {
        let told = Told()
        self.told = told
        self.consumer = try KafkaConsumer(
            configuration: topics.configuration.merging(["group.id": topic]),
            observer: .silent,
            wake: self.wake,
            events: ConsumerEvents(
                assigned: {
                    told.assigned += $0
                    told.assignments += 1
                },
                revoked: { sources, _ in told.assigned.removeAll { sources.contains($0.source) } },
                record: { told.offsets.append($0.offset) },
                failed: { told.failures.append($0) },
                committed: { _, _ in }
            )
        )
        try self.consumer.subscribe(to: [topic])
    }

    /// Joins; returns when the group has told what is assigned.
    ///
    /// - Parameter other: a member of the same group and thread, which takes part meanwhile.
    convenience init(_ topic: String, of topics: TestTopics, whileTurning other: TransactionalMember? = nil) throws {
        try self.init(joining: topic, of: topics)
        try self.turn {
            other?.turnOnce(milliseconds: 0)
            return self.told.assignments > 0
        }
    }

    /// Serves the consumer until a condition holds.
    func turn(until isDone: () -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !isDone() {
            guard ContinuousClock.now < deadline else { throw KafkaProcessError(.deadlineExceeded, "the consumer came to nothing") }
            self.turnOnce(milliseconds: 50)
        }
    }

    func turnOnce(milliseconds: Int32) {
        self.wake.wait(milliseconds: milliseconds)
        self.consumer.poll()
        for partition in self.consumer.assignment {
            _ = self.consumer.read(partition, maximum: 100) { self.told.offsets.append($0.offset) }
        }
    }
}
