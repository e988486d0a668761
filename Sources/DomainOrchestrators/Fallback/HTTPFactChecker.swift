import JSON

/// Verifies claims through an HTTP service.
///
/// Sends `POST {"claims": ["…", …]}` and reads `{"verdicts": [{"claim": "…", "verdict": "…", "confidence"?: 0…1, "explanation"?: "…",
/// "sources"?: ["…"]}]}` or the bare array. A verdict without `claim` belongs to the claim at its own position.
struct HTTPFactChecker: FactChecker {
    private let service: FallbackConfiguration.FactCheckService
    private let userAgent: String
    private let http: HTTPClient

    init(_ service: FallbackConfiguration.FactCheckService, userAgent: String, http: HTTPClient) {
        self.service = service
        self.userAgent = userAgent
        self.http = http
    }

    func verify(_ claims: [String]) async throws -> [Verdict] {
        var request = HTTPRequest(url: self.service.endpoint)
        request.limits = self.service.limits
        request.addresses = .any
        request.userAgent = self.userAgent
        request.headers = [("Content-Type", "application/json"), ("Accept", "application/json")]
        if let secret = self.service.secret { request.headers.append((self.service.secretHeader, secret.value)) }
        request.body = JSONValue.object(["claims": .array(claims.map { .string($0) })]).serialized()
        let response: HTTPResponse
        do {
            response = try await self.http.send(request)
        } catch let error as HTTPError {
            throw FactCheckFailure(description: "the fact-check service failed: \(error.message)")
        }
        return try Self.verdicts(in: response.body, claims: claims)
    }

    static func verdicts(in body: [UInt8], claims: [String]) throws(FactCheckFailure) -> [Verdict] {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: body, limits: JSONLimits(maximumBytes: max(body.count, 1), maximumDepth: 32))
        } catch {
            throw FactCheckFailure(description: "the fact-check service answered with something that is not JSON: \(error.message)")
        }
        guard let entries = (value["verdicts"] ?? value["results"] ?? value).arrayValue else {
            throw FactCheckFailure(description: "the fact-check service answered without verdicts")
        }
        var verdicts: [Verdict] = []
        for (index, entry) in entries.prefix(claims.count).enumerated() {
            guard let verdict = entry["verdict"]?.stringValue else {
                throw FactCheckFailure(description: "the fact-check service answered without verdicts[\(index)].verdict")
            }
            let claim = entry["claim"]?.stringValue ?? claims[index]
            // A service that invents claims is not believed.
            guard claims.contains(claim) else { continue }
            verdicts.append(
                Verdict(
                    claim: claim,
                    verdict: TextLines.singleLine(verdict, limit: 100),
                    confidence: entry["confidence"]?.doubleValue.flatMap { (0...1).contains($0) ? $0 : nil },
                    explanation: entry["explanation"]?.stringValue.map { TextLines.singleLine($0, limit: 1_000) },
                    sources: (entry["sources"]?.arrayValue ?? []).prefix(10).compactMap { $0.stringValue.map { String($0.prefix(2_000)) } }
                )
            )
        }
        return verdicts
    }
}

/// Why claims could not be verified.
struct FactCheckFailure: Error, Sendable, Hashable, CustomStringConvertible {
    let description: String
}
