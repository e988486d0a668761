import Glibc

/// Audio and video: an external downloader fetches the medium, an external transcriber writes down what is said in it.
struct MediaPipeline: Sendable {
    private let downloader: FallbackConfiguration.MediaCommand?
    private let transcriber: FallbackConfiguration.MediaCommand?
    private let environment: [String: String]
    private let maximumMediaBytes: Int
    private let maximumTranscriptBytes: Int
    private let commands: any CommandRunner
    private let lanes: BlockingLanes

    init(_ configuration: FallbackConfiguration, commands: any CommandRunner, lanes: BlockingLanes) {
        self.downloader = configuration.downloader
        self.transcriber = configuration.transcriber
        self.environment = configuration.childEnvironment()
        self.maximumMediaBytes = configuration.maximumMediaBytes
        self.maximumTranscriptBytes = configuration.http.maximumBytes
        self.commands = commands
        self.lanes = lanes
    }

    var hasDownloader: Bool { self.downloader != nil }

    /// Downloads (unless the medium is the local file `localPath`) and transcribes in a directory of its own that is gone afterwards.
    ///
    /// Throws `ContentFailure`: `no_command`, `command_failed`, `too_large`, or what reading the transcript throws.
    func content(of source: SourceURL, localPath: String?, quality: Quality) async throws -> Content {
        if localPath == nil, self.downloader == nil { throw Self.missing("downloader", "fetch") }
        guard let transcriber = self.transcriber else { throw Self.missing("transcriber", "transcribe") }
        let directory = try await self.lanes.run { _ in try WorkDirectory() }
        let result: Result<Content, any Error>
        do {
            let input: String
            if let localPath {
                input = localPath
            } else {
                input = try await self.download(source, quality, directory.path)
            }
            result = .success(try await self.transcribe(transcriber, source, input, quality, directory.path))
        } catch {
            result = .failure(error)
        }
        // Not on a lane: removing the directory must not be given up by a cancelled task, and it holds a handful of files.
        directory.remove()
        return try result.get()
    }

    private static func missing(_ command: String, _ verb: String) -> ContentFailure {
        ContentFailure(.noCommand, "no \(command) command is configured to \(verb) audio or video")
    }

    private func download(_ source: SourceURL, _ quality: Quality, _ directory: String) async throws -> String {
        guard let downloader = self.downloader else { throw Self.missing("downloader", "fetch") }
        let target = "\(directory)/media"
        let values = ["url": source.text, "output": target, "quality": quality.rawValue]
        _ = try await self.run(downloader, "downloader", values, directory)
        return try await self.lanes.run { _ in
            // Downloaders like to append an extension of their own.
            guard let found = WorkDirectory.files(in: directory).filter({ $0.path.hasPrefix(target) }).max(by: { $0.size < $1.size }) else {
                throw ContentFailure(.commandFailed, "the downloader succeeded but left no file")
            }
            guard found.size <= self.maximumMediaBytes else {
                throw ContentFailure(.tooLarge, "the medium is larger than the limit of \(self.maximumMediaBytes) bytes")
            }
            return found.path
        }
    }

    private func transcribe(
        _ transcriber: FallbackConfiguration.MediaCommand,
        _ source: SourceURL,
        _ input: String,
        _ quality: Quality,
        _ directory: String
    ) async throws -> Content {
        let target = "\(directory)/transcript"
        let values = ["url": source.text, "input": input, "output": target, "quality": quality.rawValue]
        let output = try await self.run(transcriber, "transcriber", values, directory)
        let limit = self.maximumTranscriptBytes
        return try await self.lanes.run { flag in
            let written = WorkDirectory.files(in: directory).filter { $0.path.hasPrefix(target) }.max { $0.size < $1.size }
            let bytes: [UInt8]
            var fileExtension: String?
            if let written {
                let file = try FileRoots([directory]).open(written.path)
                bytes = try file.readAll(limit: limit, flag)
                fileExtension = written.path.dropFirst(target.count).split(separator: ".").last?.lowercased()
            } else {
                bytes = output.standardOutput
            }
            var document = try DocumentReader().read(
                bytes,
                DocumentReader.Source(fileExtension: fileExtension, fallbackTitle: source.lastComponent),
                flag
            )
            document.kind = .media
            return Content(document: document, platform: source.platform)
        }
    }

    private func run(
        _ command: FallbackConfiguration.MediaCommand,
        _ name: String,
        _ values: [String: String],
        _ directory: String
    ) async throws -> CommandOutput {
        let output: CommandOutput
        do {
            output = try await self.commands.run(
                Command(
                    command.arguments.map { Self.filled($0, values) },
                    environment: self.environment,
                    workingDirectory: directory,
                    timeLimit: command.timeLimit,
                    outputLimit: self.maximumTranscriptBytes,
                    fileSizeLimit: self.maximumMediaBytes
                )
            )
        } catch let error as CommandError {
            throw ContentFailure(.commandFailed, "\(name): \(error)")
        }
        guard output.ending == .exited(0) else {
            let detail = TextLines.singleLine(output.standardError.suffix(400), limit: 400)
            let ending =
                switch output.ending {
                case .exited(let code): "exited with status \(code)"
                case .signalled(let signal): "was ended by signal \(signal)"
                }
            throw ContentFailure(.commandFailed, "\(name) \(ending)\(detail.isEmpty ? "" : ": \(detail)")")
        }
        return output
    }

    /// The argument with each `{name}` replaced by its value, in one pass: a value is never looked into for placeholders.
    static func filled(_ argument: String, _ values: [String: String]) -> String {
        var result = ""
        var rest = argument[...]
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            rest = rest[open...]
            if let close = rest.firstIndex(of: "}"), let value = values[String(rest[rest.index(after: open)..<close])] {
                result += value
                rest = rest[rest.index(after: close)...]
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result + rest
    }
}
