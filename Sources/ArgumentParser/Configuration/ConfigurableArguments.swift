// This folder is an addition to the shape of swift-argument-parser: options from environment variables and a configuration file.

/// Arguments whose options and flags may also come from environment variables and a JSON configuration file.
///
/// An option `--bootstrap-servers` is also the environment variable `FLEET_BOOTSTRAP_SERVERS` (``environmentPrefix`` and the long name
/// in upper case) and the member `"bootstrap-servers"` or `"bootstrap_servers"` of the file. The command line wins over the
/// environment, the environment over the file, the file over the default; each source that has an option replaces what lower ones say
/// about it, unless it is one of ``mergedOptions``. Options without long name and positional arguments are not configurable.
///
/// - An environment variable that is empty counts as not set. One for an option that is an array is split at commas (`\,` is a comma
///   within a value). One for a flag holds `true`, `yes`, `on`, `1` or `false`, `no`, `off`, `0`.
/// - A member of the file is a string, a number or a boolean; for a flag a boolean; for an array also an array of these, or an object,
///   whose members become `name=value`. `null` counts as not set, and the member `"$schema"` is ignored.
///
/// Everything wrong in any source is reported at once, each mistake with its source: unknown members, values that cannot be parsed, even
/// where another source wins, and failed validations. With mistakes of the configuration alone the process ends with
/// ``ExitCode/configurationFailure``, with any on the command line with ``ExitCode/validationFailure``. A failed validation counts as a
/// mistake of the configuration when environment or file have any of the values, a missing option as one on the command line.
///
/// Conform an `@OptionGroup`'s type or the command itself; groups within a conforming type are configurable with it.
public protocol ConfigurableArguments: ParsableArguments {
    /// Where environment and file are read.
    static var configurationSources: ConfigurationSources { get }

    /// What the names of environment variables begin with, such as `FLEET_`.
    static var environmentPrefix: String { get }

    /// The long name of the option that names the file; `config` by default. Without such an option there is no file. The option may be
    /// given on the command line or in the environment; its default is not looked at.
    static var configurationFileOption: String { get }

    /// Long names of arrays that hold the values of all sources, lowest precedence first, instead of those of the highest alone. None by
    /// default.
    static var mergedOptions: Set<String> { get }

    /// Long names of options whose values are not shown in messages. None by default.
    static var secretOptions: Set<String> { get }
}

extension ConfigurableArguments {
    /// `config`.
    public static var configurationFileOption: String { "config" }
    /// None.
    public static var mergedOptions: Set<String> { [] }
    /// None.
    public static var secretOptions: Set<String> { [] }
}

/// Several mistakes at once, to be thrown from `validate()`.
public struct ConfigurationMistakes: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, one mistake each.
    public let messages: [String]

    /// Creates the error; with no messages it is still an error.
    public init(_ messages: [String]) { self.messages = messages }

    /// The messages, one a line.
    public var description: String { self.messages.joined(separator: "\n") }

    var mistakes: [Mistake] { self.messages.map { Mistake(message: $0, isConfiguration: true) } }
}

extension ExitCode {
    /// The configuration is wrong: 78 (`EX_CONFIG` of sysexits.h).
    public static let configurationFailure = ExitCode(78)
}

extension ParsableArguments {
    /// Parses arguments with other sources of configuration than the types name, for tests.
    public static func parse(_ arguments: [String], configuration: ConfigurationSources) throws -> Self {
        try CommandParser(root: Self.self, sources: configuration).parse(arguments, as: Self.self)
    }
}

extension ParsableCommand {
    /// Parses arguments with other sources of configuration than the types name, for tests.
    public static func parseAsRoot(_ arguments: [String], configuration: ConfigurationSources) throws -> any ParsableCommand {
        try CommandParser(root: Self.self, sources: configuration).parse(arguments, as: (any ParsableCommand).self)
    }
}

extension ArgumentDefinition {
    var isSecret: Bool {
        guard let longName = self.longName else { return false }
        return self.configurable?.secretOptions.contains(longName) ?? false
    }
}
