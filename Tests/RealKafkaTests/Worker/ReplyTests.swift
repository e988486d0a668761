import DrillOrchestrators
import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire
import WorkerRuntime

extension RealKafkaSuite {
    @Suite struct ReplyTests {
        private let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

        @Test func everyRequestIsAnsweredUnderItsOwnIdentity() async throws {
            let topics = try await TestTopics.ofLayer(.application)
            let names = topics.names
            try await topics.withWorker(.application, [EchoOrchestrator(layer: .application)]) { worker in
                var child = Request(
                    id: "child",
                    orchestrator: "echo",
                    tenantID: "acme",
                    requestID: "job-7",
                    kwargs: ["text": "späte Züge", "list": [1, 2.5, nil]]
                )
                child.event.correlationID = "root"
                child.event.causationID = "parent"
                child.event.traceparent = self.traceparent
                child.event.tracestate = "vendor=1"
                child.event.attempt = 3
                let plain = Request(id: "plain", orchestrator: "echo", tenantID: "acme")
                let bare = TestRecord(partition: 2, text: #"{"orchestrator": "echo", "context": {"tenant_id": "acme"}}"#)
                var structured = RecordHeaders()
                structured.append("content-type", "application/cloudevents+json; charset=utf-8")
                let envelope =
                    #"{"specversion": "1.0", "id": "enveloped", "type": "orchestration.request.v1", "source": "/t", "correlationid": "tree", "data": {"orchestrator": "echo", "context": {"tenant_id": "acme"}, "kwargs": {"a": 1}}}"#
                try await Submitter.send(
                    [TestRecord(child, partition: 0, key: "k"), TestRecord(plain, partition: 1), bare]
                        + [TestRecord(partition: 3, key: "k", text: envelope, headers: structured)],
                    to: names.requests(.application),
                    of: topics
                )
                let replies = try await Collector([names.results(.application)], of: topics).wait(for: 4)
                func reply(_ id: String) throws -> (record: ConsumedRecord, reply: Reply) {
                    let record = try #require(replies.first { $0.headers["ce_causationid"] == id }, "\(id)")
                    return (record, try Reply(decoding: record.value ?? []))
                }
                for (id, correlation, request, key) in [
                    ("child", "root", "job-7", "k"), ("plain", "plain", "plain", nil), ("enveloped", "tree", "enveloped", "k"),
                    (
                        "\(names.requests(.application))-2-0", "\(names.requests(.application))-2-0", "\(names.requests(.application))-2-0",
                        nil
                    ),
                ] as [(String, String, String, String?)] {
                    let (record, reply) = try reply(id)
                    #expect(record.headers["ce_id"] == "\(id).result")
                    #expect(record.headers["ce_specversion"] == "1.0")
                    #expect(record.headers["ce_type"] == "orchestration.result.v1")
                    #expect(record.headers["ce_source"] == "/orchestration-fleet/application/in-process")
                    #expect(record.headers["ce_time"].flatMap { WireTime.milliseconds($0) } != nil)
                    #expect(record.headers["content-type"] == "application/json")
                    #expect(record.headers["ce_correlationid"] == correlation)
                    #expect(record.headers["kafka_correlationId"] == nil)
                    #expect(record.key == key.map { Array($0.utf8) })
                    #expect(reply.requestID == request && reply.orchestrator == "echo")
                    #expect(reply.layer == .application && reply.worker == "in-process")
                    #expect(reply.result.success && reply.result.status == "success")
                    #expect((reply.queuedMilliseconds ?? -1) >= 0 && reply.processingMilliseconds >= 0)
                }
                let (record, answer) = try reply("child")
                #expect(record.headers["traceparent"] == self.traceparent && record.headers["tracestate"] == "vendor=1")
                #expect(answer.attempt == 3)
                #expect(answer.result.data == ["text": "späte Züge", "list": [1, 2.5, nil]])
                #expect(try reply("enveloped").reply.result.data == ["a": 1])
                #expect(try reply("plain").record.headers["traceparent"] == nil)
            }
            try await topics.waitUntilCommitted(group: "\(topics.prefix)fleet.application", topic: names.requests(.application))
        }

        @Test func orchestratorSeesTheRequestAndItsFailureIsTheReply() async throws {
            let topics = try await TestTopics.ofLayer(.domain)
            let names = topics.names
            let look = ClosureOrchestrator("look") { context, arguments in
                .ok([
                    "tenant": .string(context.tenantID), "request": .string(context.requestID), "trace": .string(context.traceID ?? ""),
                    "parent": .string(context.parentOrchestrator ?? ""), "depth": .integer(Int64(context.depth)),
                    "attempt": .integer(Int64(context.attempt)), "metadata": .object(context.metadata), "kwargs": .object(arguments.object),
                ])
            }
            struct Broken: Error {}
            let broken = ClosureOrchestrator("broken") { _, _ in throw Broken() }
            try await topics.withWorker(.domain, [look, broken, ProbeOrchestrator(layer: .domain)]) { worker in
                var first = Request(
                    id: "look",
                    orchestrator: "look",
                    tenantID: "acme",
                    requestID: "r",
                    parentOrchestrator: "above",
                    depth: 2,
                    metadata: ["m": true],
                    kwargs: ["k": [1]]
                )
                first.event.traceparent = self.traceparent
                first.event.attempt = 2
                let requests = [
                    first,
                    Request(id: "broken", orchestrator: "broken", tenantID: "acme"),
                    Request(
                        id: "fail",
                        orchestrator: "probe",
                        tenantID: "acme",
                        kwargs: ["fail": "service_unavailable", "retryable": true]
                    ),
                    Request(id: "arguments", orchestrator: "probe", tenantID: "acme", kwargs: ["delay_ms": "soon"]),
                ]
                try await Submitter.send(requests.map { TestRecord($0) }, to: names.requests(.domain), of: topics)
                let replies = try await Collector([names.results(.domain)], of: topics).wait(for: 4)
                let byCause = Dictionary(
                    uniqueKeysWithValues: try replies.map { ($0.headers["ce_causationid"] ?? "", try Reply(decoding: $0.value ?? [])) }
                )
                #expect(
                    byCause["look"]?.result.data == [
                        "tenant": "acme", "request": "r", "trace": "0af7651916cd43dd8448eb211c80319c", "parent": "above", "depth": 2,
                        "attempt": 2,
                        "metadata": ["m": true], "kwargs": ["k": [1]],
                    ]
                )
                let thrown = try #require(byCause["broken"]).result
                #expect(!thrown.success && thrown.errorCategory == .processing && thrown.retryable)
                let failed = try #require(byCause["fail"]).result
                #expect(!failed.success && failed.errorCategory == .serviceUnavailable && failed.retryable)
                let invalid = try #require(byCause["arguments"]).result
                #expect(!invalid.success && invalid.errorCategory == .validation && invalid.error?.contains("kwargs.delay_ms") == true)
            }
        }

