import Orchestration
import Testing
import Wire

@Suite("Signals")
struct SignalTests {
    /// A signal with one member set to this JSON text, or without it.
    private static func value(_ name: String = "", _ json: String? = nil) -> String {
        var members = [
            ("signal_id", #""s-1""#), ("source", #""agent_task""#), ("component_type", #""agent""#), ("component_id", #""fact_checker""#),
            ("reward", "0.5"),
        ]
        members.removeAll { $0.0 == name }
        if let json { members.append((name, json)) }
        return "{\(members.map { #""\#($0.0)":\#($0.1)"# }.joined(separator: ","))}"
    }

    private static func refusal(_ record: TestRecord, limits: WireLimits = .default) -> WireError? {
        do throws(WireError) {
            _ = try record.signal(limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test("What is left out gets its default")
    func defaults() throws {
        let signal = try TestRecord(Self.value()).signal()
        #expect(
            signal
                == FeedbackSignal(signalID: "s-1", source: .agentTask, componentType: .agent, componentID: "fact_checker", reward: 0.5)
        )
        #expect(signal.confidence == 0.8 && signal.version == 1 && signal.timestamp == nil)
        for name in ["confidence", "context", "metadata", "timestamp", "version"] {
            #expect(try TestRecord(Self.value(name, "null")).signal() == signal)
        }
    }

    @Test("The id is signal_id, else ce_id")
    func ids() throws {
        #expect(try TestRecord(Self.value("signal_id"), headers: RecordHeaders(["ce_id": "m-1"])).signal().signalID == "m-1")
        #expect(try TestRecord(Self.value(), headers: RecordHeaders(["ce_id": "m-1"])).signal().signalID == "s-1")
        let error = WireError(.invalid, "signal_id is required: a non-empty string")
        #expect(Self.refusal(TestRecord(Self.value("signal_id"))) == error)
        #expect(Self.refusal(TestRecord(Self.value("signal_id", #""""#), headers: RecordHeaders(["ce_id": "m-1"]))) == error)
    }

    @Test("The older name of a source is read")
    func olderSource() throws {
        #expect(try TestRecord(Self.value("source", #""tool""#)).signal().source == .toolExecution)
    }

    private static let kinds = [
        ("bool", "true"), ("integer", "7"), ("number", "7.5"), ("string", #""text""#), ("array", "[]"), ("object", "{}"),
    ]
    private static let expected = [
        ("signal_id", "a string"), ("source", "a string"), ("component_type", "a string"), ("component_id", "a string"),
        ("reward", "a number"),
        ("confidence", "a number"), ("context", "an object"), ("metadata", "an object"), ("timestamp", "a number"), ("version", "a number"),
    ]

    @Test("A member of the wrong kind is named with path, expected and found", arguments: Self.expected, Self.kinds)
    func wrongKinds(member: (name: String, expected: String), kind: (name: String, json: String)) {
        let isRight =
            switch member.expected {
            case "a string": kind.name == "string"
            case "a number": kind.name == "integer" || kind.name == "number"
            default: kind.name == "object"
            }
        guard !isRight else { return }
        let error = Self.refusal(TestRecord(Self.value(member.name, kind.json)))
        #expect(error == WireError(.invalid, "\(member.name) must be \(member.expected), found \(kind.name)"))
    }

    @Test(
        "A value out of range is named",
        arguments: [
            ("reward", "1.5", "Reward must be in [0.0, 1.0], got 1.5"),
            ("reward", "-0.1", "Reward must be in [0.0, 1.0], got -0.1"),
            ("confidence", "2", "Confidence must be in [0.0, 1.0], got 2.0"),
            ("timestamp", "-1", "timestamp must be 0 or more, found -1.0"),
            ("version", "0", "version must be an integer, 1 to 1000000000, found 0.0"),
            ("version", "1000000001", "version must be an integer, 1 to 1000000000, found 1000000001.0"),
            ("version", "1.5", "version must be an integer, 1 to 1000000000, found 1.5"),
            ("source", #""rumour""#, "source must be one of trajectory, rag_retrieval"),
            ("source", #""rumour""#, #"found "rumour""#),
            ("component_type", #""Agent""#, #"component_type must be one of model, tool, agent, threshold, prompt, memory, found "Agent""#),
            ("component_id", #""""#, "component_id is required: a non-empty string"),
        ]
    )
    func outOfRange(name: String, json: String, message: String) {
        let error = Self.refusal(TestRecord(Self.value(name, json)))
        #expect(error?.reason == .invalid)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "accepted")")
    }

    @Test("What is required is named", arguments: ["source", "component_type", "component_id", "reward"])
    func required(name: String) {
        let error = Self.refusal(TestRecord(Self.value(name)))
        #expect(error?.reason == .invalid && error?.message.hasPrefix(name) == true)
    }

    @Test(
        "Values at the ends are read",
        arguments: [("reward", "0"), ("reward", "1"), ("confidence", "0"), ("version", "1000000000"), ("timestamp", "0")]
    )
    func ends(name: String, json: String) {
        #expect(Self.refusal(TestRecord(Self.value(name, json))) == nil)
    }

    @Test("Limits are those of a request, and a component's id is a key")
    func limits() {
        #expect(Self.refusal(TestRecord(Self.value("component_id", #""\#(String(repeating: "é", count: 128))""#))) == nil)
        let long = Self.refusal(TestRecord(Self.value("component_id", #""\#(String(repeating: "é", count: 128))x""#)))
        #expect(long == WireError(.oversize, "component_id has 257 bytes, 256 are allowed"))
        #expect(Self.refusal(TestRecord(Self.value()), limits: WireLimits(valueBytes: Self.value().utf8.count)) == nil)
        #expect(Self.refusal(TestRecord(Self.value()), limits: WireLimits(valueBytes: Self.value().utf8.count - 1))?.reason == .oversize)
        #expect(Self.refusal(TestRecord(Self.value("context", #"{"a":[]}"#)), limits: WireLimits(depth: 3)) == nil)
        #expect(Self.refusal(TestRecord(Self.value("context", #"{"a":[]}"#)), limits: WireLimits(depth: 2))?.reason == .oversize)
        let headers = RecordHeaders(["a": "", "b": ""])
        #expect(Self.refusal(TestRecord(Self.value(), headers: headers), limits: WireLimits(headers: 2)) == nil)
        #expect(Self.refusal(TestRecord(Self.value(), headers: headers), limits: WireLimits(headers: 1))?.reason == .oversize)
        let keyed = TestRecord(key: Array(repeating: 1, count: 256), value: Array(Self.value().utf8))
        #expect(Self.refusal(keyed) == nil)
        #expect(Self.refusal(keyed, limits: WireLimits(keyBytes: 255))?.message == "the key has 256 bytes, 255 are allowed")
    }

    @Test("A tombstone, another type and another content type are no signal")
    func otherRecords() {
        #expect(Self.refusal(TestRecord(value: nil)) == WireError(.undecodable, "the value is missing: a signal is a JSON object"))
        #expect(Self.refusal(TestRecord("[]")) == WireError(.invalid, "the value must be an object, found array"))
        #expect(Self.refusal(TestRecord("{"))?.reason == .undecodable)
        let type = RecordHeaders(["ce_type": "orchestration.request.v1"])
        let message = "ce_type must be feedback.signal.v1, found \"orchestration.request.v1\""
        #expect(Self.refusal(TestRecord(Self.value(), headers: type)) == WireError(.invalid, message))
        for contentType in ["text/plain", "application/cloudevents+json"] {
            let error = Self.refusal(TestRecord(Self.value(), headers: RecordHeaders(["content-type": .text(contentType)])))
            #expect(error?.reason == .undecodable)
            #expect(error?.message.hasSuffix("is not read here: use application/json") == true)
        }
        #expect(Self.refusal(TestRecord(Self.value(), headers: RecordHeaders(["ce_specversion": "2"])))?.reason == .invalid)
    }

    @Test("A signal's headers name what caused it")
    func headers() {
        var event = CloudEvent(id: "m-1")
        #expect(SignalCodec.headers(id: "s", causedBy: event, source: "/w", time: 0)["ce_correlationid"] == "m-1")
        event.correlationID = "root"
        event.traceparent = "00-a"
        let headers = SignalCodec.headers(id: "s", causedBy: event, source: "/w", time: 0)
        #expect(headers["ce_id"] == "s" && headers["ce_causationid"] == "m-1" && headers["ce_correlationid"] == "root")
        #expect(headers["traceparent"] == "00-a" && headers["ce_time"] == "1970-01-01T00:00:00.000Z")
        #expect(SignalCodec.headers(id: "s", causedBy: CloudEvent(), source: "/w", time: 0)["ce_causationid"] == nil)
    }
}
