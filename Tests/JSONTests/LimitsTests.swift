import JSON
import Testing

@Suite("Limits")
struct LimitsTests {
    private static func nested(_ depth: Int, inner: String, object: Bool) -> String {
        object
            ? String(repeating: #"{"a":"#, count: depth) + inner + String(repeating: "}", count: depth)
            : String(repeating: "[", count: depth) + inner + String(repeating: "]", count: depth)
    }

    private static func accepts(_ text: String, _ limits: JSONLimits) throws -> Bool {
        let parsed = Result { try JSONValue(parsing: text, limits: limits) }
        let selected = Result { try JSONSelector([["a"], ["a", "a"]]).select(from: Array(text.utf8), limits: limits) { _ in } }
        switch (parsed, selected) {
        case (.success, .success): return true
        case (.failure(let parseError as JSONError), .failure(let selectError as JSONError)):
            #expect(parseError == selectError)
            #expect(parseError.code == .depth)
            return false
        default:
            Issue.record("parsing and selecting disagree: \(parsed), \(selected)")
            return false
        }
    }

    @Test("Exactly the allowed depth is accepted, one more refused", arguments: [1, 2, 3, 7, 64, 100, 512], [false, true])
    func depth(limit: Int, object: Bool) throws {
        let limits = JSONLimits(maximumDepth: limit)
        for inner in ["1", "\"x\"", "[]", "{}", "[ ]"] {
            let own = inner.hasPrefix("[") || inner.hasPrefix("{") ? 1 : 0
            #expect(try Self.accepts(Self.nested(limit - own, inner: inner, object: object), limits))
            #expect(try !Self.accepts(Self.nested(limit - own + 1, inner: inner, object: object), limits))
        }
        #expect(try !Self.accepts(Self.nested(100_000, inner: "", object: object), limits))
        #expect(try Self.accepts("7", limits))
    }

    @Test("The deepest document allowed can be compared, hashed, written and decoded")
    func ceiling() throws {
        final class Node: Codable {
            let a: Node?
        }
        let text = Self.nested(JSONLimits.depthCeiling - 1, inner: "{}", object: true)
        let limits = JSONLimits(maximumDepth: .max)
        let value = try JSONValue(parsing: text, limits: limits)
        let twin = try JSONValue(parsing: text, limits: limits)
        #expect(value == twin && value.hashValue == twin.hashValue && value.description == text)
        #expect(try JSONValue(parsing: value.serialized(pretty: true), limits: limits) == value)
        #expect(try JSONValue(encoding: value.decode(Node.self)) == value)
    }

    @Test("Depth is nesting, not the number of containers")
    func breadth() throws {
        let text = "[" + Array(repeating: "[[]]", count: 1000).joined(separator: ",") + "]"
        #expect(try Self.accepts(text, JSONLimits(maximumDepth: 3)))
        #expect(try !Self.accepts(text, JSONLimits(maximumDepth: 2)))
    }

    @Test("The depth stays within what recursion can bear")
    func clamped() {
        #expect(JSONLimits(maximumDepth: 0).maximumDepth == 1)
        #expect(JSONLimits(maximumDepth: .max).maximumDepth == JSONLimits.depthCeiling)
        var limits = JSONLimits.default
        limits.maximumDepth = -5
        #expect(limits.maximumDepth == 1)
        #expect(JSONLimits.default == JSONLimits(maximumBytes: 1_048_576, maximumDepth: 64))
    }

    @Test("The largest document is accepted, a byte more refused before it is read")
    func size() throws {
        let limits = JSONLimits(maximumBytes: 4)
        #expect(try JSONValue(parsing: "true", limits: limits) == true)
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: "?????", limits: limits) }
        #expect(error.code == .size && error.byteOffset == 4)
        #expect(error.message == "The document has 5 bytes; at most 4 are accepted.")
        let selected = #expect(throws: JSONError.self) {
            try JSONSelector([["a"]]).select(from: Array("?????".utf8), limits: limits) { _ in }
        }
        #expect(selected == error)
    }

    @Test("A huge document leaves the thread able to read small ones")
    func hugeThenSmall() throws {
        let huge = "[" + String(repeating: "0,", count: 2_000_000) + "0]"
        let limits = JSONLimits(maximumBytes: 8 << 20)
        #expect(try JSONValue(parsing: huge, limits: limits).arrayValue?.count == 2_000_001)
        #expect(try JSONValue(parsing: "[1]") == [1])
        #expect(try JSONSelector([["a"]]).select(from: Array(#"{"a":5}"#.utf8)) { $0.integer(0) } == 5)
    }
}