        @Test func repliesGoWhereTheRequestWantsThem() async throws {
            let topics = try await TestTopics.ofLayer(
                .domain,
                more: [TopicSpecification(name: "direct", partitions: 1), TopicSpecification(name: "spring", partitions: 5)]
            )
            let names = topics.names
            let correlation: [UInt8] = [0, 0xff, 0x10, 0x80, 0]
            try await topics.withWorker(.domain, [EchoOrchestrator(layer: .domain)]) { worker in
                var direct = Request(id: "direct", orchestrator: "echo", tenantID: "acme")
                direct.event.replyAddress = ReplyAddress(topic: topics.prefix + "direct")
                var spring = Request(id: "spring", orchestrator: "echo", tenantID: "acme")
                spring.event.replyAddress = ReplyAddress(topic: topics.prefix + "spring", partition: 3, correlationID: correlation)
                var results = Request(id: "results", orchestrator: "echo", tenantID: "acme")
                results.event.replyAddress = ReplyAddress(topic: names.results(.domain))
                var badName = Request(id: "bad name", orchestrator: "echo", tenantID: "acme")
                badName.event.replyAddress = ReplyAddress(topic: "no/such name")
                var undecodable = Request(id: "undecodable", orchestrator: "echo", tenantID: "acme")
                undecodable.event.replyAddress = direct.event.replyAddress
                try await Submitter.send(
                    [direct, spring, results, badName].map { TestRecord($0, key: "key") }
                        + [TestRecord(key: "k", text: "{", headers: undecodable.encode().headers)],
                    to: names.requests(.domain),
                    of: topics
                )
                let answers = try await Collector([names.results(.domain)], of: topics).wait(for: 4)
                #expect(Set(answers.map { $0.headers["ce_causationid"] }) == ["direct", "spring", "results", "bad name"])
                let directReplies = try await Collector([topics.prefix + "direct"], of: topics).wait(for: 2)
                let springReply = try await Collector([topics.prefix + "spring"], of: topics).wait(for: 1)[0]
                for id in ["direct", "spring"] {
                    let answer = try #require(answers.first { $0.headers["ce_causationid"] == id })
                    let copy = try #require((directReplies + [springReply]).first { $0.headers["ce_causationid"] == id })
                    #expect(copy.value == answer.value && copy.key == answer.key && copy.headers == answer.headers)
                }
                #expect(springReply.source.partition == 3)
                var echoed: [[UInt8]?] = []
                springReply.headers.withView { view in
                    view.forEach { name, value in
                        if name.elementsEqual("kafka_correlationId".utf8) { echoed.append(value.map { Array($0) }) }
                    }
                }
                #expect(echoed == [correlation])
                // What is no request is answered where its headers say.
                let refusal = try #require(directReplies.first { $0.keyText == "k" })
                let reply = try Reply(decoding: refusal.value ?? [])
                #expect(!reply.result.success && reply.result.errorCategory == .validation)
                #expect(refusal.headers["ce_id"] == "undecodable.result" && refusal.headers["ce_type"] == "orchestration.result.v1")
            }
        }

        @Test func missingReplyTopicBlocksNobody() async throws {
            let topics = try await TestTopics.ofLayer(.domain, partitions: 1, more: [TopicSpecification(name: "narrow", partitions: 1)])
            let names = topics.names
            try await topics.withWorker(.domain, [EchoOrchestrator(layer: .domain)]) { worker in
                var records: [TestRecord] = []
                for number in 0..<30 {
                    var request = Request(id: "\(number)", orchestrator: "echo", tenantID: "acme")
                    switch number % 3 {
                    case 0: request.event.replyAddress = ReplyAddress(topic: topics.prefix + "missing")
                    case 1: request.event.replyAddress = ReplyAddress(topic: topics.prefix + "narrow", partition: 9)
                    default: break
                    }
                    records.append(TestRecord(request, key: "one key"))
                }
                try await Submitter.send(records, to: names.requests(.domain), of: topics)
                let replies = try await Collector([names.results(.domain)], of: topics).wait(for: 30)
                #expect(replies.map { $0.headers["ce_causationid"] } == (0..<30).map { "\($0)" })
                // Their requests are finished all the same.
                try await topics.waitUntilCommitted(
                    group: "\(topics.prefix)fleet.domain",
                    topic: names.requests(.domain),
                    deadline: .now + .seconds(60)
                )
            }
        }
    }
}
