import JSON
import Testing

@Suite("JSONSelector")
struct SelectorTests {
    private static let request = JSONSelector([
        ["orchestrator"], ["context"], ["context", "tenant_id"], ["context", "orchestration_depth"], ["kwargs"], ["score"],
        ["flag"], ["nothing"],
    ])
    private static let document = """
        { "unknown" : [1, {"orchestrator": "decoy"}], "orchestrator" : "echo",
          "context" : {"tenant_id" : "acme", "orchestration_depth" : 3 , "kwargs": 1 } ,
          "kwargs" : { "u" : [ 1, 2 ] }
          , "score" : 0.5 , "flag" : true , "nothing" : null }
        """

    /// Runs the selection in place (with padding) and from a copy.
    private static func bothWays(_ text: String, _ body: (borrowing JSONSelection) throws -> Void) throws {
        let bytes = Array(text.utf8)
        try Self.request.select(from: bytes, body: body)
        let padded = bytes + [UInt8](repeating: UInt8(ascii: "x"), count: JSONSelector.padding)
        try padded.withUnsafeBytes { buffer in
            let document = UnsafeRawBufferPointer(rebasing: buffer[..<bytes.count])
            try Self.request.select(from: document, readableBytes: buffer.count, body: body)
        }
    }

    @Test("Gives kinds, values and raw bytes by path")
    func values() throws {
        try Self.bothWays(Self.document) { selection in
            #expect(selection.rootKind == .object)
            #expect(selection.string(0) == "echo" && selection.kind(0) == .string)
            #expect(selection.utf8(0).map { Array($0) } == Array("echo".utf8))
            #expect(selection.raw(0).map { Array($0) } == Array(#""echo""#.utf8))
            let context = selection.raw(1).map { String(decoding: $0, as: UTF8.self) }
            #expect(context == #"{"tenant_id" : "acme", "orchestration_depth" : 3 , "kwargs": 1 }"#)
            #expect(selection.string(2) == "acme")
            #expect(selection.integer(3) == 3 && selection.number(3) == 3)
            #expect(selection.raw(3).map { Array($0) } == Array("3".utf8))
            #expect(selection.raw(4).map { String(decoding: $0, as: UTF8.self) } == #"{ "u" : [ 1, 2 ] }"#)
            #expect(selection.value(4) == ["u": [1, 2]])
            #expect(selection.object(4) == ["u": [1, 2]])
            #expect(selection.number(5) == 0.5 && selection.integer(5) == nil && selection.kind(5) == .number)
            #expect(selection.bool(6) == true && selection.kind(6) == .bool)
            #expect(selection.kind(7) == .null && selection.value(7) == .null)
            #expect(selection.string(4) == nil && selection.object(0) == nil && selection.bool(0) == nil && selection.utf8(3) == nil)
        }
    }

    @Test("Raw ranges lie in the caller's own bytes")
    func rawPointsIntoTheSource() throws {
        let bytes = Array(Self.document.utf8)
        try bytes.withUnsafeBytes { buffer in
            try Self.request.select(from: buffer, readableBytes: buffer.count) { selection in
                let raw = selection.raw(4) ?? UnsafeRawBufferPointer(start: nil, count: 0)
                let start = try #require(raw.baseAddress)
                let base = try #require(buffer.baseAddress)
                #expect(start >= base && start + raw.count <= base + buffer.count)
                #expect(selection.utf8(0)?.baseAddress.map { $0 >= base && $0 < base + buffer.count } == true)
            }
        }
    }

    @Test("Absent, or inside something that is no object, is nil")
    func absent() throws {
        for text in ["{}", #"{"context":"tenant_id","kwarg":{},"Kwargs":1}"#, #"{"context":[{"tenant_id":"x"}]}"#, "[1]", "7", "null"] {
            try Self.bothWays(text) { selection in
                for index in [0, 2, 3, 4, 5] {
                    #expect(selection.kind(index) == nil && selection.value(index) == nil && selection.raw(index) == nil)
                    #expect(selection.string(index) == nil && selection.integer(index) == nil && selection.object(index) == nil)
                }
            }
        }
    }

    @Test("The last of several members counts, with everything inside")
    func duplicates() throws {
        let text = """
            {"context":{"tenant_id":"a","orchestration_depth":1},"kwargs":{},"kwargs":[0],"context":{"tenant_id":"b","tenant_id":"c"}}
            """
        try Self.bothWays(text) { selection in
            #expect(selection.string(2) == "c")
            #expect(selection.kind(3) == nil)
            #expect(selection.kind(4) == .array)
            #expect(selection.value(1) == ["tenant_id": "c"])
        }
        try Self.bothWays(#"{"context":{"tenant_id":"a"},"context":null}"#) { selection in
            #expect(selection.kind(2) == nil && selection.kind(1) == .null)
        }
    }

