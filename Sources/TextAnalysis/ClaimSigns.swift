/// The signs by which a sentence is worth checking.
enum ClaimSigns {
    /// What was found in a sentence.
    struct Found: Equatable {
        /// Each reason once, in the order of ``Claim/Reason``.
        var distinct: [Claim.Reason] = []
        /// How many hedges there are.
        var hedges = 0
    }

    /// The reasons of a sentence; none if it cannot be a claim.
    static func reasons(in sentence: Sentence) -> Found {
        guard sentence.wordCount >= ClaimExtractor.minimumWords, !sentence.isQuestion else {
            return Found()
        }
        let matches = ClaimCues.matcher.matches(in: sentence)
        var kinds: Set<Claim.Reason> = []
        var hedges = 0
        for match in matches {
            switch match.tag {
            case .opinion, .imperative:
                return Found()
            case .reason(.hedged):
                hedges += self.isMonth(sentence.tokens, at: match.tokens.lowerBound) ? 0 : 1
            case .reason(let reason):
                kinds.insert(reason)
            }
        }
        kinds.formUnion(ClaimQuantities.reasons(in: sentence.tokens))
        if ClaimNames.hasName(sentence.tokens) {
            kinds.insert(.namedEntity)
        }
        // A hedge only weakens other reasons: it is none by itself.
        if hedges > 0, !kinds.isEmpty {
            kinds.insert(.hedged)
        }
        return Found(distinct: Claim.Reason.allCases.filter(kinds.contains), hedges: hedges)
    }

    /// Whether "may" at a position is the month: capitalised inside the sentence.
    private static func isMonth(_ tokens: [Token], at index: Int) -> Bool {
        index > 0 && tokens[index].text == "May"
    }
}
