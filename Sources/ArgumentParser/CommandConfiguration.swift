/// Name, help texts and subcommands of a command.
public struct CommandConfiguration: Sendable {
    /// The command's name; its type's name in kebab case when nil.
    public var commandName: String?
    /// One line about the command.
    public var abstract: String
    /// More about the command, shown below the abstract; line breaks are kept, so that examples can be shown.
    public var discussion: String
    /// What `--version` shows; no such option when empty.
    public var version: String
    /// Whether the parent's help lists the command.
    public var shouldDisplay: Bool
    /// The commands below this one.
    public var subcommands: [any ParsableCommand.Type]
    /// The subcommand that is meant when none is named.
    public var defaultSubcommand: (any ParsableCommand.Type)?
    /// Other names of the command, when it is a subcommand.
    public var aliases: [String]

    /// Creates a configuration.
    public init(
        commandName: String? = nil,
        abstract: String = "",
        discussion: String = "",
        version: String = "",
        shouldDisplay: Bool = true,
        subcommands: [any ParsableCommand.Type] = [],
        defaultSubcommand: (any ParsableCommand.Type)? = nil,
        aliases: [String] = []
    ) {
        self.commandName = commandName
        self.abstract = abstract
        self.discussion = discussion
        self.version = version
        self.shouldDisplay = shouldDisplay
        self.subcommands = subcommands
        self.defaultSubcommand = defaultSubcommand
        self.aliases = aliases
    }
}
