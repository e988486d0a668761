/// The names of an option or a flag; write several as an array literal.
public struct NameSpecification: Sendable, Hashable, ExpressibleByArrayLiteral {
    /// One name, perhaps derived from the property's.
    public struct Element: Sendable, Hashable {
        fileprivate enum Base: Hashable {
            case long
            case customLong(String)
            case short
            case customShort(Character)
        }
        fileprivate let base: Base

        /// The property's name in kebab case: `--topic-prefix` for `topicPrefix`.
        public static let long = Element(base: .long)
        /// The first letter of the property's name.
        public static let short = Element(base: .short)
        /// A long name, given without its dashes.
        public static func customLong(_ name: String) -> Element { Element(base: .customLong(name)) }
        /// A short name, given without its dash.
        public static func customShort(_ name: Character) -> Element { Element(base: .customShort(name)) }
    }

    private let elements: [Element]

    /// Creates a specification of several names.
    public init(_ elements: some Sequence<Element>) { self.elements = Array(elements) }

    /// Creates a specification of several names.
    public init(arrayLiteral elements: Element...) { self.elements = elements }

    /// The property's name in kebab case.
    public static let long: NameSpecification = [.long]
    /// The first letter of the property's name.
    public static let short: NameSpecification = [.short]
    /// Both the first letter and the kebab-case name.
    public static let shortAndLong: NameSpecification = [.short, .long]
    /// A long name, given without its dashes.
    public static func customLong(_ name: String) -> NameSpecification { [.customLong(name)] }
    /// A short name, given without its dash.
    public static func customShort(_ name: Character) -> NameSpecification { [.customShort(name)] }

    func names(forProperty property: String) -> [ArgumentName] {
        self.elements.map { element in
            switch element.base {
            case .long: .long(property.kebabCased)
            case .customLong(let name): .long(name)
            case .short: .short(property.first ?? "?")
            case .customShort(let name): .short(name)
            }
        }
    }
}

/// A name on the command line.
enum ArgumentName: Hashable, Sendable {
    case long(String)
    case short(Character)

    /// The name with its dashes.
    var text: String {
        switch self {
        case .long(let name): "--" + name
        case .short(let name): "-" + String(name)
        }
    }

    var isLong: Bool { if case .long = self { true } else { false } }
}

extension String {
    /// `topicPrefix` and `TopicPrefix` as `topic-prefix`, `useTLSNow` as `use-tls-now`.
    var kebabCased: String {
        let characters = Array(self)
        var result = ""
        for (index, character) in characters.enumerated() {
            if character == "_" {
                result += "-"
                continue
            }
            let isBorder =
                index > 0 && character.isUppercase && characters[index - 1] != "_"
                && (!characters[index - 1].isUppercase || (index + 1 < characters.count && characters[index + 1].isLowercase))
            if isBorder { result += "-" }
            result += character.lowercased()
        }
        return result
    }
}
