import KafkaClient
import KafkaProcess
import Testing

extension RealKafkaSuite {
    @Suite struct AdminTests {
        @Test func createsWhatIsMissingAndLeavesTheRestAlone() async throws {
            let topics = try await TestTopics.unused()
            let (first, second) = (topics.prefix + "first", topics.prefix + "second")
            let compacted = TopicSpecification(
                name: first,
                partitions: 3,
                settings: ["cleanup.policy": "compact", "retention.ms": "1000000"]
            )
            #expect(try await topics.create([compacted]) == [first])
            let wanted = [TopicSpecification(name: first, partitions: 9), TopicSpecification(name: second, partitions: 1)]
            #expect(try await topics.create(wanted) == [second])
            #expect(try await topics.create(wanted) == [])
            #expect(try await topics.create([]) == [])

            let found = try #require(try await topics.admin { try $0.describeTopics(first) }.first)
            #expect(found.partitions.map(\.id).sorted() == [0, 1, 2])
            #expect(found.partitions.allSatisfy { $0.leader == 1 && $0.replicas == 1 && $0.inSyncReplicas == 1 })
            // The broker learns of a new topic a little after the controller has made it.
            try await eventually("both topics in the list") {
                let all = try await topics.admin { try $0.describeTopics() }.map(\.name)
                return all.contains(first) && all.contains(second)
            }
            #expect(try await topics.admin { try $0.describeTopics(topics.prefix + "none") } == [])

            // Settings as Kafka's own tool tells them.
            let arguments = ["--bootstrap-server", topics.bootstrapServers, "--describe", "--topic", first]
            let told = try await KafkaTools.run(.topics, arguments).requireSuccess().standardOutput
            #expect(told.contains("cleanup.policy=compact") && told.contains("retention.ms=1000000"))
        }

        @Test func deletesRecordsBelowAnOffsetAndFindsOffsetsByTime() async throws {
            let topics = try await TestTopics.unused()
            let name = topics.prefix + "records"
            try await topics.create([TopicSpecification(name: name, partitions: 2)])
            let sources = (0..<2).map { TopicPartition(topic: name, partition: Int32($0)) }
            for number in 0..<10 {
                try await Submitter.send([TestRecord(partition: 0, text: "\(number)")], to: name, of: topics)
            }
            let times = try await topics.readAll(name).map(\.timestamp)
            let found = try await topics.admin { try $0.offsets(at: times[4], of: sources) }
            #expect(found[sources[0]] == .some(Int64(times.firstIndex { $0 >= times[4] } ?? -1)) && found[sources[1]] == .some(nil))
            #expect(try await topics.admin { try $0.offsets(at: times[9] + 1, of: sources) } == [sources[0]: nil, sources[1]: nil])
            #expect(try await topics.admin { try $0.offsets(at: -5, of: sources) }[sources[0]] == .some(0))

            #expect(try await topics.admin { try $0.deleteRecords(before: [sources[0]: 7]) } == [sources[0]: 7])
            #expect(try await topics.admin { try $0.watermarks(of: sources[0]) } == (7, 10))
            #expect(try await topics.admin { try $0.watermarks(of: sources[1]) } == (0, 0))
            #expect(try await topics.admin { try $0.deleteRecords(before: [:]) } == [:])
            let error = try await #require(throws: KafkaError.self) {
                try await topics.admin { try $0.deleteRecords(before: [sources[0]: 99]) }
            }
            #expect(error.message.contains("\(name)/0") && error.name == "OFFSET_OUT_OF_RANGE")
        }

