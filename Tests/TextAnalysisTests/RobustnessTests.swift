import Testing

@testable import TextAnalysis

@Suite("Any input")
struct RobustnessTests {
    /// Runs every method; the checks hold for any text.
    @discardableResult
    private func analyzeAll(_ text: String) -> TextDocument {
        let document = TextDocument(text)
        let analysis = TextAnalyzer().analyze(document)
        let statistics = analysis.statistics
        #expect(statistics.uniqueWords <= statistics.words)
        #expect(statistics.sentences <= statistics.words)
        #expect(statistics.paragraphs <= statistics.sentences)
        #expect((0...1).contains(statistics.typeTokenRatio))
        #expect(statistics.words == document.sentences.reduce(0) { $0 + $1.wordCount })
        #expect((statistics.meanSyllablesPerWord ?? 1) > 0)
        #expect(analysis.keyPhrases.phrases.count <= KeyPhrases.defaultLimit)
        let sentiment = Sentiment(of: document)
        #expect((-1...1).contains(sentiment.score))
        #expect(sentiment.sentences.allSatisfy { (-1...1).contains($0.compound) })
        let claims = ClaimExtractor().claims(in: document)
        #expect(claims.claims.allSatisfy { (0...1).contains($0.score) && !$0.reasons.isEmpty })
        let fallacies = FallacyDetector().fallacies(in: document)
        #expect(fallacies.fallacies.allSatisfy { $0.cue.count < 64 * 65 && (0...1).contains($0.confidence) })
        return document
    }

    /// Whether the sentences hold every word character of the text, in order.
    private func keepsEveryWord(_ text: String) -> Bool {
        func wordScalars(_ text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
            text.filter { ScalarClass($0).startsWord }
        }
        let document = TextDocument(text)
        return wordScalars(document.sentences.flatMap { $0.tokens.flatMap { Array($0.text.unicodeScalars) } })
            == wordScalars(text.unicodeScalars)
            && wordScalars(document.sentences.flatMap { Array($0.text.unicodeScalars) }) == wordScalars(text.unicodeScalars)
    }

    @Test(
        "Empty and odd texts",
        arguments: [
            "", " ", "\n\n\n", "\u{0}", "\u{FEFF}", "\u{301}", "'", "-", ".", "?!", "\"", "a", "😀", "\r\n\r\n", "U.S.", "n't", "'s",
            "-like",
        ]
    )
    func survivesOddTexts(text: String) {
        self.analyzeAll(text)
        #expect(self.keepsEveryWord(text))
    }

    @Test("Random scalars of all planes", arguments: 0..<40)
    func survivesRandomScalars(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var scalars = String.UnicodeScalarView()
        for _ in 0..<400 {
            let limit: UInt32 = [0x80, 0x250, 0x3000, 0x11_0000].randomElement(using: &generator) ?? 0x80
            scalars.append(Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator)) ?? " ")
        }
        let text = String(scalars)
        self.analyzeAll(text)
        #expect(self.keepsEveryWord(text))
    }

    @Test("Random mixes of the pieces that rules look at", arguments: 0..<60)
    func survivesRandomPieces(seed: Int) {
        let pieces = [
            "a", "I", "not", "but", "good", "BAD", "kind", "of", "because", "so", "Mr", "U.S", "e.g", "no", "5", "3.14", "%", "$", "May",
            ".", ".", "?",
            "!", "…", ",", ";", "'", "\"", "(", ")", " ", " ", " ", "\n", "\n\n", "\r\n", "-", "—", "either", "you", "are", "with", "us",
            "or", "like",
            "n't", "é", "你好", "。", "\u{301}", "I think", "according", "to", "per", "cent", "least", "at",
        ]
        var generator = SeededGenerator(seed: UInt64(seed) &* 7919)
        let text = (0..<600).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
        self.analyzeAll(text)
        #expect(self.keepsEveryWord(text))
    }

    @Test("One giant word")
    func survivesGiantWord() {
        let document = self.analyzeAll(String(repeating: "a", count: 1 << 18))
        #expect(document.sentences.count == 1)
        #expect(document.sentences[0].tokens.count == 1)
        #expect(document.sentences[0].excerpt.count == Sentence.excerptLength + 1)
    }

    @Test("A mebibyte of punctuation", arguments: [".", "!", "\"", ". ", "'\"", "-"])
    func survivesPunctuation(piece: String) {
        let document = TextDocument(String(repeating: piece, count: (1 << 20) / piece.utf8.count))
        #expect(document.sentences.isEmpty)
        #expect(!document.isTruncated)
        #expect(TextStatistics(of: document).words == 0)
    }

    @Test(
        "The splitter looks at each scalar a few times at most",
        arguments: [".", ". ", "a. ", "a.\" ", "U.S. ", ".(((", "e.g. a", "\n. ", "1. "]
    )
    func splitsLinearly(piece: String) {
        func steps(_ count: Int) -> Int {
            let scalars = Array(String(repeating: piece, count: count).unicodeScalars)
            var splitter = SentenceSplitter(scalars: scalars, classes: scalars.map(ScalarClass.init))
            _ = splitter.spans()
            return splitter.steps
        }
        let few = steps(1000)
        let many = steps(10_000)
        #expect(many <= 11 * few)
        #expect(few <= 1000 * piece.unicodeScalars.count * (3 + SentenceSplitter.contextLength))
    }

    @Test("A text over the limit says so in the façade, and only its beginning counts")
    func reportsTruncation() {
        let text = Texts.english + " " + String(repeating: "x", count: 1 << 20)
        #expect(TextAnalyzer.analyze(text).isTruncated)
        let limited = TextAnalyzer(limits: TextLimits(maximumBytes: 9), keyPhraseLimit: 1).analyze(Texts.english)
        #expect(limited.isTruncated)
        #expect(limited.statistics.words == 2)
        #expect(limited.keyPhrases.phrases.map(\.text) == ["river"])
    }

    @Test("The façade gives what its parts give")
    func composes() {
        let document = TextDocument(Texts.english)
        let analysis = TextAnalyzer.analyze(Texts.english)
        #expect(analysis.language == document.language)
        #expect(analysis.statistics == TextStatistics(of: document))
        #expect(analysis.keyPhrases == KeyPhrases(in: document))
        #expect(!analysis.isTruncated)
        #expect(analysis.statistics.applicability == .english)
        #expect(analysis.statistics.applicability.note == nil)
    }
}
