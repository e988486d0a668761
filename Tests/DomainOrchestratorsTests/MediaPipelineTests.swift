import Synchronization
import Testing

@testable import DomainOrchestrators

@Suite(.timeLimit(.minutes(2))) struct MediaPipelineTests {
    private let lanes = BlockingLanes(label: "test.media", count: 2)

    private func pipeline(
        _ directory: TemporaryDirectory,
        downloader: String?,
        transcriber: String?,
        limit: Duration = .seconds(60),
        roots: [String] = [],
        addresses: AddressPolicy = .any,
        runner: any CommandRunner = ProcessCommandRunner()
    ) throws -> SourcePipeline {
        var configuration = FallbackConfiguration()
        configuration.fileRoots = roots
        configuration.addresses = addresses
        if let downloader {
            configuration.downloader = FallbackConfiguration.MediaCommand(
                ["/bin/sh", try directory.script("download.sh", downloader), "{url}", "{output}", "{quality}"],
                timeLimit: limit
            )
        }
        if let transcriber {
            configuration.transcriber = FallbackConfiguration.MediaCommand(
                ["/bin/sh", try directory.script("transcribe.sh", transcriber), "{input}", "{output}", "{quality}"],
                timeLimit: limit
            )
        }
        try configuration.validate()
        return try SourcePipeline(configuration, http: HTTPClient(), lanes: self.lanes, commands: runner)
    }

    private func content(_ pipeline: SourcePipeline, _ url: String, _ quality: Quality = .video) async throws -> Content {
        try await pipeline.content(of: SourceURL(url), quality: quality, timeLeft: nil)
    }

    private func failure(_ pipeline: SourcePipeline, _ url: String) async throws -> ContentFailure {
        do {
            _ = try await self.content(pipeline, url)
            throw TestFailure("expected a failure")
        } catch let error as ContentFailure {
            return error
        }
    }

    private let url = "http://127.0.0.1:1/talk.mp4"

    @Test func downloadsAndTranscribes() async throws {
        try await withDirectory { (directory) async throws in
            let pipeline = try self.pipeline(
                directory,
                downloader: "printf 'media %s %s' \"$1\" \"$3\" > \"$2.mkv\"",
                transcriber:
                    "printf 'WEBVTT\\n\\n00:01.000 --> 00:09.000\\n' > \"$2.vtt\"; cat \"$1\" >> \"$2.vtt\"; "
                    + "pwd > '\(directory.path)/where'"
            )
            let content = try await self.content(pipeline, self.url, .audio)
            #expect(content.document.text == "media http://127.0.0.1:1/talk.mp4 audio")
            #expect(content.document.duration == 9)
            #expect(content.document.title == "talk.mp4")
            #expect(content.document.kind == .media)
            #expect(content.platform == "127.0.0.1")
            // The working directory is gone.
            let roots = try FileRoots([directory.path])
            let file = try roots.open("\(directory.path)/where")
            let where_ = String(decoding: try file.readAll(limit: 1_000, CancellationFlag()), as: UTF8.self).dropLast()
            #expect(throws: FallbackConfigurationError.self) { try FileRoots([String(where_)]) }
        }
    }

    @Test func takesTheTranscriptFromTheStandardOutput() async throws {
        try await withDirectory { (directory) async throws in
            let pipeline = try self.pipeline(
                directory,
                downloader: "echo x > \"$2\"",
                transcriber: "printf '{\"segments\": [{\"text\": \"Said.\", \"start\": 0, \"end\": 4}]}'"
            )
            let content = try await self.content(pipeline, self.url)
            #expect(content.document.text == "Said.")
            #expect(content.document.duration == 4)
        }
    }

    @Test func transcribesALocalFileWithoutADownloader() async throws {
        try await withDirectory { (directory) async throws in
            let media = try directory.write("talk.mp3", "sound")
            let pipeline = try self.pipeline(directory, downloader: nil, transcriber: "cat \"$1\"", roots: [directory.path])
            #expect(try await self.content(pipeline, "file://\(media)").document.text == "sound")
            // Media by its first bytes, whatever its name.
            try directory.write("noise", [0x49, 0x44, 0x33, 0x61])
            let counting = try self.pipeline(directory, downloader: nil, transcriber: "wc -c < \"$1\"", roots: [directory.path])
            #expect(try await self.content(counting, "file://\(directory.path)/noise").document.text == "4")
        }
    }

    @Test func saysWhichCommandIsMissing() async throws {
        try await withDirectory { (directory) async throws in
            let neither = try self.pipeline(directory, downloader: nil, transcriber: nil)
            let first = try await self.failure(neither, self.url)
            #expect(first == ContentFailure(.noCommand, "no downloader command is configured to fetch audio or video"))
            let noTranscriber = try self.pipeline(directory, downloader: "true", transcriber: nil)
            let second = try await self.failure(noTranscriber, self.url)
            #expect(second == ContentFailure(.noCommand, "no transcriber command is configured to transcribe audio or video"))
        }
    }

    @Test(arguments: [
        ("echo broken >&2; exit 7", "true", "downloader exited with status 7: broken"),
        ("kill -9 $$", "true", "downloader was ended by signal 9"),
        ("true", "true", "the downloader succeeded but left no file"),
        ("echo x > \"$2\"", "exit 1", "transcriber exited with status 1"),
        ("echo x > \"$2\"", "printf '{\"text\": '", "the document cannot be read as"),
        ("echo x > \"$2\"", "true", "the document (text) contains no text"),
    ])
    func saysHowACommandFailed(_ downloader: String, _ transcriber: String, _ message: String) async throws {
        try await withDirectory { (directory) async throws in
            let transcriber = message.hasPrefix("the document cannot") ? "printf '{\"text\": ' > \"$2.json\"" : transcriber
            let pipeline = try self.pipeline(directory, downloader: downloader, transcriber: transcriber)
            let error = try await self.failure(pipeline, self.url)
            #expect(error.message.hasPrefix(message), "\(error.message)")
        }
    }

    @Test func endsACommandThatHangs() async throws {
        try await withDirectory { (directory) async throws in
            let pipeline = try self.pipeline(directory, downloader: "exec tail -f /dev/null", transcriber: "true", limit: .milliseconds(50))
            let error = try await self.failure(pipeline, self.url)
            #expect(error.reason == .commandFailed)
            #expect(error.message == "downloader: /bin/sh was killed after its time limit of 0.05 seconds")
            #expect(error.isRetryable)
        }
    }

    @Test func asksTheServerWhatAURLIs() async throws {
        try await withDirectory { (directory) async throws in
            let video = TestServer.Reply.endless(
                start: "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n",
                piece: [UInt8](repeating: 0, count: 4_096)
            )
            try await withServer({ _ in video }) { (server) async throws in
                let pipeline = try self.pipeline(directory, downloader: "echo heard > \"$2\"", transcriber: "cat \"$1\"")
                #expect(try await self.content(pipeline, "\(server.base)/watch?v=1").document.text == "heard")
            }
        }
    }

    @Test func refusesPrivateHostsBeforeACommandSeesThem() async throws {
        try await withDirectory { (directory) async throws in
            let pipeline = try self.pipeline(directory, downloader: "true", transcriber: "true", addresses: .publicOnly)
            for url in [self.url, "http://localhost/a.mp3", "http://[::1]/a.mp3"] {
                let error = try await self.failure(pipeline, url)
                #expect(error.reason == .addressRefused, "\(error)")
            }
        }
    }

    @Test func knowsMediaHosts() {
        let configuration = FallbackConfiguration()
        #expect(configuration.isMediaHost("youtube.com"))
        #expect(configuration.isMediaHost("www.youtube.com"))
        #expect(!configuration.isMediaHost("notyoutube.com"))
    }

    @Test func fillsPlaceholdersOnce() {
        let values = ["url": "http://h/{output}", "output": "/tmp/o"]
        #expect(MediaPipeline.filled("-o{output}-{url}-{other}-{", values) == "-o/tmp/o-http://h/{output}-{other}-{")
    }

    @Test func cancellationEndsTheCommand() async throws {
        try await withDirectory { (directory) async throws in
            let hasStarted = Signal()
            let runner = HangingRunner(hasStarted: hasStarted)
            let pipeline = try self.pipeline(directory, downloader: "true", transcriber: "true", runner: runner)
            let task = Task { try await self.content(pipeline, self.url) }
            await hasStarted.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}

/// Waits in a command until it is cancelled.
private struct HangingRunner: CommandRunner {
    let hasStarted: Signal

    func run(_ command: Command) async throws -> CommandOutput {
        let endless = AsyncStream<Void>.makeStream()
        self.hasStarted.fire()
        for await _ in endless.stream {}
        throw CancellationError()
    }
}
