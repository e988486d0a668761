/// The sentiment of an English text, sentence by sentence and as a whole.
///
/// A lexicon method in the manner of VADER (Hutto and Gilbert, "VADER: A parsimonious rule-based model for sentiment analysis of social
/// media text", ICWSM 2014), with a lexicon of its own; the rules are those of ``SentenceSentiment``. It reads words, not meaning: irony,
/// quotation and who is spoken of escape it.
public struct Sentiment: Sendable, Hashable {
    /// A score in words, by fixed thresholds.
    public enum Label: String, Sendable, Hashable, CaseIterable {
        /// The score is above 0.1.
        case positive = "Positive"
        /// The score lies from −0.1 to 0.1, both included.
        case neutral = "Neutral"
        /// The score is below −0.1.
        case negative = "Negative"

        /// The label of a score (spec §3.6).
        public init(score: Double) {
            if score > 0.1 {
                self = .positive
            } else if score < -0.1 {
                self = .negative
            } else {
                self = .neutral
            }
        }
    }

    /// The score of one sentence.
    public struct SentenceScore: Sendable, Hashable {
        /// Position of the sentence in the document, from 0.
        public let index: Int
        /// −1 (most negative) to 1 (most positive).
        public let compound: Double
        /// How many words and numbers the sentence has: its weight in ``Sentiment/score``.
        public let wordCount: Int
    }

    /// A sentence worth showing.
    public struct Highlight: Sendable, Hashable {
        /// Position of the sentence in the document, from 0.
        public let index: Int
        /// The sentence, cut as ``Sentence/excerpt``.
        public let text: String
        /// Its score.
        public let compound: Double
    }

    /// Mean of the sentences' compounds weighted by their words, −1 to 1; 0 for a text without words or in another language.
    ///
    /// Neutral sentences take part, so that one strong sentence does not colour a long factual text.
    public let score: Double
    /// ``score`` in words.
    public let label: Label
    /// The score of every sentence, in order.
    public let sentences: [SentenceScore]
    /// The sentence with the highest positive score, the first of equals; nil if none is positive.
    public let mostPositive: Highlight?
    /// The sentence with the lowest negative score, the first of equals; nil if none is negative.
    public let mostNegative: Highlight?
    /// Whether the method applies: it is for English only.
    public let applicability: Applicability

    /// Scores a document; time linear in its words.
    public init(of document: TextDocument) {
        self.applicability = document.language.applicability
        let sentences = self.applicability.hasRun ? document.sentences : []
        let mixesCase = TextDocument.mixesCase(sentences.lazy.flatMap(\.tokens))
        let scores = sentences.map { sentence in
            SentenceScore(
                index: sentence.index,
                compound: SentenceSentiment(sentence.tokens, mixesCase: mixesCase).compound,
                wordCount: sentence.wordCount
            )
        }
        let words = scores.reduce(0) { $0 + $1.wordCount }
        let sum = scores.reduce(0.0) { $0 + $1.compound * Double($1.wordCount) }
        self.score = words > 0 ? sum / Double(words) : 0
        self.label = Label(score: self.score)
        self.sentences = scores
        self.mostPositive = Self.highlight(scores.reduce(nil) { Self.better($0, $1) { $0 > $1 } }, in: sentences)
        self.mostNegative = Self.highlight(scores.reduce(nil) { Self.better($0, $1) { $0 < $1 } }, in: sentences)
    }

    /// The better of two scores by an order in which 0 stands for no sentence at all.
    private static func better(_ best: SentenceScore?, _ next: SentenceScore, by isBetter: (Double, Double) -> Bool) -> SentenceScore? {
        isBetter(next.compound, best?.compound ?? 0) ? next : best
    }

    private static func highlight(_ score: SentenceScore?, in sentences: [Sentence]) -> Highlight? {
        score.map { Highlight(index: $0.index, text: sentences[$0.index].excerpt, compound: $0.compound) }
    }
}
