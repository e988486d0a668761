/// A text prepared once for every analysis: clipped to the limit, its language guessed, cut into sentences and words.
///
/// Preparing takes time and memory linear in the text. Words are Unicode letters and digits with inner apostrophes or hyphens; a script
/// written without spaces (Chinese, Japanese, Thai) yields one word for each unbroken run. Sentences are found by English conventions, see
/// ``TextDocument/sentences``.
public struct TextDocument: Sendable, Hashable {
    /// The analysed text.
    public let text: String
    /// Whether the input was longer than the limit, so that ``text`` is its beginning only.
    public let isTruncated: Bool
    /// The language of the text.
    public let language: LanguageGuess
    /// The sentences that hold at least one word, in order.
    ///
    /// A sentence ends at `.`, `!`, `?`, `…` (or their full-width and Devanagari forms) with its closing quotes and brackets, when white
    /// space or the end follows. It does not end inside decimals and domain names, after titles ("Mr.", "Dr."), after connecting
    /// abbreviations ("e.g.", "vs."), after numbered ones before a digit ("No. 5", "Jan. 3"), after a list number ("1. First"), after an
    /// ellipsis or a closed quotation that a lower-case word follows; and after initials, acronyms and closing abbreviations ("J.",
    /// "U.S.", "Inc.", "p.m.") only when the next word is a capitalised common opening word ("The", "He", "However"). A blank line always
    /// ends it; a single line end does not.
    public let sentences: [Sentence]
    /// How many paragraphs, that is, blocks between blank lines, hold at least one word.
    public let paragraphCount: Int

    /// Prepares a text.
    ///
    /// - Parameters:
    ///   - text: Any text, also empty.
    ///   - limits: How much of it is analysed. Default 1 MiB.
    public init(_ text: String, limits: TextLimits = .default) {
        let clipped = limits.clip(text)
        self.text = clipped.text
        self.isTruncated = clipped.isTruncated
        self.language = LanguageGuess(of: clipped.text)
        let tokenizer = Tokenizer(clipped.text)
        self.sentences = tokenizer.sentences()
        self.paragraphCount = (self.sentences.last?.paragraph).map { $0 + 1 } ?? 0
    }

    /// Whether the text mixes upper-case and other words, so that a word in capitals is emphasis: some but not all of its words of two or
    /// more letters are in capitals.
    static func mixesCase(_ tokens: some Sequence<Token>) -> Bool {
        var capitals = false
        var others = false
        for token in tokens where token.kind == .word && token.text.utf8.count > 1 {
            if token.isAllCaps {
                capitals = true
            } else {
                others = true
            }
            if capitals && others {
                return true
            }
        }
        return false
    }
}
