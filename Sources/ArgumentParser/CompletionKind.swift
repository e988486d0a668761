/// What a shell offers as an argument's value.
public struct CompletionKind: Sendable, Hashable {
    enum Base: Hashable {
        case none
        case list([String])
        case file(extensions: [String])
        case directory
    }
    let base: Base

    /// Nothing but what the value's type lists.
    public static let `default` = CompletionKind(base: .none)
    /// These words.
    public static func list(_ words: [String]) -> CompletionKind { CompletionKind(base: .list(words)) }
    /// Files, of these extensions only unless there are none.
    public static func file(extensions: [String] = []) -> CompletionKind { CompletionKind(base: .file(extensions: extensions)) }
    /// Directories.
    public static let directory = CompletionKind(base: .directory)
}

/// A shell that a completion script can be made for.
public struct CompletionShell: RawRepresentable, Sendable, Hashable {
    /// The shell's name.
    public let rawValue: String

    /// The shell of that name, nil unless it is `bash`, `zsh` or `fish`.
    public init?(rawValue: String) {
        guard ["bash", "zsh", "fish"].contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    private init(_ name: String) { self.rawValue = name }

    /// GNU Bash.
    public static let bash = CompletionShell("bash")
    /// The Z shell.
    public static let zsh = CompletionShell("zsh")
    /// The friendly interactive shell.
    public static let fish = CompletionShell("fish")
    /// All shells that a script can be made for.
    public static let allCases: [CompletionShell] = [.bash, .zsh, .fish]
}
