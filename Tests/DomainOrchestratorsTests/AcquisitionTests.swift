import JSON
import Orchestration
import Testing

@testable import DomainOrchestrators

@Suite struct AcquisitionTests {
    private let recording = Recording()

    private func run(_ orchestrator: FallbackAutonomousOrchestrator, _ url: String = "http://news.example/a") async throws -> StepResult {
        try await orchestrator.orchestrate(self.recording.context(), ["url": .string(url)])
    }

    @Test func triesEachQualityInTurn() async throws {
        let result = try await self.run(
            .fake(
                FakePipeline { quality in
                    guard quality == .worst else { throw ContentFailure(.commandFailed, "no \(quality.rawValue)") }
                    return Content(document: Document(kind: .media, text: "said"), platform: "h")
                }
            )
        )
        let data = result.data["result"]?["pipeline_data"]
        #expect(data?["quality"] == "worst")
        #expect(
            data?["attempts"] == [
                ["quality": "720p", "success": false, "error": "no 720p", "reason": "command_failed"],
                ["quality": "audio", "success": false, "error": "no audio", "reason": "command_failed"],
                ["quality": "worst", "success": true, "error": nil, "reason": nil],
            ]
        )
        #expect(self.recording.signals.first { $0.componentID == "content_pipeline" }?.reward == 0.6)
    }

    @Test func failsWhenEveryQualityFails() async throws {
        let result = try await self.run(.fake(FakePipeline { throw ContentFailure(.commandFailed, "no \($0.rawValue)") }))
        #expect(result.error == "Content acquisition failed: All pipeline attempts failed: no worst")
        #expect(result.errorCategory == .processing)
        #expect(result.retryable)
        #expect(result.metadata["reason"] == "command_failed")
        #expect(result.data["url"] == "http://news.example/a")
        #expect(result.data["attempts"]?.arrayValue?.map { $0["error"] } == ["no 720p", "no audio", "no worst"])
        #expect(self.recording.progress.map(\.step) == [1, 2, 2])
        #expect(self.recording.progress.last?.message == result.error)
        #expect(self.recording.progress.last?.data["bar"] == "████░░░░░░ 2/5")
        #expect(self.recording.signals.map(\.reward) == [0])
    }

    @Test func keepsUnexpectedErrors() async throws {
        let result = try await self.run(.fake(FakePipeline { _ in throw TestFailure("odd") }))
        #expect(result.error == "Content acquisition failed: All pipeline attempts failed: Pipeline execution failed: odd")
        #expect(result.retryable)
    }

    @Test func reportsAMissingPipeline() async throws {
        let result = try await self.run(.fake(nil))
        #expect(result.error == "Content acquisition failed: Content pipeline not available")
        #expect(!result.retryable)
        #expect(self.recording.signals.isEmpty)
    }

    @Test func refusesABadURLWithoutAnAttempt() async throws {
        let result = try await self.run(.fake(), "article.txt")
        #expect(result.error?.hasPrefix("Content acquisition failed: the URL cannot be parsed") == true)
        #expect(!result.retryable)
        #expect(result.data["attempts"] == [])
        #expect(result.metadata["reason"] == "invalid_url")
    }

    @Test(arguments: ContentFailure.Reason.allCases)
    func retryableFollowsTheCause(_ reason: ContentFailure.Reason) async throws {
        let result = try await self.run(.fake(FakePipeline { _ in throw ContentFailure(reason, "x") }))
        let mayPass: Set<ContentFailure.Reason> = [.httpFailed, .commandFailed, .fileUnreadable, .unexpected]
        #expect(result.retryable == mayPass.contains(reason))
        let triesAll = mayPass.union([.noCommand, .tooLarge])
        #expect(result.data["attempts"]?.arrayValue?.count == (triesAll.contains(reason) ? 3 : 1))
    }
}
