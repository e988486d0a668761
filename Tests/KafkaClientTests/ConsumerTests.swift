import CRDKafka
import Dispatch
import Foundation
import KafkaProcess
import Observability
import Synchronization
import Testing
import Wire
import WorkerRuntime

@testable import KafkaClient

/// What a consumer told its owner.
private final class Told {
    var records: [ConsumedRecord] = []
    var assigned: [AssignedPartition] = []
    var revoked: [TopicPartition] = []
    var committed: [CommitPoint] = []
    var failed: [KafkaError] = []

    func events() -> ConsumerEvents {
        ConsumerEvents(
            assigned: { self.assigned += $0 },
            revoked: { partitions, _ in
                self.revoked += partitions
                self.assigned.removeAll { partitions.contains($0.source) }
            },
            record: { self.records.append($0) },
            failed: { self.failed.append($0) },
            committed: { points, error in if error == nil { self.committed += points } }
        )
    }
}

/// Pauses and resumes partitions from another thread, as fast as that goes.
private final class Meddler: @unchecked Sendable {  // the handle and the list outlive the thread, which only reads them
    let pauses = Atomic<Int>(0)
    private let native: OpaquePointer
    private let list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    private let isOver = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)

    init(native: OpaquePointer, list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        self.native = native
        self.list = list
    }

    func begin() {
        Thread.detachNewThread {
            while !self.isOver.load(ordering: .acquiring) {
                rd_kafka_pause_partitions(self.native, self.list)
                rd_kafka_resume_partitions(self.native, self.list)
                self.pauses.add(1, ordering: .relaxed)
                usleep(4_000)
            }
            self.ended.signal()
        }
    }

    func end() {
        self.isOver.store(true, ordering: .releasing)
        self.ended.wait()
    }
}

@Suite("Consumer", .timeLimit(.minutes(1)))
struct ConsumerTests {
    private func fill(_ broker: EmbeddedBroker, _ topic: String, partitions: Int32, records: Int) throws {
        let producer = try broker.producer()
        let native = try producer.topic(topic)
        for number in 0..<records {
            for partition in 0..<partitions {
                #expect(producer.send("\(partition)-\(number)", to: native, partition: partition) == .accepted)
            }
        }
        _ = try producer.allReports()
    }

    /// Turns the consumer until a condition holds.
    private func turn(_ consumer: KafkaConsumer, _ wake: WakeSignal, _ told: Told, until isDone: () -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !isDone() {
            guard ContinuousClock.now < deadline else { throw KafkaProcessError(.deadlineExceeded, "the consumer came to nothing") }
            wake.wait(milliseconds: 200)
            consumer.poll()
            for partition in consumer.assignment { while consumer.read(partition, maximum: 512, { told.records.append($0) }) == 512 {} }
        }
    }

    @Test("reads the partitions that it was assigned, from where it was told to")
    func assign() async throws {
        let broker = try EmbeddedBroker.with("t", partitions: 3)
        try await onOwnThread {
            try self.fill(broker, "t", partitions: 3, records: 5)
            let wake = WakeSignal()
            let told = Told()
            let consumer = try KafkaConsumer(
                configuration: broker.reader.merging(["group.id": "g"]),
                observer: .silent,
                wake: wake,
                events: told.events()
            )
            defer { consumer.close(milliseconds: 2_000) }
            let sources = [0, 2].map { TopicPartition(topic: "t", partition: $0) }
            #expect(try consumer.watermarks(of: sources[0]) == (0, 5))
            try consumer.assign([(sources[0], 3), (sources[1], -2)])
            #expect(Set(consumer.assignment.map(\.source)) == Set(sources))
            try self.turn(consumer, wake, told) { told.records.count >= 7 }
            #expect(told.records.filter { $0.source == sources[0] }.map(\.text) == ["0-3", "0-4"])
            #expect(told.records.filter { $0.source == sources[1] }.map(\.text) == (0..<5).map { "2-\($0)" })
        }
    }

