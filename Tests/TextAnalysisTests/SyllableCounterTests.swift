import Testing

@testable import TextAnalysis

@Suite("Syllables")
struct SyllableCounterTests {
    @Test(
        "Words have the syllables of an American dictionary",
        arguments: [
            (1, "the cat sat on mat eye eyes yes true makes called used red world aisle league vague hmm"),
            (1, "don't won't they're dog's queue friend field point"),
            (2, "table tables settled wanted boxes wishes faces beyond player buying poem quiet lion nation special"),
            (2, "lately statement careful homeless something someone people business didn't café rhythm prism movie region"),
            (2, "create creature studied stories every ocean question science therefore unique"),
            (3, "radio media serious idea usual actual area beautiful animal easier happiest studying continue video typically"),
            (3, "Australian reptilian platypus seemingly quantity anyone creating museum settlement usefulness"),
            (4, "material situation society experience continuous associate reality January"),
            (5, "university automatically opportunity creativity"),
            (6, "responsibility well-intentioned-looking"),
        ]
    )
    func countsSyllables(expected: Int, list: String) {
        for word in list.split(separator: " ") {
            #expect(SyllableCounter.count(in: String(word)) == expected, "\(word)")
        }
    }

    @Test("Numbers count digits, capitals without vowels are spelled, nothing has none")
    func countsSpecialWords() {
        #expect(SyllableCounter.count(in: "2024") == 4)
        #expect(SyllableCounter.count(in: "1,5") == 2)
        #expect(SyllableCounter.count(in: "BBC") == 3)
        #expect(SyllableCounter.count(in: "bbc") == 1)
        #expect(SyllableCounter.count(in: "") == 0)
        #expect(SyllableCounter.count(in: "привет") == 1)
    }

    @Test("The table has no word twice and none that the rules count as well")
    func tableIsNeeded() {
        var seen: Set<String> = []
        for (count, list) in SyllableCounter.exceptionWords {
            for word in list.wordList {
                #expect(seen.insert(word).inserted, "\(word) is twice in the table")
                #expect(SyllableCounter.countByRules(word) != count, "\(word) needs no exception")
                #expect(SyllableCounter.count(in: word) == count)
            }
        }
    }
}
