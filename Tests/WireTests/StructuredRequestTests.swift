import JSON
import Testing
import Wire

@Suite("Requests in structured mode")
struct StructuredRequestTests {
    private static let data = #"{"orchestrator":"echo","context":{"tenant_id":"acme"},"kwargs":{"n":1}}"#

    private static func request(
        _ envelope: String,
        _ headers: [(String, HeaderValue)] = [],
        contentType: HeaderValue = "application/cloudevents+json"
    ) throws(WireError) -> Request {
        var block = RecordHeaders()
        block.add("content-type", contentType)
        for (name, value) in headers { block.add(name, value) }
        return try TestRecord(envelope, headers: block).request()
    }

    private static func refusal(_ envelope: String) -> WireError? {
        do throws(WireError) {
            _ = try Self.request(envelope)
            return nil
        } catch {
            return error
        }
    }

    /// An envelope with these members beside the required ones; a member that is named again counts.
    private static func envelope(_ members: String = "", data: String = Self.data) -> String {
        #"{"specversion":"1.0","id":"e-1","type":"orchestration.request.v1","source":"/e""#
            + #"\#(members.isEmpty ? "" : ",")\#(members),"data":\#(data)}"#
    }

    @Test("Attributes come from the envelope, and the request from its data")
    func attributes() throws {
        let request = try Self.request(
            Self.envelope(
                #""time":"2026-11-21T10:15:30Z","correlationid":"root","causationid":"parent","traceparent":"00-a","tracestate":"k=v","#
                    + #""expirytime":"1970-01-01T00:00:02Z","datacontenttype":"application/json","unknown":7"#
            )
        )
        #expect(request.id == "e-1" && request.orchestrator == "echo" && request.tenantID == "acme" && request.kwargs == ["n": 1])
        let event = request.event
        #expect(event.type == "orchestration.request.v1" && event.source == "/e" && event.time == "2026-11-21T10:15:30Z")
        #expect(event.correlationID == "root" && event.causationID == "parent" && event.traceparent == "00-a" && event.tracestate == "k=v")
        #expect(event.deadline == 2000)
    }

    @Test(
        "The mode goes by the media type, not by its parameters or case",
        arguments: [
            "application/cloudevents+json; charset=UTF-8", "Application/CloudEvents+JSON", "application/cloudevents+json;",
        ]
    )
    func contentTypes(type: String) throws {
        #expect(try Self.request(Self.envelope(), contentType: .text(type)).id == "e-1")
    }

    @Test("An envelope under another content type is no request")
    func binaryEnvelope() {
        let error = #expect(throws: WireError.self) { try Self.request(Self.envelope(), contentType: "application/json") }
        #expect(error?.message == "orchestrator is required: a non-empty string")
    }

    @Test("Headers fill in what the envelope leaves out, and only that")
    func mixed() throws {
        let headers: [(String, HeaderValue)] = [
            ("ce_id", "h-1"), ("ce_source", "/h"), ("ce_correlationid", "h-root"), ("traceparent", "00-h"), ("x-priority", "3"),
            ("x-attempt", "2"),
            ("x-deadline-ms", "1500"), ("kafka_replyTopic", "replies"),
        ]
        let mixed = try Self.request(Self.envelope(#""expirytime":"1970-01-01T00:00:02Z","traceparent":"00-e""#), headers).event
        #expect(mixed.id == "e-1" && mixed.source == "/e" && mixed.correlationID == "h-root" && mixed.traceparent == "00-e")
        #expect(mixed.priority == 3 && mixed.attempt == 2 && mixed.replyAddress == ReplyAddress(topic: "replies"))
        #expect(mixed.deadline == 1500)
        let early = try Self.request(Self.envelope(#""expirytime":"1970-01-01T00:00:01Z""#), headers)
        #expect(early.event.deadline == 1000)
        let bare = try Self.request(#"{"specversion":"1.0","id":"","data":\#(Self.data)}"#, headers)
        #expect(bare.id == "h-1" && bare.event.source == "/h")
        #expect(try Self.request(#"{"specversion":"1.0","data":\#(Self.data)}"#).id == "fallback")
    }

    @Test("A header that breaks a rule counts in structured mode too")
    func brokenHeader() {
        let error = #expect(throws: WireError.self) { try Self.request(Self.envelope(), [("ce_specversion", "0.3")]) }
        #expect(error?.reason == .invalid)
    }

    @Test(
        "What breaks a rule of the envelope is named",
        arguments: [
            ("[]", "the envelope must be an object, found array"),
            (#"{"id":"1","data":{}}"#, "specversion is required in the envelope: \"1.0\""),
            (#"{"specversion":"0.3","data":{}}"#, "specversion must be \"1.0\", found \"0.3\""),
            (#"{"specversion":1.0,"data":{}}"#, "specversion must be a string, found number"),
            (#"{"specversion":"1.0"}"#, "data is required in the envelope: the request as a JSON object"),
            (#"{"specversion":"1.0","data_base64":"e30="}"#, "data_base64 is not read here: put the request as JSON into data"),
            (Self.envelope(#""id":7"#), "id must be a string, found integer"),
            (Self.envelope(#""type":[]"#), "type must be a string, found array"),
            (Self.envelope(#""source":{}"#), "source must be a string, found object"),
            (Self.envelope(#""time":true"#), "time must be a string, found bool"),
            (Self.envelope(#""correlationid":1.5"#), "correlationid must be a string, found number"),
            (Self.envelope(#""causationid":1"#), "causationid must be a string, found integer"),
            (Self.envelope(#""traceparent":1"#), "traceparent must be a string, found integer"),
            (Self.envelope(#""tracestate":1"#), "tracestate must be a string, found integer"),
            (Self.envelope(#""expirytime":1"#), "expirytime must be a string, found integer"),
            (Self.envelope(#""expirytime":"soon""#), "expirytime must be an RFC 3339 time, found \"soon\""),
            (Self.envelope(#""type":"feedback.signal.v1""#), "ce_type must be orchestration.request.v1, found \"feedback.signal.v1\""),
            (Self.envelope(data: "null"), "the value must be an object, found null"),
            (Self.envelope(data: #""{}""#), "the value must be an object, found string"),
            (Self.envelope(data: "{}"), "orchestrator is required: a non-empty string"),
        ]
    )
    func brokenRules(envelope: String, message: String) {
        #expect(Self.refusal(envelope) == WireError(.invalid, message))
    }

    @Test("Of members with one name the last one counts")
    func duplicates() throws {
        let envelope = Self.envelope(#""id":"e-2","data":{"orchestrator":"gone","context":{"tenant_id":"gone"}}"#)
        let request = try Self.request(envelope)
        #expect(request.id == "e-2" && request.orchestrator == "echo")
    }

    @Test("Data is read wherever it stands, with white space around it")
    func places() throws {
        for envelope in [
            "{\"data\" :\n \(Self.data) \n, \"specversion\":\"1.0\"}", "  {\"specversion\":\"1.0\",\"data\":\(Self.data)}  ",
        ] {
            #expect(try Self.request(envelope).orchestrator == "echo")
        }
    }
}
