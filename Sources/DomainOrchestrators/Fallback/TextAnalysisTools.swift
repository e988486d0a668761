import JSON
import TextAnalysis

/// The text tools over the `TextAnalysis` module, as JSON.
struct TextAnalysisTools: TranscriptTools {
    /// Most fallacies a result carries.
    static let maximumFallacies = 50

    func textAnalysis(of document: TextDocument) throws -> JSONObject? {
        let analysis = TextAnalyzer().analyze(document)
        let statistics = analysis.statistics
        return [
            "language": [
                "code": .string(analysis.language.code), "name": .string(analysis.language.name),
                "confidence_percent": .integer(Int64(analysis.language.confidencePercent)), "reliable": .bool(analysis.language.isReliable),
            ],
            "statistics": [
                "characters": .integer(Int64(statistics.characters)), "words": .integer(Int64(statistics.words)),
                "unique_words": .integer(Int64(statistics.uniqueWords)), "sentences": .integer(Int64(statistics.sentences)),
                "paragraphs": .integer(Int64(statistics.paragraphs)),
                "mean_words_per_sentence": Self.rounded(statistics.meanWordsPerSentence),
                "type_token_ratio": Self.rounded(statistics.typeTokenRatio),
                "reading_time_seconds": Self.rounded(statistics.readingTimeSeconds),
            ],
            "readability": statistics.readability.map { .object(Self.json($0)) } ?? .null,
            "key_phrases": .array(
                analysis.keyPhrases.phrases.map {
                    ["text": .string($0.text), "score": Self.rounded($0.score), "count": .integer(Int64($0.count))]
                }
            ),
            "truncated": .bool(analysis.isTruncated),
            "note": statistics.applicability.note.map { .string($0) } ?? .null,
        ]
    }

    func sentiment(of document: TextDocument) throws -> JSONObject? {
        let sentiment = Sentiment(of: document)
        guard sentiment.applicability.hasRun else { return nil }
        return [
            "sentiment_score": Self.rounded(sentiment.score), "sentiment": .string(sentiment.label.rawValue.lowercased()),
            "sentences_scored": .integer(Int64(sentiment.sentences.count)),
            "most_positive": sentiment.mostPositive.map { Self.json($0) } ?? .null,
            "most_negative": sentiment.mostNegative.map { Self.json($0) } ?? .null,
            "note": sentiment.applicability.note.map { .string($0) } ?? .null,
        ]
    }

    func claims(in document: TextDocument, limit: Int) throws -> [CheckableClaim] {
        ClaimExtractor(limit: limit).claims(in: document).claims.map { claim in
            CheckableClaim(
                text: claim.text,
                json: [
                    "text": .string(claim.text), "score": Self.rounded(claim.score), "sentence": .integer(Int64(claim.index)),
                    "reasons": .array(claim.reasons.map { .string($0.rawValue) }),
                ]
            )
        }
    }

    func fallacies(in document: TextDocument) throws -> [JSONObject]? {
        let found = FallacyDetector(limit: Self.maximumFallacies).fallacies(in: document)
        guard found.applicability.hasRun else { return nil }
        return found.fallacies.map { fallacy in
            [
                "fallacy": .string(fallacy.kind.rawValue), "name": .string(fallacy.kind.name), "explanation": .string(fallacy.explanation),
                "text": .string(fallacy.sentence), "sentence": .integer(Int64(fallacy.index)), "cue": .string(fallacy.cue),
                "confidence": Self.rounded(fallacy.confidence),
            ]
        }
    }

    private static func json(_ readability: Readability) -> JSONObject {
        [
            "flesch_reading_ease": Self.rounded(readability.fleschReadingEase),
            "flesch_kincaid_grade": Self.rounded(readability.fleschKincaidGrade), "gunning_fog": Self.rounded(readability.gunningFog),
            "smog": readability.smog.map { Self.rounded($0) } ?? .null,
            "automated_readability_index": Self.rounded(readability.automatedReadabilityIndex),
        ]
    }

    private static func json(_ highlight: Sentiment.Highlight) -> JSONValue {
        ["text": .string(highlight.text), "score": Self.rounded(highlight.compound), "sentence": .integer(Int64(highlight.index))]
    }

    /// Three decimals are all that means anything here.
    private static func rounded(_ value: Double) -> JSONValue {
        .number((value * 1_000).rounded() / 1_000)
    }
}
