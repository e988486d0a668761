/// A property given by name on the command line: `--name value`, `--name=value` or `-n value`.
///
/// Without default it must be given, unless its type is optional. An array may be given several times.
@propertyWrapper
public struct Option<Value>: ArgumentProvider {
    private var storage: ArgumentStorage<Value>
    private let parsing: ValueParsing<Value>
    private let name: NameSpecification
    private let strategy: ArgumentDefinition.Strategy
    private let help: ArgumentHelp?
    private let completion: CompletionKind?

    init(
        initial: Value?,
        _ parsing: ValueParsing<Value>,
        _ name: NameSpecification,
        _ strategy: ArgumentDefinition.Strategy,
        _ help: ArgumentHelp?,
        _ completion: CompletionKind?
    ) {
        self.storage = ArgumentStorage(initial: initial)
        self.parsing = parsing
        self.name = name
        self.strategy = strategy
        self.help = help
        self.completion = completion
    }

    /// Makes the compiler see the initializer without arguments in an extension, so that `@Option var name: String` needs no parentheses;
    /// chosen only for types that no other initializer fits, which is an error.
    @available(*, unavailable, message: "Give the property a default or a type that is ExpressibleByArgument, or add a transform.")
    public init() {
        self.init(initial: nil, .transformed { _ in throw InvalidValue() }, .long, .next, nil, nil)
    }

    func definition(forProperty property: String) -> ArgumentDefinition {
        self.parsing.definition(
            storage: self.storage,
            kind: .option,
            names: self.name.names(forProperty: property),
            property: property,
            help: self.help,
            completion: self.completion,
            strategy: self.strategy
        )
    }

    /// The value; without default it can only be read after parsing.
    public var wrappedValue: Value {
        get { self.storage.value(of: "@Option") }
        set {
            self.storage = ArgumentStorage(initial: self.storage.current)
            self.storage.store(newValue)
        }
    }
}

// The storage is written while parsing only, before the arguments are handed out; assigning to the property replaces it.
extension Option: @unchecked Sendable where Value: Sendable {}  // written while parsing, before anybody shares it
