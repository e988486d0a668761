/// What ``TextAnalyzer`` finds in a text.
public struct TextAnalysis: Sendable, Hashable {
    /// The language of the text.
    public let language: LanguageGuess
    /// Counts, averages and readability.
    public let statistics: TextStatistics
    /// The phrases that tell most about the text.
    public let keyPhrases: KeyPhrases
    /// Whether the text was longer than the limit, so that only its beginning was analysed.
    public let isTruncated: Bool
}

/// Analyses a text: language, statistics and key phrases.
public struct TextAnalyzer: Sendable {
    /// How much of a text is analysed.
    ///
    /// Default 1 MiB.
    public var limits: TextLimits
    /// How many key phrases are returned at most.
    ///
    /// Default 10.
    public var keyPhraseLimit: Int

    /// Makes an analyzer.
    public init(limits: TextLimits = .default, keyPhraseLimit: Int = KeyPhrases.defaultLimit) {
        self.limits = limits
        self.keyPhraseLimit = keyPhraseLimit
    }

    /// Analyses a text up to the limit; never fails, also not for an empty text.
    public func analyze(_ text: String) -> TextAnalysis {
        self.analyze(TextDocument(text, limits: self.limits))
    }

    /// Analyses a document prepared for other methods too.
    public func analyze(_ document: TextDocument) -> TextAnalysis {
        TextAnalysis(
            language: document.language,
            statistics: TextStatistics(of: document),
            keyPhrases: KeyPhrases(in: document, limit: self.keyPhraseLimit),
            isTruncated: document.isTruncated
        )
    }

    /// Analyses a text with the default limits.
    public static func analyze(_ text: String) -> TextAnalysis {
        TextAnalyzer().analyze(text)
    }
}
