import Testing

@testable import TextAnalysis

@Suite("Cue patterns")
struct CueMatcherTests {
    private func matches(_ pattern: String, _ text: String) -> Bool {
        let matcher = CueMatcher([(tag: 0, pattern: pattern)], classes: ["pet": "cat dog"])
        return TextDocument(text).sentences.contains { !matcher.matches(in: $0).isEmpty }
    }

    static let elements: [(String, String, Bool)] = [
        ("cat", "A Cat sat.", true), ("cat", "A cats sat.", false),
        ("a|the cat", "The cat", true), ("a|the cat", "My cat", false),
        ("a [big|small] cat", "a cat", true), ("a [big|small] cat", "a big cat", true), ("a [big|small] cat", "a red cat", false),
        ("a ~2 cat", "a cat", true), ("a ~2 cat", "a big red cat", true), ("a ~2 cat", "a big fat red cat", false),
        ("a ~2 cat", "a b a c d cat", true), ("a ~2 b ~1 c", "a b b x c", true),
        ("so , cat", "so, cat", true), ("so , cat", "so; cat", true), ("so , cat", "so — cat", true), ("so , cat", "so cat", false),
        ("cat ?", "A cat?", true), ("cat ?", "A cat?!", true), ("cat ?", "A cat.", false), ("a ~3 cat", "a ? cat", false),
        ("a ~1 cat", "a, cat", true), ("a cat", "a \"cat\"", true),
        ("^ cat", "Cat sat", true), ("^ cat", "A cat", false), ("cat $", "A cat", true), ("cat $", "A cat sat", false),
        ("my @pet", "my dog", true), ("my @pet|bird", "my bird", true), ("my @pet", "my bird", false),
        ("you are", "you're", true), ("can not", "I can't", true), ("can not", "I cannot", true), ("will not", "I won’t", true),
        ("is not", "it isn't", true), ("it is", "it's", true), ("bible is", "the Bible's", false), ("does not", "it doesnt", true),
        ("they will", "they'll", true), ("i would", "I'd", true), ("we have", "we've", true), ("i am", "I'm", true),
    ]

    @Test(
        "Elements match as documented",
        arguments: Self.elements
    )
    func matchesElements(pattern: String, text: String, expected: Bool) {
        #expect(self.matches(pattern, text) == expected)
    }

    @Test("A match reports the shortest run of tokens")
    func reportsTokens() throws {
        let matcher = CueMatcher([(tag: "x", pattern: "so ~3 cat")])
        let sentence = TextDocument("And so, a cat cat sat.").sentences[0]
        let match = try #require(matcher.matches(in: sentence).first)
        #expect(match.tokens == 1...4)
        #expect(match.tag == "x")
        #expect(match.pattern == 0)
    }

    @Test("The work grows with the text, not with its square")
    func worksLinearly() {
        let matcher = CueMatcher([(tag: 0, pattern: "a ~20 a ~20 a ~10 b")])
        func steps(_ count: Int) -> Int {
            var steps = 0
            let sentence = TextDocument(String(repeating: "a ", count: count)).sentences[0]
            #expect(matcher.matches(in: sentence, steps: &steps).isEmpty)
            return steps
        }
        let few = steps(1000)
        #expect(few <= 1000 * CuePattern.maximumElements)
        #expect(steps(10_000) <= 11 * few)
    }

    @Test("All patterns fit the matcher and end in an element that must match")
    func patternsAreSound() {
        let texts = FallacyCues.cues.map(\.pattern) + ClaimCues.cues.map(\.pattern)
        #expect(Set(texts).count == texts.count)
        for text in texts {
            var vocabulary = CueVocabulary()
            let pattern = CuePattern(text + " zzz", classes: [:], vocabulary: &vocabulary)
            #expect(pattern.elements.count < CuePattern.maximumElements, "\(text)")
            #expect(pattern.elements.first?.accepted != nil, "\(text)")
            let last = text.split(separator: " ").last { $0 != "$" } ?? ""
            #expect(!last.hasPrefix("~") && !last.hasPrefix("["), "\(text)")
        }
    }

    @Test("Every class that a pattern names exists")
    func classesExist() {
        for (text, classes) in FallacyCues.cues.map({ ($0.pattern, FallacyCues.classes) })
            + ClaimCues.cues.map({ ($0.pattern, ClaimCues.classes) })
        {
            for part in text.split(whereSeparator: { " |[]".contains($0) }) where part.hasPrefix("@") {
                #expect(classes[String(part.dropFirst())] != nil, "\(text)")
            }
        }
    }
}
