public import JSON

/// What a fact-check service says about one claim.
public struct Verdict: Sendable, Hashable {
    /// The claim as it was sent.
    public var claim: String
    /// The service's word for it, for instance `supported`, `refuted`, `unverifiable`.
    public var verdict: String
    /// From 0 to 1, when the service says how sure it is.
    public var confidence: Double?
    /// Why, in the service's words.
    public var explanation: String?
    /// Where the service looked.
    public var sources: [String]

    /// A verdict on a claim.
    public init(claim: String, verdict: String, confidence: Double? = nil, explanation: String? = nil, sources: [String] = []) {
        self.claim = claim
        self.verdict = verdict
        self.confidence = confidence
        self.explanation = explanation
        self.sources = sources
    }

    /// The verdict as it stands in `fact_data.fact_checks`.
    public var json: JSONObject {
        var object: JSONObject = ["claim": .string(self.claim), "verdict": .string(self.verdict)]
        if let confidence = self.confidence { object["confidence"] = .number(confidence) }
        if let explanation = self.explanation { object["explanation"] = .string(explanation) }
        if !self.sources.isEmpty { object["sources"] = .array(self.sources.map { .string($0) }) }
        return object
    }
}

/// Verifies claims.
public protocol FactChecker: Sendable {
    /// Verdicts for the claims it could judge, in any order and number; a claim without a verdict stays unverified.
    ///
    /// Throws anything when it cannot work; its description becomes the reason of a `limited` fact check, so it must hold no secret.
    func verify(_ claims: [String]) async throws -> [Verdict]
}
