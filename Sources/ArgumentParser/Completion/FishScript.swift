/// A completion script for fish, to be sourced or to be put into its `completions` folder.
func makeFishScript(_ nodes: [CompletionNode], command: String, function: String) -> String {
    var lines = [
        "function \(function)_command",
        "    set -l found \(command.shellQuoted)",
        "    set -l skips 0",
        "    for word in (commandline -opc)[2..]",
        "        if test $skips = 1",
        "            set skips 0",
        "            continue",
        "        end",
        "        switch \"$found $word\"",
    ]
    lines += descent(nodes) { words, path in
        let action = path.map { "set found \($0.fishQuoted)" } ?? "set skips 1"
        return "            case \(words.fishQuoted)\n                \(action)"
    }
    lines += ["        end", "    end", "    test \"$found\" = \"$argv[1]\"", "end"]
    for node in nodes {
        let head = "complete -c \(command.fishQuoted) -n \("\(function)_command \(node.path.fishQuoted)".fishQuoted)"
        let files = node.positional.offersFiles ? "" : " -f"
        lines.append("\(head)\(files)\(fishOffer(node.positional))")
        for subcommand in node.subcommands {
            lines.append("\(head) -f -a \(subcommand.name.fishQuoted)\(description(subcommand.abstract))")
        }
        for option in node.options {
            let names = option.names.map { name in
                switch name {
                case .long(let text): " -l \(text.fishQuoted)"
                case .short(let letter): " -s \(String(letter).fishQuoted)"
                }
            }
            // fish takes several -l of one call as spellings of one option; that an inverse switches off makes no difference here.
            let value = option.takesValue ? " -r\(option.kind.offersFiles ? " -F" : " -f")\(fishOffer(option.kind))" : ""
            lines.append("\(head)\(names.joined())\(value)\(description(option.abstract))")
        }
    }
    return lines.joined(separator: "\n")
}

private func description(_ abstract: String) -> String { abstract.isEmpty ? "" : " -d \(abstract.fishQuoted)" }

private func fishOffer(_ kind: CompletionKind.Base) -> String {
    switch kind {
    case .none, .file: ""
    case .list(let words): " -a \(words.joined(separator: " ").fishQuoted)"
    case .directory: " -a '(__fish_complete_directories)'"
    }
}

extension CompletionKind.Base {
    fileprivate var offersFiles: Bool { if case .file = self { true } else { false } }
}

extension String {
    /// The text as one word of fish, where a backslash counts within quotes.
    fileprivate var fishQuoted: String { "'" + self.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'" }
}
