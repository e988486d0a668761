import Testing

@testable import TextAnalysis

@Suite("Key phrases")
struct KeyPhrasesTests {
    /// The abstract with which the authors of RAKE explain the method.
    private let abstract = """
        Compatibility of systems of linear constraints over the set of natural numbers. Criteria of compatibility of a system of linear
        Diophantine equations, strict inequations, and nonstrict inequations are considered. Upper bounds for components of a minimal set
        of solutions and algorithms of construction of minimal generating sets of solutions for all types of systems are given. These
        criteria and the corresponding algorithms for constructing a minimal supporting set of solutions can be used in solving all the
        considered types of systems and systems of mixed types.
        """

    @Test("The authors' example has the authors' scores")
    func scoresPublishedExample() {
        let result = KeyPhrases(in: TextDocument(self.abstract), limit: 5)
        #expect(
            result.phrases.map(\.text) == [
                "minimal generating sets", "linear diophantine equations", "minimal supporting set", "minimal set", "linear constraints",
            ]
        )
        // minimal 8/3, generating 3, sets 3; linear 5/2, diophantine 3, equations 3; supporting 3, set 6/3.
        let expected = [8.0 / 3 + 6, 8.5, 8.0 / 3 + 5, 8.0 / 3 + 2, 4.5]
        for (phrase, score) in zip(result.phrases, expected) {
            #expect(abs(phrase.score - score) < 1e-9)
            #expect(phrase.count == 1)
        }
        #expect(result.applicability == .english)
    }

    @Test("Stop words, numbers, single letters and punctuation cut candidates")
    func cutsCandidates() {
        let document = TextDocument("Deep sea fish, and x marine 42 biology of Cold Water (coral reefs)")
        #expect(
            document.sentences.flatMap(KeyPhrases.candidates) == [
                ["deep", "sea", "fish"], ["marine"], ["biology"], ["cold", "water"], ["coral", "reefs"],
            ]
        )
    }

    @Test("Equal scores go by count, then by text")
    func breaksTies() {
        let result = KeyPhrases(in: TextDocument("Zebra and apple. Mango, zebra."))
        #expect(result.phrases.map(\.text) == ["zebra", "apple", "mango"])
        #expect(result.phrases.map(\.count) == [2, 1, 1])
        #expect(result.phrases.map(\.score) == [1, 1, 1])
    }

    @Test("Runs longer than five words are no phrases")
    func dropsLongRuns() {
        #expect(KeyPhrases(in: TextDocument("alpha beta gamma delta epsilon")).phrases.map(\.text) == ["alpha beta gamma delta epsilon"])
        #expect(KeyPhrases(in: TextDocument("alpha beta gamma delta epsilon zeta")).phrases.isEmpty)
    }

    @Test("The limit holds, zero and less give none")
    func limits() {
        let document = TextDocument("Alpha, beta, gamma, delta, epsilon, zeta, eta, theta, iota, kappa, lambda, omega.")
        #expect(KeyPhrases(in: document).phrases.count == KeyPhrases.defaultLimit)
        #expect(KeyPhrases(in: document, limit: 3).phrases.count == 3)
        #expect(KeyPhrases(in: document, limit: 0).phrases.isEmpty)
        #expect(KeyPhrases(in: document, limit: -1).phrases.isEmpty)
    }

    @Test("Another language gives none and says so")
    func degrades() {
        let result = KeyPhrases(in: TextDocument(Texts.french))
        #expect(result.phrases.isEmpty)
        #expect(!result.applicability.hasRun)
    }

    @Test("The stop list has no word twice and only normal forms")
    func stopListIsSound() {
        #expect(StopWords.english.count > 350)
        for word in StopWords.english {
            #expect(word == word.lowercased())
        }
    }
}
