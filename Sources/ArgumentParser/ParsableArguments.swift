import Glibc

/// A type whose properties are arguments: each is marked `@Argument`, `@Option`, `@Flag` or `@OptionGroup`.
public protocol ParsableArguments: SendableMetatype {
    /// Creates the arguments with nothing parsed yet.
    init()

    /// Checks the values after parsing; throws a ``ValidationError`` that is shown with the usage. The default checks nothing.
    mutating func validate() throws
}

extension ParsableArguments {
    /// Checks nothing.
    public mutating func validate() throws {}

    /// Parses arguments.
    ///
    /// - Parameter arguments: the words after the program's name; nil takes those of the process.
    /// - Throws: an error for ``message(for:)``, ``fullMessage(for:columns:)``, ``exitCode(for:)`` and ``exit(withError:)``.
    public static func parse(_ arguments: [String]? = nil) throws -> Self {
        try CommandParser(root: Self.self).parse(arguments ?? Self.processArguments, as: Self.self)
    }

    /// Parses arguments, or ends the process with what is to be said about them.
    public static func parseOrExit(_ arguments: [String]? = nil) -> Self {
        do {
            return try Self.parse(arguments)
        } catch {
            Self.exit(withError: error)
        }
    }

    /// The text of an error without prefix and usage; empty for an ``ExitCode``.
    public static func message(for error: any Error) -> String {
        ErrorReport(error, root: Self.self, columns: nil).message
    }

    /// The text of an error as ``exit(withError:)`` shows it; empty for an ``ExitCode``.
    ///
    /// - Parameter columns: the width; nil takes the terminal's, or 80.
    public static func fullMessage(for error: any Error, columns: Int? = nil) -> String {
        ErrorReport(error, root: Self.self, columns: columns).fullMessage
    }

    /// The number that ``exit(withError:)`` ends the process with.
    public static func exitCode(for error: any Error) -> ExitCode {
        ErrorReport(error, root: Self.self, columns: nil).exitCode
    }

    /// Ends the process: help and other clean exits are written to standard output, errors to standard error.
    ///
    /// - Parameter error: why; nil ends it with 0.
    public static func exit(withError error: (any Error)? = nil) -> Never {
        guard let error else { Glibc.exit(EXIT_SUCCESS) }
        let report = ErrorReport(error, root: Self.self, columns: nil)
        if !report.fullMessage.isEmpty {
            // print() would buffer, and standard error has to be written at once.
            writeLine(report.fullMessage, to: report.exitCode.isSuccess ? STDOUT_FILENO : STDERR_FILENO)
        }
        Glibc.exit(report.exitCode.rawValue)
    }

    /// The help text.
    ///
    /// - Parameters:
    ///   - includeHidden: whether hidden arguments are shown.
    ///   - columns: the width; nil takes the terminal's, or 80.
    public static func helpMessage(includeHidden: Bool = false, columns: Int? = nil) -> String {
        HelpGenerator(stack: [Self.self], includesHidden: includeHidden).help(columns: columns ?? terminalColumns())
    }

    /// The usage line's text without `USAGE: `.
    public static func usageString(includeHidden: Bool = false) -> String {
        HelpGenerator(stack: [Self.self], includesHidden: includeHidden).synopsis
    }

    /// The script that teaches a shell to complete the command's arguments.
    public static func completionScript(for shell: CompletionShell) -> String {
        makeCompletionScript(root: Self.self, shell: shell)
    }

    static var processArguments: [String] { Array(CommandLine.arguments.dropFirst()) }

    /// Name of the command in usage and help.
    static var commandName: String {
        (Self.self as? any ParsableCommand.Type)?.configuration.commandName ?? String(describing: Self.self).kebabCased
    }
}

/// Writes a text and a line feed in full, unless the descriptor fails.
private func writeLine(_ text: String, to descriptor: Int32) {
    let bytes = Array((text + "\n").utf8)
    bytes.withUnsafeBytes { buffer in
        var written = 0
        while written < buffer.count {
            let count = write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            if count > 0 { written += count } else if errno != EINTR { break }
        }
    }
}

/// The width of the terminal that standard output is, at least 40; 80 when it is none.
func terminalColumns() -> Int {
    var size = winsize()
    guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return max(40, Int(size.ws_col))
}
