extension Argument {
    /// Declares an argument that must be given.
    public init(
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil
    ) where Value: ExpressibleByArgument {
        self.init(initial: nil, .single(), help, completion)
    }

    /// Declares an argument with a default.
    public init(
        wrappedValue: Value,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil
    ) where Value: ExpressibleByArgument {
        self.init(initial: wrappedValue, .single(), help, completion)
    }

    /// Declares an optional argument.
    public init<Wrapped: ExpressibleByArgument>(
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil
    ) where Value == Wrapped? {
        self.init(initial: .some(nil), .optional(Wrapped.self), help, completion)
    }

    /// Declares an optional argument, written with `= nil`.
    public init<Wrapped: ExpressibleByArgument>(
        wrappedValue: _OptionalNilComparisonType,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil
    ) where Value == Wrapped? {
        self.init(initial: .some(nil), .optional(Wrapped.self), help, completion)
    }

    /// Declares an argument that takes the remaining values, at least one.
    public init<Element: ExpressibleByArgument>(
        parsing: ArgumentArrayParsingStrategy = .remaining,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil
    ) where Value == [Element] {
        self.init(initial: nil, .array(Element.self), help, completion)
    }

    /// Declares an argument that takes the remaining values; giving any replaces the default.
    public init<Element: ExpressibleByArgument>(
        wrappedValue: [Element],
        parsing: ArgumentArrayParsingStrategy = .remaining,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil
    ) where Value == [Element] {
        self.init(initial: wrappedValue, .array(Element.self), help, completion)
    }

    /// Declares an argument that must be given and is parsed by `transform`, whose error is shown.
    public init(
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil,
        transform: @escaping @Sendable (String) throws -> Value
    ) {
        self.init(initial: nil, .transformed(transform), help, completion)
    }

    /// Declares an argument with a default that is parsed by `transform`, whose error is shown.
    public init(
        wrappedValue: Value,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil,
        transform: @escaping @Sendable (String) throws -> Value
    ) {
        self.init(initial: wrappedValue, .transformed(transform), help, completion)
    }

    /// Declares an optional argument that is parsed by `transform`, whose error is shown.
    public init<Wrapped>(
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil,
        transform: @escaping @Sendable (String) throws -> Wrapped
    ) where Value == Wrapped? {
        self.init(initial: .some(nil), .transformedOptional(transform), help, completion)
    }

    /// Declares an optional argument, written with `= nil`, that is parsed by `transform`.
    public init<Wrapped>(
        wrappedValue: _OptionalNilComparisonType,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil,
        transform: @escaping @Sendable (String) throws -> Wrapped
    ) where Value == Wrapped? {
        self.init(initial: .some(nil), .transformedOptional(transform), help, completion)
    }

    /// Declares an argument of at least one value; each is parsed by `transform`.
    public init<Element>(
        parsing: ArgumentArrayParsingStrategy = .remaining,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil,
        transform: @escaping @Sendable (String) throws -> Element
    ) where Value == [Element] {
        self.init(initial: nil, .transformedArray(transform), help, completion)
    }

    /// Declares an argument of any number of values; each is parsed by `transform`.
    public init<Element>(
        wrappedValue: [Element],
        parsing: ArgumentArrayParsingStrategy = .remaining,
        help: ArgumentHelp? = nil,
        completion: CompletionKind? = nil,
        transform: @escaping @Sendable (String) throws -> Element
    ) where Value == [Element] {
        self.init(initial: wrappedValue, .transformedArray(transform), help, completion)
    }
}
