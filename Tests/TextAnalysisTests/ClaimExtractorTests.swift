import Testing

@testable import TextAnalysis

@Suite("Claims")
struct ClaimExtractorTests {
    private func reasons(_ text: String) -> [Claim.Reason] {
        ClaimSigns.reasons(in: TextDocument(text).sentences[0]).distinct
    }

    static let signs: [(String, [Claim.Reason])] = [
        ("About 40% of the voters stayed home.", [Claim.Reason.percentage]),
        ("About 40 percent of the voters stayed home.", [.percentage]),
        ("About ten per cent of the voters stayed home.", [.percentage]),
        ("The house sold for $5 last week.", [.money]),
        ("The house sold for 3 million euros last week.", [.money]),
        ("The house sold for five dollars last week.", [.money]),
        ("The house sold for 500 € last week.", [.money]),
        ("The village has 312 people in it.", [.number]),
        ("The village has thousands of people in it.", [.number]),
        ("The village has three people in it.", []),
        ("The bridge was built in 1932 by hand.", [.date]),
        ("The bridge was built in the 1930s by hand.", [.date]),
        ("The bridge opened on 3 May with music.", [.date]),
        ("The bridge opened on May 3 with music.", [.date]),
        ("The bridge opened on 2024-05-01 with music.", [.date]),
        ("The bridge opened on Monday with music.", [.date]),
        ("Cars kill more people here than bears.", [.comparison]),
        ("The new plant makes twice as much steel.", [.comparison]),
        ("The harvest was small compared with before.", [.comparison]),
        ("The plant is small in comparison with others.", [.comparison]),
        ("The tower is as tall as the church.", [.comparison]),
        ("Women outnumber men in the village.", [.comparison]),
        ("It is the largest lake of all.", [.superlative]),
        ("It is the most populous town there.", [.superlative]),
        ("She was the first woman to fly there.", [.superlative]),
        ("Prices reached an all-time high again.", [.superlative]),
        ("They own tallest towers in the world.", [.superlative]),
        ("Exports fell sharply during the winter.", [.change]),
        ("The unemployment has slowly risen again.", [.change]),
        ("The dam is unsafe, according to engineers.", [.attribution]),
        ("The minister said the dam was safe.", [.attribution]),
        ("The ministry stated that dams are safe.", [.attribution]),
        ("The new study clearly shows an effect.", [.attribution]),
        ("The police later reported no arrests there.", [.attribution]),
        ("Some researchers also warn against this drug.", [.attribution]),
        ("The dam broke because nobody repaired it.", [.causal]),
        ("The storm caused a flood downstream.", [.causal]),
        ("The storm led to a flood downstream.", [.causal]),
        ("The storm resulted in a flood downstream.", [.causal]),
        ("The flood was due to heavy rain.", [.causal]),
        ("The river flooded as a result of rain.", [.causal]),
        ("The mine is responsible for the dust.", [.causal]),
        ("The illness was linked to bad water.", [.causal]),
        ("The mine contributes to the dust there.", [.causal]),
        ("The vaccine prevents most of the infections.", [.causal]),
        ("We saw Alice Smith at the station.", [.namedEntity]),
        ("We saw a ship of NASA there.", [.namedEntity]),
        ("Barack Obama went to the small station.", [.namedEntity]),
        ("The storm may have caused a flood.", [.causal, .hedged]),
        ("The storm seems to have caused a flood.", [.causal, .hedged]),
        ("The storm is likely to cause a flood.", [.causal, .hedged]),
        ("It is possible that storms cause floods.", [.causal, .hedged]),
        ("Some people say that storms cause floods.", [.causal, .hedged]),
        ("The rumored sale caused a stir there.", [.causal, .hedged]),
    ]

    @Test(
        "Each sign is found",
        arguments: Self.signs
    )
    func findsSigns(text: String, expected: [Claim.Reason]) {
        #expect(self.reasons(text) == expected)
    }

