/// The help and usage of one command.
struct HelpGenerator {
    /// Column at which descriptions begin.
    static let descriptionColumn = 26

    private let stack: [any ParsableArguments.Type]
    private let includesHidden: Bool
    private let definitions: [ArgumentDefinition]
    private let configuration: CommandConfiguration

    /// - Parameter stack: the commands from the root to the one in question, which is last.
    init(stack: [any ParsableArguments.Type], includesHidden: Bool) {
        self.stack = stack
        self.includesHidden = includesHidden
        self.definitions = stack.last.map { ArgumentSet($0.init()).definitions } ?? []
        self.configuration = (stack.last as? any ParsableCommand.Type)?.configuration ?? CommandConfiguration()
    }

    /// The names of the commands, `fleet deadletters list`.
    var commandPath: String { self.stack.map { $0.commandName }.joined(separator: " ") }

    private var shown: [ArgumentDefinition] {
        self.definitions.filter { $0.help.visibility.isShown(includingHidden: self.includesHidden) }
    }

    /// The command with its arguments: options, then positional ones, then the subcommand.
    var synopsis: String {
        let options = self.shown.filter { $0.kind != .positional }
        var parts = [self.commandPath]
        if options.count > 12 {
            parts.append("[<options>]")
            parts += options.filter { !$0.isOptional }.map(Self.synopsis)
        } else {
            parts += options.map(Self.synopsis)
        }
        parts += self.shown.filter { $0.kind == .positional }.map(Self.synopsis)
        if !self.configuration.subcommands.isEmpty { parts.append("<subcommand>") }
        return parts.joined(separator: " ")
    }

    private static func synopsis(_ definition: ArgumentDefinition) -> String {
        if case .flag(let inverse) = definition.kind, let on = definition.preferredName {
            let names = ([on] + inverse.prefix(1)).map(\.text)
            return definition.isOptional
                ? names.map { "[\($0)]" }.joined(separator: " ") : "(\(names.joined(separator: " | ")))"
        }
        let label = definition.label + (definition.isRepeating ? " ..." : "")
        return definition.isOptional ? "[\(label)]" : label
    }

    func help(columns: Int) -> String {
        var sections: [String] = []
        if !self.configuration.abstract.isEmpty {
            sections.append(TextLayout.wrap("OVERVIEW: \(self.configuration.abstract)", columns: columns))
        }
        if !self.configuration.discussion.isEmpty {
            sections.append(TextLayout.wrap(self.configuration.discussion, columns: columns))
        }
        sections.append(TextLayout.wrap("USAGE: \(self.synopsis)", columns: columns, hanging: 2))
        self.add("ARGUMENTS", self.shown.filter { $0.kind == .positional }.map(self.row), to: &sections, columns: columns)

        let options = self.shown.filter { $0.kind != .positional }
        var titles: [String] = []
        for title in options.compactMap(\.title) where !titles.contains(title) { titles.append(title) }
        for title in titles {
            self.add(title.uppercased(), options.filter { $0.title == title }.map(self.row), to: &sections, columns: columns)
        }
        var others = options.filter { $0.title == nil }.map(self.row)
        if !self.configuration.version.isEmpty { others.append(("--version", ["Show the version."])) }
        others.append(("-h, --help", ["Show help information."]))
        self.add("OPTIONS", others, to: &sections, columns: columns)

        let subcommands = self.configuration.subcommands.filter { self.includesHidden || $0.configuration.shouldDisplay }
        let rows = subcommands.map { subcommand in
            let isDefault = self.configuration.defaultSubcommand.map { $0 == subcommand } ?? false
            let names = [subcommand.commandName] + subcommand.configuration.aliases
            return (names.joined(separator: ", ") + (isDefault ? " (default)" : ""), [subcommand.configuration.abstract])
        }
        self.add("SUBCOMMANDS", rows, to: &sections, columns: columns)
        if let note = self.configurationNote {
            sections.append("CONFIGURATION:\n" + TextLayout.wrap(note, columns: columns, indent: 2))
        }
        if !subcommands.isEmpty, let root = self.stack.first {
            let path = self.stack.dropFirst().map { $0.commandName + " " }.joined()
            sections.append("  See '\(root.commandName) help \(path)<subcommand>' for detailed help.")
        }
        return sections.joined(separator: "\n\n")
    }

