import KafkaClient
import KafkaProcess
import Testing
import Wire

extension RealKafkaSuite {
    /// Records and offsets that become visible together or not at all.
    @Suite struct TransactionTests {
        /// One topic of a group that has 10 records, and one for replies.
        private func topics() async throws -> (topics: TestTopics, requests: TopicPartition, replies: String) {
            let topics = try await TestTopics.unused()
            let (requests, replies) = (topics.prefix + "requests", topics.prefix + "replies")
            try await topics.create([requests, replies].map { TopicSpecification(name: $0, partitions: 1) })
            return (topics, TopicPartition(topic: requests, partition: 0), replies)
        }

        @Test(arguments: [1, 10_000]) func recordsAndOffsetsAreCommittedTogether(_ count: Int) async throws {
            let (topics, source, replies) = try await self.topics()
            let longest = String(repeating: "0123456789abcdef", count: 256)
            let tokens = try await onTestThread {
                let member = try TransactionalMember(source.topic, of: topics)
                defer { member.consumer.close(milliseconds: 5_000) }
                let producer = try TransactionalProducer("x", replies, of: topics)
                #expect(producer.native.beginTransaction() == .success)
                for number in 0..<count { producer.send("\(number)", token: UInt(number + 1)) }
                let points = [CommitPoint(source: source, offset: 7, metadata: longest)]
                let group = try #require(member.consumer.groupMetadata)
                #expect(producer.native.sendOffsets(points, of: group, milliseconds: 10_000) == .success)
                #expect(producer.commit() == .success)
                #expect(try member.consumer.committed([source]) == points)
                return producer.reports
            }
            #expect(tokens.values.allSatisfy { $0 == nil } && Set(tokens.keys) == Set((1...count).map { UInt($0) }))
            let read = try await Collector([replies], of: topics).wait(for: count)
            #expect(read.map(\.text) == (0..<count).map { "\($0)" })
        }

        @Test func abortedRecordsAreNeverSeenAndOffsetsStay() async throws {
            let (topics, source, replies) = try await self.topics()
            try await onTestThread {
                let member = try TransactionalMember(source.topic, of: topics)
                defer { member.consumer.close(milliseconds: 5_000) }
                let before = [CommitPoint(source: source, offset: 2, metadata: "before")]
                try member.consumer.commit(before, waiting: 5_000)
                let producer = try TransactionalProducer("x", replies, of: topics)
                #expect(producer.native.beginTransaction() == .success)
                for number in 1...100 as ClosedRange<UInt> { producer.send("aborted", token: number) }
                // Some are delivered, some are not sent yet.
                #expect(producer.native.flush(milliseconds: 10_000) { producer.note($0, $1) })
                for number in 101...200 as ClosedRange<UInt> { producer.send("aborted", token: number) }
                let group = try #require(member.consumer.groupMetadata)
                let points = [CommitPoint(source: source, offset: 9, metadata: "aborted")]
                #expect(producer.native.sendOffsets(points, of: group, milliseconds: 10_000) == .success)
                #expect(producer.abort() == .success)
                #expect(Set(producer.reports.keys) == Set(1...200))
                #expect(try member.consumer.committed([source]) == before)
                #expect(producer.native.beginTransaction() == .success)
                producer.send("committed", token: 0)
                #expect(producer.commit() == .success)
            }
            // What is committed comes after what was aborted.
            #expect(try await Collector([replies], of: topics).wait(for: 1).map(\.text) == ["committed"])
        }

        @Test func metadataThatTheBrokerDoesNotTakeMeansToAbort() async throws {
            let (topics, source, replies) = try await self.topics()
            try await onTestThread {
                let member = try TransactionalMember(source.topic, of: topics)
                defer { member.consumer.close(milliseconds: 5_000) }
                let producer = try TransactionalProducer("x", replies, of: topics)
                let group = try #require(member.consumer.groupMetadata)
                for count in [4_097, 4_290] {
                    #expect(producer.native.beginTransaction() == .success)
                    producer.send("aborted", token: 0)
                    let point = CommitPoint(source: source, offset: 1, metadata: String(repeating: "x", count: count))
                    let outcome = producer.native.sendOffsets([point], of: group, milliseconds: 10_000)
                    #expect(outcome.mustAbort && outcome.error?.name == "OFFSET_METADATA_TOO_LARGE", "\(outcome)")
                    #expect(producer.commit().mustAbort)
                    #expect(producer.abort() == .success)
                }
                #expect(producer.native.beginTransaction() == .success)
                producer.send("committed", token: 0)
                let point = CommitPoint(source: source, offset: 1, metadata: String(repeating: "x", count: 4_096))
                #expect(producer.native.sendOffsets([point], of: group, milliseconds: 10_000) == .success)
                #expect(producer.commit() == .success)
                #expect(try member.consumer.committed([source]) == [point])
            }
            #expect(try await Collector([replies], of: topics).wait(for: 1).map(\.text) == ["committed"])
        }

