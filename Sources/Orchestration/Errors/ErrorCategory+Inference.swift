extension ErrorCategory {
    /// Infers a category from an error text (spec §1.10, intended behaviour).
    ///
    /// 1. A hint that names a category wins, whatever the text says.
    /// 2. Otherwise the first row of the table below with a matching word or phrase.
    /// 3. Otherwise `processing`.
    ///
    /// Words match whole, without regard to ASCII case; everything but letters and digits separates words, so `rate-limit` and `rate_limit`
    /// match the phrase "rate limit", and "information" does not match "format". Only the first 4,096 bytes of the text are looked at.
    ///
    /// - Parameters:
    ///   - error: The error text.
    ///   - hint: A category name the failing side gave, such as `error_category` of a result; unknown names are ignored.
    public static func inferred(from error: String, hint: String? = nil) -> ErrorCategory {
        if let hint, let category = ErrorCategory(rawValue: hint.lowercased()) {
            return category
        }
        let words = Self.normalisedWords(of: error)
        for row in Self.inferenceTable where row.phrases.contains(where: { words.contains(phrase: $0) }) {
            return row.category
        }
        return .processing
    }

    private static let inferenceRows: [(ErrorCategory, [String])] = [
        (.invalidFormat, ["invalid", "malformed", "format", "schema"]),
        (.missingRequiredField, ["missing", "required", "field"]),
        (.typeMismatch, ["type", "cast", "conversion"]),
        (.timeout, ["timeout", "timed out"]),
        (.network, ["network", "connection", "unreachable"]),
        (.rateLimit, ["rate limit", "too many requests"]),
        (.serviceUnavailable, ["service unavailable", "server error"]),
        (.notFound, ["not found", "404"]),
        (.insufficientResources, ["insufficient", "out of memory", "resource"]),
        (.parsingError, ["parsing", "json", "xml", "decode"]),
        (.modelError, ["model", "inference", "prediction"]),
    ]

    /// The rows with each phrase between spaces, as `normalisedWords(of:)` writes the text.
    private static let inferenceTable: [(category: ErrorCategory, phrases: [[UInt8]])] = Self.inferenceRows.map { category, phrases in
        (category, phrases.map { Array(" \($0) ".utf8) })
    }

    /// The text in lower case with one space before, between and after its words.
    private static func normalisedWords(of text: String) -> [UInt8] {
        let space = UInt8(ascii: " ")
        var words: [UInt8] = [space]
        for byte in text.utf8.prefix(4_096) {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                words.append(byte | 0x20)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
                words.append(byte)
            default:
                if words.last != space { words.append(space) }
            }
        }
        if words.last != space { words.append(space) }
        return words
    }
}

extension [UInt8] {
    fileprivate func contains(phrase: [UInt8]) -> Bool {
        guard let first = phrase.first, self.count >= phrase.count else { return false }
        for start in 0...(self.count - phrase.count) where self[start] == first {
            if self[start..<(start + phrase.count)].elementsEqual(phrase) { return true }
        }
        return false
    }
}
