import AdminServer
public import ArgumentParser
public import Delivery
import JSON
public import Observability
public import WorkerRuntime

/// The options that every process of the fleet shares (contracts, "Processes").
///
/// Each is also an environment variable (`--bootstrap-servers` = `FLEET_BOOTSTRAP_SERVERS`) and a member of the configuration file; a flag wins
/// over the environment, the environment over the file.
public struct WorkerOptions: ConfigurableArguments {
    public static let environmentPrefix = "FLEET_"
    public static var configurationSources: ConfigurationSources { .json }
    public static var mergedOptions: Set<String> { ["kafka"] }
    public static var secretOptions: Set<String> { ["kafka"] }

    @Option(help: ArgumentHelp("JSON file with any of these options as members.", valueName: "file"))
    public var config: String?

    @Option(help: ArgumentHelp("Kafka brokers, host:port separated by commas.", valueName: "list"))
    public var bootstrapServers = "127.0.0.1:9092"

    @Option(help: ArgumentHelp("Stands before every topic and group name.", valueName: "text"))
    public var topicPrefix = ""

    @Option(help: ArgumentHelp("Consumer group. (default: fleet.<layer>)", valueName: "name"))
    public var groupID: String?

    @Option(help: ArgumentHelp("Name in replies and logs. (default: host name and process id)", valueName: "name"))
    public var workerID: String?

    @Flag(inversion: .prefixedNo, help: "Join the group under the worker's id, so that a quick restart moves no partition.")
    public var staticMembership = false

    @Option(help: ArgumentHelp("What is promised: at_least_once or exactly_once (not in this version).", valueName: "guarantee"))
    public var delivery: DeliveryGuarantee = .atLeastOnce

    @Option(help: ArgumentHelp("Handlers at the same time.", valueName: "number"))
    public var concurrency = 64

    @Option(help: ArgumentHelp("Which requests keep their order: key, none or partition.", valueName: "kind"))
    public var ordering: Ordering = .key

    @Option(
        help: ArgumentHelp("Executions that emit a signal about their orchestrator: all, off, or a share such as 0.1.", valueName: "which"),
        transform: { try SignalPolicy(parsing: $0) }
    )
    public var signals: SignalPolicy = .all

    @Flag(inversion: .prefixedNo, help: "Create the topics that are missing.")
    public var createTopics = false

    @Option(help: ArgumentHelp("Partitions of topics that are created.", valueName: "number"))
    public var partitions: Int32 = 8

    @Option(help: ArgumentHelp("Milliseconds that running requests have when the worker drains.", valueName: "ms"))
    public var drainTimeout = 20_000

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    public var logLevel: LogLevelOption = .info

    @Option(help: ArgumentHelp("automatic (JSON when not a terminal), text or json.", valueName: "format"))
    public var logFormat: LogFormatOption = .automatic

    @Option(help: ArgumentHelp("Serve /metrics, /livez, /readyz and /startupz on host:port.", valueName: "address"))
    public var adminAddress: String?

    @Option(help: ArgumentHelp("Property of librdkafka; repeat for more.", valueName: "name=value"))
    public var kafka: [String] = []

    @Flag(inversion: .prefixedNo, help: "Register the orchestrator probe, which does harm when told to; for drills.")
    public var enableProbe = false

    @Option(help: ArgumentHelp("Write each handler's start and end to this topic; for drills.", valueName: "topic"))
    public var probeEvents: String?

    public init() {}

    /// The worker's configuration.
    ///
    /// - Throws: every mistake at once.
    public func configuration() throws -> WorkerConfiguration {
        var configuration = WorkerConfiguration()
        configuration.bootstrapServers = self.bootstrapServers
        configuration.topicPrefix = self.topicPrefix
        configuration.groupID = self.groupID
        if let workerID = self.workerID { configuration.workerID = workerID }
        configuration.usesStaticMembership = self.staticMembership
        configuration.delivery = self.delivery
        configuration.concurrency = self.concurrency
        configuration.inFlight.records = max(configuration.inFlight.records, self.concurrency * 2)
        configuration.ordering = self.ordering
        configuration.signals = self.signals
        configuration.createsTopicsWithPartitions = self.createTopics ? self.partitions : nil
        configuration.drainTimeout = self.drainTimeout
        configuration.probeEventsTopic = self.probeEvents
        var mistakes: [String] = []
        for property in self.kafka {
            guard let separator = property.firstIndex(of: "="), separator != property.startIndex else {
                mistakes.append("--kafka \(property.prefix { $0 != "=" }): expected name=value")
                continue
            }
            configuration.kafka[String(property[..<separator])] = String(property[property.index(after: separator)...])
        }
        if let adminAddress = self.adminAddress {
            do throws(AdminServerError) {
                _ = try AdminAddress(parsing: adminAddress)
            } catch {
                mistakes.append("--admin-address \(adminAddress): \(error.message)")
            }
        }
        mistakes += configuration.mistakes()
        guard mistakes.isEmpty else { throw ConfigurationMistakes(mistakes) }
        return configuration
    }

    public func validate() throws { _ = try self.configuration() }
}

/// A log level as an option.
public enum LogLevelOption: String, CaseIterable, Sendable, ExpressibleByArgument {
    case trace, debug, info, notice, warning, error, critical

    public var level: Logger.Level {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}

/// A log format as an option.
public enum LogFormatOption: String, CaseIterable, Sendable, ExpressibleByArgument {
    case automatic, text, json

    public var format: LogFormat {
        switch self {
        case .automatic: .automatic
        case .text: .text
        case .json: .json
        }
    }
}

extension Ordering: ExpressibleByArgument {}
extension DeliveryGuarantee: ExpressibleByArgument {}

extension SignalPolicy {
    init(parsing text: String) throws {
        switch text {
        case "all": self = .all
        case "off": self = .off
        default:
            guard let share = Double(text), (0...1).contains(share) else {
                throw ValidationError("expected all, off, or a share from 0 to 1")
            }
            self = .sampled(share)
        }
    }
}

extension ConfigurationSources {
    /// The process's environment, and files of JSON.
    public static let json = ConfigurationSources(parseFile: { bytes in ConfigurationNode(try JSONValue(parsing: bytes)) })
}

extension ConfigurationNode {
    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .string(value)
        case .array(let values): self = .array(values.map { ConfigurationNode($0) })
        case .object(let members): self = .object(members.map { (name: $0.key, value: ConfigurationNode($0.value)) })
        }
    }
}
