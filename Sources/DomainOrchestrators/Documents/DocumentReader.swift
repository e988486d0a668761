/// Reads documents: bytes in, text with title and times out.
struct DocumentReader: Sendable {
    /// What is known about the bytes from outside of them.
    struct Source: Sendable {
        var mediaType: MediaType?
        var fileExtension: String?
        /// The title when the document has none.
        var fallbackTitle: String?
    }

    /// Reads the document, or throws `ContentFailure`: `unsupported_document`, `broken_document` or `no_text`.
    func read(_ bytes: [UInt8], _ source: Source, _ cancellation: CancellationFlag) throws -> Document {
        let kind = DocumentKind(mediaType: source.mediaType, fileExtension: source.fileExtension, bytes: bytes)
        switch kind {
        case .media:
            throw ContentFailure(.unsupportedDocument, "audio or video where a document was expected")
        case .unsupported(let name):
            throw ContentFailure(
                .unsupportedDocument,
                "\(name) is not supported; supported documents are plain text, HTML, SubRip, WebVTT and transcript JSON"
            )
        case .plainText, .html, .subRip, .webVTT, .transcriptJSON:
            break
        }
        var document: Document
        do throws(DocumentError) {
            document = try self.parse(bytes, as: kind, source, cancellation)
        } catch {
            try cancellation.check()
            throw ContentFailure(.brokenDocument, "the document cannot be read as \(kind.name): \(error.message)")
        }
        try cancellation.check()
        document.text = TextLines.trimmed(document.text)
        guard !document.text.isEmpty else { throw ContentFailure(.noText, "the document (\(kind.name)) contains no text") }
        document.title = [document.title, source.fallbackTitle].lazy
            .compactMap { $0.map { TextLines.singleLine($0, limit: 300) } }
            .first { !$0.isEmpty }
        return document
    }

    private func parse(
        _ bytes: [UInt8],
        as kind: DocumentKind,
        _ source: Source,
        _ cancellation: CancellationFlag
    ) throws(DocumentError) -> Document {
        let charset = source.mediaType?.charset
        switch kind {
        case .plainText:
            return PlainText.read(try TextDecoder.text(bytes, declared: charset))
        case .html:
            return try HTMLExtractor.read(bytes, charset: charset, cancellation)
        case .subRip:
            return try SubRip.read(try TextDecoder.text(bytes, declared: charset))
        case .webVTT:
            return try WebVTT.read(try TextDecoder.text(bytes, declared: charset))
        case .transcriptJSON:
            return try TranscriptJSON.read(bytes, charset: charset)
        case .media, .unsupported:
            throw DocumentError("it is not a document")
        }
    }
}

/// Plain text; a first line that is a Markdown heading is its title.
enum PlainText {
    static func read(_ text: String) -> Document {
        var document = Document(kind: .plainText, text: text)
        let start = text.drop { $0.isWhitespace }
        let firstLine = start.prefix { !$0.isNewline }
        if firstLine.hasPrefix("# ") { document.title = TextLines.trimmed(firstLine.dropFirst(2)) }
        return document
    }
}
