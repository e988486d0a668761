import Testing

@testable import TextAnalysis

@Suite("Statistics and readability")
struct TextStatisticsTests {
    private func isClose(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 - expected) < 0.000_05 } ?? false
    }

    @Test("The cat sat on the mat")
    func measuresCat() throws {
        // 6 words, 1 sentence, 6 syllables, 17 letters.
        let statistics = TextStatistics(of: TextDocument("The cat sat on the mat."))
        #expect(statistics.characters == 23)
        #expect(statistics.letters == 17)
        #expect(statistics.words == 6)
        #expect(statistics.uniqueWords == 5)
        #expect(statistics.sentences == 1)
        #expect(statistics.paragraphs == 1)
        #expect(statistics.meanWordsPerSentence == 6)
        #expect(statistics.meanSyllablesPerWord == 1)
        #expect(self.isClose(statistics.typeTokenRatio, 5.0 / 6))
        #expect(self.isClose(statistics.readingTimeSeconds, 6 * 60 / 238.0))
        let readability = try #require(statistics.readability)
        #expect(self.isClose(readability.fleschReadingEase, 116.145))
        #expect(self.isClose(readability.fleschKincaidGrade, -1.45))
        #expect(self.isClose(readability.gunningFog, 2.4))
        #expect(readability.smog == nil)
        #expect(self.isClose(readability.automatedReadabilityIndex, -5.085))
    }

    @Test("Sentences with published Flesch scores: 69 and 37.5")
    func measuresPublishedExamples() throws {
        // 16 words and 23 syllables; 13 words and 24 syllables.
        let passage = "This sentence, taken as a reading passage unto itself, is being used to prove a point."
        let platypus = "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature."
        let first = try #require(TextStatistics(of: TextDocument(passage)).readability)
        #expect(self.isClose(first.fleschReadingEase, 68.9825))
        let second = try #require(TextStatistics(of: TextDocument(platypus)).readability)
        #expect(self.isClose(second.fleschReadingEase, 206.835 - 1.015 * 13 - 84.6 * 24 / 13))
        // Complex are platypus, seemingly and reptilian; Australian is capitalised inside the sentence.
        #expect(self.isClose(second.gunningFog, 0.4 * (13 + 100.0 * 3 / 13)))
    }

    @Test("Gunning's exceptions: names, compounds and inflections are not complex")
    func excludesFromFog() throws {
        let text = "We saw Alabama and a never-ending bookkeeper interesting committees exhausted animals."
        let readability = try #require(TextStatistics(of: TextDocument(text)).readability)
        // Not complex: Alabama (name), never-ending (of short words), exhausted (two without -ed).
        // Complex: bookkeeper, interesting (three without -ing), committees (three without -s), animals: 4 of 11 words.
        #expect(self.isClose(readability.gunningFog, 0.4 * (11 + 100.0 * 4 / 11)))
    }

    @Test("SMOG needs thirty sentences")
    func smogNeedsThirtySentences() throws {
        let sentence = "The animal slept. "
        let few = try #require(TextStatistics(of: TextDocument(String(repeating: sentence, count: 29))).readability)
        #expect(few.smog == nil)
        let enough = try #require(TextStatistics(of: TextDocument(String(repeating: sentence, count: 30))).readability)
        // One polysyllable a sentence: 3.1291 + 1.0430·√30.
        #expect(self.isClose(enough.smog, 8.84184))
    }

    @Test("Counts hold over several sentences and paragraphs")
    func countsDocument() {
        let statistics = TextStatistics(of: TextDocument("One two two. Three 4.\n\nFive!"))
        #expect(statistics.words == 6)
        #expect(statistics.uniqueWords == 5)
        #expect(statistics.sentences == 3)
        #expect(statistics.paragraphs == 2)
        #expect(statistics.meanWordsPerSentence == 2)
        #expect(statistics.letters == 19)
    }

    @Test("An empty text has zero counts and no readability")
    func measuresEmpty() {
        let statistics = TextStatistics(of: TextDocument(""))
        #expect(statistics.words == 0)
        #expect(statistics.characters == 0)
        #expect(statistics.typeTokenRatio == 0)
        #expect(statistics.meanWordsPerSentence == 0)
        #expect(statistics.meanSyllablesPerWord == nil)
        #expect(statistics.readability == nil)
        #expect(statistics.readingTimeSeconds == 0)
    }

    @Test("Another language has counts, but no syllables and no readability")
    func degradesForOtherLanguages() {
        let statistics = TextStatistics(of: TextDocument(Texts.german))
        #expect(statistics.words > 20)
        #expect(statistics.sentences == 3)
        #expect(statistics.meanSyllablesPerWord == nil)
        #expect(statistics.readability == nil)
        #expect(statistics.applicability == .otherLanguage(code: "de", name: "German"))
        #expect(statistics.applicability.note?.contains("German (de)") == true)
    }
}
