/// Parses the words after the program's name, level by level down the subcommands.
///
/// All mistakes of all levels are collected before any is reported; help and version win over mistakes.
struct CommandParser {
    let root: any ParsableArguments.Type
    /// Replaces the sources that the types name, in tests.
    var sources: ConfigurationSources?

    init(root: any ParsableArguments.Type, sources: ConfigurationSources? = nil) {
        self.root = root
        self.sources = sources
    }

    func parse<Result>(_ words: [String], as result: Result.Type) throws -> Result {
        try self.checkCompletionScript(words)
        var stack: [any ParsableArguments.Type] = [self.root]
        var mistakes: [Mistake] = []
        var rest = words[...]
        var type = self.root
        while true {
            var instance = type.init()
            let set = ArgumentSet(instance)
            let configuration = (type as? any ParsableCommand.Type)?.configuration ?? CommandConfiguration()
            let scan = CommandLineScan(rest, definitions: set.definitions, configuration: configuration)
            if let request = scan.request {
                let reason = self.reason(for: request, stack: &stack)
                throw CommandError(stack: stack, reason: reason)
            }
            mistakes += self.apply(scan, to: set) { try instance.validate() }
            if let subcommand = scan.subcommand {
                stack.append(subcommand)
                type = subcommand
                rest = scan.rest
                continue
            }
            guard mistakes.isEmpty else { throw CommandError(stack: stack, reason: .mistakes(mistakes)) }
            guard let parsed = instance as? Result else {
                let message = "The subcommand '\(type.commandName)' was given where '\(self.root.commandName)' itself is needed"
                throw CommandError(stack: stack, reason: .mistakes([Mistake(message: message)]))
            }
            return parsed
        }
    }

    private func reason(for request: CommandLineScan.Request, stack: inout [any ParsableArguments.Type]) -> CommandError.Reason {
        switch request {
        case .version(let version): return .version(version)
        case .help(let includesHidden): return .help(includesHidden: includesHidden)
        case .helpOfSubcommands(let names):
            for name in names {
                let subcommands = (stack.last as? any ParsableCommand.Type)?.configuration.subcommands ?? []
                guard let next = subcommands.first(where: { $0.commandName == name || $0.configuration.aliases.contains(name) }) else {
                    return .mistakes([Mistake(message: "Unknown command '\(name)'")])
                }
                stack.append(next)
            }
            return .help(includesHidden: false)
        }
    }

    private func checkCompletionScript(_ words: [String]) throws {
        let option = "--generate-completion-script"
        guard let first = words.first, first == option || first.hasPrefix(option + "=") else { return }
        let name = first == option ? words.dropFirst().first : String(first.dropFirst(option.count + 1))
        guard let shell = CompletionShell(rawValue: name ?? "") else {
            let message = "The value '\(name ?? "")' is invalid for '\(option) <shell>': expected one of 'bash', 'zsh', 'fish'"
            throw CommandError(stack: [self.root], reason: .mistakes([Mistake(message: message)]))
        }
        throw CommandError(stack: [self.root], reason: .completionScript(makeCompletionScript(root: self.root, shell: shell)))
    }

    /// Parses and stores the values of one level, then checks its groups and itself; returns what is wrong.
    private func apply(_ scan: CommandLineScan, to set: ArgumentSet, validate: () throws -> Void) -> [Mistake] {
        var values = ArgumentValues(set.definitions, mistakes: scan.mistakes)
        let configuration = ConfigurationValues(set.definitions, occurrences: scan.occurrences, sources: self.sources)
        values.mistakes += configuration.mistakes
        values.apply(configuration)
        values.apply(scan.occurrences)
        values.apply(positionals: scan.positionals, reportsSurplus: scan.unknownOptions == 0)
        values.checkMissing(reports: scan.unknownOptions == 0 && scan.mistakes.isEmpty)
        for group in set.groups { values.validate(group.range, group.validate) }
        values.validate(set.definitions.indices, validate)
        return values.mistakes
    }
}

