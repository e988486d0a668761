import JSON
import Orchestration
import Testing

@testable import DomainOrchestrators

@Suite struct FallbackRunTests {
    private let recording = Recording()

    private func run(
        _ orchestrator: FallbackAutonomousOrchestrator,
        _ arguments: Arguments = ["url": "http://news.example/a"]
    ) async throws -> StepResult {
        try await orchestrator.orchestrate(self.recording.context(), arguments)
    }

    @Test func introducesItself() {
        let orchestrator = FallbackAutonomousOrchestrator.fake()
        #expect(orchestrator.name == "fallback_autonomous")
        #expect(orchestrator.layer == .domain)
        #expect(orchestrator.type == .sequential)
    }

    @Test(arguments: [[:], ["url": nil], ["url": ""], ["url": "  "]] as [Arguments])
    func needsAURL(_ arguments: Arguments) async throws {
        let result = try await self.run(.fake(), arguments)
        #expect(result.error == "URL parameter is required")
        #expect(result.errorCategory == .processing)
        #expect(!result.success && !result.retryable)
        #expect(self.recording.progress.isEmpty)
    }

    @Test func needsTexts() async throws {
        #expect(try await self.run(.fake(), ["url": 3]).error == "URL parameter must be a string, found integer")
        #expect(try await self.run(.fake(), ["url": "http://h/", "depth": true]).error == "depth parameter must be a string, found bool")
    }

    @Test(arguments: [["url": "http://news.example/a"], ["url": "http://news.example/a", "depth": nil]] as [Arguments])
    func theDepthIsStandardUnlessGiven(arguments: Arguments) async throws {
        let result = try await self.run(.fake(), arguments)
        #expect(result.data["result"]?["depth"] == "standard")
    }

