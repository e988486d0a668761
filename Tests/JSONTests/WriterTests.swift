import JSON
import Testing

@Suite("JSONWriter")
struct WriterTests {
    private static func text(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(reservingCapacity: 0)
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("Places commas and colons itself")
    func structure() {
        let text = Self.text { writer in
            writer.beginObject()
            writer.member("a", 1)
            writer.member("b", "x")
            writer.key("c")
            writer.beginArray()
            writer.null()
            writer.bool(true)
            writer.bool(false)
            writer.beginArray()
            writer.endArray()
            writer.beginObject()
            writer.endObject()
            writer.integer(-5)
            writer.endArray()
            writer.member("d", 2.5)
            writer.member("e", nil as String?)
            writer.member("f", "y" as String?)
            writer.key("g" as String)
            writer.raw(Array("[0]".utf8))
            writer.member("h", ["k": "v"] as JSONObject)
            writer.member("i", [1, nil] as JSONValue)
            writer.member("j", true)
            writer.endObject()
        }
        #expect(
            text == #"{"a":1,"b":"x","c":[null,true,false,[],{},-5],"d":2.5,"e":null,"f":"y","g":[0],"h":{"k":"v"},"i":[1,null],"j":true}"#
        )
    }

    @Test(
        "Escapes what must be escaped and nothing else",
        arguments: [
            ("", #""""#), ("plain", #""plain""#), ("\"", #""\"""#), ("\\", #""\\""#), ("/", #""/""#),
            ("\u{0}\u{1}\u{8}\t\n\u{b}\u{c}\r\u{1f}", #""\u0000\u0001\b\t\n\u000b\f\r\u001f""#),
            ("\u{7f}\u{80}é\u{2028}\u{2029}👩‍👩‍👧\u{10FFFF}", "\"\u{7f}\u{80}é\u{2028}\u{2029}👩‍👩‍👧\u{10FFFF}\""),
            ("a\"b\\c\nd", #""a\"b\\c\nd""#), (String(repeating: "\u{1}", count: 9), "\"" + String(repeating: #"\u0001"#, count: 9) + "\""),
        ]
    )
    func escaping(string: String, expected: String) {
        #expect(Self.text { $0.string(string) } == expected)
        #expect(Self.text { $0.key(string) } == expected + ":")
    }

    @Test("A byte to escape is found wherever it stands", arguments: 0..<40)
    func position(_ position: Int) throws {
        for special in ["\"", "\\", "\u{1f}", "\u{0}"] {
            let before = String(repeating: "é", count: position / 2) + String(repeating: "!", count: position % 2)
            let text = before + special + "~~~~~~~~~~~~~"
            let bytes = JSONValue.string(text).serialized()
            #expect(try JSONValue(parsing: bytes) == .string(text))
            #expect(bytes.contains(UInt8(ascii: "\\")))
        }
        let clean = String(repeating: "#", count: position) + "[]^ \u{7f}ÿ\u{a2}\u{dc}!"
        #expect(JSONValue.string(clean).serialized() == Array("\"\(clean)\"".utf8))
    }

    @Test("Keys of the program are escaped too, whatever their form")
    func staticKeys() {
        #expect(Self.text { $0.key("a\"b\n") } == #""a\"b\n":"#)
        #expect(Self.text { $0.key("é") } == "\"é\":")
    }

    @Test("Numbers without a JSON form are null")
    func notFinite() {
        #expect(Self.text { $0.value([.number(.nan), .number(.infinity), .number(-.infinity), 1.0]) } == "[null,null,null,1.0]")
    }

    @Test("Integers of every width")
    func integers() {
        let text = Self.text { writer in
            writer.beginArray()
            writer.integer(UInt8.max)
            writer.integer(Int64.min)
            writer.integer(UInt64.max)
            writer.integer(0)
            writer.endArray()
        }
        #expect(text == "[255,-9223372036854775808,18446744073709551615,0]")
    }

    @Test("Pretty text has one member a line")
    func pretty() {
        let value: JSONValue = ["a": [1, [:], []], "b\n": ["c": nil]]
        #expect(
            value.serialized(pretty: true) == """
                {
                  "a": [
                    1,
                    {},
                    []
                  ],
                  "b\\n": {
                    "c": null
                  }
                }
                """
        )
    }
}
