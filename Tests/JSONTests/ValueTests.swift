import JSON
import Testing

@Suite("JSONValue")
struct ValueTests {
    @Test("Accessors give the value of their kind only")
    func accessors() {
        let value: JSONValue = ["i": 3, "d": 3.0, "f": 3.5, "s": "x", "b": false, "n": nil, "a": [1], "o": ["k": "\(1 + 1)"]]
        #expect(value["i"]?.integerValue == 3 && value["i"]?.doubleValue == 3 && value["i"]?.stringValue == nil)
        #expect(value["d"]?.integerValue == 3 && value["f"]?.integerValue == nil && value["f"]?.doubleValue == 3.5)
        #expect(value["s"]?.stringValue == "x" && value["b"]?.boolValue == false && value["n"]?.isNull == true)
        #expect(value["a"]?[0] == 1 && value["a"]?[1] == nil && value["a"]?[-1] == nil && value["a"]?["k"] == nil)
        #expect(value["o"]?["k"] == "2" && value["o"]?[0] == nil && value["o"]?.objectValue?.count == 1)
        #expect(value["a"]?.arrayValue == [1] && value["missing"] == nil)
        #expect(JSONValue.number(1e300).integerValue == nil && JSONValue.null.boolValue == nil)
    }

    @Test("Kinds have names")
    func kinds() {
        let values: [JSONValue] = [nil, true, 1, 1.5, "x", [], [:]]
        #expect(values.map(\.kindName) == ["null", "bool", "integer", "number", "string", "array", "object"])
    }

    @Test("Parses from arrays, buffers with and without padding, and text")
    func sources() throws {
        let text = #"{"a":[1,"é"]}"#
        let expected: JSONValue = ["a": [1, "é"]]
        let bytes = Array(text.utf8)
        #expect(try JSONValue(parsing: text) == expected)
        #expect(try JSONValue(parsing: bytes) == expected)
        let copied = try bytes.withUnsafeBytes { try JSONValue(parsing: $0) }
        #expect(copied == expected)
        let padded = bytes + Array(repeating: UInt8(ascii: "]"), count: 64)
        let inPlace = try padded.withUnsafeBytes { buffer in
            let document = UnsafeRawBufferPointer(rebasing: buffer[..<bytes.count])
            return try JSONValue(parsing: document, readableBytes: buffer.count)
        }
        #expect(inPlace == expected)
        #expect(throws: JSONError.self) { try JSONValue(parsing: UnsafeRawBufferPointer(start: nil, count: 0)) }
    }
}
