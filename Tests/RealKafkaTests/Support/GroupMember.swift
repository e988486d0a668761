import KafkaClient
import KafkaProcess
import Synchronization
import WorkerRuntime

/// Runs blocking work on a thread of its own.
func onTestThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await onOwnThread(body)
}

extension ConsumerEvents {
    /// Heeds nothing.
    static var ignored: ConsumerEvents {
        ConsumerEvents(assigned: { _ in }, revoked: { _, _ in }, record: { _ in }, failed: { _ in }, committed: { _, _ in })
    }
}

extension KafkaConsumer {
    /// A consumer that joins nothing, to commit for a group from outside.
    static func alone(_ group: String, of topics: TestTopics) throws -> KafkaConsumer {
        try KafkaConsumer(
            configuration: topics.configuration.merging(["group.id": group]),
            observer: .silent,
            wake: WakeSignal(),
            events: .ignored
        )
    }
}

/// A member of a consumer group that reads everything it is given, and commits what it has read when a partition leaves.
final class GroupMember: Sendable {
    /// Where a member is in its life, and what it has seen.
    struct State {
        var assigned: Set<TopicPartition> = []
        var assignments = 0
        var revocations = 0
        var losses = 0
        var offsets: [TopicPartition: [Int64]] = [:]
        var failures: [KafkaError] = []
        var count: Int { self.offsets.values.reduce(0) { $0 + $1.count } }
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
        let leaves = Atomic<Bool>(false)
        let wake = WakeSignal()
    }

    private let shared = Shared()
    private let task: Task<Bool, any Error>

    /// Joins; returns when it has partitions.
    ///
    /// - Parameter onRead: told about each record read, on the member's thread.
    init(
        _ group: String,
        _ topic: String,
        of topics: TestTopics,
        onRead: @escaping @Sendable (TopicPartition, Int64) -> Void = { _, _ in }
    ) async throws {
        let shared = self.shared
        let configuration = topics.configuration.merging(["group.id": group])
        self.task = Task {
            try await onOwnThread { try GroupMember.run(shared, configuration, topic, onRead) }
        }
        try await self.wait { $0.assignments > 0 }
    }

    deinit { self.shared.leaves.store(true, ordering: .releasing) }

    func withState<R: Sendable>(_ body: (State) -> R) -> R { self.shared.state.withLock { body($0) } }

    /// Waits for a state.
    func wait(fileID: String = #fileID, line: Int = #line, until condition: @Sendable (State) -> Bool) async throws {
        try await eventually("the member's state", deadline: .now + .seconds(60), fileID: fileID, line: line) {
            self.shared.state.withLock { condition($0) }
        }
    }

    /// Leaves the group.
    ///
    /// - Returns: whether the consumer closed within its time.
    func leave() async throws -> Bool {
        self.shared.leaves.store(true, ordering: .releasing)
        self.shared.wake.raise()
        return try await self.task.value
    }

    private static func run(
        _ shared: Shared,
        _ configuration: KafkaConfiguration,
        _ topic: String,
        _ onRead: @escaping @Sendable (TopicPartition, Int64) -> Void
    ) throws -> Bool {
        final class Position {
            var next: [TopicPartition: Int64] = [:]
            weak var consumer: KafkaConsumer?
        }
        let position = Position()
        let take: (ConsumedRecord) -> Void = { record in
            position.next[record.source] = record.offset + 1
            shared.state.withLock { $0.offsets[record.source, default: []].append(record.offset) }
            onRead(record.source, record.offset)
        }
        let consumer = try KafkaConsumer(
            configuration: configuration,
            observer: .silent,
            wake: shared.wake,
            events: ConsumerEvents(
                assigned: { partitions in
                    shared.state.withLock { state in
                        state.assigned.formUnion(partitions.map(\.source))
                        state.assignments += 1
                    }
                },
                revoked: { sources, lost in
                    let points = sources.compactMap { source in position.next[source].map { CommitPoint(source: source, offset: $0) } }
                    for source in sources { position.next[source] = nil }
                    do throws(KafkaError) {
                        if !lost { try position.consumer?.commit(points, waiting: 5_000) }
                    } catch {
                        shared.state.withLock { $0.failures.append(error) }
                    }
                    shared.state.withLock { state in
                        state.assigned.subtract(sources)
                        if lost { state.losses += 1 } else { state.revocations += 1 }
                    }
                },
                record: take,
                failed: { error in shared.state.withLock { $0.failures.append(error) } },
                committed: { _, _ in }
            )
        )
        position.consumer = consumer
        try consumer.subscribe(to: [topic])
        while !shared.leaves.load(ordering: .acquiring) {
            shared.wake.wait(milliseconds: 200)
            consumer.poll()
            for partition in consumer.assignment {
                while consumer.read(partition, maximum: 100, take) == 100 {}
            }
        }
        return consumer.close(milliseconds: 10_000)
    }
}
