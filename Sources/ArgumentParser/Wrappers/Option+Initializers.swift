extension Option {
    /// Declares an option that must be given.
    public init(
        name: NameSpecification = .long,
        parsing: SingleValueParsingStrategy = .next,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil
    ) where Value: ExpressibleByArgument {
        self.init(initial: nil, .single(), name, parsing.base, help, completion)
    }

    /// Declares an option with a default.
    public init(
        wrappedValue: Value,
        name: NameSpecification = .long,
        parsing: SingleValueParsingStrategy = .next,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil
    ) where Value: ExpressibleByArgument {
        self.init(initial: wrappedValue, .single(), name, parsing.base, help, completion)
    }

    /// Declares an optional option.
    public init<Wrapped: ExpressibleByArgument>(
        name: NameSpecification = .long,
        parsing: SingleValueParsingStrategy = .next,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil
    ) where Value == Wrapped? {
        self.init(initial: .some(nil), .optional(Wrapped.self), name, parsing.base, help, completion)
    }

    /// Declares an optional option, written with `= nil`.
    public init<Wrapped: ExpressibleByArgument>(
        wrappedValue: _OptionalNilComparisonType,
        name: NameSpecification = .long,
        parsing: SingleValueParsingStrategy = .next,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil
    ) where Value == Wrapped? {
        self.init(initial: .some(nil), .optional(Wrapped.self), name, parsing.base, help, completion)
    }

    /// Declares an option that must be given at least once.
    public init<Element: ExpressibleByArgument>(
        name: NameSpecification = .long,
        parsing: ArrayParsingStrategy = .singleValue,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil
    ) where Value == [Element] {
        self.init(initial: nil, .array(Element.self), name, parsing.base, help, completion)
    }

    /// Declares an option that may be given several times; giving it replaces the default.
    public init<Element: ExpressibleByArgument>(
        wrappedValue: [Element],
        name: NameSpecification = .long,
        parsing: ArrayParsingStrategy = .singleValue,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil
    ) where Value == [Element] {
        self.init(initial: wrappedValue, .array(Element.self), name, parsing.base, help, completion)
    }

    /// Declares an option that must be given and is parsed by `transform`, whose error is shown.
    public init(
        name: NameSpecification = .long,
        parsing: SingleValueParsingStrategy = .next,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil,
        transform: @escaping @Sendable (String) throws -> Value
    ) {
        self.init(initial: nil, .transformed(transform), name, parsing.base, help, completion)
    }

    /// Declares an option with a default that is parsed by `transform`, whose error is shown.
    public init(
        wrappedValue: Value,
        name: NameSpecification = .long,
        parsing: SingleValueParsingStrategy = .next,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil,
        transform: @escaping @Sendable (String) throws -> Value
    ) {
        self.init(initial: wrappedValue, .transformed(transform), name, parsing.base, help, completion)
    }

    /// Declares an optional option that is parsed by `transform`, whose error is shown.
    public init<Wrapped>(
        name: NameSpecification = .long,
        parsing: SingleValueParsingStrategy = .next,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil,
        transform: @escaping @Sendable (String) throws -> Wrapped
    ) where Value == Wrapped? {
        self.init(initial: .some(nil), .transformedOptional(transform), name, parsing.base, help, completion)
    }

    /// Declares an optional option, written with `= nil`, that is parsed by `transform`.
    public init<Wrapped>(
        wrappedValue: _OptionalNilComparisonType,
        name: NameSpecification = .long,
        parsing: SingleValueParsingStrategy = .next,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil,
        transform: @escaping @Sendable (String) throws -> Wrapped
    ) where Value == Wrapped? {
        self.init(initial: .some(nil), .transformedOptional(transform), name, parsing.base, help, completion)
    }

    /// Declares an option that must be given at least once; each value is parsed by `transform`.
    public init<Element>(
        name: NameSpecification = .long,
        parsing: ArrayParsingStrategy = .singleValue,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil,
        transform: @escaping @Sendable (String) throws -> Element
    ) where Value == [Element] {
        self.init(initial: nil, .transformedArray(transform), name, parsing.base, help, completion)
    }

    /// Declares an option that may be given several times; each value is parsed by `transform`.
    public init<Element>(
        wrappedValue: [Element],
        name: NameSpecification = .long,
        parsing: ArrayParsingStrategy = .singleValue,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil,
        transform: @escaping @Sendable (String) throws -> Element
    ) where Value == [Element] {
        self.init(initial: wrappedValue, .transformedArray(transform), name, parsing.base, help, completion)
    }
}
