import ArgumentParser

enum Delivery: String, CaseIterable, ExpressibleByArgument, Sendable {
    case atLeastOnce = "at_least_once"
    case exactlyOnce = "exactly_once"
}

/// A command line without subcommands.
struct Repeat: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Repeats a phrase.",
        discussion: "Examples:\n  repeat --count 2 hello\n  repeat -v hello",
        version: "1.2.3"
    )

    @Option(name: .shortAndLong, help: "How often to repeat the phrase.")
    var count: Int?

    @Option(help: "What stands between two phrases.")
    var separator = " "

    @Option(name: [.customShort("p"), .customLong("prefix")], help: ArgumentHelp("Text in front.", valueName: "text"))
    var prefixes: [String] = []

    @Option(help: "How often a phrase counts.")
    var delivery: Delivery = .atLeastOnce

    @Option(help: ArgumentHelp("A number that is even.", discussion: "Zero is even, too."), transform: Self.parseEven)
    var even = 0

    @Flag(name: .shortAndLong, help: "Say more; may be given several times.")
    var verbose: Int

    @Flag(inversion: .prefixedNo, help: "Count the phrases.")
    var counter = true

    @Option(help: .hidden)
    var secretive: Double?

    @Argument(help: "The phrase to repeat.")
    var phrase: String

    @Argument(help: "Words to leave out.")
    var omitted: [String] = []

    mutating func validate() throws {
        if let count = self.count, count < 1 { throw ValidationError("Please give a count of at least 1.") }
    }

    static func parseEven(_ text: String) throws -> Int {
        guard let number = Int(text), number.isMultiple(of: 2) else { throw ValidationError("expected an even number") }
        return number
    }
}

/// A command line with subcommands, two levels deep, and a shared group.
struct Fleet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Looks after a fleet.",
        version: "9",
        subcommands: [Submit.self, DeadLetters.self, Internal.self]
    )

    struct Common: ParsableArguments {
        @Option(name: .shortAndLong, help: "How much to log.", completion: .list(["debug", "info"]))
        var logLevel = "info"
    }

    struct Submit: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Submits a job.")
        @OptionGroup(title: "Common options") var common: Common
        @Option(help: "What to run.", completion: .list(["echo", "probe"])) var orchestrator: String
        @Option(help: "A file with arguments.", completion: .file(extensions: ["json"])) var arguments: String?
        @Flag(help: "Wait for the reply.") var wait = false
    }

    struct DeadLetters: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "deadletters",
            abstract: "Works with dead letters.",
            subcommands: [List.self, Replay.self],
            defaultSubcommand: List.self,
            aliases: ["dlq"]
        )

        struct List: ParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Lists dead letters.")
            @OptionGroup var common: Common
            @Option(help: "How many.") var limit = 10
            @Argument(help: "Which layer.", completion: .list(["domain", "application"])) var layer: String?
        }

        struct Replay: ParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Replays dead letters.")
            @Argument(help: "Which.") var identifiers: [String]
        }
    }

    struct Internal: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "internal", shouldDisplay: false)
    }
}

/// Shared options that environment and file may give, too.
struct WorkerOptions: ConfigurableArguments, Sendable {
    static let environmentPrefix = "FLEET_"
    static let mergedOptions: Set<String> = ["header"]
    static let secretOptions: Set<String> = ["token"]
    static var configurationSources: ConfigurationSources { ConfigurationSources { _ in .null } }

    @Option(help: "A JSON file with options.")
    var config: String?

    @Option(help: "Kafka brokers.", transform: Self.parseServer)
    var bootstrapServers: [String]

    @Option(help: "How many records at a time.", transform: Self.parsePositive)
    var concurrency = 16

    @Option(help: "How often a record counts.")
    var delivery: Delivery = .atLeastOnce

    @Option(help: "A librdkafka property.")
    var kafka: [String] = []

    @Option(help: "A header.")
    var header: [String] = []

    @Option(help: "A secret.")
    var token: UInt16?

    @Flag(help: "Offer the probe.")
    var enableProbe = false

    @Flag(inversion: .prefixedNo, help: "Create topics.")
    var createTopics = true

    mutating func validate() throws {
        var mistakes: [String] = []
        if self.concurrency > 1_000 { mistakes.append("concurrency: at most 1000") }
        if self.concurrency > 1_000, self.enableProbe { mistakes.append("enable-probe: not with such a concurrency") }
        if !mistakes.isEmpty { throw ConfigurationMistakes(mistakes) }
    }

    static func parsePositive(_ text: String) throws -> Int {
        guard let number = Int(text), number > 0 else { throw ValidationError("expected a positive integer") }
        return number
    }

    static func parseServer(_ text: String) throws -> String {
        guard text.contains(":") else { throw ValidationError("expected host:port") }
        return text
    }
}

/// A worker with shared options of which some are its own.
struct Worker: AsyncParsableCommand {
    @OptionGroup(title: "Fleet options") var options: WorkerOptions
    @Option(help: "Not configurable.") var drill: Int?
}
