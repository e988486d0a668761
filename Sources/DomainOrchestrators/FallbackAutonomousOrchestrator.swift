import JSON
public import Orchestration

/// Analyses one source without any agent: fetch, text analysis, fact check, report (spec §3).
///
/// Arguments: `url` (required), `depth` (default `standard`, echoed). The result's `data.result` holds `report` (markdown), `url`, `depth`,
/// `processing_time` (seconds), `pipeline_data`, `analysis_data` and `fact_data`.
///
/// Only the fetch can fail the run ("Content acquisition failed: …", category `processing`, retryable when the cause may pass); analysis
/// and fact check are left out when they cannot work, and say why. Progress is reported as each of the five stages begins; each tool used
/// earns a feedback signal.
public struct FallbackAutonomousOrchestrator: Orchestrator {
    /// `fallback_autonomous`.
    public let name = "fallback_autonomous"
    /// Domain.
    public let layer = OrchestrationLayer.domain
    /// Sequential.
    public let type = OrchestrationType.sequential

    private let tools: FallbackTools
    private let configuration: FallbackConfiguration
    private let render: @Sendable (FallbackReport) throws -> String

    /// Makes the orchestrator with real tools.
    ///
    /// - Parameters:
    ///   - configuration: What it may read, run and ask.
    ///   - commandRunner: Runs downloader and transcriber; child processes by default.
    ///   - factChecker: Verifies claims; nil uses the configured service, if there is one.
    ///   - render: Makes the report's text; markdown by default.
    /// - Throws: `FallbackConfigurationError` for a configuration that cannot work, such as a file root that is no directory.
    public init(
        configuration: FallbackConfiguration = FallbackConfiguration(),
        commandRunner: any CommandRunner = ProcessCommandRunner(),
        factChecker: (any FactChecker)? = nil,
        render: @escaping @Sendable (FallbackReport) throws -> String = { $0.markdown }
    ) throws(FallbackConfigurationError) {
        try configuration.validate()
        let http = HTTPClient()
        let lanes = BlockingLanes(label: "fleet.fallback", count: configuration.blockingThreads)
        let tools = FallbackTools(
            pipeline: try SourcePipeline(configuration, http: http, lanes: lanes, commands: commandRunner),
            text: TextAnalysisTools(),
            factChecker: factChecker
                ?? configuration.factCheck.map { HTTPFactChecker($0, userAgent: configuration.userAgent, http: http) },
            lanes: lanes
        )
        self.init(configuration: configuration, tools: tools, render: render)
    }

    init(
        configuration: FallbackConfiguration,
        tools: FallbackTools,
        render: @escaping @Sendable (FallbackReport) throws -> String = { $0.markdown }
    ) {
        self.configuration = configuration
        self.tools = tools
        self.render = render
    }

    /// Runs the five stages.
    ///
    /// - Throws: `CancellationError` only; every other outcome is a result.
    public func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        let url: String
        switch arguments["url"] {
        case .string(let text)? where text.contains(where: { !$0.isWhitespace }):
            url = text
        case nil, .null?, .string?:
            return .fail("URL parameter is required", category: .processing)
        case let other?:
            return .fail("URL parameter must be a string, found \(other.kindName)", category: .processing)
        }
        let depth: String
        switch arguments["depth"] {
        case .string(let text)?: depth = text.isEmpty ? "standard" : TextLines.singleLine(text, limit: 64)
        case nil, .null?: depth = "standard"
        case let other?: return .fail("depth parameter must be a string, found \(other.kindName)", category: .processing)
        }
        let run = FallbackRun(
            context: context,
            url: url,
            depth: depth,
            tools: self.tools,
            maximumClaims: self.configuration.maximumClaims,
            maximumTranscriptBytes: self.configuration.maximumTranscriptBytesInResult,
            signals: ToolSignals(context: context, orchestrator: self.name),
            render: self.render
        )
        do {
            return try await run.run()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return .fail("Fallback orchestration failed: \(error)", category: .processing, retryable: true)
        }
    }
}
