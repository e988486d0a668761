/// The sentiment of one sentence.
///
/// 1. Each word of the lexicon contributes its valence. A booster or dampener right before another such word contributes none; "kind" and
///    "sort" before "of" contribute none; "like" counts only as a verb, after a pronoun or helper.
/// 2. A word in capitals is emphasised by 0.733, if the text mixes case.
/// 3. The three words before it, back to the last comma, semicolon, colon, dash or "but", change it, nearest first: a booster adds 0.293 to
///    its strength (0.733 more in capitals), a dampener takes 0.293, times 1, 0.95, 0.9 by distance; a negator multiplies it by −0.74.
///    "Not only" does not negate; "least" does, unless after "at" or "the very".
/// 4. From the first "but" on (not "nothing but", "all but", "anything but") valences count 1.5 times, before it 0.5 times.
/// 5. Up to four exclamation marks add 0.292 each to the strength of the sum; two or three question marks 0.18 each, more 0.96.
/// 6. The compound is x/√(x² + 15) of the sum x.
struct SentenceSentiment: Equatable {
    static let capitalsEmphasis = 0.733
    static let negation = -0.74
    static let exclamationEmphasis = 0.292
    static let questionEmphasis = 0.18
    static let manyQuestionsEmphasis = 0.96
    static let decay = [1.0, 0.95, 0.9]
    static let normalization = 15.0

    /// Sum of the changed valences.
    let sum: Double

    /// The score, −1 to 1.
    var compound: Double {
        self.sum == 0 ? 0 : self.sum / (self.sum * self.sum + Self.normalization).squareRoot()
    }

    init(_ tokens: [Token], mixesCase: Bool) {
        let words = Self.words(tokens)
        let contrast = Self.contrast(in: words)
        var sum = 0.0
        for index in words.indices {
            guard let valence = Self.valence(at: index, in: words, mixesCase: mixesCase) else {
                continue
            }
            let weight =
                switch contrast {
                case .some(let position): index < position ? 0.5 : 1.5
                case .none: 1.0
                }
            sum += valence * weight
        }
        if sum != 0 {
            let emphasis = Self.punctuationEmphasis(tokens)
            sum += sum > 0 ? emphasis : -emphasis
        }
        self.sum = sum
    }

    /// A word of a sentence, and whether a clause starts with it.
    private struct Word {
        var normalized: String
        var isAllCaps: Bool
        var startsClause: Bool
    }

    private static func words(_ tokens: [Token]) -> [Word] {
        var words: [Word] = []
        var startsClause = true
        for token in tokens {
            if token.isWord {
                let isContrast = token.normalized == "but"
                words.append(
                    Word(normalized: token.normalized, isAllCaps: token.isAllCaps, startsClause: startsClause || isContrast)
                )
                startsClause = isContrast
            } else if token.text.unicodeScalars.contains(where: { ",;:–—-".unicodeScalars.contains($0) }) {
                startsClause = true
            }
        }
        return words
    }

    /// The position of the first "but" that opens a contrast.
    private static func contrast(in words: [Word]) -> Int? {
        words.indices.first { index in
            guard words[index].normalized == "but" else {
                return false
            }
            return index == 0 || !["nothing", "anything", "all", "none", "everything"].contains(words[index - 1].normalized)
        }
    }

    /// The valence of the lexicon word at a position after the rules, or nil if there is none.
    private static func valence(at index: Int, in words: [Word], mixesCase: Bool) -> Double? {
        guard var valence = self.lexiconValence(at: index, in: words) else {
            return nil
        }
        if mixesCase, words[index].isAllCaps {
            valence += valence > 0 ? self.capitalsEmphasis : -self.capitalsEmphasis
        }
        var position = index
        for decay in self.decay {
            guard position > 0, !words[position].startsClause else {
                break
            }
            position -= 1
            if self.lexiconValence(at: position, in: words) == nil {
                let boost = self.boost(at: position, in: words, mixesCase: mixesCase) * decay
                valence += valence > 0 ? boost : -boost
            }
            if self.isNegator(at: position, in: words) {
                valence *= self.negation
            }
        }
        return valence
    }

    private static func lexiconValence(at index: Int, in words: [Word]) -> Double? {
        let word = words[index].normalized
        let next = index + 1 < words.count && !words[index + 1].startsClause ? words[index + 1].normalized : nil
        if word == "like" {
            return index > 0 && !words[index].startsClause && SentimentLexicon.likers.contains(words[index - 1].normalized) ? 1.5 : nil
        }
        guard let valence = SentimentLexicon.valences[word] else {
            return nil
        }
        if SentimentLexicon.dampenersWithOf.contains(word), next == "of" {
            return nil
        }
        let isModifier = SentimentLexicon.boosters.contains(word) || SentimentLexicon.dampeners.contains(word)
        return isModifier && next.map { SentimentLexicon.valences[$0] != nil } ?? false ? nil : valence
    }

    /// What the word at a position adds to the strength of a following one; negative for a dampener.
    private static func boost(at index: Int, in words: [Word], mixesCase: Bool) -> Double {
        let word = words[index]
        let isOf = word.normalized == "of" && index > 0 && SentimentLexicon.dampenersWithOf.contains(words[index - 1].normalized)
        if isOf || SentimentLexicon.dampeners.contains(word.normalized) {
            return -SentimentLexicon.boost
        }
        guard SentimentLexicon.boosters.contains(word.normalized) else {
            return 0
        }
        return SentimentLexicon.boost + (mixesCase && word.isAllCaps ? self.capitalsEmphasis : 0)
    }

    private static func isNegator(at index: Int, in words: [Word]) -> Bool {
        let word = words[index].normalized
        if word == "least" {
            return index == 0 || !["at", "very"].contains(words[index - 1].normalized)
        }
        guard SentimentLexicon.negators.contains(word) || word.hasSuffix("n't") else {
            return false
        }
        return !(word == "not" && index + 1 < words.count && words[index + 1].normalized == "only")
    }

    private static func punctuationEmphasis(_ tokens: [Token]) -> Double {
        var exclamations = 0
        var questions = 0
        for token in tokens where !token.isWord {
            for scalar in token.text.unicodeScalars {
                exclamations += scalar == "!" || scalar == "！" ? 1 : 0
                questions += scalar == "?" || scalar == "？" ? 1 : 0
            }
        }
        let question =
            switch questions {
            case ..<2: 0.0
            case 2, 3: Double(questions) * self.questionEmphasis
            default: self.manyQuestionsEmphasis
            }
        return Double(min(exclamations, 4)) * self.exclamationEmphasis + question
    }
}