        @Test func producerWhoseIDAnotherHasTakenIsFenced() async throws {
            let (topics, _, replies) = try await self.topics()
            try await onTestThread {
                let first = try TransactionalProducer("x", replies, of: topics)
                #expect(first.native.beginTransaction() == .success)
                first.send("fenced", token: 0)
                #expect(first.native.flush(milliseconds: 10_000) { first.note($0, $1) })
                let second = try TransactionalProducer("x", replies, of: topics)
                for outcome in [first.commit(), first.abort(), first.native.beginTransaction()] {
                    #expect(outcome.isFatal && outcome.error?.isFenced == true, "\(outcome)")
                }
                #expect(second.native.beginTransaction() == .success)
                second.send("committed", token: 0)
                #expect(second.commit() == .success)
            }
            #expect(try await Collector([replies], of: topics).wait(for: 1).map(\.text) == ["committed"])
        }

        @Test func memberOfAnEarlierGenerationCannotCommit() async throws {
            let (topics, source, replies) = try await self.topics()
            try await onTestThread {
                let first = try TransactionalMember(source.topic, of: topics)
                let zombie = try #require(first.consumer.groupMetadata)
                #expect(first.consumer.close(milliseconds: 10_000))
                let second = try TransactionalMember(source.topic, of: topics)
                defer { second.consumer.close(milliseconds: 5_000) }
                let producer = try TransactionalProducer("x", replies, of: topics)
                #expect(producer.native.beginTransaction() == .success)
                producer.send("aborted", token: 0)
                let points = [CommitPoint(source: source, offset: 5, metadata: "of a zombie")]
                let outcome = producer.native.sendOffsets(points, of: zombie, milliseconds: 10_000)
                #expect(outcome.mustAbort && outcome.error?.name == "UNKNOWN_MEMBER_ID", "\(outcome)")
                #expect(producer.abort() == .success)
                #expect(try second.consumer.committed([source]).first?.offset == -1001)

                // A member that stays, but whose group has moved on: what it knew before is refused, what it knows now is taken.
                let old = try #require(second.consumer.groupMetadata)
                let third = try TransactionalMember(source.topic, of: topics, whileTurning: second)
                #expect(producer.native.beginTransaction() == .success)
                let refused = producer.native.sendOffsets(points, of: old, milliseconds: 10_000)
                #expect(refused.mustAbort && refused.error?.name == "ILLEGAL_GENERATION", "\(refused)")
                #expect(producer.abort() == .success)
                #expect(producer.native.beginTransaction() == .success)
                let now = try #require(second.consumer.groupMetadata)
                #expect(producer.native.sendOffsets(points, of: now, milliseconds: 10_000) == .success)
                #expect(producer.commit() == .success)
                third.consumer.close(milliseconds: 5_000)
            }
        }

        @Test func assignmentWaitsForATransactionThatHasOffsets() async throws {
            let (topics, source, replies) = try await self.topics()
            try await Submitter.send(count: 10, to: source.topic, of: topics) { TestRecord(text: "\($0)") }
            try await onTestThread {
                let first = try TransactionalMember(source.topic, of: topics)
                let producer = try TransactionalProducer("x", replies, of: topics, ["transaction.timeout.ms": "60000"])
                let group = try #require(first.consumer.groupMetadata)
                #expect(producer.native.beginTransaction() == .success)
                let points = [CommitPoint(source: source, offset: 8, metadata: "done")]
                #expect(producer.native.sendOffsets(points, of: group, milliseconds: 10_000) == .success)
                #expect(first.consumer.close(milliseconds: 10_000))

                let second = try TransactionalMember(joining: source.topic, of: topics)
                try second.turn { !second.told.failures.isEmpty }
                // "Unstable" to librdkafka, which asks again until its time is over.
                #expect(second.told.failures.allSatisfy { $0.isRetriable && $0.message.contains("1 new partitions wait") })
                #expect(second.told.assigned.isEmpty && second.consumer.assignment.isEmpty)
                #expect(producer.commit() == .success)
                try second.turn { !second.told.offsets.isEmpty }
                #expect(second.told.assigned.map(\.committedOffset) == [8])
                #expect(second.told.assigned.map(\.committedMetadata) == ["done"])
                #expect(second.told.offsets.first == 8)
                #expect(second.consumer.close(milliseconds: 10_000))
            }
        }
    }
}
