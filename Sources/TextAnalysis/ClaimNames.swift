/// Names in a sentence: capitalised words that are not capitalised for another reason.
enum ClaimNames {
    /// Whether a capitalised word, or a run of two that may open the sentence, looks like a name.
    ///
    /// Sentences in title case or capitals tell nothing and have none.
    static func hasName(_ tokens: [Token]) -> Bool {
        let words = tokens.filter { $0.kind == .word }
        let capitalised = words.reduce(0) { $0 + ($1.startsUppercase ? 1 : 0) }
        guard capitalised > 0, capitalised * 10 <= words.count * 6 else {
            return false
        }
        var isOpening = true
        for token in tokens {
            defer {
                isOpening = isOpening && token.kind == .punctuation || token.kind == .punctuation && self.opens(token)
            }
            guard token.kind == .word, token.startsUppercase, !isOpening else {
                continue
            }
            if !self.alwaysCapitalised.contains(token.normalized), !token.normalized.hasPrefix("i'") {
                return true
            }
        }
        return false
    }

    /// Whether a new sentence or quotation can start after punctuation inside a sentence.
    private static func opens(_ token: Token) -> Bool {
        token.text.unicodeScalars.contains { ".!?:\"“‘«".unicodeScalars.contains($0) }
    }

    /// Words with a capital that name nothing: the pronoun, days and months (which are dates).
    private static let alwaysCapitalised = Set(
        """
        i monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october
        november december ok okay
        """.wordList
    )
}
