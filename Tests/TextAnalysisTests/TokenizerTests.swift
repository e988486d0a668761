import Testing

@testable import TextAnalysis

@Suite("Words, sentences and paragraphs")
struct TokenizerTests {
    static let wordExamples: [(String, [String])] = [
        ("don't stop", ["don't", "stop"]),
        ("the dogs' bowls", ["the", "dogs", "bowls"]),
        ("rock 'n' roll", ["rock", "n", "roll"]),
        ("a well-known state-of-the-art idea", ["a", "well-known", "state-of-the-art", "idea"]),
        ("wait - no --- really", ["wait", "no", "really"]),
        ("trailing- hyphen", ["trailing", "hyphen"]),
        ("It’s 1,234.50 at 10:30, on 2024-05-01", ["It’s", "1,234.50", "at", "10:30", "on", "2024-05-01"]),
        ("the 3rd 1990s x2", ["the", "3rd", "1990s", "x2"]),
        ("the U.S. and e.g. p.m. times", ["the", "U.S.", "and", "e.g.", "p.m.", "times"]),
        ("snake_case a/b c@d", ["snake", "case", "a", "b", "c", "d"]),
        ("naïve café e\u{301}te\u{301} Straße", ["naïve", "café", "e\u{301}te\u{301}", "Straße"]),
        ("привет мир", ["привет", "мир"]),
        ("soft\u{AD}hyphen zero\u{200D}width", ["soft\u{AD}hyphen", "zero\u{200D}width"]),
        ("👍🏽 ok 🎉", ["ok"]),
    ]

    @Test(
        "Words keep inner apostrophes, hyphens and numeric separators",
        arguments: Self.wordExamples
    )
    func splitsWords(text: String, expected: [String]) {
        #expect(words(text) == expected)
    }