    @Test func givesEverything() async throws {
        let facts = FakeFactChecker { $0.prefix(1).map { Verdict(claim: $0, verdict: "supported", confidence: 0.75, sources: ["s"]) } }
        let tools = FakeTextTools(claimTexts: { ["c1", "c2"] }, found: { [["fallacy": "bandwagon"]] })
        let result = try await self.run(.fake(text: tools, facts: facts), ["url": "http://news.example/a", "depth": "deep"])
        #expect(result.success)
        let data = try #require(result.data["result"])
        #expect(data.objectValue?.keys == ["report", "url", "depth", "processing_time", "pipeline_data", "analysis_data", "fact_data"])
        #expect(data["url"] == "http://news.example/a")
        #expect(data["depth"] == "deep")
        #expect((data["processing_time"]?.doubleValue ?? 0) > 0)
        #expect(
            data["pipeline_data"] == [
                "quality": "720p", "attempts": [["quality": "720p", "success": true, "error": nil, "reason": nil]],
                "download": [
                    "title": "A story", "platform": "news.example", "duration": 90.0, "kind": "text", "media_type": "text/plain",
                    "bytes": 14,
                ],
                "transcription": ["transcript": "One two three.", "word_count": 3, "transcript_truncated": false],
            ]
        )
        #expect(
            data["analysis_data"] == [
                "status": "success", "message": "Basic content analysis completed", "text_analysis": ["statistics": ["words": 3]],
                "sentiment_analysis": ["sentiment_score": 0.5],
            ]
        )
        #expect(
            data["fact_data"] == [
                "status": "success", "message": "Basic fact verification completed", "verification": "completed",
                "claims": [["text": "c1"], ["text": "c2"]],
                "fact_checks": [["claim": "c1", "verdict": "supported", "confidence": 0.75, "sources": ["s"]]],
                "logical_fallacies": [["fallacy": "bandwagon"]],
            ]
        )
        let report = try #require(data["report"]?.stringValue)
        #expect(report.contains("- **Title:** A story\n- **Platform:** news.example\n- **Duration:** 1:30\n- **Analysis depth:** deep"))
        #expect(report.contains("- **Word count:** 3\n- **Available:** Yes"))
        #expect(report.contains("- **Overall:** Positive\n- **Score:** 0.50"))
        #expect(report.contains("- **Status:** Completed"))
    }

    @Test func reportsEachStage() async throws {
        _ = try await self.run(.fake())
        #expect(
            self.recording.progress.map(\.stage) == ["start", "content_acquisition", "content_analysis", "fact_verification", "report"]
        )
        #expect(self.recording.progress.map(\.step) == [1, 2, 3, 4, 5])
        #expect(self.recording.progress.allSatisfy { $0.total == 5 })
        #expect(
            self.recording.progress.map(\.message) == [
                "Starting basic analysis (agents unavailable)", "Running basic content pipeline", "Performing basic content analysis",
                "Running basic fact verification", "Generating report",
            ]
        )
        #expect(
            self.recording.progress.map { $0.data["bar"] } == [
                "██░░░░░░░░ 1/5", "████░░░░░░ 2/5", "██████░░░░ 3/5", "████████░░ 4/5", "██████████ 5/5",
            ]
        )
    }

    @Test func signalsEachTool() async throws {
        let facts = FakeFactChecker { $0.prefix(1).map { Verdict(claim: $0, verdict: "refuted") } }
        _ = try await self.run(.fake(text: FakeTextTools(claimTexts: { ["c1", "c2"] }), facts: facts))
        let signals = self.recording.signals
        #expect(signals.map(\.componentID) == ["content_pipeline", "text_analysis", "sentiment", "fact_check", "logical_fallacy"])
        #expect(signals.map(\.reward) == [1, 1, 1, 0.5, 1])
        #expect(signals.map(\.confidence) == [0.8, 0.5, 0.5, 0.5, 0.5])
        #expect(signals.allSatisfy { $0.source == .toolExecution && $0.componentType == .tool && $0.context["success"] == true })
        #expect(
            signals.allSatisfy { ($0.context["latency_ms"]?.integerValue ?? 0) > 0 && $0.metadata["orchestrator"] == "fallback_autonomous" }
        )
    }

    @Test func longTextsGiveFullConfidence() async throws {
        _ = try await self.run(.fake(FakePipeline.text(String(repeating: "word ", count: 50))))
        #expect(self.recording.signals.first { $0.componentID == "sentiment" }?.confidence == 0.8)
    }

    @Test func aRunWithoutTranscriptGoesOn() async throws {
        let result = try await self.run(.fake(FakePipeline.text(" \n ")))
        #expect(result.success)
        #expect(result.data["result"]?["analysis_data"] == ["status": "skipped", "reason": "No transcript available"])
        #expect(result.data["result"]?["fact_data"] == ["status": "skipped", "reason": "No transcript available"])
        let report = result.data["result"]?["report"]?.stringValue ?? ""
        #expect(report.contains("- **Word count:** 0\n- **Available:** No"))
        #expect(report.contains("- **Status:** Limited"))
        #expect(self.recording.progress.count == 5)
    }

    @Test func aRunWithoutToolsGoesOn() async throws {
        let result = try await self.run(.fake(text: nil))
        #expect(result.success)
        #expect(result.data["result"]?["analysis_data"] == ["status": "skipped", "reason": "Text analysis tools not available"])
        #expect(result.data["result"]?["fact_data"] == ["status": "skipped", "reason": "Text analysis tools not available"])
    }

    @Test func aToolThatDoesNotApplyLeavesNothing() async throws {
        let result = try await self.run(.fake(text: FakeTextTools(tone: { nil }, found: { nil })))
        #expect(result.data["result"]?["analysis_data"]?["sentiment_analysis"] == [:])
        #expect(result.data["result"]?["fact_data"]?["logical_fallacies"] == [])
        #expect(result.data["result"]?["report"]?.stringValue?.contains("- **Overall:** Neutral\n- **Score:** 0.00") == true)
        #expect(self.recording.signals.map(\.componentID) == ["content_pipeline", "text_analysis"])
    }

    @Test func aFailingToolFailsItsStageOnly() async throws {
        let tools = FakeTextTools(tone: { throw TestFailure("no lexicon") }, claimTexts: { throw TestFailure("no cues") })
        let result = try await self.run(.fake(text: tools))
        #expect(result.success)
        #expect(result.data["result"]?["analysis_data"] == ["status": "error", "error": "Basic analysis failed: no lexicon"])
        #expect(result.data["result"]?["fact_data"] == ["status": "error", "error": "Fact check failed: no cues"])
        let signal = self.recording.signals.first { $0.componentID == "sentiment" }
        #expect(signal?.reward == 0)
        #expect(signal?.context["success"] == false)
    }

    @Test func aFactCheckWithoutServiceIsLimited() async throws {
        let result = try await self.run(.fake(text: FakeTextTools(claimTexts: { ["c"] })))
        #expect(result.data["result"]?["fact_data"]?["verification"] == "limited")
        #expect(result.data["result"]?["fact_data"]?["reason"] == "no fact-check service is configured")
        #expect(result.data["result"]?["fact_data"]?["claims"] == [["text": "c"]])
        #expect(!self.recording.signals.contains { $0.componentID == "fact_check" })
    }

    @Test func aFactCheckWithoutClaimsIsLimited() async throws {
        let facts = FakeFactChecker { _ in throw TestFailure("must not be asked") }
        let result = try await self.run(.fake(facts: facts))
        #expect(result.data["result"]?["fact_data"]?["reason"] == "no claim that can be checked was found")
    }

    @Test func aFailingServiceLimitsTheFactCheck() async throws {
        let facts = FakeFactChecker { _ in throw TestFailure("service down") }
        let tools = FakeTextTools(claimTexts: { ["c"] }, found: { [["fallacy": "x"]] })
        let result = try await self.run(.fake(text: tools, facts: facts))
        let data = result.data["result"]?["fact_data"]
        #expect(data?["status"] == "success")
        #expect(data?["verification"] == "limited")
        #expect(data?["reason"] == "service down")
        #expect(data?["logical_fallacies"] == [["fallacy": "x"]])
        #expect(self.recording.signals.first { $0.componentID == "fact_check" }?.reward == 0)
    }

    @Test func aReportThatCannotBeMadeFailsTheRun() async throws {
        let result = try await self.run(.fake(render: { _ in throw TestFailure("no ink") }))
        #expect(result.error == "Fallback orchestration failed: no ink")
        #expect(result.errorCategory == .processing)
        #expect(result.retryable)
    }

    @Test func cutsLongTranscriptsInTheResult() async throws {
        var configuration = FallbackConfiguration()
        configuration.maximumTranscriptBytesInResult = 7
        let result = try await self.run(.fake(FakePipeline.text("größer als"), configuration: configuration))
        let transcription = result.data["result"]?["pipeline_data"]?["transcription"]
        #expect(transcription?["transcript"] == "größe")
        #expect(transcription?["transcript_truncated"] == true)
        #expect(transcription?["word_count"] == 2)
        #expect(Excerpt.prefix(of: "aö", bytes: 2) == "a")
        #expect(Excerpt.prefix(of: "aö", bytes: 3) == "aö")
    }

    @Test func cancellationIsNotAFailure() async throws {
        for orchestrator in [
            FallbackAutonomousOrchestrator.fake(FakePipeline { _ in throw CancellationError() }),
            .fake(text: FakeTextTools(text: { throw CancellationError() })),
            .fake(text: FakeTextTools(claimTexts: { ["c"] }), facts: FakeFactChecker { _ in throw CancellationError() }),
        ] {
            await #expect(throws: CancellationError.self) { try await self.run(orchestrator) }
        }
    }
}
