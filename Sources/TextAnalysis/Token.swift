/// A word, a number, or a run of punctuation of a sentence.
public struct Token: Sendable, Hashable {
    /// What a token is.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Letters, possibly with digits and inner apostrophes or hyphens: "don't", "well-known", "U.S.", "3rd".
        case word
        /// Digits with inner separators: "1,234.5", "10:30", "2024-05-01".
        case number
        /// A run of anything else without white space: "?!", "$", "…”".
        case punctuation
    }

    /// What the token is.
    public let kind: Kind
    /// The token as written.
    public let text: String
    /// The token in lower case, with straight apostrophes and hyphens and without soft hyphens.
    public let normalized: String

    init(kind: Kind, text: String) {
        self.kind = kind
        self.text = text
        self.normalized = kind == .word ? Self.normalize(text) : text
    }

    private static func normalize(_ text: String) -> String {
        let lowercased = text.lowercased()
        if lowercased.utf8.allSatisfy({ $0 < 0x80 }) {
            return lowercased
        }
        var scalars = String.UnicodeScalarView()
        for scalar in lowercased.unicodeScalars {
            switch scalar.value {
            case 0x2019, 0x02BC: scalars.append("'")
            case 0x2010, 0x2011: scalars.append("-")
            case 0xAD: continue
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    /// Whether the token is counted as a word: words and numbers are, punctuation is not.
    public var isWord: Bool { self.kind != .punctuation }

    /// Whether the first scalar is an upper-case letter.
    public var startsUppercase: Bool {
        self.text.unicodeScalars.first.map { $0.properties.isUppercase } ?? false
    }

    /// Whether the token has at least two letters and every letter with a case is upper case ("NASA", not "A", not "iOS").
    public var isAllCaps: Bool {
        guard self.kind == .word, self.startsUppercase else {
            return false
        }
        var letters = 0
        for scalar in self.text.unicodeScalars {
            if scalar.properties.isLowercase {
                return false
            }
            letters += scalar.properties.isUppercase ? 1 : 0
        }
        return letters >= 2
    }
}
