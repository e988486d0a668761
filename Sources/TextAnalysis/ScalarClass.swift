/// What a Unicode scalar means to the tokenizer.
enum ScalarClass: UInt8, Sendable {
    /// A letter, or a number letter such as "Ⅳ".
    case letter
    /// A decimal digit or another number character such as "½".
    case digit
    /// A combining mark, joiner or soft hyphen: continues a word, never starts one.
    case mark
    /// A straight or curly apostrophe: part of a word only between two word characters.
    case apostrophe
    /// A hyphen: part of a word only between two word characters.
    case hyphen
    /// White space that ends neither line nor paragraph.
    case space
    /// A line end.
    case newline
    /// U+2029, which ends a paragraph by itself.
    case paragraphSeparator
    /// Punctuation, symbols, controls and unassigned scalars.
    case symbol

    init(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x61...0x7A, 0x41...0x5A: self = .letter
        case 0x30...0x39: self = .digit
        case 0x20, 0x09: self = .space
        case 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028: self = .newline
        case 0x2029: self = .paragraphSeparator
        case 0x27, 0x2019, 0x02BC: self = .apostrophe
        case 0x2D, 0x2010, 0x2011: self = .hyphen
        case 0..<0x80: self = .symbol
        case 0xAD, 0x200C, 0x200D: self = .mark
        default: self = Self.classify(scalar.properties.generalCategory)
        }
    }

    private static func classify(_ category: Unicode.GeneralCategory) -> ScalarClass {
        switch category {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber: .letter
        case .decimalNumber, .otherNumber: .digit
        case .nonspacingMark, .spacingMark, .enclosingMark: .mark
        case .spaceSeparator: .space
        default: .symbol
        }
    }

    /// Whether a word can start with the scalar.
    var startsWord: Bool { self == .letter || self == .digit }

    /// Whether the scalar is white space of any kind.
    var isWhitespace: Bool { self == .space || self == .newline || self == .paragraphSeparator }
}