    /// librdkafka pauses every partition of a member while its group is put together anew, whenever that happens to be.
    @Test("loses no record of a partition that is paused while it is read")
    func pausedWhileRead() async throws {
        let broker = try EmbeddedBroker.with("t")
        let count = 200_000
        let gaps = try await onOwnThread {
            let producer = try broker.producer(["linger.ms": "5", "queue.buffering.max.messages": "\(2 * count)"])
            let topic = try producer.topic("t")
            for number in 0..<count { #expect(producer.send("\(number)", to: topic, partition: 0) == .accepted) }
            _ = try producer.allReports()
            let wake = WakeSignal()
            let consumer = try KafkaConsumer(
                configuration: broker.reader.merging(["group.id": "g"]),
                observer: .silent,
                wake: wake,
                events: Told().events()
            )
            defer { consumer.close(milliseconds: 2_000) }
            let source = TopicPartition(topic: "t", partition: 0)
            try consumer.assign([(source, 0)])
            let partition = try #require(consumer.assignment.first)
            let list = try PartitionList.make([source])
            defer { rd_kafka_topic_partition_list_destroy(list) }
            let meddler = Meddler(native: consumer.handle.native, list: list)
            meddler.begin()
            defer { meddler.end() }
            var next: Int64 = 0
            var gaps: [Range<Int64>] = []
            // Each pause throws away what was fetched ahead: it need not come to the end.
            let end = ContinuousClock.now + .seconds(6)
            while next < count, ContinuousClock.now < end {
                let read = consumer.read(partition, maximum: 512) { record in
                    if record.offset > next { gaps.append(next..<record.offset) }
                    next = max(next, record.offset + 1)
                }
                if read == 0 { wake.wait(milliseconds: 1) }
            }
            #expect(next > 0 && meddler.pauses.load(ordering: .relaxed) > 0)
            return gaps
        }
        #expect(gaps.isEmpty, "\(gaps.reduce(0) { $0 + $1.count }) records in \(gaps.count) gaps")
    }

    @Test("joins its group, commits with and without waiting, and tells what it leaves")
    func group() async throws {
        let broker = try EmbeddedBroker.with("t", partitions: 2)
        try await onOwnThread {
            try self.fill(broker, "t", partitions: 2, records: 3)
            let sources = (0..<2).map { TopicPartition(topic: "t", partition: $0) }
            let wake = WakeSignal()
            let told = Told()
            let consumer = try KafkaConsumer(
                configuration: broker.reader.merging(["group.id": "g"]),
                observer: .silent,
                wake: wake,
                events: told.events()
            )
            try consumer.subscribe(to: ["t"])
            try self.turn(consumer, wake, told) { told.records.count == 6 }
            #expect(Set(told.assigned.map(\.source)) == Set(sources))
            #expect(consumer.memberID?.isEmpty == false && !consumer.isJoining)
            #expect(try consumer.committed(sources).map(\.offset) == [-1001, -1001])
            try consumer.commit([CommitPoint(source: sources[0], offset: 2)], waiting: 5_000)
            try consumer.commit([CommitPoint(source: sources[1], offset: 3)], waiting: nil)
            try self.turn(consumer, wake, told) { told.committed.contains { $0.source == sources[1] && $0.offset == 3 } }
            #expect(
                Set(try consumer.committed(sources)) == [
                    CommitPoint(source: sources[0], offset: 2), CommitPoint(source: sources[1], offset: 3),
                ]
            )
            #expect(consumer.close(milliseconds: 10_000))
            #expect(Set(told.revoked) == Set(sources), "leaving tells what it leaves")
            #expect(consumer.close(milliseconds: 0), "to leave twice does nothing")
        }
    }

