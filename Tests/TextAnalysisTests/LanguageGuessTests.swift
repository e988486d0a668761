import Testing

@testable import TextAnalysis

@Suite("Language")
struct LanguageGuessTests {
    @Test(
        "Texts of a few sentences are recognised reliably",
        arguments: [
            (Texts.english, "en", "English"), (Texts.german, "de", "German"), (Texts.french, "fr", "French"),
            (Texts.russian, "ru", "Russian"), (Texts.hebrew, "he", "Hebrew"), (Texts.japanese, "ja", "Japanese"),
        ]
    )
    func recognisesLanguages(text: String, code: String, name: String) {
        let guess = LanguageGuess(of: text)
        #expect(guess.code == code)
        #expect(guess.name == name)
        #expect(guess.isReliable)
        #expect(guess.confidencePercent > 90)
        #expect(guess.applicability == (code == "en" ? .english : .otherLanguage(code: code, name: name)))
    }

    @Test(
        "Short, empty and wordless texts are not reliable",
        arguments: ["", "ok", "Hallo Welt", "12345 67890 ... !!!", "\u{0}\u{1}", "👍👍👍"]
    )
    func shortTextsAreUnreliable(text: String) {
        let guess = LanguageGuess(of: text)
        #expect(!guess.isReliable)
        #expect(guess.applicability == .undetermined)
        #expect(guess.applicability.hasRun)
        #expect(guess.applicability.note != nil)
    }

    @Test("Nothing found is und")
    func nothingIsUndetermined() {
        let guess = LanguageGuess(of: "")
        #expect(guess.code == "und")
        #expect(guess.name == "Unknown")
        #expect(guess.confidencePercent == 0)
        #expect(guess.candidates.isEmpty)
    }

    @Test("A script without a known language is und")
    func scriptIsNoLanguage() {
        let guess = LanguageGuess(of: String(repeating: "𐎀𐎁𐎂 𐎃𐎄𐎅𐎆 ", count: 40))
        #expect(guess.code == "und")
        #expect(!guess.isReliable)
    }

    @Test("A mixed text names both languages by share")
    func namesSeveralLanguages() {
        let guess = LanguageGuess(of: Texts.english + Texts.english + "\n\n" + Texts.russian)
        #expect(guess.candidates.map(\.code).prefix(2) == ["en", "ru"])
        #expect(guess.candidates.allSatisfy { (1...100).contains($0.percent) })
    }

    @Test("Control characters and noncharacters do not stop detection")
    func survivesControls() {
        let values: [UInt32] = [0, 0x7F, 0x85, 0xFFFE, 0xFDD0, 0x1FFFF]
        let refused = String(String.UnicodeScalarView(values.compactMap(Unicode.Scalar.init)))
        #expect(refused.unicodeScalars.count == values.count)
        let text = Texts.english + refused + Texts.english
        #expect(LanguageGuess(of: text).code == "en")
        #expect(LanguageGuess(of: text).isReliable)
    }

    @Test("Only the first 64 KiB are read")
    func readsSample() {
        let padding = String(repeating: Texts.english + " ", count: LanguageGuess.sampleBytes / Texts.english.utf8.count + 1)
        let guess = LanguageGuess(of: padding + String(repeating: Texts.russian, count: 2000))
        #expect(guess.code == "en")
        #expect(guess.candidates.count == 1)
    }
}
