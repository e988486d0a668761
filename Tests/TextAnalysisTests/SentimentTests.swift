import Testing

@testable import TextAnalysis

@Suite("Sentiment")
struct SentimentTests {
    private func isClose(_ value: Double, _ expected: Double) -> Bool {
        abs(value - expected) < 1e-9
    }

    static let rules: [(String, Double)] = [
        ("The food is good.", 1.9),
        ("The food is bad.", -2.2),
        ("The table is wooden.", 0),
        ("We love good food.", 2.7 + 1.9),
        // Boosters and dampeners, by distance.
        ("The food is very extremely-hot.", 0),
        ("The food is extremely good.", 1.9 + 0.293),
        ("The food is extremely bad.", -2.2 - 0.293),
        ("This is extremely much good.", 1.9 + 0.293 * 0.95),
        ("This is extremely so-much very-much good.", 1.9 + 0.293 * 0.9),
        ("This was extremely a b c good.", 1.9),
        ("The food is slightly good.", 1.9 - 0.293),
        ("The food is slightly bad.", -2.2 + 0.293),
        ("The food is kind of good.", 1.9 - 0.293),
        ("The food is sort of bad.", -2.2 + 0.293),
        ("He is kind.", 1.9),
        ("It is terribly good.", 1.9 + 0.293),
        ("It went terribly.", -2.6),
        // Negation within three words of the clause.
        ("The food is not good.", 1.9 * -0.74),
        ("The food isn't good.", 1.9 * -0.74),
        ("The food isn’t good.", 1.9 * -0.74),
        ("Never was it good.", 1.9 * -0.74),
        ("Not one of those good days.", 1.9),
        ("The food is not extremely good.", (1.9 + 0.293) * -0.74),
        ("The food is not bad.", -2.2 * -0.74),
        ("Not today, good friend.", 1.9 + 1.9),
        ("Not only good food.", 1.9),
        ("The least good food.", 1.9 * -0.74),
        ("At least good food.", 1.9),
        // Contrast.
        ("The food is good but the service is bad.", 1.9 * 0.5 - 2.2 * 1.5),
        ("But the food is good.", 1.9 * 1.5),
        ("Nothing but good food.", 1.9),
        ("It is all but good.", 1.9),
        // Liking is a verb only after a pronoun or helper.
        ("I like it.", 1.5),
        ("It looks like rain.", 0),
        ("I don't like it.", 1.5 * -0.74),
        // Punctuation.
        ("The food is good!", 1.9 + 0.292),
        ("The food is good!!!!", 1.9 + 4 * 0.292),
        ("The food is good!!!!!!!!", 1.9 + 4 * 0.292),
        ("The food is bad!!", -2.2 - 2 * 0.292),
        ("The food is good?", 1.9),
        ("The food is good??", 1.9 + 2 * 0.18),
        ("The food is good???", 1.9 + 3 * 0.18),
        ("The food is good????", 1.9 + 0.96),
        ("The table is wooden!!!", 0),
        // Capitals count only in a text that mixes case.
        ("The food is GOOD.", 1.9 + 0.733),
        ("The food is BAD.", -2.2 - 0.733),
        ("THE FOOD IS GOOD", 1.9),
        ("The food is EXTREMELY good.", 1.9 + 0.293 + 0.733),
    ]

    @Test(
        "Each rule changes the sum by its number (good 1.9, bad −2.2, love 2.7)",
        arguments: Self.rules
    )
    func appliesRules(text: String, expected: Double) {
        #expect(self.isClose(sentiment(text), expected), "\(sentiment(text))")
    }

    @Test("The compound is x/√(x² + 15)")
    func normalizes() {
        #expect(self.isClose(SentenceSentiment(tokens("good"), mixesCase: false).compound, 1.9 / (1.9 * 1.9 + 15).squareRoot()))
        #expect(SentenceSentiment(tokens("wooden"), mixesCase: false).compound == 0)
        let many = tokens(String(repeating: "superb ", count: 1000))
        #expect(SentenceSentiment(many, mixesCase: false).compound <= 1)
    }

    @Test(
        "Labels change just beyond 0.1",
        arguments: [(0.1, "Neutral"), (0.1001, "Positive"), (-0.1, "Neutral"), (-0.1001, "Negative"), (0, "Neutral")]
    )
    func labels(score: Double, label: String) {
        #expect(Sentiment.Label(score: score).rawValue == label)
    }

    @Test("The score is the mean of the sentences weighted by words")
    func scoresDocument() throws {
        let result = Sentiment(of: TextDocument("The food is good. Terrible. The table in the hall is wooden."))
        let good = 1.9 / (1.9 * 1.9 + 15).squareRoot()
        let terrible = -2.6 / (2.6 * 2.6 + 15).squareRoot()
        #expect(result.sentences.map(\.wordCount) == [4, 1, 7])
        #expect(self.isClose(result.sentences[0].compound, good))
        #expect(self.isClose(result.score, (4 * good + terrible) / 12))
        #expect(result.label == .positive)
        let positive = try #require(result.mostPositive)
        #expect(positive.text == "The food is good.")
        #expect(positive.index == 0)
        #expect(self.isClose(positive.compound, good))
        #expect(result.mostNegative?.text == "Terrible.")
        #expect(result.mostNegative?.index == 1)
    }

    @Test("The first of equals is highlighted, and nothing if no sentence is positive or negative")
    func highlights() {
        let equals = Sentiment(of: TextDocument("One good day. Two good men."))
        #expect(equals.mostPositive?.index == 0)
        #expect(equals.mostNegative == nil)
        #expect(equals.label == .positive)
        let empty = Sentiment(of: TextDocument(""))
        #expect(empty.score == 0)
        #expect(empty.label == .neutral)
        #expect(empty.mostPositive == nil)
    }

    @Test("Capitals are judged over the document")
    func judgesCapitalsOverDocument() {
        let mixed = Sentiment(of: TextDocument("The room was small. THE FOOD IS GOOD."))
        let emphasised = 1.9 + 0.733
        #expect(self.isClose(mixed.sentences[1].compound, emphasised / (emphasised * emphasised + 15).squareRoot()))
    }

    @Test("Another language is not scored and says so")
    func degrades() {
        let result = Sentiment(of: TextDocument(Texts.german))
        #expect(result.score == 0)
        #expect(result.sentences.isEmpty)
        #expect(result.applicability == .otherLanguage(code: "de", name: "German"))
    }

    @Test("The lexicon has at least 700 different words from −4 to 4, none of them 0")
    func lexiconIsSound() {
        let listed = (SentimentLexicon.positive + SentimentLexicon.negative).flatMap(\.words.wordList)
        #expect(listed.count >= 700)
        #expect(listed.count == SentimentLexicon.valences.count, "a word is listed twice")
        #expect(SentimentLexicon.positive.allSatisfy { (0.1...4).contains($0.valence) })
        #expect(SentimentLexicon.negative.allSatisfy { (-4 ... -0.1).contains($0.valence) })
        #expect(listed.allSatisfy { $0 == $0.lowercased() && !$0.contains("-") })
        #expect(SentimentLexicon.boosters.isDisjoint(with: SentimentLexicon.dampeners))
        #expect(SentimentLexicon.negators.allSatisfy { SentimentLexicon.valences[$0] == nil })
    }
}
