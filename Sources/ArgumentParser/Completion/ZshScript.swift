/// A completion script for the Z shell, to be sourced or to be put into `fpath` as `_command`.
func makeZshScript(_ nodes: [CompletionNode], command: String, function: String) -> String {
    var lines = [
        "#compdef \(command)",
        "\(function)() {",
        "    local word=\"$words[CURRENT]\" previous=\"$words[CURRENT-1]\" found=\(command.shellQuoted)",
        "    local -i index",
        "    if [[ \"$word\" == --*=* ]]; then",
        "        previous=\"${word%%=*}\"",
        "        compset -P '*='",
        "    fi",
        "    for ((index = 2; index < CURRENT; index++)); do",
        "        case \"$found $words[index]\" in",
    ]
    lines += descent(nodes) { words, path in
        "            \(words.shellQuoted)) \(path.map { "found=\($0.shellQuoted)" } ?? "((index++))") ;;"
    }
    lines += ["        esac", "    done", "    case \"$found $previous\" in"]
    for node in nodes {
        for option in node.options where option.takesValue {
            let patterns = option.names.map { "\(node.path) \($0.text)".shellQuoted }.joined(separator: "|")
            lines.append("        \(patterns)) \(zshOffer(option.kind)) return ;;")
        }
    }
    lines += ["    esac", "    local -a offered", "    case \"$found\" in"]
    for node in nodes {
        lines.append("        \(node.path.shellQuoted))")
        if !node.subcommands.isEmpty {
            let words = node.subcommands.map { zshEntry($0.name, $0.abstract) }.joined(separator: " ")
            lines += ["            offered=(\(words))", "            _describe -t commands command offered"]
        }
        let words = node.options.flatMap { option in option.names.map { zshEntry($0.text, option.abstract) } }.joined(separator: " ")
        lines += ["            offered=(\(words))", "            _describe -o -t options option offered"]
        if node.positional != .none { lines.append("            \(zshOffer(node.positional))") }
        lines.append("            ;;")
    }
    lines += [
        "    esac",
        "}",
        "if [[ \"$funcstack[1]\" == \(function.shellQuoted) ]]; then",
        "    \(function) \"$@\"",
        "else",
        "    compdef \(function) \(command.shellQuoted)",
        "fi",
    ]
    return lines.joined(separator: "\n")
}

private func zshEntry(_ word: String, _ abstract: String) -> String {
    let name = word.replacing(":", with: "\\:")
    return (abstract.isEmpty ? name : name + ":" + abstract.replacing(":", with: "\\:")).shellQuoted
}

private func zshOffer(_ kind: CompletionKind.Base) -> String {
    switch kind {
    case .none: "_message value;"
    case .list(let words): "compadd -- \(words.map(\.shellQuoted).joined(separator: " "));"
    case .directory: "_files -/;"
    case .file(let extensions) where extensions.isEmpty: "_files;"
    case .file(let extensions): "_files -g \("*.(\(extensions.joined(separator: "|")))".shellQuoted);"
    }
}