    @Test("Escapes in names and values are resolved")
    func escapes() throws {
        try Self.bothWays(#"{"\u006frchestrator":"a\u00e9\ud83d\ude00\n","con\u0074ext":{"tenant\u005fid":"\""}}"#) { selection in
            #expect(selection.string(0) == "aé😀\n")
            #expect(selection.utf8(0).map { Array($0) } == Array("aé😀\n".utf8))
            #expect(selection.string(2) == "\"")
        }
    }

    @Test("A selection may parse and select inside itself")
    func nested() throws {
        try Self.bothWays(#"{"orchestrator":"one\ttwo","kwargs":{"orchestrator":"in\tner"}}"#) { outer in
            guard let raw = outer.raw(4) else { throw JSONError(code: .malformed, message: "kwargs are missing") }
            try Self.request.select(from: raw, readableBytes: raw.count) { inner in
                #expect(inner.string(0) == "in\tner")
                let parsed = try JSONValue(parsing: #"["a\tb\tc\td\te"]"#)
                #expect(parsed == ["a\tb\tc\td\te"])
                #expect(inner.string(0) == "in\tner")
            }
            #expect(outer.string(0) == "one\ttwo")
        }
    }

    @Test("A table with a path of three levels, or the same path twice, is a programming error")
    func tables() async {
        await #expect(processExitsWith: .failure) { _ = JSONSelector([["a", "b", "c"]]) }
        await #expect(processExitsWith: .failure) { _ = JSONSelector([["a"], ["a"]]) }
        await #expect(processExitsWith: .success) { _ = JSONSelector([]) }
    }

    @Test("What the body throws comes out, and the next selection works")
    func bodyThrows() throws {
        struct Stop: Error {}
        #expect(throws: Stop.self) { try Self.request.select(from: Array("{}".utf8)) { _ in throw Stop() } }
        try Self.bothWays(Self.document) { #expect($0.string(0) == "echo") }
    }

    @Test("Nothing invalid hides in what no path names", arguments: [#""\ud800""#, "01", "[1,]", "1e999", "{\"a\":}", "tru", "\"\u{1}\""])
    func hiddenFaults(fault: String) {
        for text in [#"{"orchestrator":"x","other":\#(fault)}"#, #"{"kwargs":{"deep":[\#(fault)]}}"#, #"{"kwargs":{}} \#(fault)"#] {
            #expect(throws: JSONError.self) { try Self.request.select(from: Array(text.utf8)) { _ in } }
        }
    }

    @Test(
        "Numbers have the value the parser gives them",
        arguments: [
            "-84467440737095516.15", "1844674407370955161.5", "0.12345678901234567890123",
            "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-0", "-0.0", "1.0",
            "1e5", "1E-7", "9007199254740993", "2.2250738585072011e-308", "123456789012345678e-10",
        ]
    )
    func numbers(text: String) throws {
        let expected = try JSONValue(parsing: text)
        try Self.bothWays(#"{"score":\#(text),"context":{"orchestration_depth": \#(text)}}"#) { selection in
            #expect(selection.value(5) == expected && selection.value(3) == expected)
            #expect(selection.integer(5) == expected.integerValue && selection.number(3) == expected.doubleValue)
        }
    }

    @Test("Random numbers of up to 40 digits have the value the parser gives them")
    func randomNumbers() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<3000 {
            let digits = (0..<Int.random(in: 1...40, using: &generator)).map { _ in "\(Int.random(in: 0...9, using: &generator))" }.joined()
            let exponent = Int.random(in: -330...260, using: &generator)
            let forms = [
                "-0.\(digits)", "0.\(digits)e\(exponent)", "1\(digits).\(digits)", "-7\(digits.prefix(17))", "3\(digits)E\(exponent)",
            ]
            let text = forms.randomElement(using: &generator) ?? ""
            guard let expected = try? JSONValue(parsing: text) else { continue }
            try Self.request.select(from: Array(#"{"score":\#(text)}"#.utf8)) { #expect($0.value(5) == expected) }
        }
    }

    @Test("Large integers and large documents")
    func large() throws {
        let padding = String(repeating: " ", count: 600_000)
        try Self.bothWays(#"{"orchestrator":18446744073709551615,\#(padding)"kwargs":-9223372036854775808,"score":3.0}"#) { selection in
            #expect(selection.number(0) == 0x1p64 && selection.integer(0) == nil)
            #expect(selection.integer(4) == .min)
            #expect(selection.integer(5) == 3 && selection.kind(5) == .number)
        }
    }
}
