import JSON
import Testing
import Wire

@Suite("Members of a request")
struct RequestMembersTests {
    private static func refusal(_ value: String, headers: RecordHeaders = RecordHeaders()) -> WireError? {
        do throws(WireError) {
            _ = try TestRecord(value, headers: headers).request()
            return nil
        } catch {
            return error
        }
    }

    /// A request with one member of the context, or of the top level, set to this JSON text.
    private static func request(_ path: String, _ json: String) -> String {
        var members = ["orchestrator": #""echo""#, "context": #"{"tenant_id":"acme"}"#, "kwargs": "{}"]
        if path.hasPrefix("context.") {
            let name = path.dropFirst("context.".count)
            members["context"] = name == "tenant_id" ? #"{"tenant_id":\#(json)}"# : #"{"tenant_id":"acme","\#(name)":\#(json)}"#
        } else {
            members[path] = json
        }
        return "{\(members.map { #""\#($0)":\#($1)"# }.joined(separator: ","))}"
    }

    private static let kinds = [
        ("null", "null"), ("bool", "true"), ("integer", "7"), ("number", "7.5"), ("string", #""text""#), ("array", "[]"), ("object", "{}"),
    ]
    private static let texts = [
        "orchestrator", "context.tenant_id", "context.request_id", "context.trace_id", "context.parent_orchestrator",
    ]

    @Test("A member that is no string is named with path, expected and found", arguments: Self.texts, Self.kinds)
    func strings(path: String, kind: (name: String, json: String)) {
        let error = Self.refusal(Self.request(path, kind.json))
        switch kind.name {
        case "string": #expect(error == nil)
        case "null" where path == "orchestrator" || path == "context.tenant_id":
            #expect(error == WireError(.invalid, "\(path) is required: a non-empty string"))
        case "null": #expect(error == nil)
        default: #expect(error == WireError(.invalid, "\(path) must be a string, found \(kind.name)"))
        }
    }

    @Test("A member that is no object is named with path, expected and found", arguments: ["kwargs", "context.metadata"], Self.kinds)
    func objects(path: String, kind: (name: String, json: String)) {
        let error = Self.refusal(Self.request(path, kind.json))
        #expect(
            error == (["object", "null"].contains(kind.name) ? nil : WireError(.invalid, "\(path) must be an object, found \(kind.name)"))
        )
    }

    @Test("A context that is no object is named with path, expected and found", arguments: Self.kinds)
    func context(kind: (name: String, json: String)) {
        let error = Self.refusal(Self.request("context", kind.json))
        let expected =
            kind.name == "object" ? "context.tenant_id is required: a non-empty string" : "context must be an object, found \(kind.name)"
        #expect(error == WireError(.invalid, expected))
    }

    @Test("A depth that is no integer is named with path, expected and found", arguments: Self.kinds)
    func depth(kind: (name: String, json: String)) {
        let error = Self.refusal(Self.request("context.orchestration_depth", kind.json))
        let isFine = ["integer", "null"].contains(kind.name)
        #expect(error == (isFine ? nil : WireError(.invalid, "context.orchestration_depth must be an integer, found \(kind.name)")))
    }

    @Test("A depth out of range is named", arguments: ["-1", "1000001", "9223372036854775807", "-9223372036854775808"])
    func depthRange(json: String) {
        let error = Self.refusal(Self.request("context.orchestration_depth", json))
        #expect(error == WireError(.invalid, "context.orchestration_depth must be 0 to 1000000, found \(json)"))
    }

    @Test(
        "Depths at the ends, and integers with a fraction of zero, are read",
        arguments: [("0", 0), ("1000000", 1_000_000), ("3.0", 3), ("2e1", 20)]
    )
    func depths(json: String, depth: Int) throws {
        #expect(try TestRecord(Self.request("context.orchestration_depth", json)).request().depth == depth)
    }

    @Test("A value that is no object is named with expected and found", arguments: Self.kinds.filter { $0.0 != "object" })
    func roots(kind: (name: String, json: String)) {
        #expect(Self.refusal(kind.json) == WireError(.invalid, "the value must be an object, found \(kind.name)"))
    }

    @Test("What is required is named")
    func required() {
        #expect(Self.refusal("{}") == WireError(.invalid, "orchestrator is required: a non-empty string"))
        #expect(Self.refusal(Self.request("orchestrator", #""""#)) == WireError(.invalid, "orchestrator is required: a non-empty string"))
        let tenant = WireError(.invalid, "context.tenant_id is required: a non-empty string")
        #expect(Self.refusal(Self.request("context.tenant_id", #""""#)) == tenant)
        #expect(Self.refusal(#"{"orchestrator":"echo"}"#) == tenant)
        #expect(Self.refusal(#"{"orchestrator":"echo","tenant_id":"acme"}"#) == tenant)
    }

    @Test(
        "What is not JSON is undecodable",
        arguments: [
            "{", "}", "{'a':1}", #"{"orchestrator":"echo","context":{"tenant_id":"acme"}"#,
            #"{"orchestrator":"echo","context":{"tenant_id":"acme"}}}"#,
            #"{"orchestrator":"echo","context":{"tenant_id":"acme"},}"#, #"{"orchestrator":"\ud800","context":{"tenant_id":"acme"}}"#,
            #"{"orchestrator":"echo","context":{"tenant_id":"acme"},"kwargs":{"n":NaN}}"#, "\u{feff}{}", "orchestrator=echo",
            #"{"orchestrator":"echo","context":{"tenant_id":"acme"},"kwargs":{"n":1e999}}"#,
        ]
    )
    func malformed(value: String) {
        #expect(Self.refusal(value)?.reason == .undecodable)
    }

    @Test("What is not UTF-8 is undecodable, wherever it stands")
    func encoding() {
        for position in [17, 45, 60] {
            var bytes = Array(#"{"orchestrator":"echo","context":{"tenant_id":"acme"},"x":"......"}"#.utf8)
            bytes[position] = 0xff
            #expect(throws: WireError.self) { try TestRecord(value: bytes).request() }
        }
    }

    @Test("Of members with one name the last one counts")
    func duplicates() throws {
        let request = try TestRecord(
            #"{"orchestrator":"a","kwargs":{"n":1},"orchestrator":"b","context":{"tenant_id":"x","request_id":"gone","trace_id":"t"},"#
                + #""context":{"tenant_id":"y","tenant_id":"z"},"kwargs":{"n":2,"n":3}}"#
        ).request()
        #expect(request.orchestrator == "b")
        #expect(request.tenantID == "z")
        // A member of a context that does not count does not count either.
        #expect(request.requestID == "fallback" && request.traceID == nil)
        #expect(request.kwargs == ["n": 3])
        let error = Self.refusal(#"{"orchestrator":"a","context":{"tenant_id":"x"},"orchestrator":1}"#)
        #expect(error == WireError(.invalid, "orchestrator must be a string, found integer"))
        #expect(Self.refusal(#"{"orchestrator":1,"context":{"tenant_id":"x"},"orchestrator":"a"}"#) == nil)
    }

    @Test("Members that are not known are ignored, as are escapes in names")
    func unknownMembers() throws {
        let request = try TestRecord(
            #"{"x":[{"orchestrator":1}],"orches\u0074rator":"echo","context":{"extra":{"tenant_id":2},"tenant_id":"acme"},"KWARGS":7}"#
        ).request()
        #expect(request.orchestrator == "echo" && request.tenantID == "acme" && request.kwargs.isEmpty)
    }

    @Test("Kwargs are any JSON and keep their order and spelling")
    func kwargs() throws {
        let kwargs = #"{"z":1.50,"a":[null,true,{"é":"\u00e9"}],"big":18446744073709551615}"#
        let request = try TestRecord(Self.request("kwargs", kwargs)).request()
        #expect(request.kwargs.keys == ["z", "a", "big"])
        #expect(String(decoding: request.encode().value, as: UTF8.self).hasSuffix(#""kwargs":\#(kwargs)}"#))
    }
}