    private func add(_ title: String, _ rows: [(label: String, texts: [String])], to sections: inout [String], columns: Int) {
        guard !rows.isEmpty else { return }
        let lines = rows.map { TextLayout.row(label: $0.label, texts: $0.texts, column: Self.descriptionColumn, columns: columns) }
        sections.append(([title + ":"] + lines).joined(separator: "\n"))
    }

    private func row(_ definition: ArgumentDefinition) -> (String, [String]) {
        var label: String
        if case .flag(let inverse) = definition.kind {
            let shorts = definition.names.filter { !$0.isLong }
            let longs = definition.names.filter(\.isLong)
            label = (shorts.map(\.text) + [(longs + inverse).map(\.text).joined(separator: "/")].filter { !$0.isEmpty })
                .joined(separator: ", ")
        } else if definition.kind == .positional {
            label = definition.label
        } else {
            label = (definition.names.filter { !$0.isLong } + definition.names.filter(\.isLong)).map(\.text).joined(separator: ", ")
            label += " <\(definition.valueName)>"
        }
        var facts: [String] = []
        if !definition.allValues.isEmpty { facts.append("values: " + definition.allValues.joined(separator: ", ")) }
        if let value = definition.defaultDescription, !definition.isSecret { facts.append("default: " + Self.visible(value)) }
        if let name = definition.environmentName { facts.append("env: " + name) }
        let first = [definition.help.abstract, facts.isEmpty ? "" : "(\(facts.joined(separator: "; ")))"]
        return (label, [first.filter { !$0.isEmpty }.joined(separator: " "), definition.help.discussion])
    }

    /// A text that begins or ends with a space in quotes.
    private static func visible(_ text: String) -> String {
        text.first == " " || text.last == " " ? "'\(text)'" : text
    }

    private var configurationNote: String? {
        guard self.shown.contains(where: { $0.environmentName != nil }) else { return nil }
        let fileOption = self.definitions.first { $0.longName != nil && $0.longName == $0.configurable?.configurationFileOption }
        guard let name = fileOption?.preferredName?.text else {
            return "Options marked (env: NAME) can also be set by that environment variable; the command line wins."
        }
        return "Options marked (env: NAME) can also be set by that environment variable, or by their long name in the JSON file that "
            + "\(name) names. The command line wins over the environment, the environment over the file."
    }
}

/// Text in columns.
enum TextLayout {
    /// Wraps each line of `text` at spaces; a word that is too long stands on its own.
    static func wrap(_ text: String, columns: Int, indent: Int = 0, hanging: Int = 0) -> String {
        let margin = String(repeating: " ", count: indent)
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            guard line.count + indent > columns else { return line.isEmpty ? "" : margin + line }
            let lead = line.prefix { $0 == " " }
            var lines: [String] = []
            var current = margin + lead
            var isFresh = true
            for word in line.dropFirst(lead.count).split(separator: " ") {
                if !isFresh, current.count + 1 + word.count > columns {
                    lines.append(current)
                    current = margin + lead + String(repeating: " ", count: hanging)
                    isFresh = true
                }
                current += isFresh ? String(word) : " " + word
                isFresh = false
            }
            return (lines + [current]).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// `  label    text`, the texts below each other; a long label has a line of its own.
    static func row(label: String, texts: [String], column: Int, columns: Int) -> String {
        let texts = texts.filter { !$0.isEmpty }
        let head = "  " + label
        guard !texts.isEmpty else { return head }
        let body = texts.map { self.wrap($0, columns: max(columns, column + 20), indent: column) }.joined(separator: "\n")
        guard head.count < column else { return head + "\n" + body }
        return head + String(repeating: " ", count: column - head.count) + body.dropFirst(column)
    }
}
