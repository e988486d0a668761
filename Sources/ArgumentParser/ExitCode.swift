import Glibc

/// The number a process ends with; thrown from `run()`, it ends the process with that number and no message.
public struct ExitCode: Error, RawRepresentable, Sendable, Hashable {
    /// The number, 0 to 255.
    public var rawValue: Int32

    /// Creates an exit code.
    public init(_ code: Int32) { self.rawValue = code }

    /// Creates an exit code.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// All is well: 0.
    public static let success = ExitCode(EXIT_SUCCESS)

    /// Something failed at run time: 1.
    public static let failure = ExitCode(EXIT_FAILURE)

    /// The command line is wrong: 64 (`EX_USAGE` of sysexits.h).
    public static let validationFailure = ExitCode(64)

    /// Whether this is ``success``.
    public var isSuccess: Bool { self == .success }
}

/// A mistake in the values of a command, thrown from `validate()`, `run()` or a `transform:`; ends the process with 64 and the usage.
public struct ValidationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, shown after `Error: `.
    public let message: String

    /// Creates a validation error.
    public init(_ message: String) { self.message = message }

    /// The message.
    public var description: String { self.message }
}

/// A successful end of the process other than returning from `run()`; ends it with 0.
public enum CleanExit: Error, Sendable, CustomStringConvertible {
    /// Shows a command's help; nil is the command that is running.
    case helpRequest((any ParsableCommand.Type)? = nil)
    /// Shows a message.
    case message(String)

    /// Shows the help of the command that `command` is.
    public static func helpRequest(_ command: any ParsableCommand) -> CleanExit {
        .helpRequest(type(of: command))
    }

    /// The message, or `--help`.
    public var description: String {
        switch self {
        case .helpRequest: "--help"
        case .message(let text): text
        }
    }
}
