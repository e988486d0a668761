import JSON
import Testing
import Wire

/// What stands on the control topic, written by anybody who may.
@Suite("Commands on the control topic")
struct ControlTests {
    private static let cancel = Array(#"{"command":"cancel"}"#.utf8)

    private static func read(_ key: String?, _ value: String?, headers: RecordHeaders = RecordHeaders()) throws(WireError) -> ControlRecord
    {
        try TestRecord(key: key.map { Array($0.utf8) }, headers: headers, value: value.map { Array($0.utf8) }).control()
    }

    private static func refusal(_ record: TestRecord) -> WireError? {
        do throws(WireError) {
            _ = try record.control()
            return nil
        } catch {
            return error
        }
    }

    @Test("Whatever follows the scope is the request's id", arguments: ["r-1", "a/b", " ", "request/", "Züge 😀", "null"])
    func ids(id: String) throws {
        #expect(try Self.read("request/\(id)", #"{"command":"cancel"}"#) == .cancel(ControlCommand(requestID: id)))
        #expect(try Self.read("request/\(id)", nil) == .withdrawn(requestID: id))
    }

    @Test("A command needs no headers, and says why and by whom if it wants to")
    func members() throws {
        let value = #"{"time":"2026-11-21T11:15:30.123+01:00","issued_by":"editor","reason":"withdrawn","command":"cancel","more":[1]}"#
        let expected = ControlCommand(requestID: "r", reason: "withdrawn", issuedBy: "editor", time: Samples.time)
        #expect(try Self.read("request/r", value) == .cancel(expected))
        #expect(try Self.read("request/r", #"{"command":"cancel","reason":null}"#) == .cancel(ControlCommand(requestID: "r")))
    }

    @Test(
        "What a later version may say is no mistake",
        arguments: [
            ("layer/domain", #"{"command":"cancel"}"#, nil, #"scope "layer""#),
            ("fleet", "not JSON", nil, #"scope "fleet""#),
            ("requests/r", nil, nil, #"scope "requests""#),
            ("Request/r", #"{"command":"cancel"}"#, nil, #"scope "Request""#),
            ("request/r", #"{"command":"pause"}"#, nil, #"command "pause""#),
            ("request/r", #"{"command":"Cancel"}"#, nil, #"command "Cancel""#),
            ("request/r", "not JSON", "fleet.control.v2", #"type "fleet.control.v2""#),
        ] as [(String, String?, String?, String)]
    )
    func unknown(key: String, value: String?, type: String?, name: String) throws {
        var headers = RecordHeaders()
        if let type { headers.append("ce_type", type) }
        #expect(try Self.read(key, value, headers: headers) == .unknown(name))
    }

    @Test("A record without a request's id is refused")
    func keys() {
        for key in [nil, []] as [[UInt8]?] {
            let error = Self.refusal(TestRecord(key: key, value: Self.cancel))
            #expect(error == WireError(.invalid, "the key is required: request/ and the request's id"))
        }
        #expect(Self.refusal(TestRecord(key: Array("request/".utf8), value: Self.cancel))?.message == "the key names no request")
        #expect(Self.refusal(TestRecord(key: Array("request/".utf8) + [0xff], value: Self.cancel))?.message == "the key is not UTF-8")
    }

    @Test("Every text is bounded: an id as long as a request's may be, and no longer")
    func limits() {
        func key(bytes: Int) -> [UInt8] { Array("request/".utf8) + Array(repeating: UInt8(ascii: "x"), count: bytes) }
        #expect(Self.refusal(TestRecord(key: key(bytes: 1_024), value: Self.cancel)) == nil)
        #expect(Self.refusal(TestRecord(key: key(bytes: 1_025), value: Self.cancel))?.reason == .oversize)
        for name in ["reason", "issued_by"] {
            func value(bytes: Int) -> [UInt8] {
                JSONValue.object(["command": "cancel", name: .string(String(repeating: "x", count: bytes))]).serialized()
            }
            #expect(Self.refusal(TestRecord(key: key(bytes: 1), value: value(bytes: 1_024))) == nil)
            #expect(
                Self.refusal(TestRecord(key: key(bytes: 1), value: value(bytes: 1_025)))
                    == WireError(.oversize, "\(name) has 1025 bytes, 1024 are allowed")
            )
        }
        let large = Array(repeating: UInt8(ascii: " "), count: (1 << 20) + 1)
        #expect(Self.refusal(TestRecord(key: key(bytes: 1), value: large))?.reason == .oversize)
    }

    @Test(
        "A member of the wrong kind is named with expected and found",
        arguments: ["command", "reason", "issued_by", "time"],
        [true, 7, 7.5, [], [:]] as [JSONValue]
    )
    func wrongKinds(name: String, value: JSONValue) {
        var object: JSONObject = ["command": "cancel"]
        object[name] = value
        let record = TestRecord(key: Array("request/r".utf8), value: JSONValue.object(object).serialized())
        #expect(Self.refusal(record) == WireError(.invalid, "\(name) must be a string, found \(value.kindName)"))
    }

    @Test("The key of a command names the request, and its topic keeps the newest of each key")
    func topic() {
        #expect(ControlCommand(requestID: "a/b").key == Array("request/a/b".utf8))
        let names = TopicNames(prefix: "p.")
        #expect(names.control == "p.fleet.control" && names.all.contains(names.control))
        #expect(names.settings(of: names.control) == ["cleanup.policy": "compact"])
    }
}
