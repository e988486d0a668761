import JSON
import Testing

@Suite("JSONObject")
struct ObjectTests {
    private static let text = #"{"b": 1.50, "a":{"x":[1, 2]}, "s":"\u0041"}"#
    private static let decoded: JSONObject = ["b": 1.5, "a": ["x": [1, 2]], "s": "A"]

    private static func encoded(_ text: String = Self.text) -> JSONObject { JSONObject(validated: Array(text.utf8)) }

    @Test("An encoded object equals its decoded twin in everything")
    func twins() {
        let encoded = Self.encoded()
        #expect(encoded == Self.decoded && Self.decoded == encoded)
        #expect(encoded.hashValue == Self.decoded.hashValue)
        #expect(encoded.keys == ["b", "a", "s"])
        #expect(encoded.count == 3 && !encoded.isEmpty)
        #expect(encoded["a"]?["x"]?[1] == 2 && encoded["none"] == nil)
        #expect(encoded.map(\.key) == Self.decoded.map(\.key))
        #expect(Self.encoded("{}") == [:] && Self.encoded("{ }").isEmpty)
        #expect(encoded != Self.encoded("{}"))
        #expect(JSONValue.object(encoded).serialized(pretty: true) == JSONValue.object(Self.decoded).serialized(pretty: true))
    }

    @Test("An encoded object is written back byte by byte, also after being looked into")
    func verbatim() {
        let encoded = Self.encoded()
        #expect(JSONValue.object(encoded).serialized(pretty: false) == Self.text)
        #expect(encoded["s"] == "A")
        #expect(JSONValue.array([1, .object(encoded), nil]).description == "[1,\(Self.text),null]")
    }

    @Test("A changed copy is written anew and leaves the original alone")
    func changed() {
        let encoded = Self.encoded()
        var copy = encoded
        copy["n"] = nil
        #expect(copy.description == Self.text)
        copy["n"] = true
        #expect(copy.description == #"{"b":1.5,"a":{"x":[1,2]},"s":"A","n":true}"#)
        #expect(copy.removeValue(forKey: "b") == 1.5 && copy.removeValue(forKey: "b") == nil)
        #expect(copy.keys == ["a", "s", "n"])
        #expect(encoded.description == Self.text)
        #expect(encoded.merging(["a": 0, "z": 1]) == ["b": 1.5, "a": 0, "s": "A", "z": 1])
    }

    @Test("Order does not matter to equality, the last of equal keys wins at the first one's place")
    func semantics() {
        #expect(["a": 1, "b": 2] as JSONObject == ["b": 2, "a": 1])
        #expect((["a": 1, "b": 2] as JSONObject).hashValue == (["b": 2, "a": 1] as JSONObject).hashValue)
        #expect(["a": 1] as JSONObject != ["a": 2] && ["a": 1] as JSONObject != ["b": 1])
        #expect(JSONObject([("a", 1), ("b", 2), ("a", 3)]).description == #"{"a":3,"b":2}"#)
        var object: JSONObject = ["a": 1, "b": 2]
        object["a"] = 9
        #expect(object.keys == ["a", "b"])
        object["a"] = nil
        object["a"] = 1
        #expect(object.keys == ["b", "a"])
    }

    @Test("Names are compared byte by byte, not by canonical equivalence")
    func names() throws {
        let object = try #require(try JSONValue(parsing: "{\"\u{e9}\":1,\"e\u{301}\":2}").objectValue)
        #expect(object.count == 2)
        #expect(object["\u{e9}"] == 1 && object["e\u{301}"] == 2)
        // Equivalent, and of the same length.
        let dots: JSONObject = ["a\u{323}\u{307}": 1, "a\u{307}\u{323}": 2]
        #expect(dots.count == 2 && dots["a\u{323}\u{307}"] == 1 && dots["a\u{307}\u{323}"] == 2)
        let many = JSONObject(dots.map { ($0.key, $0.value) } + (0..<20).map { ("\($0)", .null) })
        #expect(many.count == 22 && many["a\u{323}\u{307}"] == 1 && many["a\u{307}\u{323}"] == 2)
    }

    @Test("Lookups work on both sides of the size where the index begins", arguments: [1, 15, 16, 17, 18, 100])
    func index(count: Int) {
        var object = JSONObject((0..<count).map { ("key \($0)", .integer(Int64($0))) })
        for number in 0..<count { #expect(object["key \(number)"] == .integer(Int64(number))) }
        #expect(object["key"] == nil)
        object["key 0"] = "new"
        #expect(object.count == count && object["key 0"] == "new")
        #expect(object.removeValue(forKey: "key 0") == "new")
        for number in 1..<max(count, 1) { #expect(object["key \(number)"] == .integer(Int64(number))) }
        #expect(object.count == count - 1 && object["key 0"] == nil)
        object["key 0"] = 0
        #expect(object.keys.last == "key 0")
    }

    @Test("An object of 100,000 members is built, compared and looked into in linear time")
    func hostile() throws {
        let text = "{" + (0..<100_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        let limits = JSONLimits(maximumBytes: 4 << 20)
        let object = try #require(try JSONValue(parsing: text, limits: limits).objectValue)
        let reversed = JSONObject(object.map { ($0.key, $0.value) }.reversed())
        #expect(object == reversed && object.hashValue == reversed.hashValue)
        #expect(object.keys.allSatisfy { object[$0] != nil })
        #expect(try JSONValue.object(object).decode([String: Int].self).count == 100_000)
        let colliding = "{" + Array(repeating: "\"same\":1", count: 100_000).joined(separator: ",") + "}"
        #expect(try JSONValue(parsing: colliding, limits: limits) == ["same": 1])
    }

    @Test("Many tasks may look into one encoded object at once")
    func concurrent() async {
        for _ in 0..<50 {
            let encoded = Self.encoded()
            let agree = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 {
                    group.addTask { encoded == Self.decoded && encoded["a"]?["x"] == [1, 2] && encoded.description == Self.text }
                }
                return await group.allSatisfy { $0 }
            }
            #expect(agree)
        }
    }
}
