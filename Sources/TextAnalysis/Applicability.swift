/// How well a method made for English fits a text.
public enum Applicability: Sendable, Hashable {
    /// The text is reliably English.
    case english
    /// The language could not be told, mostly because the text is short: the method ran as if it were English.
    case undetermined
    /// The text is reliably in another language: the method did not run, and its result is empty.
    case otherLanguage(code: String, name: String)

    /// Whether the method ran.
    public var hasRun: Bool {
        if case .otherLanguage = self { false } else { true }
    }

    /// A sentence for readers of a result; nil for English.
    public var note: String? {
        switch self {
        case .english:
            nil
        case .undetermined:
            "The method is for English only; the language of the text could not be determined."
        case .otherLanguage(let code, let name):
            "The method is for English only and did not run; the text was detected as \(name) (\(code))."
        }
    }
}
