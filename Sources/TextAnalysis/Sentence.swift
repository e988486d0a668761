/// A sentence of a document: its text and its tokens.
public struct Sentence: Sendable, Hashable {
    /// Position among the document's sentences, from 0.
    public let index: Int
    /// Number of the paragraph the sentence stands in, from 0.
    public let paragraph: Int
    /// The sentence as written, with each run of white space replaced by one space.
    public let text: String
    /// Words, numbers and punctuation in order.
    public let tokens: [Token]

    /// How many characters ``excerpt`` holds at most.
    public static let excerptLength = 500

    /// The text for results: whole up to ``excerptLength`` characters, else cut there and ended with "…".
    public var excerpt: String {
        guard let end = self.text.index(self.text.startIndex, offsetBy: Self.excerptLength, limitedBy: self.text.endIndex),
            end < self.text.endIndex
        else {
            return Self.bounded(self.text)
        }
        return Self.bounded(String(self.text[..<end])) + "…"
    }

    /// Cuts a text whose few characters are made of very many combining marks: at most 16 scalars a character.
    private static func bounded(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: Self.excerptLength * 16, limitedBy: scalars.endIndex) else {
            return text
        }
        return String(scalars[..<end])
    }

    /// The words and numbers, without punctuation.
    public var words: [Token] { self.tokens.filter(\.isWord) }

    /// How many words and numbers the sentence has.
    public var wordCount: Int { self.tokens.reduce(0) { $0 + ($1.isWord ? 1 : 0) } }

    /// Whether a question mark stands in the sentence's last run of punctuation.
    public var isQuestion: Bool {
        guard let last = self.tokens.last, last.kind == .punctuation else {
            return false
        }
        return last.text.unicodeScalars.contains { $0 == "?" || $0 == "？" || $0 == "؟" }
    }
}
