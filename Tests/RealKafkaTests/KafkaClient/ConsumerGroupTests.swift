import KafkaClient
import KafkaProcess
import Synchronization
import Testing

extension RealKafkaSuite {
    @Suite struct ConsumerGroupTests {
        /// Offsets per partition in the order in which anybody read them.
        private final class Order: Sendable {
            let offsets = Mutex<[TopicPartition: [Int64]]>([:])
            func note(_ source: TopicPartition, _ offset: Int64) { self.offsets.withLock { $0[source, default: []].append(offset) } }
            var count: Int { self.offsets.withLock { $0.values.reduce(0) { $0 + $1.count } } }
        }

        @Test func partitionsMoveBetweenMembersWithoutGapOrReorder() async throws {
            let topics = try await TestTopics.unused()
            let (topic, group) = (topics.prefix + "topic", topics.prefix + "group")
            try await topics.create([TopicSpecification(name: topic, partitions: 6)])
            let order = Order()
            func send(_ count: Int) async throws {
                try await Submitter.send(count: count, to: topic, of: topics) { TestRecord(partition: Int32($0 % 6), text: "\($0)") }
            }

            let first = try await GroupMember(group, topic, of: topics) { order.note($0, $1) }
            #expect(first.withState { $0.assigned.count } == 6)
            async let flood: Void = send(30_000)
            try await first.wait { $0.count > 1_000 }
            let second = try await GroupMember(group, topic, of: topics) { order.note($0, $1) }
            try await second.wait { $0.assigned.count == 3 }
            try await first.wait { $0.assigned.count == 3 }
            // Cooperative: the first kept three all the time, so it was asked to give back only the others.
            #expect(first.withState { $0.revocations } == 1)
            try await flood
            try await send(6_000)
            try await eventually("all records", deadline: .now + .seconds(60)) { order.count >= 36_000 }
            #expect(second.withState { $0.count } >= 3_000)

            #expect(try await first.leave())
            try await second.wait { $0.assigned.count == 6 }
            try await send(6_000)
            try await eventually("all records", deadline: .now + .seconds(60)) { order.count >= 42_000 }
            #expect(try await second.leave())

            for (source, offsets) in order.offsets.withLock({ $0 }) {
                #expect(offsets == Array(0..<7_000), "\(source)")
            }
            for member in [first, second] {
                #expect(member.withState { $0.failures } == [])
                #expect(member.withState { $0.losses } == 0)
            }
            let committed = try await topics.admin { try $0.committedOffsets(group: group) }
            #expect(committed.map(\.offset) == Array(repeating: 7_000, count: 6))
        }

