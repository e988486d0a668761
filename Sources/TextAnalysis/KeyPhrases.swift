/// The phrases that tell most about an English text, by RAKE.
///
/// Rose, Engel, Cramer and Cowley, "Automatic keyword extraction from individual documents", in Text Mining: Applications and Theory,
/// 2010. Stop words, numbers and punctuation cut each sentence into candidate phrases. A word scores degree/frequency, where its degree is
/// the summed length of the candidates it occurs in; a phrase scores the sum of its words. Candidates longer than ``maximumWords`` words
/// are no phrases but lists or text without function words: they are left out altogether. Phrases with inner stop words are not rejoined.
public struct KeyPhrases: Sendable, Hashable {
    /// A phrase with its weight.
    public struct Phrase: Sendable, Hashable {
        /// The words in lower case, joined by spaces.
        public let text: String
        /// Sum of degree/frequency of the words; 1 or more.
        public let score: Double
        /// How often the phrase occurs as a candidate.
        public let count: Int
    }

    /// The best phrases: by falling score, then falling count, then text in Unicode order.
    public let phrases: [Phrase]
    /// Whether the method applies: it is for English only.
    public let applicability: Applicability

    /// How many phrases are returned unless told otherwise: 10.
    public static let defaultLimit = 10
    /// The longest candidate in words: 5.
    public static let maximumWords = 5

    /// Extracts the key phrases of a document; time n log n in its candidates.
    ///
    /// - Parameters:
    ///   - document: The document.
    ///   - limit: How many phrases are returned at most; none for zero or less. Default 10.
    public init(in document: TextDocument, limit: Int = Self.defaultLimit) {
        self.applicability = document.language.applicability
        guard self.applicability.hasRun, limit > 0 else {
            self.phrases = []
            return
        }
        var words: [String: (frequency: Int, degree: Int)] = [:]
        var counts: [[String]: Int] = [:]
        for sentence in document.sentences {
            for candidate in Self.candidates(in: sentence) {
                counts[candidate, default: 0] += 1
                for word in candidate {
                    words[word, default: (0, 0)].frequency += 1
                    words[word, default: (0, 0)].degree += candidate.count
                }
            }
        }
        let phrases = counts.map { candidate, count in
            let score = candidate.reduce(0.0) { sum, word in
                let statistics = words[word] ?? (1, 0)
                return sum + Double(statistics.degree) / Double(statistics.frequency)
            }
            return Phrase(text: candidate.joined(separator: " "), score: score, count: count)
        }
        let ranked = phrases.sorted { left, right in
            if left.score != right.score {
                return left.score > right.score
            }
            return left.count != right.count ? left.count > right.count : left.text < right.text
        }
        self.phrases = Array(ranked.prefix(limit))
    }

    /// The candidate phrases of a sentence, in order.
    static func candidates(in sentence: Sentence) -> [[String]] {
        var candidates: [[String]] = []
        var current: [String] = []
        func close() {
            if !current.isEmpty, current.count <= Self.maximumWords {
                candidates.append(current)
            }
            current = []
        }
        for token in sentence.tokens {
            if token.kind == .word, token.text.unicodeScalars.count > 1, !StopWords.english.contains(token.normalized) {
                current.append(token.normalized)
            } else {
                close()
            }
        }
        close()
        return candidates
    }
}
