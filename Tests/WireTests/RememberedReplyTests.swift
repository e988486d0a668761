import JSON
import Orchestration
import Testing
import Wire

/// What is kept of replies to requests with idempotency keys, and what tells these requests apart.
@Suite("Remembered replies on the wire")
struct RememberedReplyTests {
    private static let value = Samples.remembered[0].reply.encodeValue()

    private static func refusal(_ record: TestRecord) -> WireError? {
        do throws(WireError) {
            _ = try record.remembered()
            return nil
        } catch {
            return error
        }
    }

    @Test("No two tenants and keys have one scope")
    func scopes() {
        func scope(_ tenant: String, _ key: String) -> String { RememberedReply.scope(tenantID: tenant, idempotencyKey: key) }
        #expect(scope("acme", "a/b") == "acme/a/b")
        #expect(scope("acme/a", "b") == "acme%2Fa/b")
        #expect(scope("acme%2Fa", "b") == "acme%252Fa/b")
        #expect(scope("Züge😀", "/") == "Züge😀//")
    }

    @Test("A record without a tenant and a key is refused", arguments: ["", "acme", "/key", "acme/", "/"])
    func keys(key: String) {
        #expect(Self.refusal(TestRecord(key: Array(key.utf8), value: Self.value))?.reason == .invalid)
        #expect(Self.refusal(TestRecord(key: Array(key.utf8), value: nil))?.reason == .invalid)
    }

    @Test("A key that is missing, too long or no text is refused")
    func moreKeys() {
        #expect(Self.refusal(TestRecord(key: nil, value: Self.value))?.reason == .invalid)
        #expect(Self.refusal(TestRecord(key: Array("acme/".utf8) + [0xff], value: Self.value))?.message == "the key is not UTF-8")
        let longest = Array((String(repeating: "x", count: 3 * 1_024) + "/" + String(repeating: "x", count: 200)).utf8)
        #expect(Self.refusal(TestRecord(key: longest, value: Self.value)) == nil)
        #expect(Self.refusal(TestRecord(key: longest + [0x78], value: Self.value))?.reason == .oversize)
    }

    @Test("A value of 1 MiB is read, one of a byte more is not")
    func sizes() {
        func value(_ bytes: Int) -> [UInt8] { Self.value + Array(repeating: UInt8(ascii: " "), count: bytes - Self.value.count) }
        #expect(Self.refusal(TestRecord(key: Array("acme/k".utf8), value: value(1 << 20))) == nil)
        #expect(Self.refusal(TestRecord(key: Array("acme/k".utf8), value: value((1 << 20) + 1)))?.reason == .oversize)
    }

    @Test(
        "A member of the wrong kind is named",
        arguments: ["request_id", "orchestrator", "fingerprint", "time", "result"],
        [true, 7, 7.5, []] as [JSONValue]
    )
    func wrongKinds(name: String, value: JSONValue) throws {
        var object = try #require(try JSONValue(parsing: Self.value).objectValue)
        object[name] = value
        let error = Self.refusal(TestRecord(key: Array("acme/k".utf8), value: JSONValue.object(object).serialized()))
        #expect(error?.reason == .invalid && error?.message.hasPrefix("\(name) must be") == true, "\(String(describing: error))")
        object[name] = nil
        let missing = Self.refusal(TestRecord(key: Array("acme/k".utf8), value: JSONValue.object(object).serialized()))
        #expect(missing?.message.hasPrefix("\(name) is required") == true)
    }

    @Test("Its topic keeps the newest of each key, for a week")
    func topic() {
        let names = TopicNames(prefix: "p.")
        #expect(names.idempotency(.domain) == "p.orchestration.idempotency.domain" && names.all.contains(names.idempotency(.domain)))
        #expect(names.settings(of: names.idempotency(.domain)) == ["cleanup.policy": "compact,delete", "retention.ms": "604800000"])
        #expect(names.settings(of: names.results(.domain)) == ["cleanup.policy": "delete", "retention.ms": "604800000"])
    }

    // MARK: Fingerprints

    private static func fingerprint(_ orchestrator: String, _ kwargs: String) throws -> UInt64 {
        let value = #"{"orchestrator":"\#(orchestrator)","context":{"tenant_id":"t"},"kwargs":\#(kwargs)}"#
        return try TestRecord(value).request().fingerprint
    }

    @Test("Order of members, white space and the way a number is written make no difference to a fingerprint")
    func same() throws {
        let one = try Self.fingerprint("echo", #"{"a":1,"b":{"c":[1,2],"d":null},"e":"é"}"#)
        #expect(try Self.fingerprint("echo", #"{ "e":"\u00e9", "b" : {"d":null,"c":[1.0, 2]}, "a":1e0 }"#) == one)
        let built = Request(
            id: "other",
            orchestrator: "echo",
            tenantID: "u",
            metadata: ["x": 1],
            kwargs: ["b": ["d": nil, "c": [1, 2]], "a": 1, "e": "é"]
        )
        #expect(built.fingerprint == one)
        // It is stored: another version must come to the same.
        #expect(String(one, radix: 16) == "6aaffadc545c0ac3")
        #expect(String(Samples.minimalRequest.fingerprint, radix: 16) == "bdfb23e79e1d80a4")
    }

    @Test("Whatever else differs has another fingerprint")
    func different() throws {
        let texts = [
            "{}", #"{"a":null}"#, #"{"a":0}"#, #"{"a":1}"#, #"{"a":-1}"#, #"{"a":1.5}"#, #"{"a":"1"}"#, #"{"a":true}"#, #"{"a":false}"#,
            #"{"a":[]}"#, #"{"a":{}}"#, #"{"a":""}"#, #"{"a":[null]}"#, #"{"a":[1,2]}"#, #"{"a":[2,1]}"#, #"{"a":[[1],2]}"#,
            #"{"a":[1,[2]]}"#, #"{"b":1}"#, #"{"a":1,"b":2}"#, #"{"a":2,"b":1}"#, #"{"a":{"b":1}}"#, #"{"a":{},"b":1}"#, #"{"a":"a"}"#,
            #"{"a":"b","b":"a"}"#, #"{"a":"a","b":"b"}"#, #"{"a":1e300}"#, #"{"":1}"#,
        ]
        var all = try texts.map { try Self.fingerprint("echo", $0) }
        all.append(try Self.fingerprint("other", "{}"))
        #expect(Set(all).count == all.count)
    }
}
