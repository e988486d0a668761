/// A program to run, without a shell.
public struct Command: Sendable, Hashable {
    /// The program, looked up on PATH unless it contains a slash, and its arguments.
    public var arguments: [String]
    /// The whole environment of the child.
    public var environment: [String: String]
    /// The child's working directory; nil for this process's.
    public var workingDirectory: String?
    /// After this time the child and its process group are killed.
    public var timeLimit: Duration
    /// Most bytes the child may write to its standard output; beyond it is killed.
    public var outputLimit: Int
    /// Largest file the child may write, in bytes (RLIMIT_FSIZE); nil sets no limit.
    public var fileSizeLimit: Int?

    /// A command with an empty environment unless one is given.
    public init(
        _ arguments: [String],
        environment: [String: String] = [:],
        workingDirectory: String? = nil,
        timeLimit: Duration,
        outputLimit: Int,
        fileSizeLimit: Int? = nil
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.timeLimit = timeLimit
        self.outputLimit = outputLimit
        self.fileSizeLimit = fileSizeLimit
    }
}

/// What a command that ran to its end left behind.
public struct CommandOutput: Sendable, Hashable {
    /// How a program ends.
    public enum Ending: Sendable, Hashable {
        /// By itself, with a status.
        case exited(Int32)
        /// By a signal.
        case signalled(Int32)
    }

    /// How it ended.
    public var ending: Ending
    /// All of the standard output.
    public var standardOutput: [UInt8]
    /// The last 8 KiB of the standard error, as UTF-8.
    public var standardError: String

    /// What a command left behind.
    public init(ending: Ending, standardOutput: [UInt8] = [], standardError: String = "") {
        self.ending = ending
        self.standardOutput = standardOutput
        self.standardError = standardError
    }
}

/// Why a command did not run to its end.
public enum CommandError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The program could not be started, with the system's reason.
    case notStarted(program: String, reason: String)
    /// It ran longer than its limit and was killed.
    case timedOut(program: String, limit: Duration)
    /// It wrote more than its limit and was killed.
    case outputTooLarge(program: String, limit: Int)

    /// What happened, for people.
    public var description: String {
        switch self {
        case .notStarted(let program, let reason): "\(program) cannot be started: \(reason)"
        case .timedOut(let program, let limit): "\(program) was killed after its time limit of \(limit)"
        case .outputTooLarge(let program, let limit): "\(program) was killed: it wrote more than \(limit) bytes"
        }
    }
}

/// Runs programs.
public protocol CommandRunner: Sendable {
    /// Runs the command to its end, however it ends.
    ///
    /// Throws `CommandError`, or `CancellationError` once the calling task is cancelled; in both cases the child is gone when it returns.
    func run(_ command: Command) async throws -> CommandOutput
}
