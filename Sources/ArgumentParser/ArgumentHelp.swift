/// Whether an argument shows in the help.
public struct ArgumentVisibility: Sendable, Hashable {
    private enum Base { case shown, hidden, secluded }
    private let base: Base

    /// Shown in `--help`.
    public static let `default` = ArgumentVisibility(base: .shown)
    /// Shown only in `--help-hidden`.
    public static let hidden = ArgumentVisibility(base: .hidden)
    /// Never shown.
    public static let `private` = ArgumentVisibility(base: .secluded)

    func isShown(includingHidden: Bool) -> Bool {
        switch self.base {
        case .shown: true
        case .hidden: includingHidden
        case .secluded: false
        }
    }
}

/// The help text of an argument; write it as a string literal where the first sentence is enough.
public struct ArgumentHelp: Sendable, ExpressibleByStringInterpolation {
    /// A short description.
    public var abstract: String
    /// More text, shown below the short description.
    public var discussion: String
    /// What to call the value, `<value-name>`; the argument's long name when nil.
    public var valueName: String?
    /// Whether the argument shows in the help.
    public var visibility: ArgumentVisibility

    /// Creates help.
    public init(
        _ abstract: String = "",
        discussion: String = "",
        valueName: String? = nil,
        visibility: ArgumentVisibility = .default
    ) {
        self.abstract = abstract
        self.discussion = discussion
        self.valueName = valueName
        self.visibility = visibility
    }

    /// Creates help with a short description.
    public init(stringLiteral value: String) { self.init(value) }

    /// Help that is only shown in `--help-hidden`.
    public static let hidden = ArgumentHelp(visibility: .hidden)

    /// Help that is never shown.
    public static let `private` = ArgumentHelp(visibility: .private)
}
