import CRDKafka
import KafkaClient
import KafkaProcess
import Synchronization
import Testing
import Wire
import WorkerRuntime

@Suite("Producer", .timeLimit(.minutes(1)))
struct ProducerTests {
    @Test("carries keys, values and headers byte by byte, absent and empty ones apart")
    func bytes() async throws {
        let broker = try EmbeddedBroker.with("t")
        try await onOwnThread {
            let binary: [UInt8] = [0, 0xff, 0xfe, 0x0a, 0]
            var headers = RecordHeaders()
            headers.append("text", "späte Züge")
            headers.append("empty", "")
            headers.append("null", bytes: nil)
            binary.withUnsafeBytes { headers.append("binary", bytes: $0) }
            let records: [(key: [UInt8]?, value: [UInt8]?, headers: RecordHeaders)] = [
                (Array("k".utf8), Array("v".utf8), headers), (nil, Array("no key".utf8), RecordHeaders()), ([], [], headers),
                (binary, binary, RecordHeaders()), (Array("gone".utf8), nil, headers), (nil, nil, RecordHeaders()),
            ]
            let producer = try broker.producer()
            let topic = try producer.topic("t")
            func with<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
                guard let bytes else { return body(nil) }
                return bytes.withUnsafeBytes { body($0) }
            }
            for record in records {
                let outcome = record.headers.withView { headers in
                    with(record.key) { key in with(record.value) { producer.produce(to: topic, key: key, value: $0, headers: headers) } }
                }
                #expect(outcome == .accepted)
            }
            _ = try producer.allReports()
            let reader = try TopicReader(configuration: broker.reader, observer: .silent, topics: ["t"], from: .beginning)
            let read = try reader.read(count: records.count)
            #expect(read.map(\.offset) == Array(0..<Int64(records.count)))
            for (sent, read) in zip(records, read) {
                #expect(read.key == sent.key && read.value == sent.value && read.headers == sent.headers)
                #expect((read.keyHash == 0) == (sent.key == nil))
            }
        }
    }

    @Test("hands every token back with its delivery")
    func tokens() async throws {
        let broker = try EmbeddedBroker.with("t", partitions: 3)
        try await onOwnThread {
            let producer = try broker.producer()
            let topic = try producer.topic("t")
            for token in 1...100 { #expect(producer.send("\(token)", to: topic, token: UInt(token)) == .accepted) }
            let reports = try producer.allReports()
            #expect(Set(reports.keys) == Set(1...100) && reports.values.allSatisfy { $0 == nil })
        }
    }

    @Test("says that it is full, keeps what it has, and takes more when there is room again")
    func backpressure() async throws {
        let broker = try EmbeddedBroker.with("t")
        try await onOwnThread {
            let producer = try broker.producer(["queue.buffering.max.messages": "10"])
            let topic = try producer.topic("t")
            #expect(try producer.partitionCount(of: topic) == 1)
            broker.setReachable(false)
            for number in 0..<10 { #expect(producer.send("\(number)", to: topic, token: 1) == .accepted) }
            #expect(producer.send("no room", to: topic, token: 1) == .full)
            #expect(producer.queueLength >= 10)
            broker.setReachable(true)
            _ = try producer.allReports()
            #expect(producer.send("10", to: topic, token: 1) == .accepted)
            _ = try producer.allReports()
            let reader = try TopicReader(configuration: broker.reader, observer: .silent, topics: ["t"], from: .beginning)
            #expect(try reader.read(count: 11).map(\.text) == (0...10).map { "\($0)" })
        }
    }

    @Test("refuses what is too large, and a topic of another producer")
    func refusal() async throws {
        let broker = try EmbeddedBroker.with("t")
        try await onOwnThread {
            let producer = try broker.producer(["message.max.bytes": "2000"])
            guard case .refused(let error) = producer.send(String(repeating: "x", count: 5_000), to: try producer.topic("t")) else {
                Issue.record("a record over message.max.bytes was taken")
                return
            }
            #expect(error.isMessageTooLarge && error.message.contains("t"))
            let other = try broker.producer()
            guard case .refused = producer.send("x", to: try other.topic("t")) else {
                Issue.record("a topic of another producer was taken")
                return
            }
            #expect(throws: KafkaError.self) { try producer.partitionCount(of: try other.topic("t")) }
            #expect(try producer.topic("t") === producer.topic("t"), "a topic is looked up once")
            #expect(throws: KafkaError.self) { try producer.topic(String(repeating: "x", count: 600)) }
        }
    }

    @Test("tells why a record was not delivered")
    func failedDelivery() async throws {
        let broker = try EmbeddedBroker.with("t")
        try await onOwnThread {
            let producer = try broker.producer(["enable.idempotence": "false"])
            let topic = try producer.topic("t")
            // Produce: message too large.
            broker.failRequests(apiKey: 0, codes: [10])
            #expect(producer.send("x", to: topic, token: 7) == .accepted)
            let reports = try producer.allReports()
            #expect(reports[7]??.isMessageTooLarge == true)
            #expect(producer.send("y", to: topic, token: 8) == .accepted)
            #expect(try producer.allReports()[8] == .some(nil))
        }
    }

    @Test("lets go of what it could not deliver")
    func release() async throws {
        let broker = try EmbeddedBroker.with("t")
        broker.setReachable(false)
        try await onOwnThread {
            var producer: KafkaProducer? = try broker.producer()
            weak let gone = producer
            if let topic = try producer?.topic("t") { #expect(producer?.send("x", to: topic) == .accepted) }
            producer = nil
            #expect(gone == nil)
        }
    }

    @Test("raises its owner's signal when a report is there")
    func wake() async throws {
        let broker = try EmbeddedBroker.with("t")
        try await onOwnThread {
            let wake = WakeSignal()
            let producer = try KafkaProducer(configuration: broker.client.merging(["linger.ms": "0"]), observer: .silent, wake: wake)
            #expect(producer.send("x", to: try producer.topic("t"), token: 5) == .accepted)
            var tokens: [UInt] = []
            // Waits without end: a signal that is missed ends the test by its time limit.
            while tokens.isEmpty {
                wake.wait(milliseconds: -1)
                producer.readReports { token, _ in tokens.append(token) }
            }
            #expect(tokens == [5])
        }
    }
}
