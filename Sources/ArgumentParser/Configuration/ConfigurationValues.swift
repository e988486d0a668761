/// What environment and file say about the configurable options of one command.
struct ConfigurationValues {
    /// One text and how to name it in a message.
    struct Value {
        var text: String
        /// `FLEET_CONCURRENCY=abc` or `fleet.json: concurrency=abc`.
        var description: String
    }

    /// By definition, the sources that have it, lowest precedence first.
    private(set) var values: [Int: [[Value]]] = [:]
    /// Definitions of which a source holds something that is no text at all.
    private(set) var unusable: Set<Int> = []
    /// Definitions that hold the values of all sources.
    private(set) var merged: Set<Int> = []
    private(set) var mistakes: [Mistake] = []

    private let definitions: [ArgumentDefinition]
    /// Configurable definitions by long name.
    private var byName: [String: Int] = [:]

    init(_ definitions: [ArgumentDefinition], occurrences: [CommandLineScan.Occurrence], sources override: ConfigurationSources?) {
        self.definitions = definitions
        var fileOption: Int?
        for (index, definition) in definitions.enumerated() {
            guard let configurable = definition.configurable, let name = definition.longName else { continue }
            self.byName[name] = index
            if configurable.mergedOptions.contains(name) { self.merged.insert(index) }
            if configurable.configurationFileOption == name { fileOption = fileOption ?? index }
        }
        if let fileOption, let configurable = definitions[fileOption].configurable {
            let sources = override ?? configurable.configurationSources
            let given = occurrences.last { $0.definition == fileOption }?.text
            let path = given ?? definitions[fileOption].environmentName.flatMap(sources.environment)
            if let path, !path.isEmpty { self.readFile(path, sources: sources, option: configurable.configurationFileOption) }
        }
        for (index, definition) in definitions.enumerated() {
            guard let name = definition.environmentName, let configurable = definition.configurable else { continue }
            let sources = override ?? configurable.configurationSources
            guard let text = sources.environment(name), !text.isEmpty else { continue }
            let isArray = definition.isRepeating && definition.kind == .option
            let texts = isArray ? Self.split(text) : [text]
            self.values[index, default: []].append(
                texts.map { Value(text: $0, description: "\(name)=\(definition.isSecret ? "(hidden)" : $0)") }
            )
        }
    }

    private mutating func reject(_ message: String) {
        self.mistakes.append(Mistake(message: message, isConfiguration: true))
    }

    private mutating func readFile(_ path: String, sources: ConfigurationSources, option: String) {
        let bytes: [UInt8]
        do {
            bytes = try sources.readFile(path)
        } catch {
            return self.reject("\(path): cannot be read: \(error)")
        }
        let node: ConfigurationNode
        do {
            node = try sources.parseFile(bytes)
        } catch {
            return self.reject("\(path): cannot be parsed: \(error)")
        }
        guard case .object(let members) = node else {
            return self.reject("\(path): expected an object, found \(node.kindName)")
        }
        var seen: Set<String> = []
        for (member, value) in members where member != "$schema" {
            let name = member.replacing("_", with: "-")
            guard let index = self.byName[name], name != option else {
                let near = suggestion(for: name, among: self.byName.keys.filter { $0 != option }.sorted())
                self.reject("\(path): unknown member '\(member)'" + (near.map { ". Did you mean '\($0)'?" } ?? ""))
                continue
            }
            guard seen.insert(name).inserted else {
                self.reject("\(path): \(member): given more than once")
                continue
            }
            self.take(value, source: "\(path): \(member)", index: index)
        }
    }

    private mutating func take(_ value: ConfigurationNode, source: String, index: Int) {
        let definition = self.definitions[index]
        func describe(_ text: String) -> Value {
            Value(text: text, description: "\(source)=\(definition.isSecret ? "(hidden)" : text)")
        }
        switch (definition.kind, value) {
        case (_, .null): return
        case (.flag, .bool(let isOn)) where !definition.isRepeating: self.values[index] = [[describe(String(isOn))]]
        case (.flag, .integer(let count)) where definition.isRepeating: self.values[index] = [[describe(String(count))]]
        case (.flag, _):
            self.rejectKind(definition.isRepeating ? "a number" : "true or false", found: value, source: source, index: index)
        case (_, .array(let elements)) where definition.isRepeating:
            self.values[index] = [[]]
            for (place, element) in elements.enumerated() {
                if let text = element.text {
                    self.values[index]?[0].append(describe(text))
                } else {
                    self.rejectKind("a string, number or boolean", found: element, source: "\(source)[\(place)]", index: index)
                }
            }
        case (_, .object(let members)) where definition.isRepeating:
            self.values[index] = [[]]
            for (name, member) in members {
                if let text = member.text {
                    self.values[index]?[0].append(describe("\(name)=\(text)"))
                } else {
                    self.rejectKind("a string, number or boolean", found: member, source: "\(source).\(name)", index: index)
                }
            }
        default:
            if let text = value.text {
                self.values[index] = [[describe(text)]]
            } else {
                self.rejectKind("a string, number or boolean", found: value, source: source, index: index)
            }
        }
    }

    private mutating func rejectKind(_ expected: String, found: ConfigurationNode, source: String, index: Int) {
        self.unusable.insert(index)
        self.reject("\(source): expected \(expected), found \(found.kindName)")
    }

    /// The parts between commas, without surrounding spaces and without empty ones; `\,` is a comma.
    static func split(_ text: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var isEscaped = false
        for character in text {
            if isEscaped {
                part += character == "," ? "," : "\\" + String(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "," {
                parts.append(part)
                part = ""
            } else {
                part.append(character)
            }
        }
        parts.append(isEscaped ? part + "\\" : part)
        return parts.map { part in
            let start = part.drop { $0 == " " }
            return String(start.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }
}
