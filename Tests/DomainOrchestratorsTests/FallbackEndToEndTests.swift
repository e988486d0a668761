import JSON
import Orchestration
import Testing

@testable import DomainOrchestrators

/// The orchestrator with its real tools.
@Suite(.timeLimit(.minutes(2))) struct FallbackEndToEndTests {
    private let recording = Recording()
    private let article = """
        # A bridge reopens

        The city reopened the bridge on Monday after repairs that cost 12 million dollars. According to the engineers, traffic \
        rose by 40 percent within a week. It is a wonderful success for everybody. Either we build more bridges or the city will die.
        """

    private func run(_ configuration: FallbackConfiguration, _ url: String) async throws -> StepResult {
        let orchestrator = try FallbackAutonomousOrchestrator(configuration: configuration)
        return try await orchestrator.orchestrate(self.recording.context(), ["url": .string(url)])
    }

    @Test func analysesALocalFile() async throws {
        try await withDirectory { (directory) async throws in
            let path = try directory.write("article.md", self.article)
            var configuration = FallbackConfiguration()
            configuration.fileRoots = [directory.path]
            let result = try await self.run(configuration, "file://\(path)")
            #expect(result.success, "\(result.error ?? "")")
            let data = try #require(result.data["result"])
            #expect(data["pipeline_data"]?["download"]?["title"] == "A bridge reopens")
            #expect(data["pipeline_data"]?["download"]?["platform"] == "file")
            #expect(data["analysis_data"]?["text_analysis"]?["language"]?["code"] == "en")
            #expect((data["analysis_data"]?["text_analysis"]?["statistics"]?["sentences"]?.integerValue ?? 0) >= 4)
            #expect(data["analysis_data"]?["text_analysis"]?["readability"]?["flesch_reading_ease"]?.doubleValue != nil)
            #expect(data["analysis_data"]?["text_analysis"]?["key_phrases"]?.arrayValue?.isEmpty == false)
            #expect(data["analysis_data"]?["sentiment_analysis"]?["sentiment_score"]?.doubleValue != nil)
            #expect(data["fact_data"]?["claims"]?.arrayValue?.isEmpty == false)
            #expect(data["fact_data"]?["logical_fallacies"]?.arrayValue?.contains { $0["fallacy"] == "false_dilemma" } == true)
            #expect(data["fact_data"]?["verification"] == "limited")
            #expect(data["report"]?.stringValue?.contains("- **Platform:** file") == true)
            // The whole result survives the wire.
            let bytes = JSONValue.object(result.data).serialized()
            #expect(try JSONValue(parsing: bytes) == .object(result.data))
        }
    }

    @Test func analysesAPage() async throws {
        let page = "<html><head><title>Bridge</title></head><body><main><p>\(self.article)</p></main></body></html>"
        let handler: @Sendable (TestServer.Request) -> TestServer.Reply = {
            $0.target == "/go" ? .redirect("/page") : .ok(page, type: "text/html; charset=utf-8")
        }
        try await withServer(handler) { (server) async throws in
            var configuration = FallbackConfiguration()
            configuration.addresses = .any
            configuration.userAgent = "probe/1"
            let result = try await self.run(configuration, "\(server.base)/go")
            let data = try #require(result.data["result"], "\(result.error ?? "")")
            #expect(data["pipeline_data"]?["download"]?["title"] == "Bridge")
            #expect(data["pipeline_data"]?["download"]?["media_type"] == "text/html")
            #expect(data["pipeline_data"]?["download"]?["final_url"]?.stringValue == "\(server.base)/page")
            #expect(data["report"]?.stringValue?.contains("- **Platform:** 127.0.0.1") == true)
            #expect(server.received.allSatisfy { $0.head.contains("User-Agent: probe/1") })
        }
    }

    @Test func checksFactsThroughTheService() async throws {
        let handler: @Sendable (TestServer.Request) -> TestServer.Reply = { request in
            request.method == "POST"
                ? .ok(#"{"verdicts": [{"verdict": "supported"}]}"#, type: "application/json")
                : .ok("The tax rose by 40 percent in May 2024 because of the war.")
        }
        try await withServer(handler) { (server) async throws in
            var configuration = FallbackConfiguration()
            configuration.addresses = .any
            configuration.factCheck = .init(endpoint: "\(server.base)/check")
            let result = try await self.run(configuration, "\(server.base)/a.txt")
            #expect(result.data["result"]?["fact_data"]?["verification"] == "completed")
            #expect(result.data["result"]?["report"]?.stringValue?.contains("- **Status:** Completed") == true)
            #expect(self.recording.signals.contains { $0.componentID == "fact_check" && $0.reward == 1 })
        }
    }

    @Test func refusesLoopbackUnlessAllowed() async throws {
        try await withServer({ _ in .ok("secret") }) { (server) async throws in
            let result = try await self.run(FallbackConfiguration(), "\(server.base)/a.txt")
            #expect(result.error?.contains("is refused (loopback)") == true)
            #expect(result.metadata["reason"] == "address_refused")
            #expect(!result.retryable)
            #expect(server.received.isEmpty)
        }
    }

    @Test(
        arguments: [
            ("404 Not Found", nil, "", "http_refused", false, 1), ("503 Busy", nil, "", "http_failed", true, 3),
            ("200 OK", "application/pdf", "%PDF", "unsupported_document", false, 1),
            ("200 OK", "image/png", "x", "unsupported_document", false, 1),
            ("200 OK", "text/vtt", "nothing", "broken_document", false, 1), ("200 OK", "text/plain", " ", "no_text", false, 1),
            ("200 OK", "audio/mpeg", "x", "no_command", false, 3), ("204 No Content", nil, "", "no_text", false, 1),
        ] as [(String, String?, String, String, Bool, Int)]
    )
    func tellsCausesApart(
        _ status: String,
        _ type: String?,
        _ body: String,
        _ reason: String,
        _ isRetryable: Bool,
        _ attempts: Int
    ) async throws {
        try await withServer({ _ in .status(status, body, type: type) }) { (server) async throws in
            var configuration = FallbackConfiguration()
            configuration.addresses = .any
            let result = try await self.run(configuration, "\(server.base)/x")
            #expect(result.metadata["reason"] == .string(reason), "\(result.error ?? "")")
            #expect(result.retryable == isRetryable)
            #expect(result.data["attempts"]?.arrayValue?.count == attempts)
            #expect(result.error?.hasPrefix("Content acquisition failed: ") == true)
        }
    }

    @Test func refusesFilesByDefault() async throws {
        let result = try await self.run(FallbackConfiguration(), "file:///etc/hostname")
        #expect(result.error == "Content acquisition failed: file URLs are refused: no file root is configured for this worker")
        #expect(!result.retryable)
    }

    @Test func boundsFiles() async throws {
        try await withDirectory { (directory) async throws in
            let path = try directory.write("a.txt", "12345678901")
            var configuration = FallbackConfiguration()
            configuration.fileRoots = [directory.path]
            configuration.http.maximumBytes = 10
            let result = try await self.run(configuration, "file://\(path)")
            #expect(result.metadata["reason"] == "too_large")
        }
    }

    @Test func transcribesMediaThroughCommands() async throws {
        try await withDirectory { (directory) async throws in
            var configuration = FallbackConfiguration()
            configuration.addresses = .any
            let download = try directory.script("download.sh", "test \"$3\" = audio && echo \"$1\" > \"$2\"")
            configuration.downloader = .init(["/bin/sh", download, "{url}", "{output}", "{quality}"])
            configuration.transcriber = .init([
                "/bin/sh", "-c", "printf '1\\n00:00:01,000 --> 00:01:05,000\\nIt is a great success.\\n'", "{input}",
            ])
            let result = try await self.run(configuration, "http://127.0.0.1:1/talk.mp3")
            let data = try #require(result.data["result"]?["pipeline_data"], "\(result.error ?? "")")
            #expect(data["quality"] == "audio")
            #expect(data["attempts"]?[0]?["error"]?.stringValue?.hasPrefix("downloader exited with status 1") == true)
            #expect(data["transcription"]?["transcript"] == "It is a great success.")
            #expect(data["download"]?["duration"] == 65.0)
            #expect(data["download"]?["kind"] == "media")
        }
    }

    @Test(
        arguments: [
            { $0.fileRoots = ["/does/not/exist"] }, { $0.http.maximumBytes = 0 }, { $0.downloader = .init([]) },
            { $0.downloader = .init(["yt-dlp", "{url}"]) }, { $0.transcriber = .init(["whisper"]) }, { $0.userAgent = "a\r\nb" },
            { $0.factCheck = .init(endpoint: "ftp://h/") }, { $0.factCheck = .init(endpoint: "http://h/", secret: .init("a\nb")) },
            { $0.factCheck = .init(endpoint: "http://h/", secretHeader: "a:b") },
            { $0.transcriber = .init(["w", "{input}"], timeLimit: .zero) },
            { $0.blockingThreads = 0 }, { $0.http.maximumRedirects = -1 },
        ] as [@Sendable (inout FallbackConfiguration) -> Void]
    )
    func refusesAConfigurationThatCannotWork(_ change: @Sendable (inout FallbackConfiguration) -> Void) {
        var configuration = FallbackConfiguration()
        change(&configuration)
        let error = #expect(throws: FallbackConfigurationError.self) { try FallbackAutonomousOrchestrator(configuration: configuration) }
        #expect(error?.description.hasPrefix("fallback_autonomous: ") == true)
    }
}
