import DrillOrchestrators
import JSON
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Testing
import Wire
import WorkerRuntime

extension RealKafkaSuite {
    @Suite struct RefusalTests {
        @Test func passedDeadlineIsATimeoutAndADeadLetter() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let names = topics.names
            let journal = Journal()
            let orchestrator = ClosureOrchestrator("note") { context, _ in
                await journal.record(context.requestID) {}
                return .ok()
            }
            try await topics.withWorker(.domain, [orchestrator]) { _ in
                var late = Request(id: "late", orchestrator: "note", tenantID: "acme")
                late.event.deadline = WireTime.now - 1_000
                var early = Request(id: "early", orchestrator: "note", tenantID: "acme")
                early.event.deadline = WireTime.now + 600_000
                try await Submitter.send([late, early].map { TestRecord($0, key: "k") }, to: names.requests(.domain), of: topics)
                let results = try await Collector([names.results(.domain)], of: topics)
                let reply = try Reply(decoding: try await results.wait(forCause: "late").value ?? []).result
                #expect(!reply.success && reply.errorCategory == .timeout && !reply.retryable)
                #expect(try Reply(decoding: try await results.wait(forCause: "early").value ?? []).result.success)
                let letter = try await Collector([names.deadLetters(.domain)], of: topics).wait(for: 1)[0]
                #expect(letter.headers["x-dlq-reason"] == "expired" && letter.headers["x-dlq-error-category"] == "timeout")
                #expect(letter.headers["x-dlq-orchestrator"] == "note" && letter.headers["x-dlq-source-offset"] == "0")
                #expect(letter.headers["ce_id"] == "late" && letter.value == late.encode().value && letter.keyText == "k")
            }
            #expect(journal.started == ["early"])
        }

