import DrillOrchestrators
import FleetTestKit
import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire
import WorkerRuntime

/// One worker for all tests of a suite, because joining a group takes the embedded broker three seconds.
struct SharedFleet: SuiteTrait, TestScoping {
    @TaskLocal static var current: FleetHarness?
    var orchestrators: [any Orchestrator]

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void) async throws
    {
        let (fleets, give) = AsyncThrowingStream.makeStream(of: FleetHarness.self)
        let (end, testsEnded) = AsyncStream.makeStream(of: Void.self)
        let running = Task {
            do {
                try await FleetHarness.run(self.orchestrators, layer: .application, partitions: 3) { fleet in
                    try fleet.broker?.createTopic("answers", partitions: 3)
                    give.yield(fleet)
                    for await _ in end {}
                }
                give.finish()
            } catch {
                give.finish(throwing: error)
                throw error
            }
        }
        for try await fleet in fleets {
            let result: Result<Void, any Error>
            do {
                result = .success(try await SharedFleet.$current.withValue(fleet) { try await function() })
            } catch {
                result = .failure(error)
            }
            testsEnded.finish()
            try await running.value
            return try result.get()
        }
    }
}

private enum Served {
    static let orchestrators: [any Orchestrator] = [
        EchoOrchestrator(layer: .application), ProbeOrchestrator(layer: .application),
        ClosureOrchestrator("skip") { _, _ in .skip(reason: "not today") },
        ClosureOrchestrator("look") { context, _ in
            .ok([
                "tenant": .string(context.tenantID), "request": .string(context.requestID), "root": .string(context.rootID),
                "trace": .string(context.traceID ?? ""), "attempt": .integer(Int64(context.attempt)),
                "metadata": .object(context.metadata),
            ])
        },
    ]
}

@Suite("A worker that serves", SharedFleet(orchestrators: Served.orchestrators), .serialized, .timeLimit(.minutes(1)))
struct ServingTests {
    private let fleet: FleetHarness
    private let names: TopicNames
    private let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    init() throws {
        self.fleet = try #require(SharedFleet.current)
        self.names = self.fleet.names
    }

    private func send(_ request: Request, key: String? = nil) throws {
        let (value, headers) = request.encode()
        try self.fleet.produce(value, headers, key: key)
    }

    /// The records of a topic that a request caused, up to now.
    private func caused(by id: String, on topic: String) -> [ConsumedRecord] {
        self.fleet.records(on: topic).filter { $0.headers["ce_causationid"] == id }
    }

    private func reply(to id: String) async throws -> (record: ConsumedRecord, reply: Reply) {
        let record = try await self.fleet.record(on: self.names.results(.application)) { $0.headers["ce_causationid"] == id }
        return (record, try Reply(decoding: record.value ?? []))
    }

