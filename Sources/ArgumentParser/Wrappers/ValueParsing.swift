/// How the texts of an option or argument become its value: the part that the many initializers differ in.
struct ValueParsing<Value>: Sendable {
    /// Adds one text's value to what is there.
    let combine: @Sendable (Value?, String) throws -> Value
    let isRepeating: Bool
    let isOptional: Bool
    let allValues: [String]
    let completion: CompletionKind
    let describeDefault: @Sendable (Value) -> String?

    static func single(_: Value.Type = Value.self) -> ValueParsing where Value: ExpressibleByArgument {
        ValueParsing(
            combine: { _, text in try parseValue(text, as: Value.self) },
            isRepeating: false,
            isOptional: false,
            allValues: Value.allValueStrings,
            completion: Value.defaultCompletionKind,
            describeDefault: { $0.defaultValueDescription }
        )
    }

    static func optional<Wrapped: ExpressibleByArgument>(_: Wrapped.Type) -> ValueParsing where Value == Wrapped? {
        ValueParsing(
            combine: { _, text in try parseValue(text, as: Wrapped.self) },
            isRepeating: false,
            isOptional: true,
            allValues: Wrapped.allValueStrings,
            completion: Wrapped.defaultCompletionKind,
            describeDefault: { $0?.defaultValueDescription }
        )
    }

    static func array<Element: ExpressibleByArgument>(_: Element.Type) -> ValueParsing where Value == [Element] {
        ValueParsing(
            combine: { present, text in (present ?? []) + [try parseValue(text, as: Element.self)] },
            isRepeating: true,
            isOptional: false,
            allValues: Element.allValueStrings,
            completion: Element.defaultCompletionKind,
            describeDefault: { $0.isEmpty ? nil : $0.map(\.defaultValueDescription).joined(separator: ", ") }
        )
    }

    static func transformed(_ transform: @escaping @Sendable (String) throws -> Value) -> ValueParsing {
        ValueParsing(
            combine: { _, text in try parseValue(text, with: transform) },
            isRepeating: false,
            isOptional: false,
            allValues: [],
            completion: .default,
            describeDefault: { ($0 as? any CustomStringConvertible)?.description }
        )
    }

    static func transformedOptional<Wrapped>(
        _ transform: @escaping @Sendable (String) throws -> Wrapped
    ) -> ValueParsing where Value == Wrapped? {
        ValueParsing(
            combine: { _, text in try parseValue(text, with: transform) },
            isRepeating: false,
            isOptional: true,
            allValues: [],
            completion: .default,
            describeDefault: { _ in nil }
        )
    }

    static func transformedArray<Element>(
        _ transform: @escaping @Sendable (String) throws -> Element
    ) -> ValueParsing where Value == [Element] {
        ValueParsing(
            combine: { present, text in (present ?? []) + [try parseValue(text, with: transform)] },
            isRepeating: true,
            isOptional: false,
            allValues: [],
            completion: .default,
            describeDefault: { values in
                let texts = values.compactMap { ($0 as? any CustomStringConvertible)?.description }
                return texts.isEmpty ? nil : texts.joined(separator: ", ")
            }
        )
    }

    func definition(
        storage: ArgumentStorage<Value>,
        kind: ArgumentDefinition.Kind,
        names: [ArgumentName],
        property: String,
        help: ArgumentHelp?,
        completion: CompletionKind?,
        strategy: ArgumentDefinition.Strategy
    ) -> ArgumentDefinition {
        var longName = property.kebabCased
        for case .long(let name) in names {
            longName = name
            break
        }
        return ArgumentDefinition(
            kind: kind,
            names: names,
            valueName: help?.valueName ?? longName,
            help: help ?? ArgumentHelp(),
            strategy: strategy,
            isOptional: self.isOptional || storage.current != nil,
            isRepeating: self.isRepeating,
            defaultDescription: storage.current.flatMap(self.describeDefault).flatMap { $0.isEmpty ? nil : $0 },
            allValues: self.allValues,
            completion: completion ?? self.completion,
            set: { text in storage.store(try self.combine(storage.parsed, text)) },
            reset: { storage.store(nil) },
            hasValue: { storage.current != nil }
        )
    }
}
