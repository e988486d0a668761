/// A completion script for GNU Bash, to be sourced.
func makeBashScript(_ nodes: [CompletionNode], command: String, function: String) -> String {
    var lines = [
        "\(function)() {",
        "    local word=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"",
        "    # Bash takes the = of --name=value as a word of its own.",
        "    if [[ \"$word\" == = ]]; then",
        "        word=",
        "    elif [[ \"$previous\" == = ]]; then",
        "        previous=\"${COMP_WORDS[COMP_CWORD-2]}\"",
        "    fi",
        "    local command=\(command.shellQuoted) index",
        "    for ((index = 1; index < COMP_CWORD; index++)); do",
        "        case \"$command ${COMP_WORDS[index]}\" in",
    ]
    lines += descent(nodes) { words, path in
        let action = path.map { "command=\($0.shellQuoted)" } ?? "((index++)); [[ \"${COMP_WORDS[index]}\" == = ]] && ((index++))"
        return "            \(words.shellQuoted)) \(action) ;;"
    }
    lines += ["        esac", "    done", "    COMPREPLY=()", "    case \"$command $previous\" in"]
    for node in nodes {
        for option in node.options where option.takesValue {
            let patterns = option.names.map { "\(node.path) \($0.text)".shellQuoted }.joined(separator: "|")
            lines.append("        \(patterns)) \(bashOffer(option.kind)) return ;;")
        }
    }
    lines += ["    esac", "    case \"$command\" in"]
    for node in nodes {
        let words = (node.subcommands.map(\.name) + node.options.flatMap(\.names).map(\.text)).joined(separator: " ")
        lines.append("        \(node.path.shellQuoted))")
        lines.append("            COMPREPLY=($(compgen -W \(words.shellQuoted) -- \"$word\"))")
        if node.positional != .none {
            lines.append("            [[ \"$word\" == -* ]] || { \(bashOffer(node.positional)) }")
        }
        lines.append("            ;;")
    }
    lines += ["    esac", "}", "complete -o default -F \(function) \(command.shellQuoted)"]
    return lines.joined(separator: "\n")
}

private func bashOffer(_ kind: CompletionKind.Base) -> String {
    switch kind {
    case .none: "COMPREPLY=();"
    case .list(let words): "COMPREPLY+=($(compgen -W \(words.joined(separator: " ").shellQuoted) -- \"$word\"));"
    case .directory: "COMPREPLY+=($(compgen -d -- \"$word\"));"
    case .file(let extensions) where extensions.isEmpty: "COMPREPLY+=($(compgen -f -- \"$word\"));"
    case .file(let extensions):
        "COMPREPLY+=($(compgen -d -- \"$word\") "
            + extensions.map { "$(compgen -f -X \("!*.\($0)".shellQuoted) -- \"$word\")" }.joined(separator: " ") + ");"
    }
}

/// One line for each pair of a command's path and a word that matters when finding the command: a subcommand, with its path, or an
/// option whose value is not to be looked at, with nil.
func descent(_ nodes: [CompletionNode], line: (_ words: String, _ path: String?) -> String) -> [String] {
    nodes.flatMap { node in
        node.valuedNames.map { line("\(node.path) \($0)", nil) }
            + node.subcommands.flatMap { subcommand in
                ([subcommand.name] + subcommand.aliases).map { line("\(node.path) \($0)", "\(node.path) \(subcommand.name)") }
            }
    }
}
