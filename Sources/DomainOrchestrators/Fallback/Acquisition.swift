import JSON
import Observability
import Orchestration

/// Stage 2: gets the content at the first quality that works (spec §3.3).
///
/// Stricter than spec §3.3: a failure that no quality can change ends the attempts at once, every attempt's error is kept, and the
/// final failure is retryable only if one of the attempts may go better later.
struct Acquisition: Sendable {
    struct Attempt: Sendable, Hashable {
        var quality: Quality
        var error: ContentFailure?

        var json: JSONValue {
            [
                "quality": .string(self.quality.rawValue), "success": .bool(self.error == nil),
                "error": self.error.map { .string($0.message) } ?? .null,
                "reason": self.error.map { .string($0.reason.rawValue) } ?? .null,
            ]
        }
    }

    enum Outcome: Sendable {
        case content(Content, quality: Quality, attempts: [Attempt])
        case failure(error: String, reason: ContentFailure.Reason, isRetryable: Bool, attempts: [Attempt])
    }

    let pipeline: (any ContentPipeline)?

    func run(_ url: String, _ context: OrchestrationContext) async throws -> Outcome {
        guard let pipeline = self.pipeline else {
            return Self.final(ContentFailure(.noPipeline, "Content pipeline not available"), [])
        }
        let source: SourceURL
        do {
            source = try SourceURL(url)
        } catch {
            return Self.final(error, [])
        }
        var attempts: [Attempt] = []
        for quality in Quality.allCases {
            let failure: ContentFailure
            do {
                let content = try await pipeline.content(of: source, quality: quality, timeLeft: context.remainingTime)
                attempts.append(Attempt(quality: quality))
                return .content(content, quality: quality, attempts: attempts)
            } catch is CancellationError {
                throw CancellationError()
            } catch let error as ContentFailure {
                failure = error
            } catch {
                failure = ContentFailure(.unexpected, "Pipeline execution failed: \(error)")
            }
            attempts.append(Attempt(quality: quality, error: failure))
            context.logger.info(
                "content_attempt_failed",
                metadata: [
                    "quality": "\(quality.rawValue)", "reason": "\(failure.reason.rawValue)", "platform": "\(source.platform)",
                    "request_id": "\(context.requestID)",
                ]
            )
            if failure.isFinal { return Self.final(failure, attempts) }
        }
        let failures = attempts.compactMap(\.error)
        let last = failures.last ?? ContentFailure(.unexpected, "no attempt was made")
        return .failure(
            error: "All pipeline attempts failed: \(last.message)",
            reason: last.reason,
            isRetryable: failures.contains { $0.isRetryable },
            attempts: attempts
        )
    }

    private static func final(_ failure: ContentFailure, _ attempts: [Attempt]) -> Outcome {
        .failure(error: failure.message, reason: failure.reason, isRetryable: failure.isRetryable, attempts: attempts)
    }
}
