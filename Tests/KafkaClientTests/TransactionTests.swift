import CRDKafka
import KafkaProcess
import Testing
import WorkerRuntime

@testable import KafkaClient

/// How librdkafka's answers become outcomes; what transactions do is proved on a real broker.
@Suite("Transactions", .timeLimit(.minutes(1)))
struct TransactionTests {
    // Keys of Kafka's protocol.
    private let initProducerID: Int16 = 22
    private let endTransaction: Int16 = 26
    private let commitOffsets: Int16 = 28

    private func group(_ name: String = "g") throws -> ConsumerGroupMetadata {
        ConsumerGroupMetadata(try #require(rd_kafka_consumer_group_metadata_new(name)))
    }

    private let points = [CommitPoint(source: TopicPartition(topic: "t", partition: 0), offset: 1, metadata: "m")]

    /// Runs a body with a producer whose transactions are initialized.
    private func withProducer(
        _ properties: [String: String] = [:],
        _ body: @escaping @Sendable (KafkaProducer, ProducerTopic, EmbeddedBroker) throws -> Void
    ) async throws {
        let broker = try EmbeddedBroker.with("t")
        try await onOwnThread {
            let producer = try broker.producer(["transactional.id": "x"].merging(properties) { $1 })
            #expect(producer.initTransactions(milliseconds: 10_000) == .success)
            try body(producer, producer.topic("t"), broker)
        }
    }

    private func commit(_ producer: KafkaProducer, milliseconds: Int32 = 10_000) -> TransactionOutcome {
        producer.commitTransaction(milliseconds: milliseconds) { _, _ in }
    }

    private func abort(_ producer: KafkaProducer, milliseconds: Int32 = 10_000) -> TransactionOutcome {
        producer.abortTransaction(milliseconds: milliseconds) { _, _ in }
    }

    @Test("need a transactional id, and the right order")
    func order() async throws {
        let broker = try EmbeddedBroker.with("t")
        try await onOwnThread {
            let plain = try broker.producer()
            #expect(plain.initTransactions(milliseconds: 100).isFatal)
            #expect(plain.beginTransaction().error?.name == "_NOT_CONFIGURED")
            let producer = try broker.producer(["transactional.id": "x"])
            #expect(producer.beginTransaction().error?.name == "_STATE")
            #expect(producer.initTransactions(milliseconds: 10_000) == .success)
            let outside = try producer.send("x", to: producer.topic("t"))
            #expect(outside != .accepted && outside != .full)
            #expect(self.commit(producer).error?.name == "_STATE")
            #expect(producer.beginTransaction() == .success)
            #expect(producer.beginTransaction().error?.name == "_STATE")
            #expect(try producer.sendOffsets([], of: self.group(), milliseconds: 100) == .success)
            #expect(self.commit(producer) == .success)
            #expect(producer.beginTransaction() == .success)
            #expect(self.abort(producer) == .success)
        }
    }

    @Test("have defaults, which a property overrides")
    func defaults() throws {
        func value(_ name: String, _ properties: [String: String]) throws -> String {
            let configuration = KafkaConfiguration(bootstrapServers: "127.0.0.1:1").merging(properties)
            let producer = try KafkaProducer(configuration: configuration, observer: .silent)
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
                var size = buffer.count
                let outcome = rd_kafka_conf_get(rd_kafka_conf(producer.handle.native), name, buffer.baseAddress, &size)
                return outcome == RD_KAFKA_CONF_OK ? buffer.baseAddress.map { String(cString: $0) } ?? "" : ""
            }
        }
        let id = ["transactional.id": "x"]
        #expect(try value("retry.backoff.ms", [:]) == "100")
        #expect(try value("retry.backoff.ms", id) == "20")
        #expect(try value("transaction.timeout.ms", id) == "5000")
        #expect(try value("transaction.timeout.ms", id.merging(["transaction.timeout.ms": "20000"]) { $1 }) == "20000")
        #expect(try value("retry.backoff.ms", id.merging(["retry.backoff.ms": "7"]) { $1 }) == "7")
    }

