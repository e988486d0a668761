/// Everything the parser, the help and the completion scripts know about one argument, option or flag.
struct ArgumentDefinition {
    enum Kind: Equatable {
        /// A value by its place.
        case positional
        /// A value by its name.
        case option
        /// A name without value; the names in `inverse` mean the opposite.
        case flag(inverse: [ArgumentName])
    }

    /// Which words are taken as values.
    enum Strategy: Sendable {
        /// The next word, unless it looks like an option.
        case next
        /// The next word, whatever it is.
        case unconditional
        /// All words up to the next option.
        case upToNextOption
    }

    var kind: Kind
    var names: [ArgumentName]
    var valueName: String
    var help: ArgumentHelp
    var strategy: Strategy = .next
    var isOptional: Bool
    var isRepeating: Bool
    var defaultDescription: String?
    var allValues: [String] = []
    var completion: CompletionKind = .default
    /// The group's title in the help.
    var title: String?
    /// The type through which the environment and a file may give the value.
    var configurable: (any ConfigurableArguments.Type)?

    /// Parses a text (`true` or `false` for a flag) and stores the value; a repeating argument appends it.
    var set: (String) throws -> Void
    /// Forgets what was stored.
    var reset: () -> Void
    /// Whether there is a value, be it the default.
    var hasValue: () -> Bool

    /// The long name, or nil.
    var longName: String? {
        for case .long(let name) in self.names { return name }
        return nil
    }

    /// The name shown in usage and messages: the first long one, else the first.
    var preferredName: ArgumentName? { self.names.first(where: \.isLong) ?? self.names.first }

    /// `<value>`, `--name <value>` or `--name`, for messages.
    var label: String { self.label(name: self.preferredName) }

    func label(name: ArgumentName?) -> String {
        switch self.kind {
        case .positional: "<\(self.valueName)>"
        case .option: "\(name?.text ?? "") <\(self.valueName)>"
        case .flag: name?.text ?? ""
        }
    }

    /// Every name on the command line.
    var allNames: [ArgumentName] {
        if case .flag(let inverse) = self.kind { self.names + inverse } else { self.names }
    }

    /// The environment variable that gives the value, or nil.
    var environmentName: String? {
        guard let configurable = self.configurable, let longName = self.longName else { return nil }
        return configurable.environmentPrefix + longName.uppercased().replacing("-", with: "_")
    }
}

/// A text that is no value; `reason` says what was expected.
struct InvalidValue: Error {
    var reason: String?
}

/// Holds a property's value, so that the parser can set it in the instance that was reflected.
///
/// Only the parser writes to it, before anyone else sees the instance; assigning to the property makes a new one.
final class ArgumentStorage<Value> {
    private let initial: Value?
    private(set) var parsed: Value?

    init(initial: Value?) { self.initial = initial }

    var current: Value? { self.parsed ?? self.initial }

    func store(_ value: Value?) { self.parsed = value }

    /// The value of a property; a property without value was read before parsing, which is a mistake in the program.
    func value(of wrapper: StaticString) -> Value {
        guard let value = self.current else {
            preconditionFailure("A property marked \(wrapper) has no default and was read before its type was parsed.")
        }
        return value
    }
}

/// What the wrappers have in common for the parser.
protocol ArgumentProvider {
    func definition(forProperty property: String) -> ArgumentDefinition
}

/// Parses a text by the type's own initializer.
func parseValue<Value: ExpressibleByArgument>(_ text: String, as type: Value.Type) throws -> Value {
    guard let value = Value(argument: text) else { throw InvalidValue(reason: expectation(of: Value.self)) }
    return value
}

/// Parses a text by a given function, whose error becomes the reason.
func parseValue<Value>(_ text: String, with transform: (String) throws -> Value) throws -> Value {
    do {
        return try transform(text)
    } catch {
        throw InvalidValue(reason: String(describing: error))
    }
}
