/// Readability scores of an English text, by their published formulas.
public struct Readability: Sendable, Hashable {
    /// Flesch reading ease: 206.835 − 1.015·words/sentences − 84.6·syllables/words; about 0 (hard) to 100 (easy), not clamped.
    ///
    /// Flesch, "A new readability yardstick", Journal of Applied Psychology 32(3), 1948.
    public let fleschReadingEase: Double
    /// Flesch–Kincaid grade: 0.39·words/sentences + 11.8·syllables/words − 15.59, in years of US school.
    ///
    /// Kincaid, Fishburne, Rogers and Chissom, Research Branch Report 8-75, Naval Technical Training Command, 1975.
    public let fleschKincaidGrade: Double
    /// Gunning fog index: 0.4·(words/sentences + 100·complex/words), in years of school.
    ///
    /// Complex words have three or more syllables; not counted are capitalised words inside a sentence, hyphenated words of short parts,
    /// and words that have fewer than three syllables without -es, -ed or -ing. Gunning, "The Technique of Clear Writing", 1952.
    public let gunningFog: Double
    /// SMOG grade: 3.1291 + 1.0430·√(30·polysyllables/sentences); nil below ``smogMinimumSentences``, where it is not defined.
    ///
    /// McLaughlin, "SMOG grading — a new readability formula", Journal of Reading 12(8), 1969.
    public let smog: Double?
    /// Automated readability index: 4.71·letters/words + 0.5·words/sentences − 21.43, in years of US school.
    ///
    /// Smith and Senter, AMRL-TR-66-220, Aerospace Medical Research Laboratories, 1967.
    public let automatedReadabilityIndex: Double

    /// The number of sentences from which SMOG is defined: 30.
    public static let smogMinimumSentences = 30

    /// Computes the scores; `words` and `sentences` must be positive.
    init(words: Int, sentences: Int, letters: Int, syllables: Int, polysyllables: Int, complexWords: Int) {
        let wordsPerSentence = Double(words) / Double(sentences)
        let syllablesPerWord = Double(syllables) / Double(words)
        self.fleschReadingEase = 206.835 - 1.015 * wordsPerSentence - 84.6 * syllablesPerWord
        self.fleschKincaidGrade = 0.39 * wordsPerSentence + 11.8 * syllablesPerWord - 15.59
        self.gunningFog = 0.4 * (wordsPerSentence + 100 * Double(complexWords) / Double(words))
        self.smog =
            sentences >= Self.smogMinimumSentences
            ? 3.1291 + 1.0430 * (30 * Double(polysyllables) / Double(sentences)).squareRoot()
            : nil
        self.automatedReadabilityIndex = 4.71 * Double(letters) / Double(words) + 0.5 * wordsPerSentence - 21.43
    }
}
