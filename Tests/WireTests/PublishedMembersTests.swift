import JSON
import Orchestration
import Testing
import Wire

/// What the fleet writes and tools read back: replies, progress notices, policy snapshots.
@Suite("Members of replies, progress notices and policy snapshots")
struct PublishedMembersTests {
    private static let reply: JSONObject = ["request_id": "r-1", "orchestrator": "echo", "layer": "domain", "success": true]
    private static let progress: JSONObject = ["request_id": "r-1", "layer": "domain", "stage": "fetch"]
    private static let policy: JSONObject = ["policy_version": 1, "component_type": "agent", "component_id": "a"]

    private static func decode(_ kind: String, _ value: [UInt8]) throws(WireError) {
        switch kind {
        case "reply": _ = try Reply(decoding: value)
        case "progress": _ = try ProgressNotice(decoding: value)
        default: _ = try PolicySnapshot(decoding: value)
        }
    }

    private static func base(_ kind: String) -> JSONObject {
        kind == "reply" ? Self.reply : kind == "progress" ? Self.progress : Self.policy
    }

    private static func refusal(_ kind: String, _ value: [UInt8]) -> WireError? {
        do throws(WireError) {
            try Self.decode(kind, value)
            return nil
        } catch {
            return error
        }
    }

    /// The base with one member set, or the one inside a member ("timings.queued_ms"), or removed.
    private static func refusal(_ kind: String, _ path: String, _ value: JSONValue?) -> WireError? {
        var object = Self.base(kind)
        let names = path.split(separator: ".").map { String($0) }
        if names.count == 2, let value { object[names[0]] = .object([names[1]: value]) } else { object[path] = value }
        return Self.refusal(kind, JSONValue.object(object).serialized())
    }

    private static let kinds: [JSONValue] = [true, 7, 7.5, "text", [], [:]]
    private static let members: [(kind: String, path: String, expected: String)] = [
        ("reply", "request_id", "a string"), ("reply", "orchestrator", "a string"), ("reply", "layer", "a string"),
        ("reply", "worker", "a string"), ("reply", "attempt", "an integer"), ("reply", "timings", "an object"),
        ("reply", "timings.queued_ms", "a number"), ("reply", "timings.processing_ms", "a number"),
        ("progress", "request_id", "a string"), ("progress", "orchestrator", "a string"), ("progress", "layer", "a string"),
        ("progress", "worker", "a string"), ("progress", "stage", "a string"), ("progress", "step", "an integer"),
        ("progress", "total", "an integer"), ("progress", "message", "a string"), ("progress", "data", "an object"),
        ("progress", "timestamp", "a number"),
        ("policy", "policy_version", "an integer"), ("policy", "component_type", "a string"), ("policy", "component_id", "a string"),
        ("policy", "signals", "an integer"), ("policy", "mean_reward", "a number"), ("policy", "by_source", "an object"),
        ("policy", "availability", "a string"), ("policy", "reason", "a string"), ("policy", "health", "an object"),
        ("policy", "health.health_score", "a number"), ("policy", "health.avg_reward", "a number"),
        ("policy", "health.reward_std", "a number"), ("policy", "health.error_rate", "a number"),
        ("policy", "health.sample_size", "an integer"), ("policy", "health.running_reward", "a number"),
        ("policy", "learners", "an object"), ("policy", "details", "an object"),
        ("policy", "by_source.governance", "an integer"), ("policy", "first_signal_at", "a number"),
        ("policy", "last_signal_at", "a number"),
        ("policy", "updated_at", "a number"), ("policy", "worker", "a string"),
    ]

    @Test("A member of the wrong kind is named with path, expected and found", arguments: Self.members, Self.kinds)
    func wrongKinds(member: (kind: String, path: String, expected: String), value: JSONValue) {
        let isRight =
            switch member.expected {
            case "a string": value.stringValue != nil
            case "an integer": value.integerValue != nil
            case "a number": value.doubleValue != nil
            default: value.objectValue != nil
            }
        guard !isRight else { return }
        let expected = WireError(.invalid, "\(member.path) must be \(member.expected), found \(value.kindName)")
        #expect(Self.refusal(member.kind, member.path, value) == expected)
    }

