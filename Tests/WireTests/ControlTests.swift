import JSON
import Orchestration
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

    @Test("Whatever follows the scope is the name", arguments: ["r-1", "a/b", " ", "request/", "Züge 😀", "null", "\u{301}a"])
    func ids(id: String) throws {
        #expect(try Self.read("request/\(id)", #"{"command":"cancel"}"#) == .command(ControlCommand(.cancel(requestID: id))))
        #expect(try Self.read("request/\(id)", nil) == .withdrawn(.request(id)))
        for type in ComponentType.allCases {
            let component = ComponentID(type, id)
            for order in ComponentOrder.allCases {
                let record = try Self.read("component/\(type.rawValue)/\(id)", "{\"command\":\"\(order.rawValue)\"}")
                #expect(record == .command(ControlCommand(.component(component, order))))
            }
            #expect(try Self.read("component/\(type.rawValue)/\(id)", nil) == .withdrawn(.component(component)))
        }
        #expect(try Self.read("experiment/\(id)", #"{"command":"stop"}"#) == .command(ControlCommand(.stop(experiment: id))))
        let define = ControlCommand(.define(experiment: id, definition: ["control": "a"]))
        #expect(try Self.read("experiment/\(id)", #"{"command":"define","definition":{"control":"a"}}"#) == .command(define))
        #expect(try Self.read("experiment/\(id)", nil) == .withdrawn(.experiment(id)))
    }

    @Test("A command needs no headers, and says why and by whom if it wants to")
    func members() throws {
        let value = #"{"time":"2026-11-21T11:15:30.123+01:00","issued_by":"editor","reason":"withdrawn","command":"cancel","more":[1]}"#
        let expected = ControlCommand(.cancel(requestID: "r"), reason: "withdrawn", issuedBy: "editor", time: Samples.time)
        #expect(try Self.read("request/r", value) == .command(expected))
        let without = ControlCommand(.cancel(requestID: "r"))
        #expect(try Self.read("request/r", #"{"command":"cancel","reason":null}"#) == .command(without))
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
            ("request/r", #"{"command":"disable"}"#, nil, #"command "disable""#),
            ("component/model/m", #"{"command":"cancel"}"#, nil, #"command "cancel""#),
            ("component/model/m", #"{"command":"stop"}"#, nil, #"command "stop""#),
            ("component/Model/m", nil, nil, #"scope "component/Model""#),
            ("component/planner/m", "not JSON", nil, #"scope "component/planner""#),
            ("experiment/e", #"{"command":"pause"}"#, nil, #"command "pause""#),
            ("components/model/m", nil, nil, #"scope "components""#),
            ("request/r", "not JSON", "fleet.control.v2", #"type "fleet.control.v2""#),
        ] as [(String, String?, String?, String)]
    )
    func unknown(key: String, value: String?, type: String?, name: String) throws {
        var headers = RecordHeaders()
        if let type { headers.append("ce_type", type) }
        #expect(try Self.read(key, value, headers: headers) == .unknown(name))
    }

    @Test("A record that names nothing is refused")
    func keys() {
        for key in [nil, []] as [[UInt8]?] {
            let error = Self.refusal(TestRecord(key: key, value: Self.cancel))
            #expect(error == WireError(.invalid, "the key is required: the scope, such as request/ and the request's id"))
        }
        #expect(Self.refusal(TestRecord(key: Array("request/".utf8), value: Self.cancel))?.message == "the key names no request")
        #expect(Self.refusal(TestRecord(key: Array("request/".utf8) + [0xff], value: Self.cancel))?.message == "the key is not UTF-8")
        for key in ["component/", "component/model", "component/model/", "component//m"] {
            let error = Self.refusal(TestRecord(key: Array(key.utf8), value: nil))
            #expect(error == WireError(.invalid, "the key names no component: component/, its type, / and its id"), "\(key)")
        }
        #expect(Self.refusal(TestRecord(key: Array("experiment/".utf8), value: nil))?.message == "the key names no experiment")
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
        for (scope, what) in [("component/tool/", "the component's id"), ("experiment/", "the experiment's name")] {
            func key(bytes: Int) -> [UInt8] { Array(scope.utf8) + Array(repeating: UInt8(ascii: "x"), count: bytes) }
            #expect(Self.refusal(TestRecord(key: key(bytes: 256), value: nil)) == nil)
            let error = Self.refusal(TestRecord(key: key(bytes: 257), value: nil))
            #expect(error == WireError(.oversize, "\(what) has 257 bytes, 256 are allowed"))
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

    @Test("An experiment's command has at most 64 KiB, and its definition is an object")
    func definitions() {
        func refusal(_ value: [UInt8]) -> WireError? { Self.refusal(TestRecord(key: Array("experiment/e".utf8), value: value)) }
        let start = Array(#"{"command":"define","definition":{}"#.utf8)
        func value(bytes: Int) -> [UInt8] { start + Array(repeating: UInt8(ascii: " "), count: bytes - start.count - 1) + Array("}".utf8) }
        #expect(refusal(value(bytes: 65_536)) == nil)
        let error = WireError(.oversize, "the value has 65537 bytes, 65536 are allowed for an experiment")
        #expect(refusal(value(bytes: 65_537)) == error)
        for text in [#"{"command":"define"}"#, #"{"command":"define","definition":null}"#] {
            #expect(refusal(Array(text.utf8)) == WireError(.invalid, "definition is required: an object"))
        }
        let list = WireError(.invalid, "definition must be an object, found array")
        #expect(refusal(Array(#"{"command":"define","definition":[]}"#.utf8)) == list)
    }

    @Test("The key of a command names the scope, and its topic keeps the newest of each key")
    func topic() {
        #expect(ControlCommand(.cancel(requestID: "a/b")).key == Array("request/a/b".utf8))
        #expect(ControlCommand(.component(ComponentID(.tool, "a/b"), .reset)).key == Array("component/tool/a/b".utf8))
        #expect(ControlCommand(.stop(experiment: "a/b")).key == Array("experiment/a/b".utf8))
        #expect(ControlScope.experiment("a/b").description == "experiment/a/b")
        let names = TopicNames(prefix: "p.")
        #expect(names.control == "p.fleet.control" && names.all.contains(names.control))
        #expect(names.settings(of: names.control) == ["cleanup.policy": "compact"])
    }
}
