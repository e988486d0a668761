import JSON
import Observability
import Orchestration
import TextAnalysis

/// Stages 3 and 4: they add what they can, and the run goes on whatever becomes of them (spec §3.4, §3.5).
extension FallbackRun {
    static let noTranscript = "No transcript available"
    static let noTools = "Text analysis tools not available"

    func analyse(_ transcript: Transcript?) async throws -> StageData {
        guard let transcript else { return .skipped(Self.noTranscript) }
        guard let tools = self.tools.text else { return .skipped(Self.noTools) }
        do {
            let text = try await self.use("text_analysis", transcript) { try tools.textAnalysis(of: $0) }
            let sentiment = try await self.use("sentiment", transcript) { try tools.sentiment(of: $0) }
            return .ok([
                "message": "Basic content analysis completed", "text_analysis": .object(text ?? [:]),
                "sentiment_analysis": .object(sentiment ?? [:]),
            ])
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return self.failed("Basic analysis failed: \(error)")
        }
    }

    func checkFacts(_ transcript: Transcript?) async throws -> StageData {
        guard let transcript else { return .skipped(Self.noTranscript) }
        guard let tools = self.tools.text else { return .skipped(Self.noTools) }
        do {
            let limit = self.maximumClaims
            let claims = try await self.tools.lanes.run { _ in try tools.claims(in: transcript.document, limit: limit) }
            let (verdicts, reason) = try await self.verify(claims, transcript)
            let fallacies = try await self.use("logical_fallacy", transcript) { try tools.fallacies(in: $0) }
            var data: JSONObject = [
                "message": "Basic fact verification completed", "verification": verdicts.isEmpty ? "limited" : "completed",
                "claims": .array(claims.map { .object($0.json) }), "fact_checks": .array(verdicts.map { .object($0.json) }),
                "logical_fallacies": .array((fallacies ?? []).map { .object($0) }),
            ]
            if let reason { data["reason"] = .string(reason) }
            return .ok(data)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return self.failed("Fact check failed: \(error)")
        }
    }

    /// The verdicts, and why there are none.
    private func verify(_ claims: [CheckableClaim], _ transcript: Transcript) async throws -> (verdicts: [Verdict], reason: String?) {
        guard !claims.isEmpty else { return ([], "no claim that can be checked was found") }
        guard let checker = self.tools.factChecker else { return ([], "no fact-check service is configured") }
        let start = self.context.clock.now()
        do {
            let verdicts = try await checker.verify(claims.map(\.text))
            let share = Double(Set(verdicts.map(\.claim)).count) / Double(Set(claims.map(\.text)).count)
            self.signals.emit("fact_check", reward: share, success: true, confidence: transcript.confidence, since: start)
            return (verdicts, verdicts.isEmpty ? "the fact-check service gave no verdict" : nil)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // Without verdicts the stage is limited, not lost: claims and fallacies stand.
            self.signals.emit("fact_check", reward: 0, success: false, confidence: ToolSignals.thinConfidence, since: start)
            self.context.logger.info("fact_check_unavailable", metadata: ["request_id": "\(self.context.requestID)"])
            return ([], "\(error)")
        }
    }

    /// Runs a tool away from the cooperative pool and signals how it did.
    private func use<Value: Sendable>(
        _ tool: String,
        _ transcript: Transcript,
        _ work: @escaping @Sendable (TextDocument) throws -> Value?
    ) async throws -> Value? {
        let start = self.context.clock.now()
        do {
            let value = try await self.tools.lanes.run { _ in try work(transcript.document) }
            if value != nil { self.signals.emit(tool, reward: 1, success: true, confidence: transcript.confidence, since: start) }
            return value
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            self.signals.emit(tool, reward: 0, success: false, since: start)
            throw error
        }
    }

    private func failed(_ message: String) -> StageData {
        self.context.logger.info(
            "stage_degraded",
            metadata: ["error": "\(message)", "request_id": "\(self.context.requestID)"]
        )
        return .failed(message)
    }
}
