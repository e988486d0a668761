import KafkaClient
import KafkaProcess
import Testing
import Wire

extension RealKafkaSuite {
    @Suite struct TopicReaderTests {
        @Test func readsAllFromTheBeginningAndOnlyNewFromTheEnd() async throws {
            let topics = try await TestTopics.unused()
            let (first, second) = (topics.prefix + "first", topics.prefix + "second")
            try await topics.create([first, second].map { TopicSpecification(name: $0, partitions: 2) })
            for topic in [first, second] {
                try await Submitter.send(count: 100, to: topic, of: topics) { TestRecord(partition: Int32($0 % 2), text: "old \($0)") }
            }
            let all = try await Collector([first, second], of: topics, from: .beginning)
            let new = try await Collector([first, second], of: topics, from: .end)
            let only = try await Collector([second], of: topics, from: .end)
            for topic in [first, second] {
                try await Submitter.send(count: 10, to: topic, of: topics) { TestRecord(partition: Int32($0 % 2), text: "new \($0)") }
            }
            let records = try await all.wait(for: 220)
            #expect(try await new.wait(for: 20).allSatisfy { $0.text.hasPrefix("new") && $0.offset >= 50 })
            #expect(try await only.wait(for: 10).allSatisfy { $0.source.topic == second })
            for topic in [first, second] {
                for partition in 0..<2 as Range<Int32> {
                    let source = TopicPartition(topic: topic, partition: partition)
                    #expect(records.filter { $0.source == source }.map(\.offset) == Array(0..<55))
                }
            }
            #expect(all.count == 220 && new.count == 20 && only.count == 10)
        }

        @Test func tellsTheEndsAsTheyWere() async throws {
            let topics = try await TestTopics.unused()
            let topic = topics.prefix + "topic"
            try await topics.create([TopicSpecification(name: topic, partitions: 3)])
            try await Submitter.send(count: 5, to: topic, of: topics) { _ in TestRecord(partition: 1, text: "x") }
            let ends = try await onTestThread {
                try TopicReader(configuration: topics.configuration, observer: .silent, topics: [topic], from: .end).ends
            }
            #expect(ends.map { [$0.key.partition: $0.value] }.reduce(into: [:]) { $0.merge($1) { $1 } } == [0: 0, 1: 5, 2: 0])
        }

        @Test func readsFromATimeOn() async throws {
            let topics = try await TestTopics.unused()
            let topic = topics.prefix + "topic"
            try await topics.create([TopicSpecification(name: topic, partitions: 3)])
            try await Submitter.send(count: 20, to: topic, of: topics) { TestRecord(partition: Int32($0 % 2), text: "old") }
            let oldest = try await topics.readAll(topic).map(\.timestamp).max() ?? 0
            try await eventually("a later time") { WireTime.now > oldest }
            try await Submitter.send(count: 5, to: topic, of: topics) { _ in TestRecord(partition: 1, text: "new") }
            let new = try await Collector([topic], of: topics, from: .time(oldest + 1))
            // What comes later belongs to it, also where everything was older.
            try await Submitter.send(count: 5, to: topic, of: topics) { TestRecord(partition: Int32($0 % 3), text: "newest") }
            let records = try await new.wait(for: 10)
            #expect(records.count { $0.text == "new" } == 5 && records.count { $0.text == "newest" } == 5 && new.count == 10)
        }

        /// The end of a partition may be a mark of a transaction, which is no record.
        @Test func knowsWhenEverythingWasRead() async throws {
            let topics = try await TestTopics.unused()
            let topic = topics.prefix + "topic"
            try await topics.create([TopicSpecification(name: topic, partitions: 2)])
            try await onTestThread {
                let producer = try TransactionalProducer("writer", topic, of: topics)
                func write(_ count: Int, commits: Bool) {
                    #expect(producer.native.beginTransaction() == .success)
                    for number in 0..<count { producer.send("record", token: UInt(number + 1)) }
                    #expect((commits ? producer.commit() : producer.abort()) == .success)
                }
                write(10, commits: true)
                let reader = try TopicReader(configuration: topics.configuration, observer: .silent, topics: [topic], from: .beginning)
                func readToTheEnd() throws -> Int {
                    var count = 0
                    let deadline = ContinuousClock.now + .seconds(60)
                    while !reader.isCaughtUp, ContinuousClock.now < deadline { count += try reader.read(milliseconds: 60_000).count }
                    #expect(reader.isCaughtUp && reader.takeProblem() == nil)
                    return count
                }
                #expect(try readToTheEnd() == 10)
                try reader.markEnds()
                #expect(reader.isCaughtUp, "nothing has come")
                write(3, commits: true)
                write(2, commits: false)
                try reader.markEnds()
                #expect(!reader.isCaughtUp)
                #expect(try readToTheEnd() == 3)
            }
        }

        @Test func missingTopicIsAnError() async throws {
            let topics = try await TestTopics.unused()
            let error = try await #require(throws: KafkaError.self) { try await Collector([topics.prefix + "none"], of: topics) }
            #expect(error.isUnknownTopicOrPartition && error.message.contains(topics.prefix + "none"))
        }
    }
}
