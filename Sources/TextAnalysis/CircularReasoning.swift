/// Finds reasons that only repeat their conclusion: "X is true because X is true".
enum CircularReasoning {
    /// How sure a hit is.
    static let confidence = 0.6

    /// The tokens of both sides, if every content word before the first "because" comes again after it with at most one new one.
    ///
    /// At least two different content words must repeat, and the reason must not have more than twice the words of the conclusion.
    static func tokens(in sentence: Sentence) -> ClosedRange<Int>? {
        guard let position = sentence.tokens.firstIndex(where: { $0.normalized == "because" }), position > 0,
            position + 1 < sentence.tokens.count
        else {
            return nil
        }
        let conclusion = self.content(sentence.tokens[..<position])
        let reason = self.content(sentence.tokens[(position + 1)...])
        let lengths = (sentence.tokens[..<position].count(where: \.isWord), sentence.tokens[(position + 1)...].count(where: \.isWord))
        guard lengths.1 <= 2 * lengths.0, conclusion.count >= 2, conclusion.isSubset(of: reason), reason.count <= conclusion.count + 1
        else {
            return nil
        }
        return 0...(sentence.tokens.count - 1)
    }

    /// The words of a clause that carry its meaning.
    private static func content(_ tokens: ArraySlice<Token>) -> Set<String> {
        Set(tokens.lazy.filter { $0.isWord && !StopWords.english.contains($0.normalized) }.map(\.normalized))
    }
}