    @Test("answers a request once, under the identity of the request")
    func identity() async throws {
        var request = Request(id: "child", orchestrator: "look", tenantID: "acme", requestID: "job-7", metadata: ["m": 1])
        request.event.correlationID = "root"
        request.event.causationID = "parent"
        request.event.traceparent = self.traceparent
        request.event.attempt = 3
        try self.send(request, key: "k")
        let (record, reply) = try await self.reply(to: "child")
        let headers = record.headers
        #expect(headers["ce_id"] == "child.result" && headers["ce_type"] == Reply.type && headers["ce_specversion"] == "1.0")
        #expect(headers["ce_source"] == "/orchestration-fleet/application/test-worker")
        #expect(headers["ce_correlationid"] == "root" && headers["traceparent"] == self.traceparent)
        #expect(headers["content-type"] == "application/json" && headers["ce_time"].flatMap { WireTime.milliseconds($0) } != nil)
        #expect(record.keyText == "k")
        #expect(reply.requestID == "job-7" && reply.orchestrator == "look" && reply.attempt == 3)
        #expect(
            reply.result.data == [
                "tenant": "acme", "request": "job-7", "root": "root", "trace": "0af7651916cd43dd8448eb211c80319c", "attempt": 3,
                "metadata": ["m": 1],
            ]
        )
        // A later reply of the same partition is there: an earlier second one would be, too.
        try self.send(Request(id: "after", orchestrator: "echo", tenantID: "acme"), key: "k")
        _ = try await self.reply(to: "after")
        #expect(self.caused(by: "child", on: self.names.results(.application)).count == 1)
    }

    @Test("answers a request that names no correlation under its own id")
    func ownCorrelation() async throws {
        try self.send(Request(id: "plain", orchestrator: "echo", tenantID: "acme", kwargs: ["text": "späte Züge"]))
        let (record, reply) = try await self.reply(to: "plain")
        #expect(record.headers["ce_correlationid"] == "plain" && record.key == nil)
        #expect(reply.result.data == ["text": "späte Züge"])
    }

    @Test("sends the reply to the topic and partition that the request names, too")
    func replyAddress() async throws {
        let correlation: [UInt8] = [0, 0xff, 0x10]
        var request = Request(id: "direct", orchestrator: "echo", tenantID: "acme")
        request.event.replyAddress = ReplyAddress(topic: "answers", partition: 2, correlationID: correlation)
        try self.send(request, key: "k")
        let (answer, _) = try await self.reply(to: "direct")
        let broker = try #require(self.fleet.broker)
        var direct: [ConsumedRecord] = []
        try await eventually("the direct reply") {
            direct = try await broker.readAll(["answers"])
            return !direct.isEmpty
        }
        #expect(direct.count == 1 && direct[0].source.partition == 2)
        #expect(direct[0].value == answer.value && direct[0].headers == answer.headers && direct[0].key == answer.key)
        var echoed: [[UInt8]?] = []
        direct[0].headers.withView { view in
            view.forEach { name, value in
                if name.elementsEqual("kafka_correlationId".utf8) { echoed.append(value.map { Array($0) }) }
            }
        }
        #expect(echoed == [correlation])
    }

    @Test(
        "sends no reply to a topic of the fleet, whatever a request says",
        arguments: [TopicNames().requests(.application), TopicNames().deadLetters(.application)]
    )
    func fleetTopicAsReplyAddress(_ topic: String) async throws {
        var request = Request(id: "to \(topic)", orchestrator: "echo", tenantID: "acme")
        request.event.replyAddress = ReplyAddress(topic: topic)
        try self.send(request, key: "k")
        #expect(try await self.reply(to: request.id).reply.result.success)
        // What comes later in its key is answered later.
        let after = Request(id: "after \(topic)", orchestrator: "echo", tenantID: "acme")
        try self.send(after, key: "k")
        _ = try await self.reply(to: after.id)
        let records = try await #require(self.fleet.broker).readAll([topic])
        #expect(!records.contains { $0.headers["ce_causationid"] == request.id })
    }

    @Test("answers all the same when the reply address cannot be used", arguments: ["no/such name", ""])
    func badReplyAddress(_ topic: String) async throws {
        var request = Request(id: "bad address \(topic)", orchestrator: "echo", tenantID: "acme")
        request.event.replyAddress = ReplyAddress(topic: topic)
        try self.send(request)
        #expect(try await self.reply(to: request.id).reply.result.success)
    }

    @Test("tells the feedback topics of every execution, after what the orchestrator says itself")
    func signals() async throws {
        try self.send(Request(id: "s", orchestrator: "probe", tenantID: "acme", requestID: "job", kwargs: ["signals": 3]))
        let own = try await self.fleet.record(on: self.names.signals(.agent)) { $0.headers["ce_causationid"] == "s" }
        let signal = try own.withView { try SignalCodec.decode($0) }
        #expect(signal.signalID == "job.signal.3" && signal.source == .agentTask && signal.componentID == "probe")
        #expect(own.keyText == "probe" && signal.reward > 0)
        #expect(
            signal.metadata["layer"] == "application" && signal.metadata["tenant_id"] == "acme" && signal.metadata["request_id"] == "job"
        )
        for number in 0..<3 {
            let tool = try await self.fleet.record(on: self.names.signals(.tool)) { $0.headers["ce_id"] == "job.signal.\(number)" }
            let signal = try tool.withView { try SignalCodec.decode($0) }
            #expect(signal.componentType == .tool && signal.componentID == "probe-\(number)" && tool.keyText == signal.componentID)
            #expect(tool.headers["ce_causationid"] == "s" && signal.metadata["request_id"] == "job")
        }
    }

    @Test("gives a failed execution no reward, and tells nothing of a skipped one")
    func rewards() async throws {
        try self.send(Request(id: "skipped", orchestrator: "skip", tenantID: "acme"), key: "one lane")
        try self.send(Request(id: "failed", orchestrator: "probe", tenantID: "acme", kwargs: ["fail": "network"]), key: "one lane")
        let record = try await self.fleet.record(on: self.names.signals(.agent)) { $0.headers["ce_causationid"] == "failed" }
        #expect(try record.withView { try SignalCodec.decode($0) }.reward == 0)
        #expect(try await self.reply(to: "skipped").reply.result.isSkipped)
        #expect(self.caused(by: "skipped", on: self.names.signals(.agent)).isEmpty)
    }

    @Test("publishes every progress report, in order")
    func progress() async throws {
        try self.send(Request(id: "p", orchestrator: "probe", tenantID: "acme", requestID: "job-p", kwargs: ["progress": 5]), key: "k")
        _ = try await self.fleet.record(on: self.names.progress(.application)) { $0.headers["ce_id"] == "p.progress.4" }
        let records = self.caused(by: "p", on: self.names.progress(.application))
        #expect(records.map { $0.headers["ce_id"] } == (0..<5).map { "p.progress.\($0)" })
        for (number, record) in records.enumerated() {
            let notice = try ProgressNotice(decoding: record.value ?? [])
            #expect(notice.requestID == "job-p" && notice.orchestrator == "probe" && notice.worker == "test-worker")
            #expect(notice.progress.step == number + 1 && notice.progress.total == 5 && record.keyText == "k")
        }
    }

    @Test(
        "makes a dead letter of what is no request, says why, and goes on",
        arguments: [
            ("{", "undecodable"), ("[]", "invalid"), (#"{"orchestrator": 3}"#, "invalid"),
            ("\(String(repeating: "[", count: 200))", "oversize"),
        ]
    )
    func undecodable(_ text: String, _ reason: String) async throws {
        let key = "bad \(text.prefix(20))"
        var headers = RecordHeaders()
        headers.append("mine", "kept")
        try self.fleet.produce(Array(text.utf8), headers, key: key)
        let letter = try await self.fleet.record(on: self.names.deadLetters(.application)) { $0.keyText == key }
        #expect(letter.headers["x-dlq-reason"] == reason)
        #expect(letter.value == Array(text.utf8) && letter.headers["mine"] == "kept")
        #expect(letter.headers["x-dlq-source-topic"] == self.names.requests(.application))
        #expect(letter.headers["x-dlq-source-partition"] == "\(letter.source.partition)", "the partition is kept")
        #expect(letter.headers["x-dlq-error-message"]?.isEmpty == false)
        #expect(try await self.fleet.submit("echo", key: key).result.success, "the partition goes on")
    }

    @Test("answers what is no request where its headers tell to")
    func undecodableWithAddress() async throws {
        var request = Request(id: "garbled", orchestrator: "echo", tenantID: "acme")
        request.event.replyAddress = ReplyAddress(topic: self.names.results(.application))
        try self.fleet.produce(Array("{".utf8), request.encode().headers)
        let (_, reply) = try await self.reply(to: "garbled")
        #expect(!reply.result.success && reply.result.errorCategory == .validation)
    }

    @Test("answers a request for an orchestrator that it does not have, and keeps the request as a dead letter")
    func unknownOrchestrator() async throws {
        let request = Request(id: "lost", orchestrator: "nobody", tenantID: "acme")
        try self.send(request)
        let reply = try await self.reply(to: "lost").reply
        #expect(!reply.result.success && reply.result.error?.contains("nobody") == true)
        let letter = try await self.fleet.record(on: self.names.deadLetters(.application)) { $0.headers["ce_id"] == "lost" }
        #expect(letter.headers["x-dlq-reason"] == "unknown_orchestrator" && letter.headers["x-dlq-orchestrator"] == "nobody")
        #expect(letter.value == request.encode().value)
        #expect(self.caused(by: "lost", on: self.names.signals(.agent)).isEmpty)
    }

    @Test("does not run a request whose deadline has passed")
    func expired() async throws {
        var request = Request(id: "late", orchestrator: "probe", tenantID: "acme", kwargs: ["signals": 1])
        request.event.deadline = 1_000
        try self.send(request)
        let reply = try await self.reply(to: "late").reply
        #expect(!reply.result.success && reply.result.errorCategory == .timeout)
        let letter = try await self.fleet.record(on: self.names.deadLetters(.application)) { $0.headers["ce_id"] == "late" }
        #expect(letter.headers["x-dlq-reason"] == "expired" && letter.headers["x-dlq-error-category"] == "timeout")
        #expect(self.caused(by: "late", on: self.names.signals(.tool)).isEmpty)
        #expect(self.caused(by: "late", on: self.names.signals(.agent)).isEmpty)
    }
}
