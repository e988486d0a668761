/// What can be completed at one command.
struct CompletionNode {
    struct Value {
        var names: [ArgumentName]
        var abstract: String
        var kind: CompletionKind.Base
        var takesValue: Bool
    }

    /// The names from the root, joined by spaces.
    var path: String
    var options: [Value]
    /// What the first positional argument that offers anything offers.
    var positional: CompletionKind.Base
    var subcommands: [(name: String, aliases: [String], abstract: String)]

    /// All commands from `root` down, parents first.
    static func all(from root: any ParsableArguments.Type, path: String? = nil) -> [CompletionNode] {
        let path = path ?? root.commandName
        let configuration = (root as? any ParsableCommand.Type)?.configuration ?? CommandConfiguration()
        var definitions = ArgumentSet(root.init()).definitions
        if let standard = configuration.defaultSubcommand { definitions += ArgumentSet(standard.init()).definitions }
        definitions = definitions.filter { $0.help.visibility.isShown(includingHidden: false) }
        var options = definitions.filter { $0.kind != .positional }.map { definition in
            Value(
                names: definition.allNames,
                abstract: definition.help.abstract,
                kind: definition.completion.base,
                takesValue: definition.kind == .option
            )
        }
        if !configuration.version.isEmpty {
            options.append(Value(names: [.long("version")], abstract: "Show the version.", kind: .none, takesValue: false))
        }
        options.append(
            Value(names: [.short("h"), .long("help")], abstract: "Show help information.", kind: .none, takesValue: false)
        )
        let positional = definitions.first { $0.kind == .positional && $0.completion != .default }?.completion.base ?? .none
        let shown = configuration.subcommands.filter { $0.configuration.shouldDisplay }
        let node = CompletionNode(
            path: path,
            options: options,
            positional: positional,
            subcommands: shown.map { ($0.commandName, $0.configuration.aliases, $0.configuration.abstract) }
        )
        return [node] + shown.flatMap { Self.all(from: $0, path: path + " " + $0.commandName) }
    }

    /// The names of options that take a value.
    var valuedNames: [String] { self.options.filter(\.takesValue).flatMap(\.names).map(\.text) }
}

/// Makes the completion script of a command.
func makeCompletionScript(root: any ParsableArguments.Type, shell: CompletionShell) -> String {
    let nodes = CompletionNode.all(from: root)
    let function = "_" + root.commandName.map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
    switch shell {
    case .zsh: return makeZshScript(nodes, command: root.commandName, function: function)
    case .fish: return makeFishScript(nodes, command: root.commandName, function: function)
    default: return makeBashScript(nodes, command: root.commandName, function: function)
    }
}

extension String {
    /// The text as one word of a POSIX-like shell.
    var shellQuoted: String { "'" + self.replacing("'", with: "'\\''") + "'" }
}