    static let noClaims: [String] = [
        // Questions.
        "Did 40% of the voters stay home in 2020?",
        // Imperatives.
        "Imagine a town where 40% of the people are poor.", "Please note that 40% stayed home.",
        "Let's say that 40% of the voters stayed home.", "So let me tell you about the 40% rise.",
        "Don't worry about the 40% rise in prices.", "Never take the 40% figure for granted.", "Click the button below to get 40% off.",
        "Make sure to buy 40 of the biggest ones.", "Think of the 40% who stayed home.", "Try to save 40% of your income.",
        "Look for the 40% label on the box.", "And don't forget to buy 40 of them.",
        // First-person opinions.
        "I think that 40% of the voters stayed home.", "I really don't believe the 40% figure.", "In my opinion the 40% figure is wrong.",
        "To me, the 40% figure is wrong.", "My guess is that 40% stayed home.", "I'm not sure that 40% stayed home.",
        "If you ask me, 40% stayed home.", "Personally, the 40% figure surprised us.", "As far as I know, 40% stayed home.",
        // Too short, or without any sign.
        "Up by 40%.", "The dog slept under the old tree.", "The children were running along the beach.",
        "There is a forest behind the honest man's house.", "I went with my sister to the market.",
        "Perhaps the dog slept under the tree.", "1. The dog slept under the tree.", "He may go home.",
    ]

    @Test("These are no claims", arguments: Self.noClaims)
    func ignoresOthers(text: String) {
        #expect(self.reasons(text) == [])
        #expect(ClaimExtractor(minimumScore: 0).claims(in: TextDocument(text)).claims.isEmpty)
    }

    @Test(
        "Words that only look like an exclusion do not exclude",
        arguments: [
            "Share prices rose by 5% last week.", "Close to 40% of the voters stayed home.", "Look-alikes cost 40% more.",
            "Help for families fell by 40% in 2020.", "Her opinion is shared by 40% of voters.",
        ]
    )
    func keepsLookalikes(text: String) {
        #expect(self.reasons(text).contains(.percentage))
    }

    @Test("Scores are sums of weights, hedges count twice at most")
    func scores() {
        func score(_ text: String) -> Double {
            ClaimExtractor.score(of: ClaimSigns.reasons(in: TextDocument(text).sentences[0]))
        }
        #expect(score("About 40% of the voters stayed home.") == 0.35)
        #expect(score("The storm caused a flood downstream.") == 0.25)
        #expect(score("The storm may have caused a flood.") == 0.1)
        #expect(score("Perhaps 40% of them may possibly leave.") == 0.05)
        #expect(
            score(
                "According to Reuters, exports fell by 40% to $5 million in 2020 because of the largest strike, more than 300 more than ever."
            )
                == 1
        )
    }

    @Test("A capitalised May is the month, not a hedge")
    func knowsMay() {
        #expect(self.reasons("The bridge was built in May 1932 by hand.") == [.date])
    }

    @Test("Title case and capitals have no names")
    func ignoresTitleCase() {
        #expect(self.reasons("The Old Man And The Sea") == [])
        #expect(self.reasons("THE OLD MAN AND THE SEA") == [])
    }

    @Test("The best come first, equals in order; the limit holds and the total counts all")
    func ranks() {
        let text = """
            The storm caused a flood downstream. The dog slept under the tree. About 40% of the voters stayed home. About 50% of the \
            voters came. Is it 40% of them?
            """
        let all = ClaimExtractor().claims(in: TextDocument(text))
        #expect(all.claims.map(\.index) == [2, 3, 0])
        #expect(all.claims[0].text == "About 40% of the voters stayed home.")
        #expect(all.claims[0].score == 0.35)
        #expect(all.total == 3)
        let one = ClaimExtractor(limit: 1).claims(in: TextDocument(text))
        #expect(one.claims.map(\.index) == [2])
        #expect(one.total == 3)
        #expect(ClaimExtractor(limit: -1).claims(in: TextDocument(text)).claims.isEmpty)
        #expect(ClaimExtractor(minimumScore: 0.3).claims(in: TextDocument(text)).total == 2)
    }

    @Test("Every cue is needed by some example")
    func everyCueIsHit() {
        let texts = Self.signs.map(\.0) + Self.noClaims
        let found = texts.flatMap { TextDocument($0).sentences }.flatMap { ClaimCues.matcher.matches(in: $0) }
        for (index, cue) in ClaimCues.cues.enumerated() {
            #expect(found.contains { $0.pattern == index }, "\(cue.pattern)")
        }
    }

    @Test("A name alone is below the default minimum")
    func nameAloneIsTooLittle() {
        #expect(ClaimExtractor().claims(in: TextDocument("We saw Alice Smith at the station.")).claims.isEmpty)
        #expect(ClaimExtractor(minimumScore: 0.1).claims(in: TextDocument("We saw Alice Smith at the station.")).claims.count == 1)
    }

    @Test("Another language gives none and says so")
    func degrades() {
        let result = ClaimExtractor().claims(in: TextDocument(Texts.german + " Im Jahr 2020 waren es 40 %."))
        #expect(result.claims.isEmpty)
        #expect(!result.applicability.hasRun)
    }
}
