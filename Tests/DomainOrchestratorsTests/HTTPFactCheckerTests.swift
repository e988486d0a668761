import JSON
import Testing

@testable import DomainOrchestrators

@Suite(.timeLimit(.minutes(2))) struct HTTPFactCheckerTests {
    private func checker(_ server: TestServer, limits: HTTPLimits? = nil) -> HTTPFactChecker {
        var service = FallbackConfiguration.FactCheckService(endpoint: "\(server.base)/check", secret: .init("Bearer s3cret"))
        if let limits { service.limits = limits }
        return HTTPFactChecker(service, userAgent: "tester", http: HTTPClient())
    }

    @Test func sendsClaimsAndReadsVerdicts() async throws {
        let answer =
            #"{"verdicts": [{"verdict": "supported", "confidence": 0.9, "explanation": "because\nso", "sources": ["http://a", 3]}, "#
            + #"{"claim": "c1", "verdict": "refuted", "confidence": 7}, {"claim": "invented", "verdict": "x"}]}"#
        try await withServer({ _ in .ok(answer, type: "application/json") }) { (server) async throws in
            let verdicts = try await self.checker(server).verify(["c1", "c2", "c3"])
            #expect(
                verdicts == [
                    Verdict(claim: "c1", verdict: "supported", confidence: 0.9, explanation: "because so", sources: ["http://a"]),
                    Verdict(claim: "c1", verdict: "refuted"),
                ]
            )
            let request = server.received[0]
            #expect(request.method == "POST")
            #expect(request.target == "/check")
            #expect(request.head.contains("Authorization: Bearer s3cret"))
            #expect(request.head.contains("Content-Type: application/json"))
            #expect(String(decoding: request.body, as: UTF8.self) == #"{"claims":["c1","c2","c3"]}"#)
        }
    }

    @Test(arguments: [
        ("[{\"verdict\": \"v\"}]", 1), ("{\"results\": [{\"verdict\": \"v\"}]}", 1), ("{\"verdicts\": []}", 0),
        ("[{\"verdict\": \"a\"}, {\"verdict\": \"b\"}, {\"verdict\": \"c\"}]", 2),
    ])
    func readsShapes(_ answer: String, _ count: Int) throws {
        #expect(try HTTPFactChecker.verdicts(in: Array(answer.utf8), claims: ["c1", "c2"]).count == count)
    }

    @Test(arguments: ["", "{", "{}", "7", "[{}]", "[7]", "{\"verdicts\": {}}"])
    func saysWhatItCannotRead(_ answer: String) {
        let error = #expect(throws: FactCheckFailure.self) { try HTTPFactChecker.verdicts(in: Array(answer.utf8), claims: ["c"]) }
        #expect(error?.description.hasPrefix("the fact-check service answered") == true)
    }

    @Test func errorsHoldNoSecret() async throws {
        try await withServer({ _ in .status("500 Oops") }) { (server) async throws in
            let error = await #expect(throws: FactCheckFailure.self) { try await self.checker(server).verify(["c"]) }
            #expect(error?.description == "the fact-check service failed: HTTP status 500")
        }
    }

    @Test func boundsTheAnswer() async throws {
        let limits = HTTPLimits(maximumBytes: 100, totalTime: .seconds(20), connectTime: .seconds(5), maximumRedirects: 0)
        try await withServer({ _ in .ok(String(repeating: " ", count: 200)) }) { (server) async throws in
            let error = await #expect(throws: FactCheckFailure.self) { try await self.checker(server, limits: limits).verify(["c"]) }
            #expect(error?.description.contains("larger than the limit of 100 bytes") == true)
        }
    }

    @Test func secretsDoNotPrint() {
        let secret = FallbackConfiguration.Secret("s3cret")
        var configuration = FallbackConfiguration()
        configuration.factCheck = .init(endpoint: "http://h/", secret: secret)
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!"\(secret) \(String(reflecting: secret)) \(configuration) \(dumped)".contains("s3cret"))
    }
}
