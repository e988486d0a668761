/// A property given by its place on the command line.
///
/// Without default it must be given, unless its type is optional. An array takes all the remaining values.
@propertyWrapper
public struct Argument<Value>: ArgumentProvider {
    private var storage: ArgumentStorage<Value>
    private let parsing: ValueParsing<Value>
    private let help: ArgumentHelp?
    private let completion: CompletionKind?

    init(initial: Value?, _ parsing: ValueParsing<Value>, _ help: ArgumentHelp?, _ completion: CompletionKind?) {
        self.storage = ArgumentStorage(initial: initial)
        self.parsing = parsing
        self.help = help
        self.completion = completion
    }

    /// Makes the compiler see the initializer without arguments in an extension, so that `@Argument var name: String` needs no parentheses;
    /// chosen only for types that no other initializer fits, which is an error.
    @available(*, unavailable, message: "Give the property a default or a type that is ExpressibleByArgument, or add a transform.")
    public init() {
        self.init(initial: nil, .transformed { _ in throw InvalidValue() }, nil, nil)
    }

    func definition(forProperty property: String) -> ArgumentDefinition {
        self.parsing.definition(
            storage: self.storage,
            kind: .positional,
            names: [],
            property: property,
            help: self.help,
            completion: self.completion,
            strategy: .next
        )
    }

    /// The value; without default it can only be read after parsing.
    public var wrappedValue: Value {
        get { self.storage.value(of: "@Argument") }
        set {
            self.storage = ArgumentStorage(initial: self.storage.current)
            self.storage.store(newValue)
        }
    }
}

// The storage is written while parsing only, before the arguments are handed out; assigning to the property replaces it.
extension Argument: @unchecked Sendable where Value: Sendable {}  // written while parsing, before anybody shares it
