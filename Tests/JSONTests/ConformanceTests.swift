import JSON
import Testing

@Suite("RFC 8259 conformance")
struct ConformanceTests {
    @Test(
        "Accepts what the grammar allows",
        arguments: [
            ("null", JSONValue.null),
            (" \t\r\n true \n", true),
            ("0", 0), ("-0", 0), ("-1", -1), ("-0.0", .number(-0.0)),
            ("1.0", 1.0), ("1e3", 1000.0), ("1E+2", 100.0), ("25e-1", 2.5),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("18446744073709551615", .number(0x1p64)),
            ("1e308", 1e308), ("5e-324", .number(.leastNonzeroMagnitude)), ("1e-999", 0.0),
            (#""""#, ""), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (#""\u0000\u001f\u00e9\u20AC""#, "\u{0}\u{1f}é€"), (#""\ud83d\ude00""#, "😀"), ("\"\u{2028}\u{7f}漢\"", "\u{2028}\u{7f}漢"),
            ("[]", []), ("[ ]", []), ("{}", [:]), ("[1,[2,{}],\"x\"]", [1, [2, [:]], "x"]),
            (#"{"a":1,"b":{"c":null}}"#, ["a": 1, "b": ["c": nil]]),
            (#"{"a":1,"\u0061":2}"#, ["a": 2]), (#"{"":0}"#, ["": 0]),
        ] as [(String, JSONValue)]
    )
    func valid(text: String, expected: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == expected)
        let selector = JSONSelector([["a"]])
        let kind = try selector.select(from: Array(text.utf8)) { $0.rootKind }
        #expect(kind == expected.kind)
    }

    @Test(
        "Refuses everything else, naming the byte",
        arguments: [
            ("", 0), (" ", 1), ("nul", 3), ("nulL", 3), ("True", 0), ("tru]", 3), ("NaN", 0), ("Infinity", 0), ("'a'", 0),
            ("01", 0), ("-01", 0), ("-", 1), ("+1", 0), ("1.", 2), (".5", 0), ("1e", 2), ("1e+", 3), ("0x10", 1), ("1 2", 2), ("--1", 1),
            ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("[1", 2), ("[", 1), ("]", 0), ("[1}", 2), ("[[]", 3), ("[]]", 2),
            (#"{"a"}"#, 4), (#"{"a":}"#, 5), (#"{"a":1,}"#, 7), (#"{a:1}"#, 1), (#"{"a":1"#, 6), (#"{"a" 1}"#, 5), (#"{1:1}"#, 1),
            (#"{"a":1 "b":2}"#, 7), ("{,}", 1), ("{", 1), ("}", 0), (#"{"a":1]"#, 6),
            (#"""#, 0), (#""a"#, 0), (#""\x""#, 2), (#""\u12""#, 5), (#""\u12G4""#, 5), ("\"\n\"", 1), ("\"\u{0}\"", 1), (#""\"#, 2),
            (#""\ud800""#, 1), (#""\ud800x""#, 1), (#""\ud800\n""#, 1), (#""\ud800\ud800""#, 1), (#""\udc00""#, 1), (#""\udc00\udc00""#, 1),
            (#""\udc00\ud800""#, 1),
            ("{} x", 3), ("null,", 4), ("/* c */ 1", 0), ("[1] // c", 4), ("\u{feff}1", 0), ("\u{a0}1", 0), ("\u{c}1", 0), ("1\u{0}", 1),
        ] as [(String, Int)]
    )
    func invalid(text: String, offset: Int) throws {
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error.code == .malformed && error.byteOffset == offset, "\(text) → \(error)")
        #expect(error.message.hasPrefix("At byte \(offset): "))
        let selected = #expect(throws: JSONError.self) { try JSONSelector([["a"]]).select(from: Array(text.utf8)) { _ in } }
        #expect(selected == error)
    }

    @Test(
        "Refuses bytes that are not UTF-8",
        arguments: [
            [0x80], [0xC0, 0xAF], [0xC1, 0x81], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC3, 0x28],
        ] as [[UInt8]]
    )
    func notUTF8(bytes: [UInt8]) throws {
        let document = Array(#"{"unused":""#.utf8) + bytes + Array(#""}"#.utf8)
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: document) }
        #expect(error.code == .encoding && error.byteOffset == 11)
        let selected = #expect(throws: JSONError.self) { try JSONSelector([["a"]]).select(from: document) { _ in } }
        #expect(selected == error)
    }

    @Test(
        "Refuses numbers without a value rather than rounding them",
        arguments: ["18446744073709551616", "-9223372036854775809", "123456789012345678901234567890", "1e309", "-1e400", "2e308"]
    )
    func numberOutOfRange(text: String) throws {
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: "[\(text)]") }
        #expect(error.code == .number && error.byteOffset == 1)
    }

    @Test("Messages say what was expected, what was found, and where")
    func messages() throws {
        func message(_ text: String) -> String? { #expect(throws: JSONError.self) { try JSONValue(parsing: text) }?.message }
        #expect(message("{\"a\":1 x") == "At byte 7: expected ',' or '}', found 'x'.")
        #expect(message("[1,") == "At byte 3: expected a value, found the end of the document.")
        #expect(message("[\u{1}") == "At byte 1: expected a value, found byte 0x1.")
        #expect(message("\u{feff}{}") == "At byte 0: the document starts with a byte order mark, which JSON does not have.")
        #expect(message("\"\\ud800\"") == "At byte 1: an escaped surrogate has no partner.")
    }
}
