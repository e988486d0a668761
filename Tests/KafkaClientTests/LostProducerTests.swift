import KafkaClient
import KafkaProcess
import Testing
import WorkerRuntime

/// librdkafka gives an idempotent producer up when the broker says that records came out of order (Kafka's error 45).
@Suite("A producer that was lost", .timeLimit(.minutes(1)))
struct LostProducerTests {
    @Test("is replaced: what it had not delivered is reported as to be sent again, and its topics go on")
    func replacement() async throws {
        let broker = try EmbeddedBroker.with("t")
        try await onOwnThread {
            let producer = try broker.producer()
            let topic = try producer.topic("t")
            #expect(producer.send("before", to: topic, token: 1) == .accepted)
            _ = try producer.allReports()

            broker.failRequests(apiKey: 0, codes: [45])
            var (toSend, waiting): ([UInt], Set<UInt>) = ([2, 3, 4], [2, 3, 4])
            var refusals: [KafkaError] = []
            let deadline = ContinuousClock.now + .seconds(20)
            while !waiting.isEmpty, ContinuousClock.now < deadline {
                // Between the loss and the next look at the reports it takes nothing.
                toSend.removeAll { producer.send("\($0)", to: topic, token: $0) == .accepted }
                producer.readReports(waiting: 20) { token, error in
                    if let error {
                        refusals.append(error)
                        toSend.append(token)
                    } else {
                        waiting.remove(token)
                    }
                }
            }
            #expect(waiting.isEmpty && producer.queueLength == 0)
            #expect(!refusals.isEmpty && refusals.allSatisfy { $0.isRetriable && !$0.isFatal }, "\(refusals)")
            #expect(try producer.partitionCount(of: topic) == 1)
            let reader = try TopicReader(configuration: broker.reader, observer: .silent, topics: ["t"], from: .beginning)
            #expect(Set(try reader.read(count: 4).map(\.text)) == ["before", "2", "3", "4"])
        }
    }
}
