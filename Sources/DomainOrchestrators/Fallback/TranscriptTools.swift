import JSON
import TextAnalysis

/// The text tools of a run.
///
/// Nil from a tool means that it does not apply to this text; throwing fails the stage.
protocol TranscriptTools: Sendable {
    func textAnalysis(of document: TextDocument) throws -> JSONObject?
    /// Holds `sentiment_score` from −1 to 1.
    func sentiment(of document: TextDocument) throws -> JSONObject?
    /// At most `limit` claims, the most check-worthy first.
    func claims(in document: TextDocument, limit: Int) throws -> [CheckableClaim]
    func fallacies(in document: TextDocument) throws -> [JSONObject]?
}

/// A statement to verify, and how it stands in `fact_data.claims`.
struct CheckableClaim: Sendable, Hashable {
    var text: String
    var json: JSONObject
}