        @Test func partitionLeftUnreadComesLaterInOrder() async throws {
            let topics = try await TestTopics.unused()
            let topic = topics.prefix + "topic"
            try await topics.create([TopicSpecification(name: topic, partitions: 3)])
            let filler = String(repeating: "x", count: 1_000)
            try await Submitter.send(count: 9_000, to: topic, of: topics) {
                TestRecord(partition: Int32($0 % 3), text: "\($0 / 3) \(filler)")
            }
            let read = try await onTestThread {
                let wake = WakeSignal()
                // Far less than what waits in a partition: the client must stop fetching and go on when it is read.
                let configuration = topics.configuration.merging([
                    "group.id": topic, "queued.max.messages.kbytes": "100", "queued.min.messages": "50",
                ])
                let consumer = try KafkaConsumer(configuration: configuration, observer: .silent, wake: wake, events: .ignored)
                defer { consumer.close(milliseconds: 5_000) }
                try consumer.assign((0..<3).map { (TopicPartition(topic: topic, partition: $0), -2) })
                let partitions = consumer.assignment.sorted { $0.source.partition < $1.source.partition }
                var read: [[Int64]] = [[], [], []]
                // One partition after the other; the others are left alone meanwhile.
                for index in [2, 0, 1] {
                    while read[index].count < 3_000 {
                        consumer.poll()
                        let count = consumer.read(partitions[index], maximum: 64) { read[index].append($0.offset) }
                        if count == 0 { wake.wait(milliseconds: 100) }
                    }
                }
                return read
            }
            for offsets in read { #expect(offsets == Array(0..<3_000)) }
        }

        @Test func closeEndsInItsTimeWithoutABroker() async throws {
            let port = try LocalPort.reserve()
            try await onTestThread {
                let configuration = KafkaConfiguration(bootstrapServers: "127.0.0.1:\(port.number)").merging(["group.id": "nobody"])
                let consumer = try KafkaConsumer(configuration: configuration, observer: .silent, wake: WakeSignal(), events: .ignored)
                try consumer.subscribe(to: ["topic"])
                consumer.poll()
                consumer.close(milliseconds: 1_000)
                // A second close changes nothing.
                consumer.close(milliseconds: 0)
            }
        }

        @Test func assignmentTellsWhatIsCommittedAndStartsThere() async throws {
            let topics = try await TestTopics.unused()
            let topic = topics.prefix + "topic"
            try await topics.create([TopicSpecification(name: topic, partitions: 3)])
            try await Submitter.send(count: 15, to: topic, of: topics) { TestRecord(partition: Int32($0 % 3), text: "\($0)") }
            let sources = (0..<3).map { TopicPartition(topic: topic, partition: $0) }
            let longest = String(repeating: "0123456789abcdef", count: 256)
            try await onTestThread {
                final class Told {
                    var assigned: [AssignedPartition] = []
                    var first: [TopicPartition: Int64] = [:]
                }
                let told = Told()
                let wake = WakeSignal()
                var events = ConsumerEvents.ignored
                events.assigned = { told.assigned += $0 }
                let alone = try KafkaConsumer.alone(topic, of: topics)
                let committed = [
                    CommitPoint(source: sources[0], offset: 4, metadata: longest), CommitPoint(source: sources[1], offset: 2),
                ]
                try alone.commit(committed, waiting: 5_000)
                alone.close(milliseconds: 5_000)
                let consumer = try KafkaConsumer(
                    configuration: topics.configuration.merging(["group.id": topic]),
                    observer: .silent,
                    wake: wake,
                    events: events
                )
                try consumer.subscribe(to: [topic])
                while told.first.count < 3 {
                    wake.wait(milliseconds: 100)
                    consumer.poll()
                    for partition in consumer.assignment {
                        _ = consumer.read(partition, maximum: 1) { if told.first[$0.source] == nil { told.first[$0.source] = $0.offset } }
                    }
                }
                told.assigned.sort { $0.source.partition < $1.source.partition }
                #expect(told.assigned.map(\.committedOffset) == [4, 2, nil])
                #expect(told.assigned.map(\.committedMetadata) == [longest, "", ""])
                #expect(told.first == [sources[0]: 4, sources[1]: 2, sources[2]: 0])
                #expect(consumer.close(milliseconds: 10_000))
            }
        }

        @Test func asynchronousCommitsAreReported() async throws {
            let topics = try await TestTopics.unused()
            let topic = topics.prefix + "topic"
            try await topics.create([TopicSpecification(name: topic, partitions: 1)])
            try await Submitter.send(count: 3, to: topic, of: topics) { TestRecord(text: "\($0)") }
            let source = TopicPartition(topic: topic, partition: 0)
            try await onTestThread {
                final class Reports {
                    var all: [([CommitPoint], KafkaError?)] = []
                    var assigned = false
                }
                let reports = Reports()
                let wake = WakeSignal()
                var events = ConsumerEvents.ignored
                events.committed = { reports.all.append(($0, $1)) }
                events.assigned = { _ in reports.assigned = true }
                let consumer = try KafkaConsumer(
                    configuration: topics.configuration.merging(["group.id": topic]),
                    observer: .silent,
                    wake: wake,
                    events: events
                )
                #expect(consumer.memberID?.isEmpty ?? true)
                try consumer.subscribe(to: [topic])
                while !reports.assigned {
                    wake.wait(milliseconds: 100)
                    consumer.poll()
                }
                #expect(consumer.memberID?.isEmpty == false)
                #expect(try consumer.watermarks(of: source) == (0, 3))
                #expect(try consumer.committed([source]) == [CommitPoint(source: source, offset: -1001)])
                try consumer.commit([CommitPoint(source: source, offset: 2, metadata: "two")], waiting: nil)
                while reports.all.isEmpty {
                    wake.wait(milliseconds: 100)
                    consumer.poll()
                }
                #expect(reports.all.count == 1 && reports.all[0].1 == nil)
                #expect(reports.all.first?.0 == [CommitPoint(source: source, offset: 2, metadata: "two")])
                #expect(try consumer.committed([source]) == [CommitPoint(source: source, offset: 2, metadata: "two")])
                #expect(consumer.close(milliseconds: 10_000))
            }
        }
    }
}
