/// What the words for one command mean by its definitions, before any value is parsed.
struct CommandLineScan {
    /// A value given by name, or a flag.
    struct Occurrence {
        var definition: Int
        var name: ArgumentName
        var text: String
    }

    /// Something else than running the command was asked for.
    enum Request {
        case help(includesHidden: Bool)
        case helpOfSubcommands([String])
        case version(String)
    }

    private(set) var occurrences: [Occurrence] = []
    private(set) var positionals: [String] = []
    private(set) var mistakes: [Mistake] = []
    private(set) var request: Request?
    /// The subcommand that the rest of the words is for.
    private(set) var subcommand: (any ParsableCommand.Type)?
    private(set) var rest: ArraySlice<String>

    private let definitions: [ArgumentDefinition]
    private let configuration: CommandConfiguration
    private let byName: [ArgumentName: (index: Int, isInverse: Bool)]

    init(_ words: ArraySlice<String>, definitions: [ArgumentDefinition], configuration: CommandConfiguration) {
        self.rest = words
        self.definitions = definitions
        self.configuration = configuration
        var byName: [ArgumentName: (index: Int, isInverse: Bool)] = [:]
        for (index, definition) in definitions.enumerated() {
            for name in definition.names { byName[name] = (index, false) }
            if case .flag(let inverse) = definition.kind {
                for name in inverse { byName[name] = (index, true) }
            }
        }
        self.byName = byName
        self.scan()
        if self.subcommand == nil, self.request == nil, self.positionals.isEmpty, self.mistakes.isEmpty {
            self.subcommand = configuration.defaultSubcommand
        }
    }

    private mutating func scan() {
        while self.subcommand == nil, self.request == nil, let word = self.rest.popFirst() {
            if word == "--" {
                self.positionals += self.rest
                self.rest = []
            } else if word.hasPrefix("--") {
                self.scanLongName(word)
            } else if self.looksLikeOption(word) {
                self.scanShortNames(word)
            } else {
                self.scanPositional(word)
            }
        }
    }

    /// Whether a word begins with a dash and is neither `-` nor a negative number.
    private func looksLikeOption(_ word: String) -> Bool {
        guard word.hasPrefix("-"), word.count > 1 else { return false }
        let isNegativeNumber = Double(word) != nil && word.dropFirst().first?.isNumber == true
        return !isNegativeNumber || self.byName[.short(word[word.index(after: word.startIndex)])] != nil
    }

    private mutating func scanLongName(_ word: String) {
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = ArgumentName.long(String(parts[0]))
        let value = parts.count == 2 ? String(parts[1]) : nil
        if let known = self.byName[name] {
            self.take(known, name: name, value: value)
        } else if !self.takeBuiltIn(name) {
            self.rejectUnknown(name, word: word)
        }
    }

    private mutating func scanShortNames(_ word: String) {
        let parts = word.dropFirst().split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let letters = Array(parts[0])
        for (index, letter) in letters.enumerated() {
            let name = ArgumentName.short(letter)
            let isLast = index == letters.count - 1
            if let known = self.byName[name] {
                guard isLast || self.definitions[known.index].kind != .option else {
                    self.mistakes.append(Mistake(message: "Missing value for '\(self.definitions[known.index].label(name: name))'"))
                    continue
                }
                self.take(known, name: name, value: isLast && parts.count == 2 ? String(parts[1]) : nil)
            } else if !self.takeBuiltIn(name) {
                self.rejectUnknown(name, word: word)
                if self.subcommand != nil { return }
            }
        }
    }

    private mutating func take(_ known: (index: Int, isInverse: Bool), name: ArgumentName, value: String?) {
        let definition = self.definitions[known.index]
        guard definition.kind == .option else {
            if value == nil {
                self.occurrences.append(Occurrence(definition: known.index, name: name, text: known.isInverse ? "false" : "true"))
            } else {
                self.mistakes.append(Mistake(message: "The flag '\(name.text)' takes no value"))
            }
            return
        }
        var values: [String] = []
        if let value {
            values = [value]
        } else {
            switch definition.strategy {
            case .unconditional:
                if let next = self.rest.popFirst() { values = [next] }
            case .next:
                if let next = self.rest.first, !self.looksLikeOption(next) {
                    self.rest.removeFirst()
                    values = [next]
                }
            case .upToNextOption:
                values = Array(self.rest.prefix { !self.looksLikeOption($0) })
                self.rest = self.rest.dropFirst(values.count)
            }
        }
        if values.isEmpty {
            self.mistakes.append(Mistake(message: "Missing value for '\(definition.label(name: name))'"))
        }
        self.occurrences += values.map { Occurrence(definition: known.index, name: name, text: $0) }
    }

    private mutating func takeBuiltIn(_ name: ArgumentName) -> Bool {
        switch name {
        case .long("help"), .short("h"): self.request = .help(includesHidden: false)
        case .long("help-hidden"): self.request = .help(includesHidden: true)
        case .long("version") where !self.configuration.version.isEmpty: self.request = .version(self.configuration.version)
        default: return false
        }
        return true
    }

    private mutating func rejectUnknown(_ name: ArgumentName, word: String) {
        if let standard = self.configuration.defaultSubcommand {
            self.subcommand = standard
            self.rest = [word] + self.rest
            return
        }
        var message = "Unknown option '\(name.text)'"
        if case .long(let text) = name {
            let candidates = self.byName.keys.compactMap { if case .long(let other) = $0 { other } else { nil } } + ["help"]
            if let near = suggestion(for: text, among: candidates.sorted()) { message += ". Did you mean '--\(near)'?" }
        }
        self.mistakes.append(Mistake(message: message))
        self.unknownOptions += 1
    }

    /// How many unknown options there were; a word that was meant as the value of one is not reported on its own.
    private(set) var unknownOptions = 0

    private mutating func scanPositional(_ word: String) {
        let subcommands = self.configuration.subcommands
        guard !subcommands.isEmpty, self.positionals.isEmpty else {
            self.positionals.append(word)
            return
        }
        if let named = subcommands.first(where: { $0.commandName == word || $0.configuration.aliases.contains(word) }) {
            self.subcommand = named
        } else if word == "help" {
            self.request = .helpOfSubcommands(Array(self.rest))
        } else if let standard = self.configuration.defaultSubcommand {
            self.subcommand = standard
            self.rest = [word] + self.rest
        } else if self.definitions.contains(where: { $0.kind == .positional }) {
            self.positionals.append(word)
        } else if self.unknownOptions == 0 {
            let near = suggestion(for: word, among: subcommands.map { $0.commandName })
            self.mistakes.append(Mistake(message: "Unknown command '\(word)'" + (near.map { ". Did you mean '\($0)'?" } ?? "")))
            self.rest = []
        }
    }
}
