/// A sentence that states something that can be checked.
public struct Claim: Sendable, Hashable {
    /// Why a sentence is worth checking, or less so.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// A share: "40 %", "ten percent". Weight 0.35.
        case percentage
        /// An amount of money: "$5", "3 million euros". Weight 0.35.
        case money
        /// Another number, in digits or words of scale. Weight 0.25.
        case number
        /// A year, date, month with a day, or weekday. Weight 0.2.
        case date
        /// A comparison: "more … than", "twice as", "compared with". Weight 0.2.
        case comparison
        /// A superlative or "the first", "the only". Weight 0.2.
        case superlative
        /// A change of quantity: "rose", "doubled", "declined". Weight 0.2.
        case change
        /// Words ascribed to a source: "according to", "said", "the study found". Weight 0.2.
        case attribution
        /// A cause: "because", "led to", "due to". Weight 0.25.
        case causal
        /// A capitalised name inside the sentence. Weight 0.15.
        case namedEntity = "named_entity"
        /// A hedge: "may", "perhaps", "allegedly". Takes 0.15, two or more 0.3.
        case hedged

        /// What the reason adds to the score.
        public var weight: Double {
            switch self {
            case .percentage, .money: 0.35
            case .number, .causal: 0.25
            case .date, .comparison, .superlative, .change, .attribution: 0.2
            case .namedEntity: 0.15
            case .hedged: -0.15
            }
        }
    }

    /// The sentence, cut as ``Sentence/excerpt``.
    public let text: String
    /// Position of the sentence in the document, from 0.
    public let index: Int
    /// How worth checking the sentence is, 0 to 1: the sum of the reasons' weights, clamped.
    public let score: Double
    /// The reasons, each once, in the order of ``Reason``.
    public let reasons: [Reason]
}

/// The claims of a document.
public struct Claims: Sendable, Hashable {
    /// The best claims: by falling score, then in the order of the document.
    public let claims: [Claim]
    /// How many sentences reached the minimum score.
    public let total: Int
    /// Whether the method applies: it is for English only.
    public let applicability: Applicability
}

/// Finds check-worthy factual claims in English text by surface signs; it does not judge whether they are true.
///
/// A claim has at least ``minimumWords`` words and is no question, no imperative ("Imagine …", "Let's …") and no first-person opinion
/// ("I think …", "in my opinion").
public struct ClaimExtractor: Sendable {
    /// How many claims are returned at most.
    ///
    /// Default 10.
    public var limit: Int
    /// The lowest score of a claim, 0 to 1.
    ///
    /// Default 0.25, so that a name, date or attribution alone is too little.
    public var minimumScore: Double

    /// How few words a claim has at least: 4.
    public static let minimumWords = 4

    /// Makes an extractor.
    public init(limit: Int = 10, minimumScore: Double = 0.25) {
        self.limit = limit
        self.minimumScore = minimumScore
    }

    /// Finds the claims of a document; time n log n in its sentences.
    public func claims(in document: TextDocument) -> Claims {
        let applicability = document.language.applicability
        guard applicability.hasRun else {
            return Claims(claims: [], total: 0, applicability: applicability)
        }
        var found: [(index: Int, score: Double, reasons: [Claim.Reason])] = []
        for sentence in document.sentences {
            let reasons = ClaimSigns.reasons(in: sentence)
            let score = Self.score(of: reasons)
            if score >= self.minimumScore, score > 0 {
                found.append((sentence.index, score, reasons.distinct))
            }
        }
        let total = found.count
        found.sort { $0.score != $1.score ? $0.score > $1.score : $0.index < $1.index }
        let claims = found.prefix(max(0, self.limit)).map { item in
            Claim(text: document.sentences[item.index].excerpt, index: item.index, score: item.score, reasons: item.reasons)
        }
        return Claims(claims: claims, total: total, applicability: applicability)
    }

    /// The sum of the weights, hedges counting up to twice, from 0 to 1 in whole hundredths.
    static func score(of reasons: ClaimSigns.Found) -> Double {
        let sum = reasons.distinct.reduce(0.0) { $0 + $1.weight } + (reasons.hedges > 1 ? Claim.Reason.hedged.weight : 0)
        return min(1, max(0, (sum * 100).rounded() / 100))
    }
}