    @Test("leaves a group that has given it nothing yet")
    func leavesUnassigned() async {
        // librdkafka 2.0.2 ends the process if it goes wrong.
        await #expect(processExitsWith: .success) {
            let broker = try EmbeddedBroker.with("t", partitions: 1)
            try await onOwnThread {
                let log = InMemoryLogHandler(level: .debug)
                let consumer = try KafkaConsumer(
                    configuration: broker.reader.merging(["group.id": "g", "debug": "cgrp"]),
                    observer: KafkaObserver(logger: Logger(label: "test") { _ in log }),
                    wake: WakeSignal(),
                    events: Told().events()
                )
                // SyncGroup: the group is put together anew, again and again.
                broker.failRequests(apiKey: 14, codes: Array(repeating: 27, count: 1_000))
                try consumer.subscribe(to: ["t"])
                let deadline = ContinuousClock.now + .seconds(20)
                while !log.entries.contains(where: { "\($0.message)".contains("SyncGroup response") }) {
                    guard ContinuousClock.now < deadline else { throw KafkaProcessError(.deadlineExceeded, "the group was never joined") }
                    consumer.poll()
                }
                guard consumer.close(milliseconds: 10_000) else { throw KafkaProcessError(.deadlineExceeded, "the consumer did not close") }
            }
        }
    }

    @Test("starts at what the group has committed and tells its metadata")
    func positions() async throws {
        let broker = try EmbeddedBroker.with("t", partitions: 3)
        try await onOwnThread {
            try self.fill(broker, "t", partitions: 3, records: 4)
            let sources = (0..<3).map { TopicPartition(topic: "t", partition: $0) }
            let longest = String(repeating: "0123456789abcdef", count: 256)
            let points = [
                CommitPoint(source: sources[0], offset: 3, metadata: longest),
                CommitPoint(source: sources[1], offset: 0, metadata: "späte Züge ✓"),
            ]
            let wake = WakeSignal()
            let told = Told()
            let configuration = broker.reader.merging(["group.id": "g"])
            let consumer = try KafkaConsumer(configuration: configuration, observer: .silent, wake: wake, events: told.events())
            try consumer.commit([points[0]], waiting: 5_000)
            try consumer.commit([points[1]], waiting: nil)
            // librdkafka reports a commit that was waited for as well.
            try self.turn(consumer, wake, told) { told.committed.count == 2 }
            #expect(told.committed == points)
            #expect(try consumer.committed(sources) == points + [CommitPoint(source: sources[2], offset: -1001)])
            // The broker tells of each partition whether it knows it.
            let missing = TopicPartition(topic: "t", partition: 99)
            let unknown = #expect(throws: KafkaError.self) { try consumer.committed([sources[0], missing]) }
            #expect(unknown?.isUnknownTopicOrPartition == true && unknown?.message.contains("t/99") == true)

            // OffsetFetch: answered once. Whoever asks again would be told group authorization failed.
            broker.failRequests(apiKey: 9, codes: [0] + Array(repeating: 30, count: 1_000))
            try consumer.subscribe(to: ["t"])
            try self.turn(consumer, wake, told) { told.records.count == 1 + 4 + 4 }
            #expect(told.failed.isEmpty)
            let assigned = told.assigned.sorted { $0.source.partition < $1.source.partition }
            #expect(assigned.map(\.committedOffset) == [3, 0, nil])
            #expect(assigned.map(\.committedMetadata) == [longest, "späte Züge ✓", ""])
            #expect(told.records.filter { $0.source == sources[0] }.map(\.text) == ["0-3"])
            #expect(consumer.close(milliseconds: 10_000))
        }
    }

    @Test("keeps partitions back until the broker tells what is committed")
    func positionsUntold() async throws {
        let broker = try EmbeddedBroker.with("t", partitions: 2)
        try await onOwnThread {
            try self.fill(broker, "t", partitions: 2, records: 3)
            let source = TopicPartition(topic: "t", partition: 0)
            let wake = WakeSignal()
            let told = Told()
            let configuration = broker.reader.merging(["group.id": "g"])
            let consumer = try KafkaConsumer(configuration: configuration, observer: .silent, wake: wake, events: told.events())
            try consumer.commit([CommitPoint(source: source, offset: 2, metadata: "done")], waiting: 5_000)
            // OffsetFetch: the coordinator loads, which passes; then group authorization failed, which does not.
            broker.failRequests(apiKey: 9, codes: [14, 14, 30])
            try consumer.subscribe(to: ["t"])
            try self.turn(consumer, wake, told) { !told.failed.isEmpty }
            #expect(told.failed.first?.name == "GROUP_AUTHORIZATION_FAILED")
            #expect(told.failed.first?.message.contains("2 new partitions wait") == true)
            #expect(told.assigned.isEmpty && consumer.assignment.isEmpty && told.records.isEmpty)
            try self.turn(consumer, wake, told) { told.records.count == 1 + 3 }
            #expect(told.failed.count == 1)
            #expect(told.assigned.first { $0.source == source }?.committedMetadata == "done")
            #expect(told.records.filter { $0.source == source }.map(\.offset) == [2])
            #expect(consumer.close(milliseconds: 10_000))
            #expect(told.revoked.count == 2)
        }
    }

    @Test("leaves without telling of partitions that it never told of")
    func leavingUntold() async throws {
        let broker = try EmbeddedBroker.with("t")
        try await onOwnThread {
            let wake = WakeSignal()
            let told = Told()
            let configuration = broker.reader.merging(["group.id": "g"])
            let consumer = try KafkaConsumer(configuration: configuration, observer: .silent, wake: wake, events: told.events())
            broker.failRequests(apiKey: 9, codes: Array(repeating: 30, count: 1_000))
            try consumer.subscribe(to: ["t"])
            try self.turn(consumer, wake, told) { !told.failed.isEmpty }
            #expect(consumer.close(milliseconds: 10_000))
            #expect(told.assigned.isEmpty && told.revoked.isEmpty)
        }
    }

    @Test("reports a commit that the broker refuses")
    func refusedCommit() async throws {
        let broker = try EmbeddedBroker.with("t")
        try await onOwnThread {
            let consumer = try KafkaConsumer(
                configuration: broker.reader.merging(["group.id": "g"]),
                observer: .silent,
                wake: WakeSignal(),
                events: Told().events()
            )
            defer { consumer.close(milliseconds: 2_000) }
            let source = TopicPartition(topic: "t", partition: 0)
            try consumer.assign([(source, 0)])
            // OffsetCommit: group authorization failed.
            broker.failRequests(apiKey: 8, codes: [30])
            #expect(throws: KafkaError.self) { try consumer.commit([CommitPoint(source: source, offset: 1)], waiting: 5_000) }
            try consumer.commit([CommitPoint(source: source, offset: 1)], waiting: 5_000)
            #expect(try consumer.committed([source]).first?.offset == 1)
        }
    }
}

