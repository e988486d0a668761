import Testing

@testable import DomainOrchestrators

@Suite struct DocumentReaderTests {
    private func kind(_ type: String?, _ name: String?, _ bytes: [UInt8] = []) -> DocumentKind {
        DocumentKind(mediaType: type.flatMap(MediaType.init), fileExtension: name, bytes: bytes)
    }

    @Test(
        arguments: [
            ("text/html; charset=utf-8", "txt", "", DocumentKind.html), ("TEXT/HTML", nil, "", .html), ("text/vtt", nil, "", .webVTT),
            ("application/x-subrip", nil, "", .subRip), ("application/json", nil, "", .transcriptJSON),
            ("application/ld+json", nil, "", .transcriptJSON),
            ("text/markdown", nil, "", .plainText), ("audio/mpeg", "txt", "", .media), ("video/mp4", nil, "", .media),
            ("application/pdf", "txt", "", .unsupported("application/pdf")), ("image/png", nil, "", .unsupported("image/png")),
            ("text/plain", "srt", "", .subRip), ("text/plain", "vtt", "", .webVTT), ("application/octet-stream", "html", "", .html),
            (nil, "md", "", .plainText), (nil, "mp3", "", .media), (nil, "pdf", "", .unsupported(".pdf")),
            (nil, "json", "", .transcriptJSON),
            (nil, nil, "WEBVTT\n\nx", .webVTT), (nil, nil, "\n <!DOCTYPE html><p>", .html), (nil, "unknown", "<html>", .html),
            (nil, nil, "1\n00:00:01,000 --> 00:00:02,000\nx", .subRip), (nil, nil, "{\"text\": \"a\"}", .transcriptJSON),
            (nil, nil, "[Music] plays", .plainText), (nil, nil, "hello", .plainText), (nil, nil, "", .plainText),
            (nil, nil, "%PDF-1.7", .unsupported("a PDF")), (nil, nil, "ID3\u{3}", .media), (nil, nil, "OggS", .media),
            ("text/plain", nil, "PK\u{3}\u{4}", .unsupported("a ZIP archive")), (nil, nil, "\u{0}\u{0}\u{0}\u{18}ftypmp42", .media),
            ("nonsense", nil, "hello", .plainText),
        ] as [(String?, String?, String, DocumentKind)]
    )
    func detects(_ type: String?, _ name: String?, _ bytes: String, _ kind: DocumentKind) {
        #expect(self.kind(type, name, Array(bytes.utf8)) == kind)
    }

    @Test func parsesContentTypes() {
        #expect(MediaType("Text/HTML ; Charset=\"UTF-8\"; x=y")?.name == "text/html")
        #expect(MediaType("Text/HTML ; Charset=\"UTF-8\"; x=y")?.charset == "utf-8")
        #expect(MediaType("text/plain")?.charset == nil)
        #expect(MediaType("text") == nil)
        #expect(MediaType("") == nil)
    }

    private func failure(_ text: String, _ name: String) throws -> ContentFailure {
        let source = DocumentReader.Source(fileExtension: name)
        let error = #expect(throws: ContentFailure.self) { try DocumentReader().read(Array(text.utf8), source, CancellationFlag()) }
        return try #require(error)
    }

    @Test func namesWhatIsWrong() throws {
        #expect(try self.failure("x", "pdf").reason == .unsupportedDocument)
        #expect(try self.failure("x", "pdf").message.hasPrefix(".pdf is not supported; supported documents are"))
        #expect(try self.failure("x", "srt").reason == .brokenDocument)
        #expect(try self.failure("x", "srt").message.hasPrefix("the document cannot be read as subrip: cue 1, line 1: "))
        #expect(try self.failure(" \n", "txt").reason == .noText)
        #expect(try self.failure("<script>x</script>", "html").message == "the document (html) contains no text")
        #expect(
            try self.failure("a\u{1}b", "txt").message
                == "the document cannot be read as text: not a text: control character 1 at byte 1 of the decoded text"
        )
    }

    @Test func findsATitle() throws {
        let read = { (text: String) throws in
            try DocumentReader().read(
                Array(text.utf8),
                DocumentReader.Source(fileExtension: "md", fallbackTitle: "notes.md"),
                CancellationFlag()
            )
        }
        #expect(try read("\n# My  notes\n\ntext").title == "My notes")
        #expect(try read("#not a heading").title == "notes.md")
    }
}
