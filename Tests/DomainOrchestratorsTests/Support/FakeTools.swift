import JSON
import Orchestration
import Synchronization
import TextAnalysis

@testable import DomainOrchestrators

/// A pipeline that answers each quality as told.
struct FakePipeline: ContentPipeline {
    var answer: @Sendable (Quality) throws -> Content

    func content(of source: SourceURL, quality: Quality, timeLeft: Duration?) async throws -> Content { try self.answer(quality) }

    static func text(_ text: String, title: String? = "A story", duration: Double? = 90) -> FakePipeline {
        FakePipeline { _ in
            Content(
                document: Document(kind: .plainText, text: text, title: title, duration: duration),
                platform: "news.example",
                mediaType: "text/plain",
                byteCount: text.utf8.count
            )
        }
    }
}

/// Text tools that answer as told.
struct FakeTextTools: TranscriptTools {
    var text: @Sendable () throws -> JSONObject? = { ["statistics": ["words": 3]] }
    var tone: @Sendable () throws -> JSONObject? = { ["sentiment_score": 0.5] }
    var claimTexts: @Sendable () throws -> [String] = { [] }
    var found: @Sendable () throws -> [JSONObject]? = { [] }

    func textAnalysis(of document: TextDocument) throws -> JSONObject? { try self.text() }
    func sentiment(of document: TextDocument) throws -> JSONObject? { try self.tone() }
    func claims(in document: TextDocument, limit: Int) throws -> [CheckableClaim] {
        try self.claimTexts().prefix(limit).map { CheckableClaim(text: $0, json: ["text": .string($0)]) }
    }
    func fallacies(in document: TextDocument) throws -> [JSONObject]? { try self.found() }
}

/// A fact checker that answers as told.
struct FakeFactChecker: FactChecker {
    var answer: @Sendable ([String]) async throws -> [Verdict]
    func verify(_ claims: [String]) async throws -> [Verdict] { try await self.answer(claims) }
}

extension FallbackAutonomousOrchestrator {
    /// The orchestrator over fakes.
    static func fake(
        _ pipeline: (any ContentPipeline)? = FakePipeline.text("One two three."),
        text: (any TranscriptTools)? = FakeTextTools(),
        facts: (any FactChecker)? = nil,
        render: @escaping @Sendable (FallbackReport) throws -> String = { $0.markdown },
        configuration: FallbackConfiguration = FallbackConfiguration()
    ) -> FallbackAutonomousOrchestrator {
        FallbackAutonomousOrchestrator(
            configuration: configuration,
            tools: FallbackTools(
                pipeline: pipeline,
                text: text,
                factChecker: facts,
                lanes: BlockingLanes(label: "test.fallback", count: 2)
            ),
            render: render
        )
    }
}