    @Test(
        "What is required is named",
        arguments: [
            ("reply", "request_id"), ("reply", "orchestrator"), ("reply", "layer"), ("reply", "success"), ("progress", "request_id"),
            ("progress", "layer"), ("progress", "stage"), ("policy", "policy_version"), ("policy", "component_type"),
            ("policy", "component_id"),
        ]
    )
    func required(kind: String, name: String) {
        for value in [nil, JSONValue.null] {
            let error = Self.refusal(kind, name, value)
            #expect(error?.reason == .invalid && error?.message.hasPrefix(name) == true)
        }
        #expect(Self.refusal(kind, JSONValue.object(Self.base(kind)).serialized()) == nil)
    }

    @Test("A name that is not known is named")
    func choices() {
        let layer = WireError(.invalid, #"layer must be one of domain, application, infrastructure, found "Domain""#)
        #expect(Self.refusal("reply", "layer", "Domain") == layer)
        #expect(Self.refusal("progress", "layer", "Domain") == layer)
        let type = WireError(.invalid, #"component_type must be one of model, tool, agent, threshold, prompt, memory, found "x""#)
        #expect(Self.refusal("policy", "component_type", "x") == type)
        let availability = WireError(.invalid, #"availability must be one of enabled, disabled, probing, found "x""#)
        #expect(Self.refusal("policy", "availability", "x") == availability)
    }

    @Test("What breaks a rule of a result is named")
    func results() {
        let category = Self.refusal("reply", "error_category", "bad luck")
        #expect(category == WireError(.invalid, #"error_category must be an error category, found "bad luck""#))
        let tenant = Self.refusal("reply", "error_context.tenant", 7)
        #expect(tenant == WireError(.invalid, #"error_context.tenant must be a string, found "integer""#))
        #expect(Self.refusal("reply", "step_result_version", 2)?.message.hasPrefix("step_result_version must be") == true)
    }

    @Test(
        "Members that are not known are ignored, and of members with one name the last one counts",
        arguments: ["reply", "progress", "policy"]
    )
    func unknownAndRepeated(kind: String) {
        #expect(Self.refusal(kind, "unknown", [["deep": 1]]) == nil)
        let text = JSONValue.object(Self.base(kind)).description.dropLast()
        #expect(Self.refusal(kind, Array("\(text),\"worker\":1,\"worker\":\"w\"}".utf8)) == nil)
        #expect(
            Self.refusal(kind, Array("\(text),\"worker\":\"w\",\"worker\":1}".utf8))?.message == "worker must be a string, found integer"
        )
    }

    @Test("A snapshot of before availability, health and learners were told is that of an enabled component")
    func defaults() throws {
        let policy = try PolicySnapshot(decoding: JSONValue.object(Self.policy).serialized())
        #expect(policy.availability == .enabled && policy.reason == nil && policy.health == ComponentHealth())
        #expect(policy.learners.isEmpty && policy.details.isEmpty)
    }

    @Test("A source that is not known is left out of a policy snapshot")
    func unknownSource() throws {
        var policy = Self.policy
        policy["by_source"] = ["rumour": "many", "governance": 2]
        #expect(try PolicySnapshot(decoding: JSONValue.object(policy).serialized()).bySource == [.governance: 2])
    }

    @Test("What is no object, or no JSON, is refused", arguments: ["reply", "progress", "policy"])
    func roots(kind: String) {
        #expect(Self.refusal(kind, Array("[]".utf8)) == WireError(.invalid, "the value must be an object, found array"))
        #expect(Self.refusal(kind, Array("null".utf8)) == WireError(.invalid, "the value must be an object, found null"))
        #expect(Self.refusal(kind, [])?.reason == .undecodable)
        #expect(Self.refusal(kind, Array("{\"a\":".utf8))?.reason == .undecodable)
        #expect(Self.refusal(kind, Array(repeating: UInt8(ascii: "["), count: 100))?.reason == .oversize)
    }

    @Test("A reply may be larger than a request, up to 16 MiB")
    func replySize() {
        let start = Array(#"{"request_id":"r","orchestrator":"o","layer":"domain","success":true,"data":{"text":""#.utf8)
        func reply(bytes: Int) -> [UInt8] {
            start + Array(repeating: UInt8(ascii: "x"), count: bytes - start.count - 3) + Array(#""}}"#.utf8)
        }
        #expect(Self.refusal("reply", reply(bytes: 16 << 20)) == nil)
        #expect(Self.refusal("reply", reply(bytes: (16 << 20) + 1))?.reason == .oversize)
    }

    @Test("The key of a policy snapshot names the component")
    func policyKey() throws {
        let policy = try PolicySnapshot(decoding: JSONValue.object(Self.policy).serialized())
        #expect(policy.key == Array("agent/a".utf8))
    }
}