    @Test("wait for reports in librdkafka's own commit, which is why ours reads them")
    func reportsUnread() async throws {
        try await self.withProducer { producer, topic, _ in
            #expect(producer.beginTransaction() == .success)
            #expect(producer.send("x", to: topic, token: 7) == .accepted)
            let error = try #require(rd_kafka_commit_transaction(producer.handle.native, 500))
            #expect(KafkaError(consuming: error, doing: "").name == "_TIMED_OUT")
            var tokens: [UInt] = []
            let outcome = producer.commitTransaction(milliseconds: 10_000) { token, error in
                tokens.append(token)
                #expect(error == nil)
            }
            #expect(outcome == .success && tokens == [7])
        }
    }

    @Test("that a passing error holds up go on")
    func passing() async throws {
        try await self.withProducer { producer, topic, broker in
            #expect(producer.beginTransaction() == .success)
            #expect(producer.send("x", to: topic) == .accepted)
            // The coordinator loads; the offsets' group's coordinator loads; another transaction ends still.
            broker.failRequests(apiKey: self.commitOffsets, codes: [14])
            broker.failRequests(apiKey: self.endTransaction, codes: [14, 51])
            let sent = producer.sendOffsets(self.points, of: try self.group(), milliseconds: 5_000)
            #expect(sent == .success)
            #expect(self.commit(producer) == .success)
        }
    }

    @Test("that cannot be committed are aborted, and the next one can", arguments: [22, 25, 12])
    func abortable(_ code: Int32) async throws {
        try await self.withProducer { producer, topic, broker in
            #expect(producer.beginTransaction() == .success)
            // The offsets: illegal generation, unknown member, metadata too large.
            broker.failRequests(apiKey: self.commitOffsets, codes: [code])
            let outcome = try producer.sendOffsets(self.points, of: self.group(), milliseconds: 5_000)
            #expect(outcome.mustAbort && outcome.error?.code == code && outcome.error?.requiresAbort == true)
            let refused = producer.send("x", to: topic)
            #expect(refused != .accepted && refused != .full)
            #expect(self.commit(producer).mustAbort)
            #expect(self.abort(producer) == .success)
            #expect(producer.beginTransaction() == .success)
            #expect(producer.send("x", to: topic) == .accepted)
            #expect(self.commit(producer) == .success)
        }
    }

    @Test("refuse metadata that no request can carry")
    func metadataTooLong() async throws {
        try await self.withProducer { producer, _, _ in
            #expect(producer.beginTransaction() == .success)
            let point = CommitPoint(source: self.points[0].source, offset: 1, metadata: String(repeating: "x", count: 32_768))
            let outcome = try producer.sendOffsets([point], of: self.group(), milliseconds: 5_000)
            #expect(outcome.mustAbort && outcome.error?.name == "OFFSET_METADATA_TOO_LARGE")
            #expect(self.abort(producer) == .success)
        }
    }

    @Test("with a record that was not delivered must be aborted")
    func undelivered() async throws {
        try await self.withProducer { producer, topic, broker in
            #expect(producer.beginTransaction() == .success)
            // Produce: message too large.
            broker.failRequests(apiKey: 0, codes: [10])
            #expect(producer.send("x", to: topic, token: 1) == .accepted)
            var reports: [UInt: KafkaError] = [:]
            let outcome = producer.commitTransaction(milliseconds: 10_000) { reports[$0] = $1 }
            #expect(outcome.mustAbort && reports[1]?.isMessageTooLarge == true)
            #expect(self.abort(producer) == .success)
        }
    }

    @Test("of a fenced producer are over for good", arguments: [47, 90])
    func fenced(_ code: Int32) async throws {
        try await self.withProducer { producer, topic, broker in
            #expect(producer.beginTransaction() == .success)
            #expect(producer.send("x", to: topic) == .accepted)
            broker.failRequests(apiKey: self.endTransaction, codes: [code])
            for outcome in [self.commit(producer), self.abort(producer), producer.beginTransaction()] {
                #expect(outcome.isFatal && outcome.error?.isFatal == true && outcome.error?.isFenced == true, "\(outcome)")
            }
            guard case .refused(let error) = producer.send("x", to: topic) else {
                Issue.record("a fenced producer took a record")
                return
            }
            #expect(error.isFatal && error.isFenced, "\(error)")
        }
    }

