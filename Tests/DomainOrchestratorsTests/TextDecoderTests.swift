import Testing

@testable import DomainOrchestrators

@Suite struct TextDecoderTests {
    @Test(
        arguments: [
            (Array("grüße".utf8), nil, "grüße"),
            ([0xEF, 0xBB, 0xBF, 0x61], nil, "a"),
            ([0xFF, 0xFE, 0x61, 0x00, 0xAC, 0x20], nil, "a€"),
            ([0xFE, 0xFF, 0x00, 0x61, 0x20, 0xAC], "utf-8", "a€"),
            ([0x67, 0x72, 0xFC, 0xDF, 0x65], nil, "grüße"),
            ([0x80, 0x93, 0x94], nil, "€“”"),
            ([0x80], "ISO-8859-1", "€"),
            ([0x61, 0xFF], "utf-8", "a\u{FFFD}"),
            ([0xCC, 0xF2], "windows-1251", "Мт"),
            ([0x93, 0xFA, 0x96, 0x7B], "shift_jis", "日本"),
            ([0xA4], "iso-8859-15", "€"),
            (Array("ä".utf8), "no-such-charset", "ä"),
            ([0x61, 0x00, 0x62], "utf-16le", "a\u{FFFD}"),
            ([], nil, ""),
        ] as [([UInt8], String?, String)]
    )
    func decodes(_ bytes: [UInt8], _ charset: String?, _ text: String) {
        #expect(TextDecoder.decode(bytes, declared: charset) == text)
    }

    @Test func marksWhatACharsetDoesNotHold() {
        #expect(TextDecoder.decode([0x61, 0x81], declared: "shift_jis") == "a\u{FFFD}")
        #expect(TextDecoder.decode([0xFF, 0x61], declared: "euc-jp") == "\u{FFFD}a")
    }

    @Test func convertsMoreThanOneBuffer() {
        let bytes = [UInt8](repeating: 0xCC, count: 100_000)
        #expect(TextDecoder.decode(bytes, declared: "windows-1251") == String(repeating: "М", count: 100_000))
    }

    @Test func aTextHoldsNoBinary() {
        let error = #expect(throws: DocumentError.self) { try TextDecoder.text([0x61, 0x62, 0x00], declared: nil) }
        #expect(error?.message == "not a text: control character 0 at byte 2 of the decoded text")
    }
}
