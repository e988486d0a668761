/// A text as lines, whatever ends them: LF, CR LF or a lone CR.
enum TextLines {
    static func split(_ text: String) -> [Substring] {
        var lines: [Substring] = []
        let bytes = text.utf8
        var start = bytes.startIndex
        var index = start
        while index < bytes.endIndex {
            let byte = bytes[index]
            let next = bytes.index(after: index)
            if byte == 0x0A || byte == 0x0D {
                lines.append(text[start..<index])
                index = byte == 0x0D && next < bytes.endIndex && bytes[next] == 0x0A ? bytes.index(after: next) : next
                start = index
            } else {
                index = next
            }
        }
        lines.append(text[start...])
        return lines
    }

    /// The text without white space at its ends.
    static func trimmed(_ text: some StringProtocol) -> String {
        var rest = Substring(text)
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }

    /// The text on one line with single spaces, cut after `limit` characters.
    static func singleLine(_ text: some StringProtocol, limit: Int) -> String {
        let line = text.split(whereSeparator: { $0.isWhitespace }).joined(separator: " ")
        return line.count <= limit ? line : line.prefix(max(0, limit - 1)) + "…"
    }
}

/// A document that is not what it should be: what is wrong, and where.
struct DocumentError: Error, Sendable, Hashable, CustomStringConvertible {
    let message: String

    init(_ message: String) {
        self.message = message
    }

    var description: String { self.message }
}

/// What a document says.
struct Document: Sendable, Hashable {
    var kind: DocumentKind
    var text: String
    var title: String?
    /// Seconds from the start to the end of the last cue or segment.
    var duration: Double?
    /// The language the document names, as it names it.
    var language: String?
    /// Cues or segments, for the formats that have them.
    var segmentCount: Int?
}
