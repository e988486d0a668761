/// What a source is: a document this module reads itself, media for the external commands, or neither.
enum DocumentKind: Sendable, Hashable {
    case plainText
    case html
    case subRip
    case webVTT
    case transcriptJSON
    case media
    /// Something else, named as the source names it.
    case unsupported(String)

    /// The name on the wire.
    var name: String {
        switch self {
        case .plainText: "text"
        case .html: "html"
        case .subRip: "subrip"
        case .webVTT: "webvtt"
        case .transcriptJSON: "transcript_json"
        case .media: "media"
        case .unsupported: "unsupported"
        }
    }

    /// Decides by media type, then by file extension, then by the first bytes.
    ///
    /// `text/plain` and `application/octet-stream` are what servers say when they do not know: the extension and the bytes decide then.
    init(mediaType: MediaType?, fileExtension: String?, bytes: [UInt8]) {
        self =
            Self.declared(mediaType)
            ?? fileExtension.flatMap(Self.byExtension)
            ?? Self.sniffed(bytes)
    }

    /// What the media type alone says; nil when it leaves the question open.
    static func declared(_ mediaType: MediaType?) -> DocumentKind? {
        guard let mediaType else { return nil }
        switch mediaType.name {
        case "text/html", "application/xhtml+xml": return .html
        case "text/vtt": return .webVTT
        case "application/x-subrip", "text/srt", "text/x-srt", "application/srt": return .subRip
        case "application/json", "text/json": return .transcriptJSON
        case "application/ogg", "application/mp4", "application/x-mpegurl", "application/vnd.apple.mpegurl", "application/dash+xml":
            return .media
        case "text/plain", "application/octet-stream", "binary/octet-stream", "application/unknown": return nil
        case let name where name.hasSuffix("+json"): return .transcriptJSON
        case let name where name.hasPrefix("audio/") || name.hasPrefix("video/"): return .media
        case let name where name.hasPrefix("text/"): return .plainText
        case let name: return .unsupported(name)
        }
    }

    /// What a file extension in lower case says; nil for one that is not known.
    static func byExtension(_ text: String) -> DocumentKind? {
        switch text {
        case "txt", "text", "md", "markdown", "rst", "log": .plainText
        case "html", "htm", "xhtml": .html
        case "srt": .subRip
        case "vtt": .webVTT
        case "json": .transcriptJSON
        case "mp3", "m4a", "aac", "ogg", "oga", "opus", "flac", "wav", "wma", "mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg",
            "wmv", "flv", "3gp", "ts", "m3u8", "mpd":
            .media
        case "pdf", "doc", "docx", "odt", "rtf", "epub", "ppt", "pptx", "xls", "xlsx", "zip", "gz", "tar", "7z", "png", "jpg", "jpeg",
            "gif", "webp", "svg", "exe":
            .unsupported(".\(text)")
        default: nil
        }
    }

    /// What the first bytes say; text when they say nothing else.
    static func sniffed(_ bytes: [UInt8]) -> DocumentKind {
        if let binary = Self.signature(bytes) { return binary }
        let start = TextDecoder.decode(Array(bytes.prefix(1_024)), declared: nil)
        let head = TextLines.trimmed(start)
        if head.hasPrefix("WEBVTT") { return .webVTT }
        let lowered = head.lowercased()
        if ["<!doctype html", "<html", "<head", "<body"].contains(where: lowered.hasPrefix) { return .html }
        let lines = TextLines.split(head)
        if lines.count > 1, !lines[0].isEmpty, lines[0].utf8.allSatisfy({ (48...57).contains($0) }), lines[1].contains("-->") {
            return .subRip
        }
        if head.hasPrefix("{") || head.hasPrefix("["), TranscriptJSON.isJSON(bytes) { return .transcriptJSON }
        return .plainText
    }

    private static func signature(_ bytes: [UInt8]) -> DocumentKind? {
        let media: [[UInt8]] = [
            Array("ID3".utf8), Array("OggS".utf8), Array("fLaC".utf8), [0x1A, 0x45, 0xDF, 0xA3], [0xFF, 0xFB], [0xFF, 0xF3], [0xFF, 0xF2],
        ]
        if media.contains(where: bytes.starts) { return .media }
        if bytes.count >= 12 {
            if bytes[4..<8].elementsEqual("ftyp".utf8) { return .media }
            if bytes.starts(with: "RIFF".utf8), ["WAVE", "AVI "].contains(where: { bytes[8..<12].elementsEqual($0.utf8) }) {
                return .media
            }
        }
        let other: [(start: [UInt8], name: String)] = [
            (Array("%PDF-".utf8), "a PDF"), ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive"), ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
            ([0xFF, 0xD8, 0xFF], "a JPEG image"), (Array("GIF8".utf8), "a GIF image"), ([0x1F, 0x8B], "a gzip archive"),
            ([0x7F, 0x45, 0x4C, 0x46], "a program"),
        ]
        return other.first { bytes.starts(with: $0.start) }.map { .unsupported($0.name) }
    }
}

/// A Content-Type: the media type in lower case and its charset.
struct MediaType: Sendable, Hashable {
    let name: String
    let charset: String?

    /// Parses `type/subtype; charset=name`; nil when there is no `type/subtype`.
    init?(_ text: String) {
        let parts = text.split(separator: ";")
        guard let first = parts.first else { return nil }
        let name = TextLines.trimmed(first).lowercased()
        guard name.split(separator: "/", omittingEmptySubsequences: false).count == 2, !name.hasPrefix("/"), !name.hasSuffix("/") else {
            return nil
        }
        self.name = name
        let parameter = parts.dropFirst().map { TextLines.trimmed($0) }.first { $0.lowercased().hasPrefix("charset=") }
        self.charset = parameter.map { TextLines.trimmed($0.dropFirst("charset=".count)).filter { $0 != "\"" && $0 != "'" }.lowercased() }
    }
}
