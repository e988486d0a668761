import KafkaClient
import KafkaProcess
import Testing
import Wire

extension RealKafkaSuite {
    @Suite struct ProduceConsumeTests {
        @Test func keysValuesAndHeadersComeBackByteForByte() async throws {
            let topics = try await TestTopics.unused()
            let topic = topics.prefix + "topic"
            try await topics.create([TopicSpecification(name: topic, partitions: 1)])
            let binary: [UInt8] = [0, 0xff, 0xfe, 0x80, 0x0a, 0]
            var headers = RecordHeaders()
            headers.append("text", "späte Züge")
            headers.append("empty", "")
            headers.append("null", bytes: nil)
            binary.withUnsafeBytes { headers.append("binary", bytes: $0) }
            headers.append("text", "again")
            var records: [TestRecord] = []
            for (key, value): ([UInt8]?, [UInt8]?) in [
                (Array("key".utf8), Array("value".utf8)), (nil, Array("no key".utf8)), ([], []), (binary, binary),
                (Array("gone".utf8), nil),
                (nil, nil), (nil, []),
            ] {
                for headers in [headers, RecordHeaders()] {
                    var record = TestRecord(value: value, headers: headers)
                    record.key = key
                    records.append(record)
                }
            }
            let before = WireTime.now
            try await Submitter.send(records, to: topic, of: topics)
            let collector = try await Collector([topic], of: topics)
            let read = try await collector.wait(for: records.count)
            #expect(read.map(\.offset) == Array(0..<Int64(records.count)))
            for (sent, read) in zip(records, read) {
                #expect(read.key == sent.key)
                #expect(read.value == sent.value)
                #expect(read.headers == sent.headers)
                #expect(read.source == TopicPartition(topic: topic, partition: 0))
                #expect(read.timestamp >= before && read.timestamp <= WireTime.now)
                #expect((read.keyHash == 0) == (sent.key == nil))
                let bytes = (sent.key?.count ?? 0) + (sent.value?.count ?? 0) + sent.headers.bytes.count
                #expect(read.byteCount >= bytes && read.byteCount <= bytes + 128)
                // The parser reads past the value's end; the record must own those bytes.
                read.withView { view in #expect(view.readableBytes >= (sent.value?.count ?? 0) + 64) }
            }
        }

        @Test func keysGoWhereTheJavaClientSendsThem() async throws {
            let topics = try await TestTopics.unused()
            let topic = topics.prefix + "topic"
            try await topics.create([TopicSpecification(name: topic, partitions: 7)])
            let keys = (0..<50).map { "key-\($0)" }
            try await Submitter.send(keys.map { TestRecord(key: $0, text: "ours") }, to: topic, of: topics)
            let input = keys.map { "\($0)\tjava\n" }.joined()
            try await KafkaTools.run(
                .consoleProducer,
                [
                    "--bootstrap-server", topics.bootstrapServers, "--topic", topic, "--reader-property", "parse.key=true",
                ],
                standardInput: Array(input.utf8)
            ).requireSuccess()
            let records = try await Collector([topic], of: topics).wait(for: 100)
            for key in keys {
                let both = records.filter { $0.keyText == key }
                #expect(Set(both.map(\.text)) == ["ours", "java"])
                #expect(Set(both.map(\.source)).count == 1, "\(key)")
                #expect(Set(both.map(\.keyHash)).count == 1)
            }
            #expect(Set(records.map(\.source)).count == 7)
        }

        @Test func everyTokenComesBackOnce() async throws {
            let topics = try await TestTopics.unused()
            let topic = topics.prefix + "topic"
            try await topics.create([TopicSpecification(name: topic, partitions: 3)])
            let tokens = try await onTestThread {
                let wake = WakeSignal()
                let producer = try KafkaProducer(configuration: topics.configuration, observer: .silent, wake: wake)
                let handle = try producer.topic(topic)
                #expect(try producer.topic(topic) === handle)
                for number in 1...2_000 as ClosedRange<UInt> {
                    #expect(producer.produce(TestRecord(key: "\(number)", text: "x"), to: handle, token: number << 33) == .accepted)
                }
                var tokens: [UInt] = []
                while tokens.count < 2_000 {
                    wake.wait(milliseconds: 1_000)
                    producer.readReports { token, error in
                        tokens.append(token)
                        #expect(error == nil)
                    }
                }
                #expect(producer.readReports { _, _ in } == 0)
                #expect(producer.queueLength == 0)
                return tokens
            }
            #expect(tokens.sorted() == (1...2_000).map { $0 << 33 })
        }

        @Test func fullQueueTakesRecordsAgainAfterReports() async throws {
            let topics = try await TestTopics.unused()
            let topic = topics.prefix + "topic"
            try await topics.create([TopicSpecification(name: topic, partitions: 1)])
            try await onTestThread {
                let wake = WakeSignal()
                let configuration = topics.configuration.merging(["queue.buffering.max.messages": "10", "linger.ms": "1"])
                let producer = try KafkaProducer(configuration: configuration, observer: .silent, wake: wake)
                let handle = try producer.topic(topic)
                var outcomes: [KafkaProducer.Outcome] = []
                for _ in 0..<11 { outcomes.append(producer.produce(TestRecord(text: "x"), to: handle, token: 1)) }
                #expect(outcomes == Array(repeating: .accepted, count: 10) + [.full])
                var reports = 0
                while reports < 10 {
                    wake.wait(milliseconds: 1_000)
                    reports += producer.readReports { _, _ in }
                }
                #expect(producer.produce(TestRecord(text: "x"), to: handle, token: 1) == .accepted)
            }
        }

        @Test func undeliverableRecordsSayWhy() async throws {
            let topics = try await TestTopics.unused()
            let topic = topics.prefix + "topic"
            try await topics.create([TopicSpecification(name: topic, partitions: 1, settings: ["max.message.bytes": "2000"])])
            let errors = try await onTestThread {
                let wake = WakeSignal()
                let configuration = topics.configuration.merging([
                    "topic.metadata.propagation.max.ms": "500", "message.max.bytes": "100000", "compression.type": "none",
                ])
                let producer = try KafkaProducer(configuration: configuration, observer: .silent, wake: wake)
                let existing = try producer.topic(topic)
                let missing = try producer.topic(topics.prefix + "missing")
                #expect(throws: KafkaError.self) { try producer.topic(String(repeating: "x", count: 600)) }

                var errors: [UInt: KafkaError] = [:]
                func send(_ record: TestRecord, _ topic: ProducerTopic, _ token: UInt) {
                    if case .refused(let error) = producer.produce(record, to: topic, token: token) { errors[token] = error }
                }
                send(TestRecord(text: "x"), missing, 1)
                send(TestRecord(partition: 5, text: "x"), existing, 2)
                send(TestRecord(value: Array(repeating: 0x78, count: 5_000)), existing, 3)
                send(TestRecord(value: Array(repeating: 0x78, count: 200_000)), existing, 4)
                while errors.count < 4 {
                    wake.wait(milliseconds: 1_000)
                    producer.readReports { token, error in errors[token] = error }
                }
                let other = try KafkaProducer(configuration: configuration, observer: .silent)
                if case .refused(let error) = other.produce(TestRecord(text: "x"), to: missing, token: 5) { errors[5] = error }
                return errors
            }
            for token in [1, 2, 5] as [UInt] {
                let error = try #require(errors[token])
                #expect(error.isUnknownTopicOrPartition && !error.isRetriable && !error.isFatal && !error.isMessageTooLarge, "\(error)")
            }
            for token in [3, 4] as [UInt] {
                let error = try #require(errors[token])
                #expect(error.isMessageTooLarge && !error.isRetriable && !error.isFatal && !error.isUnknownTopicOrPartition, "\(error)")
            }
        }

        @Test func propertiesThatLibrdkafkaRefusesAreErrors() async throws {
            let topics = try await TestTopics.unused()
            let error = try #require(throws: KafkaError.self) {
                try KafkaProducer(configuration: topics.configuration.merging(["no.such": "1", "linger.ms": "soon"]), observer: .silent)
            }
            #expect(error.message.contains("no.such") && error.message.contains("linger.ms"))
            #expect(throws: KafkaError.self) {
                // Together they are refused by rd_kafka_new.
                try KafkaProducer(
                    configuration: topics.configuration.merging(["enable.idempotence": "true", "acks": "0"]),
                    observer: .silent
                )
            }
        }
    }
}
