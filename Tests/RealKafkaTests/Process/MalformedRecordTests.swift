import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire

extension RealKafkaSuite {
    /// Bad bytes never stop a partition, and are kept as they were.
    @Suite struct MalformedRecordTests {
        @Test func malformedRecordsDieUntouchedAndTheGoodOnesBetweenThemAreAnswered() async throws {
            let (partitions, deadLetterPartitions): (Int32, Int32) = (5, 3)
            let topics = try await TestTopics.ofLayer(
                .application,
                partitions: partitions,
                deadLetterPartitions: deadLetterPartitions,
                settings: ["max.message.bytes": "4000000"]
            )
            let names = topics.names
            // 10,000 bad ones, and every third record a good one.
            let count = 15_000
            @Sendable func isGood(_ number: Int) -> Bool { number % 3 == 1 }
            @Sendable func badNumber(_ number: Int) -> Int { number / 3 * 2 + (number % 3 == 0 ? 0 : 1) }
            @Sendable func makeRecord(_ number: Int) -> (record: TestRecord, reason: DeadLetterReason?) {
                var (record, reason): (TestRecord, DeadLetterReason?)
                if isGood(number) {
                    let request = Request(
                        id: "good-\(number)",
                        orchestrator: "echo",
                        tenantID: "acme",
                        kwargs: ["n": .integer(Int64(number))]
                    )
                    (record, reason) = (TestRecord(request, key: "key-\(number % 50)"), nil)
                } else {
                    (record, reason) = MalformedRecords.make(badNumber(number))
                }
                record.partition = Int32(number) % partitions
                return (record, reason)
            }

            let worker = try await WorkerProcess.ready(
                "application-worker",
                id: "survivor",
                of: topics,
                ["--log-level", "error", "--signals", "off"]
            )
            let replies = try await Collector([names.results(.application)], of: topics)
            let letters = try await Collector([names.deadLetters(.application)], of: topics)
            try await Submitter.send(count: count, to: names.requests(.application), of: topics) { makeRecord($0).record }

            let answered = try await replies.wait(forDistinct: count / 3, deadline: .now + .seconds(120)) { $0.header("ce_causationid") }
            for number in 0..<count where isGood(number) {
                let reply = try #require(answered.byID["good-\(number)"], "good-\(number)")
                #expect(try Reply(decoding: reply.value ?? []).result.data == ["n": .integer(Int64(number))])
            }
            let dead = try await letters.wait(forDistinct: count / 3 * 2, deadline: .now + .seconds(120)) { record in
                record.header("x-dlq-source-partition").flatMap { partition in
                    record.header("x-dlq-source-offset").map { "\(partition)/\($0)" }
                }
            }
            #expect(dead.duplicates == 0 && answered.duplicates == 0)
            var reasons: [DeadLetterReason: Int] = [:]
            for number in 0..<count {
                let (original, reason) = makeRecord(number)
                guard let reason else { continue }
                reasons[reason, default: 0] += 1
                // One producer, partition after partition: the record's offset is its number in its partition.
                let (partition, offset) = (number % Int(partitions), number / Int(partitions))
                let letter = try #require(dead.byID["\(partition)/\(offset)"], "\(number)")
                self.expect(letter, isCopyOf: original, "\(number)")
                #expect(letter.header("x-dlq-reason") == reason.rawValue, "\(number): \(letter.header("x-dlq-error-message") ?? "")")
                #expect(letter.header("x-dlq-source-topic") == names.requests(.application))
                #expect(letter.header("x-dlq-consumer-group") == "\(topics.prefix)fleet.application")
                #expect(letter.header("x-dlq-worker") == "survivor" && letter.header("x-dlq-error-category") == "validation")
                #expect(letter.header("x-dlq-error-message").map { !$0.isEmpty && $0.utf8.count <= 1_024 } == true)
                #expect(letter.source.partition == Int32(partition) % deadLetterPartitions)
            }
            #expect(reasons.keys.count == 3 && reasons.values.allSatisfy { $0 > 1_000 }, "\(reasons)")
            // Order is kept: p mod P, in the order of the offsets.
            for partition in 0..<Int(partitions) {
                let offsets = letters.records.filter { $0.header("x-dlq-source-partition") == "\(partition)" }
                    .compactMap { $0.header("x-dlq-source-offset").flatMap { Int($0) } }
                #expect(Set(offsets).count == offsets.count)
            }
            try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.application", topic: names.requests(.application))
            #expect(worker.child.exitStatus == nil)
            #expect(try await worker.drain() == .exited(0))
        }

        @Test func valueThatTheDeadLetterTopicDoesNotTakeIsLeftOut() async throws {
            let topics = try await TestTopics.unused()
            let names = topics.names
            try await topics.create([
                TopicSpecification(name: names.requests(.application), partitions: 1, settings: ["max.message.bytes": "4000000"]),
                TopicSpecification(name: names.results(.application), partitions: 1),
                TopicSpecification(name: names.deadLetters(.application), partitions: 1, settings: ["max.message.bytes": "20000"]),
            ])
            // Random text, which does not shrink.
            var generator = SystemRandomNumberGenerator()
            let text = (0..<150_000).map { _ in String(generator.next(), radix: 36) }.joined()
            let worker = try await WorkerProcess.ready("application-worker", id: "w", of: topics, ["--signals", "off"])
            let good = Request(id: "good", orchestrator: "echo", tenantID: "acme")
            try await Submitter.send(
                [TestRecord(key: "k", text: text, headers: good.encode().headers), TestRecord(good, key: "k")],
                to: names.requests(.application),
                of: topics
            )
            let letter = try await Collector([names.deadLetters(.application)], of: topics).wait(for: 1)[0]
            #expect(letter.value == nil && letter.keyText == "k")
            #expect(letter.header("x-dlq-reason") == "oversize" && letter.header("x-dlq-value-bytes") == "\(text.utf8.count)")
            #expect(letter.header("x-dlq-source-offset") == "0")
            _ = try await Collector([names.results(.application)], of: topics).wait(forCause: "good")
            try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.application", topic: names.requests(.application))
            #expect(try await worker.drain() == .exited(0))
        }

        private func expect(_ letter: ConsumedRecord, isCopyOf original: TestRecord, _ comment: Comment) {
            #expect(letter.key == original.key, comment)
            #expect(letter.value == original.value, comment)
            let bytes = letter.headers.bytes
            #expect(bytes.starts(with: original.headers.bytes), comment)
            let added = letter.headers.pairs.dropFirst(original.headers.count)
            #expect(added.count >= 12 && added.allSatisfy { $0.name.hasPrefix("x-dlq-") }, comment)
        }
    }
}
