/// One thing that is wrong with what a command was given.
struct Mistake: Equatable {
    var message: String
    /// Whether it is in the environment or in a file, not on the command line.
    var isConfiguration = false
}

/// Why parsing gave no command, and which command it is about.
struct CommandError: Error {
    enum Reason {
        case mistakes([Mistake])
        case help(includesHidden: Bool)
        case version(String)
        case completionScript(String)
    }

    /// From the root to the command that the arguments name.
    var stack: [any ParsableArguments.Type]
    var reason: Reason
}

/// What is said about an error, and the number to exit with.
struct ErrorReport {
    let message: String
    let fullMessage: String
    let exitCode: ExitCode

    init(_ error: any Error, root: any ParsableArguments.Type, columns: Int?) {
        let columns = columns ?? terminalColumns()
        switch error {
        case let error as CommandError:
            self.init(error, columns: columns)
        case let code as ExitCode:
            self.init(text: "", exitCode: code)
        case CleanExit.message(let text):
            self.init(text: text, exitCode: .success)
        case CleanExit.helpRequest(let command):
            let stack = commandStack(from: root, to: command ?? root) ?? [command ?? root]
            self.init(text: HelpGenerator(stack: stack, includesHidden: false).help(columns: columns), exitCode: .success)
        case let error as ValidationError:
            self.init(mistakes: [Mistake(message: error.message)], stack: [root])
        case let error as ConfigurationMistakes:
            self.init(mistakes: error.mistakes, stack: [root])
        default:
            let text = String(describing: error)
            self.init(text: text, fullText: "Error: " + text, exitCode: .failure)
        }
    }

    private init(text: String, fullText: String? = nil, exitCode: ExitCode) {
        self.message = text
        self.fullMessage = fullText ?? text
        self.exitCode = exitCode
    }

    private init(_ error: CommandError, columns: Int) {
        switch error.reason {
        case .mistakes(let mistakes): self.init(mistakes: mistakes, stack: error.stack)
        case .version(let text), .completionScript(let text): self.init(text: text, exitCode: .success)
        case .help(let includesHidden):
            let help = HelpGenerator(stack: error.stack, includesHidden: includesHidden).help(columns: columns)
            self.init(text: help, exitCode: .success)
        }
    }

    private init(mistakes: [Mistake], stack: [any ParsableArguments.Type]) {
        let messages = mistakes.map(\.message)
        let text =
            messages.count == 1
            ? messages[0] : "\(messages.count) mistakes:" + messages.map { "\n  - \($0)" }.joined()
        let isConfiguration = !mistakes.isEmpty && mistakes.allSatisfy(\.isConfiguration)
        self.message = text
        self.exitCode = isConfiguration ? .configurationFailure : .validationFailure
        let generator = HelpGenerator(stack: stack, includesHidden: false)
        let usage = isConfiguration ? "" : "\nUsage: \(generator.synopsis)"
        self.fullMessage = "Error: \(text)\(usage)\n  See '\(generator.commandPath) --help' for more information."
    }
}
