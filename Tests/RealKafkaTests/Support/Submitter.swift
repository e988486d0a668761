import KafkaClient
import Wire
import WorkerRuntime

/// A record to produce.
struct TestRecord: Sendable {
    var partition: Int32?
    var key: [UInt8]?
    var value: [UInt8]?
    var headers = RecordHeaders()

    init(partition: Int32? = nil, key: String? = nil, value: [UInt8]?, headers: RecordHeaders = RecordHeaders()) {
        self.partition = partition
        self.key = key.map { Array($0.utf8) }
        self.value = value
        self.headers = headers
    }

    init(partition: Int32? = nil, key: String? = nil, text: String, headers: RecordHeaders = RecordHeaders()) {
        self.init(partition: partition, key: key, value: Array(text.utf8), headers: headers)
    }

    /// A request in binary mode.
    init(_ request: Request, partition: Int32? = nil, key: String? = nil) {
        let (value, headers) = request.encode()
        self.init(partition: partition, key: key, value: value, headers: headers)
    }
}

/// Produces as fast as the broker takes it, and fails when a record is not acknowledged.
enum Submitter {
    /// Returns when the broker has acknowledged every record.
    static func send(_ records: [TestRecord], to topic: String, of topics: TestTopics) async throws {
        try await self.send(count: records.count, to: topic, of: topics) { records[$0] }
    }

    /// Makes the records on the way, for many of them.
    static func send(
        count: Int,
        to topic: String,
        of topics: TestTopics,
        _ makeRecord: @escaping @Sendable (Int) -> TestRecord
    ) async throws {
        var configuration = topics.configuration
        configuration["message.max.bytes"] = "10000000"
        let final = configuration
        try await onOwnThread {
            let wake = WakeSignal()
            let producer = try KafkaProducer(configuration: final, observer: .silent, wake: wake)
            let topic = try producer.topic(topic)
            var acknowledged = 0
            var failure: KafkaError?
            func readReports() {
                producer.readReports { _, error in
                    acknowledged += 1
                    failure = failure ?? error
                }
            }
            for number in 0..<count {
                let record = makeRecord(number)
                while true {
                    let outcome = producer.produce(record, to: topic, token: UInt(number))
                    if case .refused(let error) = outcome { throw error }
                    if outcome == .accepted { break }
                    wake.wait(milliseconds: 100)
                    readReports()
                }
                if number % 1_000 == 999 { readReports() }
            }
            while acknowledged < count {
                readReports()
                if let failure { throw failure }
                wake.wait(milliseconds: 100)
            }
            if let failure { throw failure }
        }
    }
}

extension KafkaProducer {
    /// Enqueues a record.
    func produce(_ record: TestRecord, to topic: ProducerTopic, token: UInt) -> Outcome {
        func produce(_ key: UnsafeRawBufferPointer?, _ value: UnsafeRawBufferPointer?) -> Outcome {
            record.headers.withView {
                self.produce(to: topic, partition: record.partition, key: key, value: value, headers: $0, token: token)
            }
        }
        func produce(_ key: UnsafeRawBufferPointer?) -> Outcome {
            record.value.map { value in value.withUnsafeBytes { produce(key, $0) } } ?? produce(key, nil)
        }
        return record.key.map { key in key.withUnsafeBytes { produce($0) } } ?? produce(nil)
    }
}