        @Test func topicThatCannotBeCreatedIsNamed() async throws {
            let topics = try await TestTopics.unused()
            for specification in [
                TopicSpecification(name: topics.prefix + "copies", partitions: 1, replicationFactor: 3),
                TopicSpecification(name: topics.prefix + "bad/name", partitions: 1),
                TopicSpecification(name: topics.prefix + "setting", partitions: 1, settings: ["no.such.setting": "1"]),
                TopicSpecification(name: topics.prefix + "partitions", partitions: -7),
            ] {
                let error = try await #require(throws: KafkaError.self) { try await topics.create([specification]) }
                #expect(error.message.contains(specification.name), "\(error)")
                #expect(!error.isFatal && !error.isRetriable, "\(error)")
            }
            // One that cannot be created does not keep the others from it.
            let pair = ["bad/name", "good"].map { TopicSpecification(name: topics.prefix + $0, partitions: 1) }
            await #expect(throws: KafkaError.self) { try await topics.create(pair) }
            #expect(try await topics.admin { try $0.describeTopics(topics.prefix + "good") }.count == 1)
        }

        @Test func brokerThatIsAwayIsARetriableError() async throws {
            let port = try LocalPort.reserve()
            let topics = TestTopics(prefix: "", bootstrapServers: "127.0.0.1:\(port.number)")
            let error = try await #require(throws: KafkaError.self) {
                try await topics.admin { try $0.describeTopics(milliseconds: 500) }
            }
            #expect(error.isRetriable && !error.isFatal, "\(error)")
            let second = try await #require(throws: KafkaError.self) {
                try await topics.admin { try $0.createTopics([TopicSpecification(name: "a", partitions: 1)], milliseconds: 500) }
            }
            #expect(second.isRetriable && !second.isFatal, "\(second)")
        }

        @Test func groupsAreListedWithTheirMembers() async throws {
            let topics = try await TestTopics.unused()
            let (topic, group) = (topics.prefix + "topic", topics.prefix + "group")
            try await topics.create([TopicSpecification(name: topic, partitions: 2)])
            #expect(try await topics.admin { try $0.listGroups() }.contains { $0.id == group } == false)
            let member = try await GroupMember(group, topic, of: topics)
            try await eventually("a stable group") {
                let found = try await topics.admin { try $0.listGroups() }.first { $0.id == group }
                return found?.state == "Stable" && found?.members == 1
            }
            #expect(try await member.leave())
        }

        @Test func committedOffsetsCarryTheirMetadata() async throws {
            let topics = try await TestTopics.unused()
            let (topic, group) = (topics.prefix + "topic", topics.prefix + "group")
            try await topics.create([TopicSpecification(name: topic, partitions: 4)])
            let sources = (0..<4).map { TopicPartition(topic: topic, partition: $0) }
            let longest = String(repeating: "0123456789abcdef", count: 256)
            let points = [
                CommitPoint(source: sources[0], offset: 7, metadata: longest),
                CommitPoint(source: sources[1], offset: 0, metadata: "späte Züge ✓"),
                CommitPoint(source: sources[2], offset: 1 << 40),
            ]
            #expect(longest.utf8.count == 4_096)
            let (own, tooLong) = try await onTestThread {
                let consumer = try KafkaConsumer.alone(group, of: topics)
                defer { consumer.close(milliseconds: 5_000) }
                try consumer.commit(points, waiting: 5_000)
                let own = try consumer.committed(sources)
                let tooLong = #expect(throws: KafkaError.self) {
                    try consumer.commit([CommitPoint(source: sources[3], offset: 1, metadata: longest + "x")], waiting: 5_000)
                }
                return (own, tooLong)
            }
            #expect(tooLong?.name == "OFFSET_METADATA_TOO_LARGE")
            let expected = points + [CommitPoint(source: sources[3], offset: -1001)]
            #expect(own == expected)
            #expect(try await topics.admin { try $0.committedOffsets(group: group, partitions: sources) } == expected)
            let all = try await topics.admin { try $0.committedOffsets(group: group) }
            #expect(all.sorted { $0.source.partition < $1.source.partition } == points)
            #expect(try await topics.admin { try $0.committedOffsets(group: group + ".none") } == [])
        }
    }
}
