import JSON
import Testing

@Suite("Encoding Swift types")
struct EncodingTests {
    struct Widths: Codable, Equatable {
        var a = Int8.min
        var b = UInt16.max
        var c = Int32.min
        var d = UInt64(Int64.max)
        var e: Float = 0.1
        var f: Double = -0.5
        var g: [Int8] = [1, -1]
        var h: [Float] = [0.3]
        var i: Int?
        var j: UInt? = 3
    }

    @Test("Every width of number")
    func widths() throws {
        let value = try JSONValue(encoding: Widths())
        #expect(
            value.description
                == #"{"a":-128,"b":65535,"c":-2147483648,"d":9223372036854775807,"e":0.1,"f":-0.5,"g":[1,-1],"h":[0.3],"j":3}"#
        )
        #expect(try value.decode(Widths.self) == Widths())
    }

    @Test("Containers of every form, in the order they are encoded")
    func containers() throws {
        struct Custom: Encodable {
            enum Key: String, CodingKey { case z, a, list, parent }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                try container.encode(1, forKey: .z)
                try container.encodeNil(forKey: .a)
                var list = container.nestedUnkeyedContainer(forKey: .list)
                try list.encode("x")
                var inner = list.nestedContainer(keyedBy: Key.self)
                try inner.encode(true, forKey: .a)
                try list.encodeNil()
                try list.encode(contentsOf: [1, 2])
                try container.encode(["k": 2.5], forKey: .z)
                try Int16(4).encode(to: container.superEncoder(forKey: .parent))
                try container.encode([[Int]](), forKey: .a)
            }
        }
        #expect(try JSONValue(encoding: Custom()).description == #"{"z":{"k":2.5},"a":[],"list":["x",{"a":true},null,1,2],"parent":4}"#)
    }

    @Test("Scalars, optionals, empty structs and JSON itself")
    func scalars() throws {
        struct Empty: Codable {}
        struct Silent: Encodable { func encode(to encoder: any Encoder) {} }
        let object: JSONObject = ["a": [1, nil]]
        #expect(try JSONValue(encoding: "x") == "x")
        #expect(try JSONValue(encoding: 5 as UInt8) == 5)
        #expect(try JSONValue(encoding: nil as Int?) == nil)
        #expect(try JSONValue(encoding: [1, nil] as [Int?]) == [1, nil])
        #expect(try JSONValue(encoding: Empty()) == [:])
        #expect(try JSONValue(encoding: Silent()) == [:])
        #expect(try JSONValue(encoding: object) == .object(object))
        #expect(try JSONValue(encoding: ["o": JSONValue.object(object)]) == ["o": .object(object)])
        #expect(try JSONValue(encoding: DecodingTests.Shape.point) == ["point": [:]])
    }

    @Test("What JSON cannot hold is refused")
    func refused() {
        #expect(throws: EncodingError.self) { try JSONValue(encoding: Double.nan) }
        #expect(throws: EncodingError.self) { try JSONValue(encoding: ["x": [Float.infinity]]) }
        #expect(throws: EncodingError.self) { try JSONValue(encoding: UInt64.max) }
    }

    @Test("Encoded objects stay verbatim through the encoder")
    func verbatim() throws {
        struct Envelope: Codable { var data: JSONObject }
        let envelope = Envelope(data: JSONObject(validated: Array(#"{"a" : 1.0e0}"#.utf8)))
        #expect(try JSONValue(encoding: envelope).description == #"{"data":{"a" : 1.0e0}}"#)
        #expect(try JSONValue(encoding: envelope).decode(Envelope.self).data.description == #"{"a" : 1.0e0}"#)
    }
}
