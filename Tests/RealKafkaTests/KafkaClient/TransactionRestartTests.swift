import KafkaClient
import KafkaProcess
import Testing
import Wire

extension RealKafkaSuite {
    /// A broker that goes away in the middle of a transaction.
    @Suite struct TransactionRestartTests {
        private static let count = 50

        /// A member and its producer, used by one thread after the other.
        private final class Work: @unchecked Sendable {  // never by two threads at once: each step is awaited
            let member: TransactionalMember
            let producer: TransactionalProducer
            let source: TopicPartition
            var outcomes: [TransactionOutcome] = []

            init(_ source: TopicPartition, _ replies: String, of topics: TestTopics) throws {
                self.source = source
                self.member = try TransactionalMember(source.topic, of: topics)
                self.producer = try TransactionalProducer("x", replies, of: topics, ["transaction.timeout.ms": "60000"])
            }

            var point: CommitPoint { CommitPoint(source: self.source, offset: 5, metadata: "done") }

            /// Begins, produces and sends offsets; false when the transaction must be aborted.
            func fill() throws -> Bool {
                #expect(self.producer.native.beginTransaction() == .success)
                for number in 0..<TransactionRestartTests.count { self.producer.send("\(number)", token: UInt(number + 1)) }
                try self.member.turn { self.member.consumer.groupMetadata != nil }
                let group = try #require(self.member.consumer.groupMetadata)
                return try self.repeated { self.producer.native.sendOffsets([self.point], of: group, milliseconds: 2_000) }
            }

            func commit() throws -> Bool { try self.repeated { self.producer.commit(milliseconds: 2_000) } }

            func abort() throws { #expect(try self.repeated { self.producer.abort(milliseconds: 2_000) }) }

            /// Makes a call until it is decided: true for success, false for a transaction that must be aborted.
            private func repeated(_ call: () -> TransactionOutcome) throws -> Bool {
                let deadline = ContinuousClock.now + .seconds(90)
                while ContinuousClock.now < deadline {
                    let outcome = call()
                    self.outcomes.append(outcome)
                    switch outcome {
                    case .success: return true
                    case .mustAbort: return false
                    case .fatal(let error): throw error
                    case .retriable: self.member.turnOnce(milliseconds: 50)
                    }
                }
                throw KafkaProcessError(.deadlineExceeded, "undecided: \(self.outcomes.suffix(3))")
            }
        }

        /// What the producer was about to do when the broker went away.
        enum Moment: CaseIterable { case produce, commit }

        @Test(arguments: Moment.allCases) func transactionOverARestartIsDoneOnceOrDoneAgain(_ moment: Moment) async throws {
            try await RealKafka.withCluster { kafka in
                let topics = TestTopics(prefix: "", bootstrapServers: kafka.bootstrapServers)
                try await topics.create(["requests", "replies"].map { TopicSpecification(name: $0, partitions: 1) })
                let source = TopicPartition(topic: "requests", partition: 0)
                let work = try await onTestThread { try Work(source, "replies", of: topics) }
                if moment == .commit { #expect(try await onTestThread { try work.fill() }) }
                try await kafka.brokers[0].kill()
                async let restart: Void = kafka.brokers[0].restart()
                try await onTestThread {
                    var isDone = try moment == .commit ? work.commit() : work.fill() && work.commit()
                    while !isDone {
                        try work.abort()
                        isDone = try work.fill() && work.commit()
                    }
                    let consumer = work.member.consumer
                    #expect(try consumer.committed([source], milliseconds: 30_000) == [work.point])
                    #expect(consumer.close(milliseconds: 10_000))
                    // What is read before it is all that there is.
                    #expect(work.producer.native.beginTransaction() == .success)
                    work.producer.send("last", token: 0)
                    #expect(work.producer.commit() == .success)
                }
                try await restart
                let collector = try await Collector(["replies"], of: topics)
                try await collector.wait(for: 1) { $0.text == "last" }
                #expect(collector.records.map(\.text) == (0..<Self.count).map { "\($0)" } + ["last"])
            }
        }

        @Test func transactionThatTookTooLongIsAbortedByTheBrokerAndItsProducerFenced() async throws {
            let cleanup = ["transaction.abort.timed.out.transaction.cleanup.interval.ms": "200"]
            try await RealKafka.withCluster(extraProperties: cleanup) { kafka in
                let topics = TestTopics(prefix: "", bootstrapServers: kafka.bootstrapServers)
                try await topics.create([TopicSpecification(name: "replies", partitions: 1)])
                final class Box: @unchecked Sendable { var producer: TransactionalProducer? }  // used by one thread after the other
                let box = Box()
                try await onTestThread {
                    let producer = try TransactionalProducer("x", "replies", of: topics, ["transaction.timeout.ms": "1000"])
                    #expect(producer.native.beginTransaction() == .success)
                    producer.send("too late", token: 0)
                    #expect(producer.native.flush(milliseconds: 10_000) { producer.note($0, $1) })
                    box.producer = producer
                }
                // Readers see what comes after an open transaction only when it has ended.
                try await Submitter.send(count: 1, to: "replies", of: topics) { _ in TestRecord(text: "after") }
                #expect(try await Collector(["replies"], of: topics).wait(for: 1).map(\.text) == ["after"])
                try await onTestThread {
                    let outcome = try #require(box.producer).commit()
                    #expect(outcome.isFatal && outcome.error?.isFenced == true, "\(outcome)")
                    let next = try TransactionalProducer("x", "replies", of: topics)
                    #expect(next.native.beginTransaction() == .success)
                    next.send("again", token: 0)
                    #expect(next.commit() == .success)
                }
            }
        }
    }
}
