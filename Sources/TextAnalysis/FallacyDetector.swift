/// Finds informal fallacies in English text by cue patterns within a sentence.
///
/// The patterns ask for the whole shape of the faulty step (such as premise and conclusion) rather than for a topic, so that most fallacies
/// are missed but few sound sentences are hit: precision before recall. Sentences that speak about fallacies, or that deny the cue
/// ("it is wrong to say that …"), have no hits.
public struct FallacyDetector: Sendable {
    /// How many hits are returned at most.
    ///
    /// Default 50.
    public var limit: Int

    /// Makes a detector.
    public init(limit: Int = 50) {
        self.limit = limit
    }

    /// Finds the fallacies of a document; time linear in its words.
    public func fallacies(in document: TextDocument) -> Fallacies {
        let applicability = document.language.applicability
        var fallacies: [Fallacy] = []
        var total = 0
        if applicability.hasRun {
            for sentence in document.sentences {
                for hit in Self.hits(in: sentence) {
                    total += 1
                    guard fallacies.count < self.limit else {
                        continue
                    }
                    fallacies.append(
                        Fallacy(
                            kind: hit.kind,
                            sentence: sentence.excerpt,
                            index: sentence.index,
                            cue: Self.text(of: hit.tokens, in: sentence),
                            confidence: hit.confidence
                        )
                    )
                }
            }
        }
        return Fallacies(fallacies: fallacies, total: total, applicability: applicability)
    }

    /// A kind of fallacy found in a sentence.
    struct Hit: Equatable {
        var kind: Fallacy.Kind
        var confidence: Double
        var tokens: ClosedRange<Int>
    }

    /// The hits of a sentence, each kind once.
    static func hits(in sentence: Sentence) -> [Hit] {
        var best: [Fallacy.Kind: Hit] = [:]
        for match in FallacyCues.matcher.matches(in: sentence) {
            guard case .fallacy(let kind, let confidence) = match.tag else {
                return []
            }
            if confidence > best[kind]?.confidence ?? 0 {
                best[kind] = Hit(kind: kind, confidence: confidence, tokens: match.tokens)
            }
        }
        if best[.circularReasoning] == nil, let tokens = CircularReasoning.tokens(in: sentence) {
            best[.circularReasoning] = Hit(kind: .circularReasoning, confidence: CircularReasoning.confidence, tokens: tokens)
        }
        return best.isEmpty ? [] : Fallacy.Kind.allCases.compactMap { best[$0] }
    }

    /// The words of a hit, with a space before each but punctuation.
    private static func text(of range: ClosedRange<Int>, in sentence: Sentence) -> String {
        let bounded = sentence.tokens[range].prefix(CuePattern.maximumElements)
        return bounded.reduce(into: "") { text, token in
            text += (text.isEmpty || token.kind == .punctuation ? "" : " ") + token.text.prefix(64)
        }
    }
}