    @Test("Tokens know their kind, normal form and case")
    func describesTokens() {
        let found = tokens("NASA’s 40% Rise—non‑stop, soft\u{AD}ly A iOS?!")
        #expect(
            found.map(\.kind) == [
                .word, .number, .punctuation, .word, .punctuation, .word, .punctuation, .word, .word, .word, .punctuation,
            ]
        )
        #expect(
            found.map(\.normalized) == ["nasa's", "40", "%", "rise", "—", "non-stop", ",", "softly", "a", "ios", "?!"]
        )
        #expect(found.map(\.isAllCaps) == [false, false, false, false, false, false, false, false, false, false, false])
        #expect(tokens("NASA A GO-GO iOS Ok").map(\.isAllCaps) == [true, false, true, false, false])
        #expect(tokens("NASA a Éa").map(\.startsUppercase) == [true, false, true])
    }

    @Test(
        "A sentence ends at a terminator before white space",
        arguments: [
            ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
            ("Really?! Yes!!! No.", ["Really?!", "Yes!!!", "No."]),
            ("it is bad. i hate it. why?", ["it is bad.", "i hate it.", "why?"]),
            ("你好。再见！", ["你好。", "再见！"]),
            ("यह है। वह था।", ["यह है।", "वह था।"]),
            ("No end", ["No end"]),
        ]
    )
    func endsSentences(text: String, expected: [String]) {
        #expect(sentences(text) == expected)
    }

    static let periodExamples: [(String, [String])] = [
        ("Mr. Smith met Dr. Jones. They talked.", ["Mr. Smith met Dr. Jones.", "They talked."]),
        ("Prof. The is a name.", ["Prof. The is a name."]),
        ("Fruit, e.g. Apples, is good. Cf. The list.", ["Fruit, e.g. Apples, is good.", "Cf. The list."]),
        ("It costs 3.14 dollars at example.com today.", ["It costs 3.14 dollars at example.com today."]),
        ("See No. 5 and Fig. 3. No. That is wrong.", ["See No. 5 and Fig. 3.", "No.", "That is wrong."]),
        ("On Jan. 3 it rained. We left in Jan. The sun came.", ["On Jan. 3 it rained.", "We left in Jan.", "The sun came."]),
        ("The U.S. Senate met. He lives in the U.S. He likes it.", ["The U.S. Senate met.", "He lives in the U.S.", "He likes it."]),
        ("J. K. Rowling and George W. Bush met.", ["J. K. Rowling and George W. Bush met."]),
        ("So do I. Then we left.", ["So do I.", "Then we left."]),
        ("Take vitamin C. It helps.", ["Take vitamin C.", "It helps."]),
        (
            "He works at Acme Inc. Tom knows. She works at Acme Inc. They pay.",
            ["He works at Acme Inc. Tom knows.", "She works at Acme Inc.", "They pay."]
        ),
        ("Bring cups, plates, etc. and food.", ["Bring cups, plates, etc. and food."]),
        ("Bring cups, plates, etc. Unless it rains.", ["Bring cups, plates, etc.", "Unless it rains."]),
        ("Well... maybe. Well... Maybe.", ["Well... maybe.", "Well...", "Maybe."]),
        ("“Stop!” she said. “Why?” He left.", ["“Stop!” she said.", "“Why?”", "He left."]),
        ("He said \"go.\" Then he left.", ["He said \"go.\"", "Then he left."]),
        ("(It rained.) We stayed.", ["(It rained.)", "We stayed."]),
        ("1. First item. 2. Second item.", ["1. First item.", "2. Second item."]),
        ("It was in room 12. The door was open.", ["It was in room 12.", "The door was open."]),
    ]

    @Test(
        "Periods of abbreviations, numbers, names and quotations do not end one",
        arguments: Self.periodExamples
    )
    func keepsAbbreviations(text: String, expected: [String]) {
        #expect(sentences(text) == expected)
    }

    @Test("Blank lines end sentences and paragraphs; single line ends do not")
    func splitsParagraphs() {
        let document = TextDocument("A title\r\n\r\nFirst line\nsecond line. Next.\n \t\nLast\u{2029}One more\n\n***\n\nEnd.\n")
        #expect(document.sentences.map(\.text) == ["A title", "First line second line.", "Next.", "Last", "One more", "End."])
        #expect(document.sentences.map(\.paragraph) == [0, 1, 1, 2, 3, 4])
        #expect(document.sentences.map(\.index) == Array(0..<6))
        #expect(document.paragraphCount == 5)
        #expect(TextDocument("one\r\ntwo").paragraphCount == 1)
    }

    @Test("Sentences without words are left out")
    func dropsWordless() {
        #expect(sentences("... !!! Hello. ???").count == 1)
        #expect(TextDocument("").sentences.isEmpty)
        #expect(TextDocument("").paragraphCount == 0)
    }

    @Test("A question has a question mark in its last run of punctuation")
    func recognisesQuestions() {
        let flags = TextDocument("Is it? It is. \"Was it?\" What?! \"Why?\" he asked.").sentences.map(\.isQuestion)
        #expect(flags == [true, false, true, true, false])
    }

    @Test("An excerpt is bounded in characters and scalars")
    func boundsExcerpts() {
        let long = TextDocument(String(repeating: "ab ", count: 1000)).sentences[0].excerpt
        #expect(long.count == Sentence.excerptLength + 1)
        #expect(long.hasSuffix("…"))
        #expect(TextDocument("Short one.").sentences[0].excerpt == "Short one.")
        let marks = TextDocument("a" + String(repeating: "\u{301}", count: 100_000)).sentences[0].excerpt
        #expect(marks.unicodeScalars.count == Sentence.excerptLength * 16)
    }

    @Test("A text over the limit is cut at a whole scalar and says so")
    func truncates() {
        let document = TextDocument("ab€cd", limits: TextLimits(maximumBytes: 4))
        #expect(document.text == "ab")
        #expect(document.isTruncated)
        let exact = TextDocument("ab€", limits: TextLimits(maximumBytes: 5))
        #expect(exact.text == "ab€")
        #expect(!exact.isTruncated)
        #expect(TextLimits(maximumBytes: -1).maximumBytes == 1)
        #expect(TextDocument("€", limits: TextLimits(maximumBytes: 1)).text.isEmpty)
        #expect(TextLimits.default.maximumBytes == 1_048_576)
    }
}
