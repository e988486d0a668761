import Testing
import Wire

@Suite("Headers of a request")
struct RequestHeadersTests {
    private static let value = #"{"orchestrator":"echo","context":{"tenant_id":"acme","request_id":"r-1"}}"#
    private static let anonymous = #"{"orchestrator":"echo","context":{"tenant_id":"acme"}}"#

    private static func request(_ headers: KeyValuePairs<String, HeaderValue>, value: String = Self.value) throws(WireError) -> Request {
        try TestRecord(value, headers: RecordHeaders(headers)).request()
    }

    private static func refusal(_ name: String, _ value: HeaderValue) -> WireError? {
        do throws(WireError) {
            _ = try Self.request([name: value])
            return nil
        } catch {
            return error
        }
    }

    @Test("Every attribute is read")
    func attributes() throws {
        let event = try Self.request([
            "ce_specversion": "1.0", "ce_id": "m-1", "ce_type": "orchestration.request.v1", "ce_source": "/s",
            "ce_time": "2026-11-21T10:15:30Z",
            "content-type": "application/json", "traceparent": "00-a", "tracestate": "k=v", "ce_correlationid": "root",
            "ce_causationid": "parent",
            "x-not-before-ms": "5", "x-priority": "9", "x-idempotency-key": "key", "x-attempt": "3",
        ]).event
        #expect(
            event.id == "m-1" && event.type == "orchestration.request.v1" && event.source == "/s" && event.time == "2026-11-21T10:15:30Z"
        )
        #expect(event.traceparent == "00-a" && event.tracestate == "k=v" && event.correlationID == "root" && event.causationID == "parent")
        #expect(event.notBefore == 5 && event.priority == 9 && event.idempotencyKey == "key" && event.attempt == 3)
        #expect(event.deadline == nil && event.replyAddress == nil)
    }

    @Test("The message's id is ce_id, else context.request_id, else the fallback")
    func ids() throws {
        let full = try Self.request(["ce_id": "m-1"])
        #expect(full.id == "m-1" && full.requestID == "r-1" && full.event.correlationID == "m-1")
        for headers in [[:], ["ce_id": .null], ["ce_id": ""]] as [KeyValuePairs<String, HeaderValue>] {
            let named = try Self.request(headers)
            #expect(named.id == "r-1" && named.requestID == "r-1" && named.event.correlationID == "r-1")
            let anonymous = try Self.request(headers, value: Self.anonymous)
            #expect(anonymous.id == "fallback" && anonymous.requestID == "fallback" && anonymous.event.correlationID == "fallback")
        }
        let unnamed = try Self.request(["ce_id": "m-1"], value: Self.anonymous)
        #expect(unnamed.requestID == "m-1")
        let empty = try Self.request([:], value: #"{"orchestrator":"echo","context":{"tenant_id":"acme","request_id":""}}"#)
        #expect(empty.requestID == "fallback")
    }

    @Test("An empty attribute is as good as none")
    func emptyAttributes() throws {
        let request = try Self.request([
            "ce_id": "m-1", "ce_type": "", "ce_correlationid": "", "ce_causationid": "", "traceparent": "", "x-idempotency-key": "",
            "x-reply-to": "", "kafka_replyTopic": "replies",
        ])
        #expect(request.event.correlationID == "m-1")
        #expect(request.event.causationID == nil && request.event.traceparent == nil && request.event.idempotencyKey == nil)
        #expect(request.event.replyAddress == ReplyAddress(topic: "replies"))
        // A reply could not carry an empty attribute either.
        let headers = Reply.headers(answering: request.event, source: "/w", time: 0)
        #expect(headers.values.allSatisfy { $0.value != "" })
    }

    @Test("Of headers with one name the last one counts, and a null is none")
    func repeated() throws {
        #expect(try Self.request(["ce_id": "1", "ce_id": "2", "ce_id": .null]).id == "2")
    }

    @Test("Names are told apart by case, and unknown ones are ignored")
    func unknown() throws {
        let request = try Self.request(["CE_ID": "m-1", "ce_type ": "x", "x-priority\u{0}": "11", "": "", "ce_i": "", "ce_idd": ""])
        #expect(request.id == "r-1" && request.event.priority == nil)
    }

    @Test(
        "A header that breaks a rule is named",
        arguments: [
            ("ce_specversion", "0.3", "header ce_specversion must be 1.0, found \"0.3\""),
            ("ce_specversion", "", "header ce_specversion must be 1.0, found \"\""),
            ("ce_specversion", "1.0 ", "header ce_specversion must be 1.0, found \"1.0 \""),
            ("ce_type", "feedback.signal.v1", "ce_type must be orchestration.request.v1, found \"feedback.signal.v1\""),
            ("ce_type", "orchestration.request.v2", "ce_type must be orchestration.request.v1, found \"orchestration.request.v2\""),
            ("ce_expirytime", "tomorrow", "header ce_expirytime must be an RFC 3339 time, found \"tomorrow\""),
            ("ce_expirytime", "", "header ce_expirytime must be an RFC 3339 time, found \"\""),
            ("x-deadline-ms", "soon", "header x-deadline-ms must be an integer, found \"soon\""),
            ("x-deadline-ms", "1.5", "header x-deadline-ms must be an integer, found \"1.5\""),
            ("x-deadline-ms", "9223372036854775808", "header x-deadline-ms must be an integer, found \"9223372036854775808\""),
            ("x-deadline-ms", " 1", "header x-deadline-ms must be an integer, found \" 1\""),
            ("x-not-before-ms", "", "header x-not-before-ms must be an integer, found \"\""),
            ("x-priority", "10", "header x-priority must be 0 to 9, found 10"),
            ("x-priority", "-1", "header x-priority must be 0 to 9, found -1"),
            ("x-priority", "high", "header x-priority must be an integer, found \"high\""),
            ("x-attempt", "0", "header x-attempt must be 1 to 1000000, found 0"),
            ("x-attempt", "1000001", "header x-attempt must be 1 to 1000000, found 1000001"),
            ("x-attempt", "one\n", "header x-attempt must be an integer, found \"one·\""),
        ] as [(String, HeaderValue, String)]
    )
    func brokenRules(name: String, value: HeaderValue, message: String) {
        #expect(Self.refusal(name, value) == WireError(.invalid, message))
    }

    @Test(
        "A header that is not UTF-8 is named",
        arguments: [
            "ce_id", "ce_type", "ce_source", "ce_time", "ce_correlationid", "ce_causationid", "traceparent", "tracestate", "ce_traceparent",
            "ce_expirytime", "x-idempotency-key", "x-reply-to", "kafka_replyTopic",
        ]
    )
    func encoding(name: String) {
        #expect(Self.refusal(name, .bytes([0x61, 0xff])) == WireError(.invalid, "header \(name) is not UTF-8"))
    }

    @Test("What an error quotes is short and printable")
    func quotes() throws {
        let long = String(repeating: "e\u{301}\n", count: 100_000)
        for name in ["ce_type", "ce_expirytime", "x-priority", "ce_specversion", "content-type"] {
            let error = try #require(Self.refusal(name, .text(long)))
            #expect(error.message.utf8.count < 250 && !error.message.contains("\n"), "\(name)")
        }
    }

    @Test("The earlier of ce_expirytime and x-deadline-ms is the deadline")
    func deadlines() throws {
        #expect(try Self.request(["ce_expirytime": "1970-01-01T00:00:02Z", "x-deadline-ms": "1999"]).event.deadline == 1999)
        #expect(try Self.request(["x-deadline-ms": "2001", "ce_expirytime": "1970-01-01T00:00:02Z"]).event.deadline == 2000)
        #expect(try Self.request(["x-deadline-ms": "2001"]).event.deadline == 2001)
        #expect(try Self.request(["ce_expirytime": "1970-01-01T01:00:02+01:00"]).event.deadline == 2000)
        #expect(try Self.request(["x-deadline-ms": "-9223372036854775808"]).event.deadline == .min)
    }

    @Test("A traceparent in its own header goes before that of CloudEvents, whatever their order")
    func traceparent() throws {
        #expect(try Self.request(["traceparent": "w3c", "ce_traceparent": "ce"]).event.traceparent == "w3c")
        #expect(try Self.request(["ce_traceparent": "ce", "traceparent": "w3c"]).event.traceparent == "w3c")
        #expect(try Self.request(["ce_traceparent": "ce"]).event.traceparent == "ce")
    }

    @Test("Spring's reply headers: a partition of four bytes, big-endian, and an opaque id")
    func springReply() throws {
        let address = try Self.request([
            "kafka_replyTopic": "replies", "kafka_replyPartition": .bytes([0, 1, 2, 3]), "kafka_correlationId": .bytes([0xff, 0, 0x80]),
        ]).event.replyAddress
        #expect(address == ReplyAddress(topic: "replies", partition: 66_051, correlationID: [0xff, 0, 0x80]))
        let last = try Self.request(["kafka_replyTopic": "replies", "kafka_replyPartition": .bytes([0x7f, 0xff, 0xff, 0xff])])
        #expect(last.event.replyAddress == ReplyAddress(topic: "replies", partition: .max))
        let alone = try Self.request(["kafka_replyPartition": .bytes([0, 0, 0, 1]), "kafka_correlationId": "id"])
        #expect(alone.event.replyAddress == nil)
    }

    @Test("x-reply-to goes before Spring's topic, whose partition it then is not")
    func replyTo() throws {
        let address = try Self.request([
            "x-reply-to": "mine", "kafka_replyTopic": "spring", "kafka_replyPartition": .bytes([0, 0, 0, 1]), "kafka_correlationId": "id",
        ]).event.replyAddress
        #expect(address == ReplyAddress(topic: "mine", correlationID: Array("id".utf8)))
    }

    @Test("A reply partition of another size is refused", arguments: [0, 1, 3, 5, 8])
    func partitionSize(count: Int) {
        let error = Self.refusal("kafka_replyPartition", .bytes(Array(repeating: 0, count: count)))
        #expect(error == WireError(.invalid, "header kafka_replyPartition must be 4 bytes, found \(count)"))
    }

    @Test("A negative reply partition is refused, and is not where the refusal is sent to")
    func negativePartition() throws {
        let negative = HeaderValue.bytes([0xff, 0xff, 0xff, 0xfe])
        let message = "header kafka_replyPartition must not be negative, found -2"
        #expect(Self.refusal("kafka_replyPartition", negative) == WireError(.invalid, message))
        let record = TestRecord(Self.value, headers: RecordHeaders(["kafka_replyTopic": "replies", "kafka_replyPartition": negative]))
        let sender = try #require(record.withView { Request.replyAddress(of: $0) })
        #expect(sender.address == ReplyAddress(topic: "replies"))
    }

    @Test("The sender of what is no request is found by its headers")
    func senderOfUndecodable() throws {
        let headers = RecordHeaders([
            "ce_specversion": "9", "ce_id": "m-1", "x-priority": "high", "x-reply-to": "replies", "kafka_correlationId": .bytes([1]),
        ])
        let sender = try #require(TestRecord(headers: headers, value: nil).withView { Request.replyAddress(of: $0) })
        #expect(sender.address == ReplyAddress(topic: "replies", correlationID: [1]))
        #expect(sender.event.id == "m-1")
        #expect(TestRecord("{").withView { Request.replyAddress(of: $0) } == nil)
        var many = headers
        for _ in 0..<1020 { many.add("h", .null) }
        #expect(TestRecord(headers: many, value: nil).withView { Request.replyAddress(of: $0) } == nil)
    }

    @Test("A reply names the request's attributes and echoes Spring's id byte by byte")
    func replyHeaders() throws {
        let event = try Self.request([
            "ce_id": "m-1", "ce_correlationid": "root", "traceparent": "00-a", "tracestate": "k=v", "x-reply-to": "t",
            "kafka_correlationId": .bytes([0xff, 0]),
        ]).event
        let headers = Reply.headers(answering: event, source: "/w", time: 0)
        #expect(
            headers.values.map(\.name) == [
                "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type", "ce_causationid", "ce_correlationid",
                "traceparent",
                "tracestate", "kafka_correlationId",
            ]
        )
        #expect(headers["ce_id"] == "m-1.result" && headers["ce_causationid"] == "m-1" && headers["ce_correlationid"] == "root")
        #expect(headers.values.last?.value == .bytes([0xff, 0]))
    }
}