/// The storing of texts in definitions, lowest precedence first, and what went wrong with it.
private struct ArgumentValues {
    private let definitions: [ArgumentDefinition]
    var mistakes: [Mistake]
    /// Definitions without a usable value: what they belong to cannot be checked.
    private var unusable: Set<Int> = []
    /// Definitions that have a value from the environment or a file.
    private var configured: Set<Int> = []

    init(_ definitions: [ArgumentDefinition], mistakes: [Mistake]) {
        self.definitions = definitions
        self.mistakes = mistakes
    }

    private mutating func set(_ text: String, at index: Int, isConfiguration: Bool = false, describe: (String?) -> String) {
        do {
            try self.definitions[index].set(text)
        } catch {
            self.unusable.insert(index)
            self.mistakes.append(Mistake(message: describe((error as? InvalidValue)?.reason), isConfiguration: isConfiguration))
        }
    }

    mutating func apply(_ configuration: ConfigurationValues) {
        for (index, sources) in configuration.values.sorted(by: { $0.key < $1.key }) {
            self.configured.insert(index)
            for source in sources {
                if !configuration.merged.contains(index) { self.definitions[index].reset() }
                for value in source {
                    self.set(value.text, at: index, isConfiguration: true) { reason in
                        "\(value.description): \(reason ?? "not a valid value")"
                    }
                }
            }
        }
        for index in configuration.unusable { self.unusable.insert(index) }
    }

    mutating func apply(_ occurrences: [CommandLineScan.Occurrence]) {
        var seen: Set<Int> = []
        for occurrence in occurrences {
            let definition = self.definitions[occurrence.definition]
            let isMerged = definition.longName.map { definition.configurable?.mergedOptions.contains($0) ?? false } ?? false
            if seen.insert(occurrence.definition).inserted, !isMerged { definition.reset() }
            let shown = definition.isSecret ? "(hidden)" : occurrence.text
            self.set(occurrence.text, at: occurrence.definition) { reason in
                "The value '\(shown)' is invalid for '\(definition.label(name: occurrence.name))'" + (reason.map { ": \($0)" } ?? "")
            }
        }
    }

    mutating func apply(positionals: [String], reportsSurplus: Bool) {
        var rest = positionals[...]
        for (index, definition) in self.definitions.enumerated() where definition.kind == .positional {
            for text in definition.isRepeating ? rest : rest.prefix(1) {
                self.set(text, at: index) { reason in
                    "The value '\(text)' is invalid for '\(definition.label)'" + (reason.map { ": \($0)" } ?? "")
                }
            }
            rest = definition.isRepeating ? [] : rest.dropFirst()
        }
        guard reportsSurplus, !rest.isEmpty else { return }
        let list = rest.map { "'\($0)'" }.joined(separator: ", ")
        self.mistakes.append(
            Mistake(message: rest.count == 1 ? "Unexpected argument \(list)" : "\(rest.count) unexpected arguments: \(list)")
        )
    }

    mutating func checkMissing(reports: Bool) {
        for (index, definition) in self.definitions.enumerated() where !definition.hasValue() {
            let isKnownToFail = !self.unusable.insert(index).inserted
            guard reports, !isKnownToFail else { continue }
            let alternative = definition.environmentName.map { " (or \($0))" } ?? ""
            self.mistakes.append(Mistake(message: "Missing expected argument '\(definition.label)'\(alternative)"))
        }
    }

    mutating func validate(_ range: Range<Int>, _ validate: () throws -> Void) {
        guard !range.contains(where: self.unusable.contains) else { return }
        let isConfiguration = range.contains(where: self.configured.contains)
        do {
            try validate()
        } catch let error as ConfigurationMistakes {
            self.mistakes += error.messages.map { Mistake(message: $0, isConfiguration: isConfiguration) }
        } catch {
            self.mistakes.append(Mistake(message: String(describing: error), isConfiguration: isConfiguration))
        }
    }
}
