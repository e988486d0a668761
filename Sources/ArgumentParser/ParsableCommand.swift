/// A command: arguments and what to do with them.
///
/// Mark the root command `@main`. Its `main()` is not isolated to the main actor, and neither is `run()`, so that closures made there
/// may be called from any thread.
public protocol ParsableCommand: ParsableArguments {
    /// Name, help and subcommands. The default has none of them.
    static var configuration: CommandConfiguration { get }

    /// Does the work. The default shows the help.
    mutating func run() throws
}

extension ParsableCommand {
    /// A configuration with nothing but defaults.
    public static var configuration: CommandConfiguration { CommandConfiguration() }

    /// Shows the help.
    public mutating func run() throws {
        throw CleanExit.helpRequest(Self.self)
    }

    /// Parses arguments into this command or the subcommand they name.
    ///
    /// - Parameter arguments: the words after the program's name; nil takes those of the process.
    public static func parseAsRoot(_ arguments: [String]? = nil) throws -> any ParsableCommand {
        try CommandParser(root: Self.self).parse(arguments ?? Self.processArguments, as: (any ParsableCommand).self)
    }

    /// The help text of a subcommand.
    ///
    /// - Parameters:
    ///   - subcommand: a command below this one, at any depth.
    ///   - includeHidden: whether hidden arguments are shown.
    ///   - columns: the width; nil takes the terminal's, or 80.
    public static func helpMessage(
        for subcommand: any ParsableCommand.Type,
        includeHidden: Bool = false,
        columns: Int? = nil
    ) -> String {
        let stack = commandStack(from: Self.self, to: subcommand) ?? [subcommand]
        return HelpGenerator(stack: stack, includesHidden: includeHidden).help(columns: columns ?? terminalColumns())
    }

    /// Parses arguments and runs the command, or ends the process with what is to be said about them.
    public static func main(_ arguments: [String]?) {
        do {
            var command = try Self.parseAsRoot(arguments)
            try command.run()
        } catch {
            Self.exit(withError: error)
        }
    }

    /// Runs the program.
    public static func main() {
        Self.main(nil)
    }
}

/// A command whose work is asynchronous.
public protocol AsyncParsableCommand: ParsableCommand {
    /// Does the work. The default shows the help.
    mutating func run() async throws
}

extension AsyncParsableCommand {
    /// Shows the help.
    public mutating func run() async throws {
        throw CleanExit.helpRequest(Self.self)
    }

    /// Parses arguments and runs the command, or ends the process with what is to be said about them.
    public static func main(_ arguments: [String]?) async {
        do {
            var command = try Self.parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            Self.exit(withError: error)
        }
    }

    /// Runs the program.
    public static func main() async {
        await Self.main(nil)
    }
}

/// The commands on the way from `root` to `command`, both included; nil when it is not below.
func commandStack(from root: any ParsableArguments.Type, to command: any ParsableArguments.Type) -> [any ParsableArguments.Type]? {
    if root == command { return [root] }
    for child in (root as? any ParsableCommand.Type)?.configuration.subcommands ?? [] {
        if let rest = commandStack(from: child, to: command) { return [root] + rest }
    }
    return nil
}