    @Test("wait for a broker that is away, and go on when it is back")
    func away() async throws {
        try await self.withProducer(["transaction.timeout.ms": "60000"]) { producer, topic, broker in
            #expect(producer.beginTransaction() == .success)
            #expect(producer.send("x", to: topic, token: 1) == .accepted)
            broker.setReachable(false)
            var reports: [UInt] = []
            let outcome = producer.commitTransaction(milliseconds: 200) { token, _ in reports.append(token) }
            #expect(outcome.isRetriable && outcome.error?.isRetriable == true, "\(outcome)")
            broker.setReachable(true)
            var again = outcome
            for _ in 0..<30 where again.isRetriable {
                again = producer.commitTransaction(milliseconds: 1_000) { token, _ in reports.append(token) }
            }
            #expect(again == .success && reports == [1])
        }
    }

    @Test("that are aborted hand back what was not sent")
    func unsent() async throws {
        try await self.withProducer { producer, topic, broker in
            #expect(producer.beginTransaction() == .success)
            broker.setReachable(false)
            for token in 1...1_000 as ClosedRange<UInt> { #expect(producer.send("x", to: topic, token: token) == .accepted) }
            var reports: Set<UInt> = []
            var outcome = producer.abortTransaction(milliseconds: 500) { token, error in
                #expect(error != nil && reports.insert(token).inserted)
            }
            #expect(reports == Set(1...1_000))
            // Where the client had asked the coordinator for the partition before it saw that nobody is there, the coordinator has to hear of
            // the end too; else it need not be asked.
            #expect(outcome == .success || outcome.isRetriable, "\(outcome)")
            broker.setReachable(true)
            for _ in 0..<30 where outcome.isRetriable { outcome = self.abort(producer, milliseconds: 1_000) }
            #expect(outcome == .success)
        }
    }

    @Test("cannot be initialized without a coordinator, until it is there")
    func initialize() async throws {
        let broker = try EmbeddedBroker.with("t")
        broker.setReachable(false)
        try await onOwnThread {
            let producer = try broker.producer(["transactional.id": "x"])
            #expect(producer.initTransactions(milliseconds: 200).isRetriable)
            broker.setReachable(true)
            broker.failRequests(apiKey: self.initProducerID, codes: [14, 51])
            var outcome = producer.initTransactions(milliseconds: 5_000)
            for _ in 0..<5 where outcome.isRetriable { outcome = producer.initTransactions(milliseconds: 5_000) }
            #expect(outcome == .success)
        }
    }

    @Test("know no member before it has joined")
    func noMember() async throws {
        let broker = try EmbeddedBroker.with("t")
        try await onOwnThread {
            let consumer = try KafkaConsumer(
                configuration: broker.reader.merging(["group.id": "g"]),
                observer: .silent,
                wake: WakeSignal(),
                events: ConsumerEvents(
                    assigned: { _ in },
                    revoked: { _, _ in },
                    record: { _ in },
                    failed: { _ in },
                    committed: { _, _ in }
                )
            )
            defer { consumer.close(milliseconds: 2_000) }
            #expect(consumer.groupMetadata == nil)
        }
    }

    @Test("are transactions in name only on the embedded broker")
    func embedded() async throws {
        try await self.withProducer { producer, topic, broker in
            #expect(producer.beginTransaction() == .success)
            #expect(producer.send("aborted", to: topic) == .accepted)
            #expect(producer.flush(milliseconds: 10_000) { _, _ in })
            #expect(self.abort(producer) == .success)
            let reader = try TopicReader(configuration: broker.reader, observer: .silent, topics: ["t"], from: .beginning)
            #expect(try reader.read(count: 1).map(\.text) == ["aborted"])
        }
    }
}
