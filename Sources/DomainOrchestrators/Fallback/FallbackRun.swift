import JSON
import Observability
import Orchestration
import TextAnalysis

/// One run of the fallback workflow, from URL to result.
struct FallbackRun: Sendable {
    let context: OrchestrationContext
    let url: String
    let depth: String
    let tools: FallbackTools
    let maximumClaims: Int
    let maximumTranscriptBytes: Int
    let signals: ToolSignals
    let render: @Sendable (FallbackReport) throws -> String

    /// A transcript made ready for the tools.
    struct Transcript: Sendable {
        var document: TextDocument
        var wordCount: Int
        /// What the result carries of it.
        var excerpt: String
        var isCut: Bool

        var confidence: Double { self.wordCount < ToolSignals.thinWordCount ? ToolSignals.thinConfidence : ToolSignals.confidence }
    }

    /// What a degradable stage leaves for the result and the report.
    struct StageData: Sendable {
        var status: String
        var data: JSONObject

        static func ok(_ data: JSONObject) -> StageData { StageData(status: "success", data: data) }
        static func skipped(_ reason: String) -> StageData { StageData(status: "skipped", data: ["reason": .string(reason)]) }
        static func failed(_ error: String) -> StageData { StageData(status: "error", data: ["error": .string(error)]) }

        var json: JSONValue { .object((["status": .string(self.status)] as JSONObject).merging(self.data)) }
    }

    func run() async throws -> StepResult {
        let start = self.context.clock.now()
        self.context.report(FallbackStage.start.progress())

        self.context.report(FallbackStage.acquisition.progress())
        let outcome = try await Acquisition(pipeline: self.tools.pipeline).run(self.url, self.context)
        self.signals.emit(outcome, since: start)
        guard case .content(let content, let quality, let attempts) = outcome else { return self.failure(outcome) }
        let transcript = try await self.prepare(content.document.text)

        self.context.report(FallbackStage.analysis.progress())
        let analysis = try await self.analyse(transcript)

        self.context.report(FallbackStage.factCheck.progress())
        let facts = try await self.checkFacts(transcript)

        self.context.report(FallbackStage.report.progress())
        let milliseconds = max(0, self.context.clock.now() - start)
        let report = FallbackReport(
            url: self.url,
            title: content.document.title,
            platform: content.platform,
            duration: content.document.duration,
            depth: self.depth,
            processingTime: Double(milliseconds) / 1_000,
            wordCount: transcript?.wordCount ?? 0,
            hasTranscript: transcript != nil,
            sentimentScore: analysis.data["sentiment_analysis"]?["sentiment_score"]?.doubleValue ?? 0,
            hasFactChecks: !(facts.data["fact_checks"]?.arrayValue ?? []).isEmpty,
            timestamp: self.context.clock.now() / 1_000
        )
        return .ok([
            "result": [
                "report": .string(try self.render(report)), "url": .string(self.url), "depth": .string(self.depth),
                "processing_time": .number(report.processingTime),
                "pipeline_data": .object(self.pipelineData(content, quality, attempts, transcript)),
                "analysis_data": analysis.json, "fact_data": facts.json,
            ]
        ])
    }

    private func failure(_ outcome: Acquisition.Outcome) -> StepResult {
        guard case .failure(let error, let reason, let isRetryable, let attempts) = outcome else {
            return .fail("Content acquisition failed", category: .processing, retryable: true)
        }
        let message = "Content acquisition failed: \(error)"
        self.context.report(FallbackStage.acquisition.progress(error: message))
        return .fail(
            message,
            category: .processing,
            retryable: isRetryable,
            metadata: ["reason": .string(reason.rawValue)],
            data: ["url": .string(self.url), "attempts": .array(attempts.map(\.json))]
        )
    }

    private func prepare(_ text: String) async throws -> Transcript? {
        guard text.contains(where: { !$0.isWhitespace }) else { return nil }
        let limit = self.maximumTranscriptBytes
        return try await self.tools.lanes.run { _ in
            let excerpt = Excerpt.prefix(of: text, bytes: limit)
            return Transcript(
                document: TextDocument(text),
                wordCount: Excerpt.wordCount(of: text),
                excerpt: excerpt,
                isCut: excerpt.utf8.count < text.utf8.count
            )
        }
    }

    private func pipelineData(
        _ content: Content,
        _ quality: Quality,
        _ attempts: [Acquisition.Attempt],
        _ transcript: Transcript?
    ) -> JSONObject {
        let document = content.document
        var download: JSONObject = [
            "title": document.title.map { .string($0) } ?? .null, "platform": .string(content.platform),
            "duration": document.duration.map { .number($0) } ?? .null, "kind": .string(document.kind.name),
        ]
        if let type = content.mediaType { download["media_type"] = .string(type) }
        if let bytes = content.byteCount { download["bytes"] = .integer(Int64(bytes)) }
        if let url = content.finalURL { download["final_url"] = .string(url) }
        var transcription: JSONObject = [
            "transcript": .string(transcript?.excerpt ?? ""), "word_count": .integer(Int64(transcript?.wordCount ?? 0)),
            "transcript_truncated": .bool(transcript?.isCut ?? false),
        ]
        if let language = document.language { transcription["language"] = .string(language) }
        if let count = document.segmentCount { transcription["segments"] = .integer(Int64(count)) }
        return [
            "quality": .string(quality.rawValue), "attempts": .array(attempts.map(\.json)), "download": .object(download),
            "transcription": .object(transcription),
        ]
    }
}

/// Parts and counts of long texts.
enum Excerpt {
    /// The longest beginning of at most `bytes` bytes of UTF-8 that ends between two scalars.
    static func prefix(of text: String, bytes: Int) -> String {
        let view = text.utf8
        guard var end = view.index(view.startIndex, offsetBy: max(0, bytes), limitedBy: view.endIndex) else { return text }
        while end > view.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = view.index(before: end) }
        return String(text[..<end])
    }

    /// How many words white space separates.
    static func wordCount(of text: String) -> Int {
        var count = 0
        var isInside = false
        for scalar in text.unicodeScalars {
            let isBlank = scalar.properties.isWhitespace
            if !isBlank, !isInside { count += 1 }
            isInside = !isBlank
        }
        return count
    }
}