        @Test func deadlineThatComesDuringTheRunIsATimeoutOnly() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let names = topics.names
            let gate = Gate()
            let orchestrator = ClosureOrchestrator("wait") { _, _ in
                try await gate.pass()
                return .ok()
            }
            try await topics.withWorker(.domain, [orchestrator]) { _ in
                var request = Request(id: "slow", orchestrator: "wait", tenantID: "acme")
                request.event.deadline = WireTime.now + 1_500
                try await Submitter.send([TestRecord(request)], to: names.requests(.domain), of: topics)
                let record = try await Collector([names.results(.domain)], of: topics).wait(forCause: "slow")
                let reply = try Reply(decoding: record.value ?? []).result
                #expect(!reply.success && reply.errorCategory == .timeout)
                try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.domain", topic: names.requests(.domain))
                #expect(try await Collector([names.deadLetters(.domain)], of: topics).count == 0)
            }
        }

        @Test func recordsWhoseAnswerOrCopyNoBrokerTakesHoldNobodyUp() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1)
            let names = topics.names
            var generator = SystemRandomNumberGenerator()
            func noise(_ count: Int) -> String {
                (0..<count / 12).map { _ in String(String(generator.next(), radix: 36).prefix(12)) }.joined()
            }
            // A reply would carry this id four times.
            let long = Request(id: noise(300_000), orchestrator: "echo", tenantID: "acme")
            // A copy of these headers, with those of a dead letter beside them, is more than the topic takes; there is no value to leave out.
            var headers = RecordHeaders()
            headers.append("x-noise", noise(1_040_000))
            try await topics.withWorker(.domain, [EchoOrchestrator(layer: .domain)]) { _ in
                try await Submitter.send(
                    [
                        TestRecord(long, key: "k"), TestRecord(key: "k", value: nil, headers: headers),
                        TestRecord(Request(id: "good", orchestrator: "echo", tenantID: "acme"), key: "k"),
                    ],
                    to: names.requests(.domain),
                    of: topics
                )
                _ = try await Collector([names.results(.domain)], of: topics).wait(forCause: "good")
                let letters = try await Collector([names.deadLetters(.domain)], of: topics).wait(for: 2)
                #expect(letters.allSatisfy { $0.headers["x-dlq-reason"] == "oversize" })
                #expect(Set(letters.map { $0.headers["x-dlq-source-offset"] }) == ["0", "1"])
            }
            try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.domain", topic: names.requests(.domain))
        }

        @Test func unknownOrchestratorIsAReplyAndADeadLetter() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 3, deadLetterPartitions: 2)
            let names = topics.names
            let registry = MetricsRegistry()
            try await topics.withWorker(.domain, [EchoOrchestrator(layer: .domain)], registry: registry) { _ in
                let requests = (0..<3).map { Request(id: "u\($0)", orchestrator: "nobody", tenantID: "acme") }
                try await Submitter.send(
                    requests.enumerated().map { TestRecord($1, partition: Int32($0), key: "k") },
                    to: names.requests(.domain),
                    of: topics
                )
                let replies = try await Collector([names.results(.domain)], of: topics).wait(for: 3)
                for record in replies {
                    let reply = try Reply(decoding: record.value ?? []).result
                    #expect(!reply.success && reply.errorCategory == .processing && reply.error?.contains("nobody") == true)
                }
                let letters = try await Collector([names.deadLetters(.domain)], of: topics).wait(for: 3)
                for letter in letters {
                    #expect(letter.headers["x-dlq-reason"] == "unknown_orchestrator" && letter.headers["x-dlq-orchestrator"] == "nobody")
                    let source = try #require(letter.headers["x-dlq-source-partition"].flatMap { Int32($0) })
                    #expect(letter.source.partition == source % 2 && letter.headers["ce_id"] == "u\(source)")
                }
                #expect(Set(letters.map { $0.headers["x-dlq-source-partition"] }) == ["0", "1", "2"])
            }
            // A name from outside never becomes a label.
            let metrics = String(decoding: registry.prometheusText(), as: UTF8.self)
            #expect(metrics.contains(#"fleet_worker_records_dead_total{layer="domain",reason="unknown_orchestrator"} 3"#))
            #expect(!metrics.contains("nobody"))
        }

        @Test func oversizedReplyIsReplacedByASmallFailure() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1, more: [TopicSpecification(name: "direct", partitions: 1)])
            let names = topics.names
            // Beyond what the broker takes, and beyond what the client takes; random enough that compression does not help.
            let large = ClosureOrchestrator("large") { _, arguments in
                var generator = SystemRandomNumberGenerator()
                let count = Int(arguments["bytes"]?.integerValue ?? 0)
                let bytes = (0..<count / 8).flatMap { _ in String(generator.next(), radix: 36).utf8.prefix(8) }
                return .ok(["text": .string(String(decoding: bytes, as: UTF8.self))])
            }
            try await topics.withWorker(.domain, [large, EchoOrchestrator(layer: .domain)]) { _ in
                var direct = Request(id: "direct", orchestrator: "large", tenantID: "acme", kwargs: ["bytes": 3_000_000])
                direct.event.replyAddress = ReplyAddress(topic: topics.prefix + "direct")
                let requests = [
                    Request(id: "broker", orchestrator: "large", tenantID: "acme", kwargs: ["bytes": 3_000_000]),
                    Request(id: "client", orchestrator: "large", tenantID: "acme", kwargs: ["bytes": 12_000_000]),
                    direct,
                    Request(id: "small", orchestrator: "echo", tenantID: "acme"),
                ]
                try await Submitter.send(requests.map { TestRecord($0, key: "k") }, to: names.requests(.domain), of: topics)
                let replies = try await Collector([names.results(.domain)], of: topics).wait(for: 4)
                for id in ["broker", "client", "direct"] {
                    let record = try #require(replies.first { $0.headers["ce_causationid"] == id }, "\(id)")
                    let reply = try Reply(decoding: record.value ?? [])
                    #expect(!reply.result.success && reply.result.errorCategory == .constraintViolation)
                    #expect(reply.result.error?.contains("bytes") == true && reply.requestID == id)
                    #expect(record.headers["ce_id"] == "\(id).result")
                }
                #expect(replies.contains { $0.headers["ce_causationid"] == "small" })
                try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.domain", topic: names.requests(.domain))
            }
        }
    }
}
