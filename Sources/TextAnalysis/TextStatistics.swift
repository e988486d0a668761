/// Counts, averages and readability of a text.
public struct TextStatistics: Sendable, Hashable {
    /// Characters as readers see them (grapheme clusters), white space included.
    public let characters: Int
    /// Letters and digits in words.
    public let letters: Int
    /// Words and numbers.
    public let words: Int
    /// Different words, without regard to case.
    public let uniqueWords: Int
    /// Sentences with at least one word.
    public let sentences: Int
    /// Paragraphs with at least one word.
    public let paragraphs: Int
    /// Words per sentence; 0 without words.
    public let meanWordsPerSentence: Double
    /// Syllables per word, see ``SyllableCounter``; nil without words or for another language than English.
    public let meanSyllablesPerWord: Double?
    /// Different words by words, 0 to 1; 0 without words.
    ///
    /// It falls with the length of a text, so compare texts of like length only.
    public let typeTokenRatio: Double
    /// Silent reading time at ``readingWordsPerMinute``.
    public let readingTimeSeconds: Double
    /// Readability scores; nil without words or for another language than English.
    public let readability: Readability?
    /// Whether the syllable and readability numbers apply: they are for English only.
    public let applicability: Applicability

    /// Mean silent reading rate of English non-fiction by adults: 238 words a minute (Brysbaert, "How many words do we read per minute? A
    /// review and meta-analysis of reading rate", Journal of Memory and Language 109, 2019).
    public static let readingWordsPerMinute = 238.0

    /// Measures a document.
    public init(of document: TextDocument) {
        let english = document.language.applicability
        var words = 0
        var letters = 0
        var unique: Set<String> = []
        var syllables = SyllableTotals()
        for sentence in document.sentences {
            var isFirst = true
            for token in sentence.tokens where token.isWord {
                words += 1
                unique.insert(token.normalized)
                letters += token.text.unicodeScalars.reduce(0) { $0 + (ScalarClass($1).startsWord ? 1 : 0) }
                if english.hasRun {
                    syllables.add(token, isFirst: isFirst)
                }
                isFirst = false
            }
        }
        let sentences = document.sentences.count
        self.characters = document.text.count
        self.letters = letters
        self.words = words
        self.uniqueWords = unique.count
        self.sentences = sentences
        self.paragraphs = document.paragraphCount
        self.meanWordsPerSentence = sentences > 0 ? Double(words) / Double(sentences) : 0
        self.typeTokenRatio = words > 0 ? Double(unique.count) / Double(words) : 0
        self.readingTimeSeconds = Double(words) / Self.readingWordsPerMinute * 60
        self.applicability = english
        let isMeasured = english.hasRun && words > 0 && sentences > 0
        self.meanSyllablesPerWord = isMeasured ? Double(syllables.syllables) / Double(words) : nil
        self.readability =
            isMeasured
            ? Readability(
                words: words,
                sentences: sentences,
                letters: letters,
                syllables: syllables.syllables,
                polysyllables: syllables.polysyllables,
                complexWords: syllables.complexWords
            )
            : nil
    }
}

/// Sums over the words of an English text.
private struct SyllableTotals {
    var syllables = 0
    /// Words of three or more syllables.
    var polysyllables = 0
    /// Polysyllables that Gunning counts as hard.
    var complexWords = 0

    mutating func add(_ token: Token, isFirst: Bool) {
        let count = SyllableCounter.count(in: token.text)
        self.syllables += count
        guard token.kind == .word, count >= 3 else {
            return
        }
        self.polysyllables += 1
        if !Self.isExcusedByGunning(token, isFirst: isFirst) {
            self.complexWords += 1
        }
    }

    /// Names, compounds of short words, and words that reach three syllables by -es, -ed or -ing only.
    private static func isExcusedByGunning(_ token: Token, isFirst: Bool) -> Bool {
        if token.startsUppercase, !isFirst {
            return true
        }
        let word = token.normalized
        if word.contains("-") {
            return word.split(separator: "-").allSatisfy { SyllableCounter.count(in: String($0)) < 3 }
        }
        if word.hasSuffix("es") || word.hasSuffix("ed") {
            // Without its last letter the word ends in a silent e, or in the e of its stem ("committees").
            return SyllableCounter.count(in: String(word.dropLast())) < 3
        }
        return word.hasSuffix("ing") && SyllableCounter.count(in: String(word.dropLast(3))) < 3
    }
}
