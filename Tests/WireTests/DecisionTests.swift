import JSON
import Orchestration
import Testing
import Wire

@Suite("Decisions on the wire")
struct DecisionTests {
    private static let base: JSONObject = ["decision_id": "d", "component_type": "model", "component_id": "m", "propensity": 0.5]

    private static func refusal(_ changes: [String: JSONValue?], headers: RecordHeaders = RecordHeaders()) -> WireError? {
        var object = Self.base
        for (key, value) in changes { object[key] = value }
        do throws(WireError) {
            _ = try TestRecord(headers: headers, value: JSONValue.object(object).serialized()).decision()
            return nil
        } catch {
            return error
        }
    }

    @Test("What is missing counts as a choice of a request that is its own root, from one candidate, without a policy")
    func defaults() throws {
        var object = Self.base
        object["request_id"] = "r"
        let expected = Decision(
            id: "d",
            chosen: ComponentID(.model, "m"),
            candidates: ["m"],
            propensity: 0.5,
            scopeID: "r",
            requestID: "r",
            rootID: "r",
            decidedAt: 0
        )
        #expect(try DecisionCodec.decode(object) == expected)
        object["scope"] = "century"
        #expect(try DecisionCodec.decode(object) == expected, "a scope of a later version is the request")
        object["experiment"] = ["name": "e"]
        #expect(try DecisionCodec.decode(object).experiment == Decision.Experiment(name: "e", variant: "control"))
    }

    @Test(
        "A member of the wrong kind is named with what is expected and found",
        arguments: [
            ("decision_id", "a string"), ("component_type", "a string"), ("component_id", "a string"),
            ("candidates", "an array of strings"),
            ("propensity", "a number"), ("policy_version", "an integer"), ("situation", "an object"), ("scope", "a string"),
            ("scope_id", "a string"), ("request_id", "a string"), ("root_id", "a string"), ("depth", "an integer"),
            ("decided_at", "a number"), ("experiment", "an object"),
        ]
    )
    func kinds(member: String, expected: String) {
        #expect(Self.refusal([member: true]) == WireError(.invalid, "\(member) must be \(expected), found bool"))
    }

    @Test("What is required is named", arguments: ["decision_id", "component_type", "component_id", "propensity"])
    func required(member: String) {
        #expect(Self.refusal([member: nil])?.message.hasPrefix("\(member) is required") == true)
        #expect(Self.refusal([member: ""])?.reason == .invalid)
    }

    @Test(
        "What is out of range is named",
        arguments: [
            ("propensity", 0, "propensity must be above 0 and at most 1, found 0.0"),
            ("propensity", 1.5, "propensity must be above 0 and at most 1, found 1.5"),
            ("depth", -1, "depth must be 0 to 1000000, found -1"), ("decided_at", -0.5, "decided_at must be 0 or more, found -0.5"),
            ("component_type", "x", #"component_type must be one of model, tool, agent, threshold, prompt, memory, found "x""#),
            ("candidates", ["a", 1], "candidates must be an array of strings, found array"),
        ] as [(String, JSONValue, String)]
    )
    func ranges(member: String, value: JSONValue, message: String) {
        #expect(Self.refusal([member: value]) == WireError(.invalid, message))
    }

    @Test("A component's id is a key, with a key's limit")
    func limits() {
        let error = Self.refusal(["component_id": .string(String(repeating: "x", count: 257))])
        #expect(error == WireError(.oversize, "component_id has 257 bytes, 256 are allowed"))
    }

    @Test("Another type, structured mode and another content type are refused")
    func records() {
        #expect(Self.refusal([:], headers: RecordHeaders(["ce_type": "feedback.signal.v1"]))?.reason == .invalid)
        #expect(Self.refusal([:], headers: RecordHeaders(["content-type": "application/cloudevents+json"]))?.reason == .undecodable)
        #expect(Self.refusal([:], headers: RecordHeaders(["content-type": "text/plain"]))?.reason == .undecodable)
        #expect(throws: WireError.self) { try TestRecord(value: nil).decision() }
    }
}
