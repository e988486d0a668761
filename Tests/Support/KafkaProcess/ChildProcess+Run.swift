import Glibc

extension ChildProcess {
    /// What a program left that ran to its end.
    public struct Completion: Sendable {
        /// How it ended.
        public let status: ExitStatus
        /// All captured lines of both streams, in the order of their arrival.
        public let lines: [CapturedLine]
        /// How many lines did not fit into the bound and are missing at the start of ``lines``.
        public let droppedLines: Int

        /// The captured standard output, lines joined by newlines.
        public var standardOutput: String { self.text(of: .standardOutput) }

        /// The captured standard error, lines joined by newlines.
        public var standardError: String { self.text(of: .standardError) }

        /// The captured lines of standard output.
        public var outputLines: [String] { self.lines.lazy.filter { $0.stream == .standardOutput }.map(\.text) }

        private func text(of stream: CapturedLine.Stream) -> String {
            self.lines.lazy.filter { $0.stream == stream }.map(\.text).joined(separator: "\n")
        }
    }

    /// Runs a program to its end.
    ///
    /// Parameters as in ``start(_:arguments:environment:workingDirectory:standardInput:captureBytes:)``. At the deadline (default: 60
    /// seconds from now) and when the calling task is cancelled the program is killed.
    /// - Throws: `unavailable`, `startFailed`, `deadlineExceeded`, or `CancellationError`; never because of the program's exit code.
    public static func run(
        _ executable: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        workingDirectory: String? = nil,
        standardInput: [UInt8]? = nil,
        captureBytes: Int = ChildProcess.defaultCaptureBytes,
        deadline: ContinuousClock.Instant = .now + .seconds(60)
    ) async throws -> Completion {
        let child = try self.start(
            executable,
            arguments: arguments,
            environment: environment,
            workingDirectory: workingDirectory,
            standardInput: standardInput,
            captureBytes: captureBytes
        )
        // A thrown deadline or cancellation releases the child, which kills it.
        let status = try await child.waitForExit(deadline: deadline)
        return child.completion(status)
    }

    /// Runs a program to its end and blocks the calling thread meanwhile; for quick questions such as a version.
    static func runBlocking(_ executable: String, arguments: [String], seconds: Int = 30) throws(KafkaProcessError) -> Completion {
        let child = try self.start(executable, arguments: arguments)
        guard child.core.blockUntilExit(seconds: seconds), let status = child.exitStatus else {
            throw KafkaProcessError(.deadlineExceeded, "\(executable) still ran after \(seconds) s\(child.tail)")
        }
        return child.completion(status)
    }

    private func completion(_ status: ExitStatus) -> Completion {
        Completion(status: status, lines: self.lines, droppedLines: self.core.droppedLines)
    }
}

extension ChildProcess.Completion {
    /// Returns itself if the program ended with exit code 0.
    ///
    /// - Throws: `exited` with the status and the last lines otherwise.
    @discardableResult
    public func requireSuccess() throws(KafkaProcessError) -> Self {
        guard self.status.isSuccess else {
            let tail = self.lines.suffix(30).map(\.text).joined(separator: "\n")
            throw KafkaProcessError(.exited, "the program ended with \(self.status); its last lines:\n\(tail)")
        }
        return self
    }
}
