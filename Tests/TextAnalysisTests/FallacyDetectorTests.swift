import Testing

@testable import TextAnalysis

@Suite("Fallacies")
struct FallacyDetectorTests {
    private func kinds(_ text: String) -> [Fallacy.Kind] {
        FallacyDetector().fallacies(in: TextDocument(text)).fallacies.map(\.kind)
    }

    /// The cues of each kind, in order, by their numbers in the matcher.
    private static let cuesByKind: [Fallacy.Kind: [Int]] = {
        var cues: [Fallacy.Kind: [Int]] = [:]
        for (index, cue) in FallacyCues.cues.enumerated() {
            if case .fallacy(let kind, _) = cue.tag {
                cues[kind, default: []].append(index)
            }
        }
        return cues
    }()

    @Test("Every cue finds its example", arguments: FallacyExamples.positive.map(\.kind))
    func everyCueFinds(kind: Fallacy.Kind) throws {
        let examples = try #require(FallacyExamples.positive.first { $0.kind == kind }).sentences
        let cues = try #require(Self.cuesByKind[kind])
        #expect(examples.count == cues.count)
        for (example, cue) in zip(examples, cues) {
            let document = TextDocument(example)
            let found = document.sentences.flatMap { FallacyCues.matcher.matches(in: $0) }
            #expect(found.contains { $0.pattern == cue }, "\(FallacyCues.cues[cue].pattern) misses: \(example)")
            #expect(self.kinds(example).contains(kind), "\(example)")
        }
    }

    @Test("Every disclaimer is needed by some example")
    func everyDisclaimerIsHit() {
        let found = FallacyExamples.negative.flatMap { TextDocument($0).sentences }.flatMap { FallacyCues.matcher.matches(in: $0) }
        for (index, cue) in FallacyCues.cues.enumerated() where cue.tag == .disclaimer {
            #expect(found.contains { $0.pattern == index }, "\(cue.pattern)")
        }
    }

    @Test("Every kind has cues and examples")
    func everyKindIsCovered() {
        #expect(Set(Self.cuesByKind.keys) == Set(Fallacy.Kind.allCases))
        #expect(Set(FallacyExamples.positive.map(\.kind)) == Set(Fallacy.Kind.allCases))
    }

    @Test("Sentences that only look like fallacies have none", arguments: FallacyExamples.negative)
    func ignoresLookalikes(text: String) {
        #expect(self.kinds(text) == [])
    }

    @Test(
        "A reason that repeats its conclusion is circular",
        arguments: [
            ("The Bible is true because the Bible says it is true.", true),
            ("Free speech is important because free speech is very important.", true),
            ("The law is just because the law is just.", false),
            ("He is rich because he is rich.", false),
            ("The Bible is true because the Bible was found in caves by true experts.", false),
            ("The road is closed because the river flooded.", false),
            ("Because I like tea.", false),
            ("The reason is simple because", false),
        ]
    )
    func findsCircles(text: String, expected: Bool) {
        #expect(self.kinds(text).contains(.circularReasoning) == expected)
    }

    @Test("A hit tells sentence, cue, confidence and explanation")
    func describesHits() throws {
        let text = "We met at noon. Well, \"you're either with us or against us\", he said."
        let result = FallacyDetector().fallacies(in: TextDocument(text))
        let hit = try #require(result.fallacies.first)
        #expect(result.total == 1)
        #expect(hit.kind == .falseDilemma)
        #expect(hit.index == 1)
        #expect(hit.sentence == "Well, \"you're either with us or against us\", he said.")
        #expect(hit.cue == "you're either with us or against")
        #expect(hit.confidence == 0.85)
        #expect(hit.explanation == "It presents two options as the only ones although others exist.")
    }

    @Test("Each kind counts once a sentence, with its surest cue")
    func countsKindsOnce() {
        let text = "You're either with us or against us, and it is my way or the highway, so think of the children."
        let result = FallacyDetector().fallacies(in: TextDocument(text)).fallacies
        #expect(result.map(\.kind) == [.falseDilemma, .appealToEmotion])
        #expect(result[0].confidence == 0.85)
    }

    @Test("The limit holds, the total counts all")
    func limits() {
        let text = String(repeating: "Think of the children! ", count: 60)
        let result = FallacyDetector().fallacies(in: TextDocument(text))
        #expect(result.fallacies.count == 50)
        #expect(result.total == 60)
        #expect(FallacyDetector(limit: -1).fallacies(in: TextDocument(text)).fallacies.isEmpty)
    }

    @Test("Another language gives none and says so")
    func degrades() {
        let result = FallacyDetector().fallacies(in: TextDocument(Texts.french + " Think of the children."))
        #expect(result.fallacies.isEmpty)
        #expect(!result.applicability.hasRun)
    }

    @Test("Explanations are one sentence each")
    func explains() {
        for kind in Fallacy.Kind.allCases {
            #expect(sentences(kind.explanation).count == 1)
            #expect(!kind.name.isEmpty)
        }
    }
}
