import JSON
import Testing

@Suite("Decoding Swift types")
struct DecodingTests {
    enum Depth: String, Codable, CaseIterable { case quick, standard }
    enum Shape: Codable, Equatable { case circle(radius: Double), square(side: Int), point }
    struct Item: Codable, Equatable {
        var url: String
        var weight: Double?
    }
    struct Request: Codable, Equatable {
        var items: [Item]
        var depth: Depth
        var limit: UInt8
        var tags: [String: [Int]]
        var extra: JSONObject
        var any: JSONValue
        var shape: Shape
        var note: String?
    }
    class Base: Decodable {
        let id: Int
    }
    final class Derived: Base {
        let name: String
        enum CodingKeys: CodingKey { case name }
        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.name = try container.decode(String.self, forKey: .name)
            try super.init(from: container.superDecoder())
        }
    }

    private static let value: JSONValue = [
        "items": [["url": "a"], ["url": "b", "weight": 2, "ignored": [[]]]], "depth": "quick", "limit": 255.0,
        "tags": ["x": [1, 2], "y": []],
        "extra": ["k": [nil, 1.5]], "any": [true, "s"], "shape": ["circle": ["radius": 1]], "note": nil,
    ]

    @Test("Structs, arrays, dictionaries, enums, optionals and JSON itself")
    func request() throws {
        let expected = Request(
            items: [Item(url: "a"), Item(url: "b", weight: 2)],
            depth: .quick,
            limit: 255,
            tags: ["x": [1, 2], "y": []],
            extra: ["k": [nil, 1.5]],
            any: [true, "s"],
            shape: .circle(radius: 1),
            note: nil
        )
        #expect(try Self.value.decode(Request.self) == expected)
        #expect(try JSONValue(encoding: expected).decode() == expected)
        #expect(try JSONValue(parsing: #"{"point":{}}"#).decode(Shape.self) == .point)
    }

    @Test("Scalars and their containers at the top")
    func scalars() throws {
        #expect(try JSONValue.integer(5).decode(Int.self) == 5)
        #expect(try JSONValue.number(5).decode(Int8.self) == 5)
        #expect(try JSONValue.integer(5).decode(Double.self) == 5)
        #expect(try JSONValue.number(0.1).decode(Float.self) == 0.1)
        #expect(try JSONValue.string("x").decode(String.self) == "x")
        #expect(try JSONValue.bool(true).decode(Bool.self))
        #expect(try JSONValue.null.decode(Int?.self) == nil)
        #expect(try JSONValue.integer(1).decode(Int?.self) == 1)
        #expect(try ([1, nil, 3] as JSONValue).decode([Int?].self) == [1, nil, 3])
        #expect(try ([[1], [2, 3]] as JSONValue).decode([Set<Int>].self) == [[1], [2, 3]])
        #expect(try (["1": "a"] as JSONValue).decode([Int: String].self) == [1: "a"])
        #expect(try (["a": 1] as JSONValue).decode(JSONObject.self) == ["a": 1])
    }

    @Test("A superclass decodes from the member super")
    func inheritance() throws {
        let derived = try JSONValue(parsing: #"{"name":"n","super":{"id":7}}"#).decode(Derived.self)
        #expect(derived.id == 7 && derived.name == "n")
        let error = #expect(throws: JSONDecodingError.self) { try JSONValue(parsing: #"{"name":"n"}"#).decode(Derived.self) }
        #expect(error?.path == "super")
    }

    private static func error(_ path: [String], _ replacement: JSONValue?, at root: String = "") -> JSONDecodingError? {
        var request = Self.value.objectValue ?? [:]
        request[path[0]] = replacement
        return #expect(throws: JSONDecodingError.self) { try JSONValue.object(request).decode(Request.self, at: root) }
    }

    @Test("Errors name path, expectation and finding")
    func messages() {
        #expect(
            Self.error(["items"], [["url": "a"], ["url": "b"], ["url": 5]], at: "kwargs")?.description
                == "Expected string at kwargs.items[2].url, found integer."
        )
        #expect(Self.error(["items"], [[:]])?.description == "Expected string at items[0].url, found nothing.")
        #expect(Self.error(["items"], "x")?.description == "Expected array at items, found string.")
        #expect(Self.error(["items"], [3])?.description == "Expected object at items[0], found integer.")
        #expect(Self.error(["items"], nil)?.path == "items")
        #expect(Self.error(["depth"], "deep")?.description == #"Expected one of "quick", "standard" at depth, found "deep"."#)
        #expect(Self.error(["depth"], 1)?.description == "Expected string at depth, found integer.")
        #expect(Self.error(["limit"], 256)?.description == "Expected an integer in 0 ... 255 at limit, found 256.")
        #expect(Self.error(["limit"], -1)?.found == "-1")
        #expect(Self.error(["limit"], 2.5)?.description == "Expected integer at limit, found 2.5.")
        #expect(Self.error(["limit"], nil)?.description == "Expected integer at limit, found nothing.")
        #expect(Self.error(["limit"], .null)?.description == "Expected integer at limit, found null.")
        #expect(Self.error(["tags"], ["x": [1, "two"]])?.description == "Expected integer at tags.x[1], found string.")
        #expect(Self.error(["extra"], [])?.description == "Expected object at extra, found array.")
        let top = #expect(throws: JSONDecodingError.self) { try JSONValue.string("x").decode(Int.self) }
        #expect(top?.description == "Expected integer at the top level, found string.")
        let rooted = #expect(throws: JSONDecodingError.self) { try JSONValue.string("x").decode(Int.self, at: "kwargs") }
        #expect(rooted?.description == "Expected integer at kwargs, found string.")
    }

    @Test("Enums with payloads and custom errors keep their path")
    func foreignErrors() throws {
        struct Refusing: Decodable {
            struct Reason: Error, CustomStringConvertible { var description: String { "no" } }
            init(from decoder: any Decoder) throws { throw Reason() }
        }
        #expect(Self.error(["shape"], ["circle": ["radius": "x"]])?.path == "shape.circle.radius")
        let shape = try #require(Self.error(["shape"], ["hexagon": [:]]))
        #expect(shape.path == "shape" && shape.found == "object" && shape.expected.hasPrefix("a valid Shape"))
        let refused = #expect(throws: JSONDecodingError.self) { try JSONValue.null.decode(Refusing.self, at: "kwargs") }
        #expect(refused?.description == "Expected a value the type accepts at kwargs, found one it refuses: no.")
    }

    @Test("Integers that a double may have rounded are refused")
    func roundedIntegers() throws {
        let value = try JSONValue(parsing: "9223372036854775809")
        #expect(throws: JSONDecodingError.self) { try value.decode(UInt64.self) }
        #expect(try JSONValue(parsing: "9007199254740992.0").decode(Int.self) == 9_007_199_254_740_992)
        #expect(throws: JSONDecodingError.self) { try JSONValue.number(1e300).decode(Int.self) }
        #expect(throws: JSONDecodingError.self) { try JSONValue.number(1e300).decode(Float.self) }
    }

    @Test("Unkeyed containers step, nest and end")
    func unkeyed() throws {
        struct Pair: Decodable, Equatable {
            var first: Int
            var inner: [String]
            var last: Bool
            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                self.first = try container.decode(Int.self)
                var nested = try container.nestedUnkeyedContainer()
                self.inner = []
                while !nested.isAtEnd { self.inner.append(try nested.decode(String.self)) }
                self.last = try container.decode(Bool.self)
            }
        }
        let pair = try ([1, ["a", "b"], true] as JSONValue).decode(Pair.self)
        #expect(pair.first == 1 && pair.inner == ["a", "b"] && pair.last)
        let short = #expect(throws: JSONDecodingError.self) { try ([1, []] as JSONValue).decode(Pair.self) }
        #expect(short?.description == "Expected bool at [2], found the end of the array.")
    }
}
