import Testing

@testable import DomainOrchestrators

/// Mutated documents give text or an error that says something, never a crash.
@Suite(.timeLimit(.minutes(2))) struct DocumentFuzzTests {
    private static let seeds: [(name: String, text: String)] = [
        (
            "html",
            "<!DOCTYPE html><html><head><title>T</title><meta charset=utf-8></head>"
                + "<body><main><p class=\"x\">a &amp; b<!-- c --></p></main></body></html>"
        ),
        ("srt", "1\n00:00:01,000 --> 00:00:02,500\n<i>Hello</i>\n\n2\n00:00:03,000 --> 00:00:04,000\nBye\n"),
        (
            "vtt",
            "WEBVTT\n\nNOTE x\n\nid\n00:01.000 --> 00:02.000 align:start\n<v A>Hello &amp;</v>\n\n00:02.000 --> 00:03.000\nHello\nBye\n"
        ),
        ("json", "{\"title\":\"T\",\"segments\":[{\"start\":0,\"end\":1.5,\"text\":\"a\",\"speaker\":\"A\"},{\"text\":\"b\"}]}"),
        ("txt", "# Title\n\nPlain text — with “quotes”.\n"),
        ("", "hello"),
    ]
    private static let charsets = [nil, "utf-8", "utf-16", "iso-8859-1", "shift_jis", "gb18030", "euc-jp", "big5", "x"]
    private static let pieces: [[UInt8]] =
        [
            "<", ">", "&", "&#", "<!--", "-->", "</", "\"", "'", "=", "{", "[", "\\", "\n", "\r", "\n\n", "-->", "00:00", "\u{0}", "WEBVTT",
            "</script>", "<script>",
            "\u{FEFF}", "🙂", "<svg>", "<title>",
        ].map { Array($0.utf8) } + [[0xFF], [0xFE, 0xFF], [0xC0], [0xED, 0xA0, 0x80], [0x1A, 0x45, 0xDF, 0xA3]]

    @Test(arguments: 0..<10)
    func survivesMutations(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var outcomes = (read: 0, refused: 0)
        for _ in 0..<600 {
            let (name, text) = Self.seeds[Int.random(in: 0..<Self.seeds.count, using: &random)]
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let at = Int.random(in: 0...bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1 where at < bytes.count: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...20, using: &random)))
                case 2: bytes.insert(contentsOf: Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &random)], at: at)
                case 3: bytes.insert(contentsOf: bytes.suffix(Int.random(in: 0...30, using: &random)), at: at)
                default: bytes.removeSubrange(at...)
                }
            }
            let charset = Self.charsets[Int.random(in: 0..<Self.charsets.count, using: &random)]
            let source = DocumentReader.Source(
                mediaType: charset.flatMap { MediaType("text/plain; charset=\($0)") },
                fileExtension: name,
                fallbackTitle: nil
            )
            do {
                let document = try DocumentReader().read(bytes, source, CancellationFlag())
                #expect(!document.text.isEmpty)
                outcomes.read += 1
            } catch let error as ContentFailure {
                #expect(!error.message.isEmpty)
                outcomes.refused += 1
            }
        }
        #expect(outcomes.read > 0 && outcomes.refused > 0)
    }
}
