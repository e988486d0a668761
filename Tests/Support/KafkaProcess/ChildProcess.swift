import Foundation
import Glibc

/// A process that a test started: its output is captured as lines, its end can be awaited, and it never outlives the test process.
///
/// - The child leads a process group of its own. When it ends, what is left of the group is killed; when this object goes away, the whole
///   group is killed. Keep the object as long as the child shall live (`withExtendedLifetime`, or a last `waitForExit`).
/// - When the test process dies in whatever way, the kernel kills the child (parent-death signal set through `setpriv`).
/// - The child is always reaped. Everything that it wrote before its end is captured when its exit status becomes visible.
public final class ChildProcess: Sendable {
    /// Default bound of the captured output, in bytes: 8 MiB, oldest lines dropped first.
    public static let defaultCaptureBytes = 8 << 20

    /// What was started, for messages: the last component of the program's path.
    public let name: String
    let core: ChildProcessCore

    private init(name: String, core: ChildProcessCore) {
        self.name = name
        self.core = core
    }

    deinit {
        self.core.signal(SIGKILL, group: true)
    }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - executable: A path, or a name to be found in `PATH`.
    ///   - arguments: Its arguments, without the program's own name.
    ///   - environment: Variables added to those of this process, or replacing them.
    ///   - workingDirectory: Default: that of this process.
    ///   - standardInput: Bytes to read on standard input; default: none.
    ///   - captureBytes: Bound of the captured output; a line longer than half of it is broken up.
    /// - Throws: `unavailable` if there is no such program, `startFailed` if the system refused.
    public static func start(
        _ executable: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        workingDirectory: String? = nil,
        standardInput: [UInt8]? = nil,
        captureBytes: Int = ChildProcess.defaultCaptureBytes
    ) throws(KafkaProcessError) -> ChildProcess {
        let request = SpawnRequest(
            executable: executable,
            arguments: arguments,
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            workingDirectory: workingDirectory,
            standardInput: standardInput
        )
        let core = try ChildProcessCore.start(request, captureBytes: captureBytes)
        return ChildProcess(name: (executable as NSString).lastPathComponent, core: core)
    }

    /// The process id.
    public var processID: Int32 { self.core.processID }

    /// How the process ended; nil while it runs.
    public var exitStatus: ExitStatus? { self.core.exitStatus }

    /// The captured lines of both streams in the order of their arrival, as far as the bound still holds them.
    public var lines: [CapturedLine] { self.core.snapshot(from: 0).lines }

    /// How many lines were captured so far, those included that made room for newer ones; the number of the next line.
    public var lineCount: Int { self.core.snapshot(from: .max).nextLine }

    /// Sends SIGTERM, unless the process has ended.
    public func terminate() {
        self.core.signal(SIGTERM)
    }

    /// Sends a signal, unless the process has ended.
    ///
    /// - Returns: Whether the signal was sent.
    @discardableResult
    public func signal(_ number: Int32) -> Bool {
        self.core.signal(number)
    }

    /// Waits for a line of either stream, also among those captured already.
    ///
    /// - Parameters:
    ///   - first: Number of the first line to look at, such as a ``lineCount`` noted before. Default: all lines.
    ///   - deadline: When to give up. Default: 30 seconds from now.
    ///   - matching: Which line is meant.
    /// - Throws: `exited` if the process ended without such a line, or `deadlineExceeded`, both with the last lines; `CancellationError`.
    @discardableResult
    public func waitForLine(
        from first: Int = 0,
        deadline: ContinuousClock.Instant = .now + .seconds(30),
        matching: @escaping @Sendable (CapturedLine) -> Bool
    ) async throws -> CapturedLine {
        try await self.core.wait(from: first, deadline: deadline) {
            KafkaProcessError(.deadlineExceeded, "\(self.name) wrote no such line before the deadline\(self.tail)")
        } _: { lines, status in
            if let line = lines.first(where: matching) { return line }
            guard let status else { return nil }
            throw KafkaProcessError(.exited, "\(self.name) ended with \(status) before it wrote such a line\(self.tail)")
        }
    }

    /// Waits for a line that contains a text; see ``waitForLine(from:deadline:matching:)``.
    @discardableResult
    public func waitForLine(
        containing text: String,
        from first: Int = 0,
        deadline: ContinuousClock.Instant = .now + .seconds(30)
    ) async throws -> CapturedLine {
        try await self.waitForLine(from: first, deadline: deadline) { $0.text.contains(text) }
    }

    /// Waits for the end of the process.
    ///
    /// - Parameter deadline: When to give up; the process then runs on. Default: 30 seconds from now.
    /// - Throws: `deadlineExceeded` with the last lines, or `CancellationError`.
    @discardableResult
    public func waitForExit(deadline: ContinuousClock.Instant = .now + .seconds(30)) async throws -> ExitStatus {
        try await self.core.wait(from: .max, deadline: deadline) {
            KafkaProcessError(.deadlineExceeded, "\(self.name) still ran at the deadline\(self.tail)")
        } _: { _, status in
            status
        }
    }

    /// The last lines of output, for error messages.
    var tail: String {
        let last = self.lines.suffix(30)
        return last.isEmpty ? "; it wrote nothing" : "; its last lines:\n" + last.map(\.text).joined(separator: "\n")
    }
}
