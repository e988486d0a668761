/// How the name that switches a flag off is made.
public struct FlagInversion: Sendable, Hashable {
    private let isEnableDisable: Bool

    /// `--no-name`.
    public static let prefixedNo = FlagInversion(isEnableDisable: false)
    /// `--enable-name` and `--disable-name`.
    public static let prefixedEnableDisable = FlagInversion(isEnableDisable: true)

    func names(of names: [ArgumentName]) -> (on: [ArgumentName], off: [ArgumentName]) {
        let long = names.filter(\.isLong)
        func prefixed(_ prefix: String) -> [ArgumentName] {
            long.map { name in if case .long(let text) = name { .long(prefix + text) } else { name } }
        }
        return self.isEnableDisable
            ? (prefixed("enable-") + names.filter { !$0.isLong }, prefixed("disable-"))
            : (names, prefixed("no-"))
    }
}

/// A property given by a name without a value: `--name` or `-n`.
///
/// A `Bool` is false unless named; with an inversion it can be switched off by name, and without default it must be given. An `Int`
/// counts how often the flag is named.
@propertyWrapper
public struct Flag<Value>: ArgumentProvider {
    private var storage: ArgumentStorage<Value>
    private let name: NameSpecification
    private let inversion: FlagInversion?
    private let help: ArgumentHelp?
    private let isOptional: Bool
    private let isRepeating: Bool
    private let describeDefault: @Sendable (Value) -> String?
    private let combine: @Sendable (Value?, String) throws -> Value

    /// The value; without default it can only be read after parsing.
    public var wrappedValue: Value {
        get { self.storage.value(of: "@Flag") }
        set {
            self.storage = ArgumentStorage(initial: self.storage.current)
            self.storage.store(newValue)
        }
    }

    /// Makes the compiler see the initializer without arguments in an extension, so that `@Flag var name: Int` needs no parentheses;
    /// chosen only for types that no other initializer fits, which is an error.
    @available(*, unavailable, message: "Give a Bool a default or an inversion.")
    public init() {
        self.storage = ArgumentStorage(initial: nil)
        self.name = .long
        self.inversion = nil
        self.help = nil
        self.isOptional = false
        self.isRepeating = false
        self.describeDefault = { _ in nil }
        self.combine = { _, _ in throw InvalidValue() }
    }

    func definition(forProperty property: String) -> ArgumentDefinition {
        let names = self.name.names(forProperty: property)
        let (on, off) = self.inversion?.names(of: names) ?? (names, [])
        let storage = self.storage
        let combine = self.combine
        return ArgumentDefinition(
            kind: .flag(inverse: off),
            names: on,
            valueName: "",
            help: self.help ?? ArgumentHelp(),
            isOptional: self.isOptional || storage.current != nil,
            isRepeating: self.isRepeating,
            defaultDescription: storage.current.flatMap(self.describeDefault),
            set: { text in storage.store(try combine(storage.parsed, text)) },
            reset: { storage.store(nil) },
            hasValue: { storage.current != nil }
        )
    }
}

// The storage is written while parsing only, before the arguments are handed out; assigning to the property replaces it.
extension Flag: @unchecked Sendable where Value: Sendable {}  // written while parsing, before anybody shares it

/// `true`, `yes`, `on`, `1` or `false`, `no`, `off`, `0`: what an environment variable may hold for a flag.
private func parseSwitch(_ text: String) throws -> Bool {
    switch text.lowercased() {
    case "true", "yes", "on", "1": true
    case "false", "no", "off", "0": false
    default: throw InvalidValue(reason: "expected true or false")
    }
}

extension Flag where Value == Bool {
    private init(initial: Bool?, name: NameSpecification, inversion: FlagInversion?, help: ArgumentHelp?) {
        self.storage = ArgumentStorage(initial: initial)
        self.name = name
        self.inversion = inversion
        self.help = help
        self.isOptional = false
        self.isRepeating = false
        self.describeDefault = { value in
            guard inversion != nil else { return nil }
            return value ? "on" : "off"
        }
        self.combine = { _, text in try parseSwitch(text) }
    }

    /// Declares a flag that is false unless given (or true, if that is its default).
    public init(wrappedValue: Bool, name: NameSpecification = .long, help: ArgumentHelp? = nil) {
        self.init(initial: wrappedValue, name: name, inversion: nil, help: help)
    }

    /// Declares a flag that can be switched on and off by name.
    public init(wrappedValue: Bool, name: NameSpecification = .long, inversion: FlagInversion, help: ArgumentHelp? = nil) {
        self.init(initial: wrappedValue, name: name, inversion: inversion, help: help)
    }

    /// Declares a flag that must be given, either on or off.
    public init(name: NameSpecification = .long, inversion: FlagInversion, help: ArgumentHelp? = nil) {
        self.init(initial: nil, name: name, inversion: inversion, help: help)
    }
}

extension Flag where Value == Bool? {
    /// Declares a flag that is nil unless given, either on or off.
    public init(name: NameSpecification = .long, inversion: FlagInversion, help: ArgumentHelp? = nil) {
        self.storage = ArgumentStorage(initial: .some(nil))
        self.name = name
        self.inversion = inversion
        self.help = help
        self.isOptional = true
        self.isRepeating = false
        self.describeDefault = { _ in nil }
        self.combine = { _, text in try parseSwitch(text) }
    }
}

extension Flag where Value == Int {
    /// Declares a flag that counts how often it is given.
    public init(wrappedValue: Int = 0, name: NameSpecification = .long, help: ArgumentHelp? = nil) {
        self.storage = ArgumentStorage(initial: wrappedValue)
        self.name = name
        self.inversion = nil
        self.help = help
        self.isOptional = true
        self.isRepeating = true
        self.describeDefault = { _ in nil }
        self.combine = { present, text in
            if text == "true" { return (present ?? wrappedValue) + 1 }
            guard let count = Int(text), (0...1_000).contains(count) else {
                throw InvalidValue(reason: "expected a number of times from 0 to 1000")
            }
            return count
        }
    }
}