@Suite("Topic reader", .timeLimit(.minutes(1)))
struct TopicReaderTests {
    @Test("reads everything of several topics from the beginning, in the order of each partition")
    func beginning() async throws {
        let broker = try EmbeddedBroker.with("a", partitions: 2)
        try broker.createTopic("b", partitions: 1)
        try await onOwnThread {
            let producer = try broker.producer()
            for topic in ["a", "b"] {
                let native = try producer.topic(topic)
                for number in 0..<1_500 {
                    #expect(producer.send("\(number)", to: native, partition: topic == "a" ? Int32(number % 2) : 0) == .accepted)
                }
            }
            _ = try producer.allReports()
            let reader = try TopicReader(configuration: broker.reader, observer: .silent, topics: ["a", "b"], from: .beginning)
            #expect(reader.ends.values.reduce(0, +) == 3_000 && reader.ends.count == 3)
            let records = try reader.read(count: 3_000)
            #expect(records.count == 3_000)
            for source in reader.ends.keys {
                let offsets = records.filter { $0.source == source }.map(\.offset)
                #expect(offsets == Array(0..<(reader.ends[source] ?? -1)), "\(source)")
            }
        }
    }

    @Test("reads from the end only what comes after it was made")
    func end() async throws {
        let broker = try EmbeddedBroker.with("t")
        try await onOwnThread {
            let producer = try broker.producer()
            let topic = try producer.topic("t")
            #expect(producer.send("before", to: topic) == .accepted)
            _ = try producer.allReports()
            let reader = try TopicReader(configuration: broker.reader, observer: .silent, topics: ["t"], from: .end)
            #expect(reader.ends == [TopicPartition(topic: "t", partition: 0): 1])
            #expect(producer.send("after", to: topic) == .accepted)
            _ = try producer.allReports()
            #expect(try reader.read(count: 1).map(\.text) == ["after"])
            #expect(try reader.read(milliseconds: 0).isEmpty)
        }
    }

    @Test("reads each partition from an offset, or from a time where that is earlier; one with neither from its beginning")
    func earliest() async throws {
        let broker = try EmbeddedBroker.with("t", partitions: 2)
        try await onOwnThread {
            let producer = try broker.producer()
            let topic = try producer.topic("t")
            for number in 0..<20 { #expect(producer.send("\(number)", to: topic, partition: Int32(number % 2)) == .accepted) }
            _ = try producer.allReports()
            let offsets = [TopicPartition(topic: "t", partition: 0): Int64(7)]
            func counts(_ start: TopicReader.Start, _ count: Int) throws -> [Int] {
                let reader = try TopicReader(configuration: broker.reader, observer: .silent, topics: ["t"], from: start)
                let records = try reader.read(count: count)
                #expect(try reader.read(milliseconds: 0).isEmpty && reader.isCaughtUp)
                return [0, 1].map { partition in records.count { $0.source.partition == partition } }
            }
            #expect(try counts(.earliest(offsets: offsets, time: nil), 13) == [3, 10])
            // The embedded broker looks nothing up by time: every time is before all records.
            #expect(try counts(.earliest(offsets: offsets, time: 1), 20) == [10, 10])
            #expect(try counts(.earliest(offsets: [TopicPartition(topic: "t", partition: 1): 99], time: nil), 10) == [10, 0])
        }
    }

    @Test("says that no broker answers")
    func noBroker() async throws {
        let servers = try { try EmbeddedBroker(logger: .silent).bootstrapServers }()
        await #expect(throws: KafkaError.self) {
            try await onOwnThread {
                let configuration = KafkaConfiguration(bootstrapServers: servers)
                _ = try KafkaAdmin(configuration: configuration, observer: .silent).describeTopics("t", milliseconds: 100)
            }
        }
    }
}
