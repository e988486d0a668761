/// Which word is an option's value.
public struct SingleValueParsingStrategy: Sendable {
    let base: ArgumentDefinition.Strategy

    /// The next word, which must not look like an option; a negative number does not.
    public static let next = SingleValueParsingStrategy(base: .next)
    /// The next word, whatever it looks like.
    public static let unconditional = SingleValueParsingStrategy(base: .unconditional)
}

/// Which words are the values of an option that is an array.
public struct ArrayParsingStrategy: Sendable {
    let base: ArgumentDefinition.Strategy

    /// The next word after each naming of the option, which must not look like an option.
    public static let singleValue = ArrayParsingStrategy(base: .next)
    /// The next word after each naming of the option, whatever it looks like.
    public static let unconditionalSingleValue = ArrayParsingStrategy(base: .unconditional)
    /// All words up to the next one that looks like an option.
    public static let upToNextOption = ArrayParsingStrategy(base: .upToNextOption)
}

/// Which words are the values of an argument that is an array.
public struct ArgumentArrayParsingStrategy: Sendable {
    /// All words that are left.
    public static let remaining = ArgumentArrayParsingStrategy()
}
