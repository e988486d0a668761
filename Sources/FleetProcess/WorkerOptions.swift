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
    /// Environment variables begin with `FLEET_`.
    public static let environmentPrefix = "FLEET_"
    /// The configuration file is JSON.
    public static var configurationSources: ConfigurationSources { .json }
    /// Kafka properties of all sources count, not only those of the highest.
    public static var mergedOptions: Set<String> { ["kafka"] }
    /// Kafka properties are not shown in messages, as passwords may be among them.
    public static var secretOptions: Set<String> { ["kafka"] }

    /// The path of the configuration file; none is read by default.
    @Option(help: ArgumentHelp("JSON file with any of these options as members.", valueName: "file"))
    public var config: String?

    /// Kafka brokers, `host:port` separated by commas; `127.0.0.1:9092` by default.
    @Option(help: ArgumentHelp("Kafka brokers, host:port separated by commas.", valueName: "list"))
    public var bootstrapServers = "127.0.0.1:9092"

    /// Stands before every topic name, and before the group's name unless ``groupID`` is given; empty by default.
    @Option(help: ArgumentHelp("Stands before every topic and group name.", valueName: "text"))
    public var topicPrefix = ""

    /// The consumer group; nil: `fleet.<layer>` with the topic prefix before it.
    @Option(help: ArgumentHelp("Consumer group. (default: fleet.<layer>)", valueName: "name"))
    public var groupID: String?

    /// The worker's name in replies, logs and client ids; nil: host name and process id.
    @Option(help: ArgumentHelp("Name in replies and logs. (default: host name and process id)", valueName: "name"))
    public var workerID: String?

    /// Whether the worker joins its group under its id (`group.instance.id`); false by default.
    @Flag(inversion: .prefixedNo, help: "Join the group under the worker's id, so that a quick restart moves no partition.")
    public var staticMembership = false

    /// The delivery guarantee; nil: at least once, of a feedback orchestrator exactly once.
    @Option(
        help: ArgumentHelp(
            """
            What is promised: at_least_once, or exactly_once to readers with read_committed; keep the worker id over restarts then. \
            (default: at_least_once; feedback-orchestrator: exactly_once)
            """,
            valueName: "guarantee"
        )
    )
    public var delivery: DeliveryGuarantee?

    /// Attempts at a request whose failure is retryable, the first included; 10 by default, 1 for no retries.
    @Option(help: ArgumentHelp("Attempts at a request whose failure is retryable, the first included; 1: no retries.", valueName: "number"))
    public var maxAttempts = 10

    /// Milliseconds that a failed request waits for its retry in the worker at most; 5,000 by default, longer waits are in the retry topics.
    @Option(
        help: ArgumentHelp(
            "Milliseconds that a failed request waits in the worker at most; longer waits are in the retry topics.",
            valueName: "ms"
        )
    )
    public var retryInPlace: Int64 = 5_000

    /// Seconds for which the reply to a request with an idempotency key answers other requests with that key, 0 to 604,800 (a week); 3,600 by
    /// default, 0 for never.
    @Option(
        help: ArgumentHelp(
            "Seconds for which requests with the x-idempotency-key of an earlier one get its reply; 0: the header is ignored.",
            valueName: "seconds"
        )
    )
    public var idempotencyWindow: Int32 = 3_600

    /// Handlers at the same time, 1 to 100,000; 64 by default.
    @Option(help: ArgumentHelp("Handlers at the same time.", valueName: "number"))
    public var concurrency = 64

    /// Which requests keep their order; by default those with the same key.
    @Option(help: ArgumentHelp("Which requests keep their order: key, none or partition.", valueName: "kind"))
    public var ordering: Ordering = .key

    /// Which executions emit a signal about their orchestrator; all by default.
    @Option(
        help: ArgumentHelp("Executions that emit a signal about their orchestrator: all, off, or a share such as 0.1.", valueName: "which"),
        transform: { try SignalPolicy(parsing: $0) }
    )
    public var signals: SignalPolicy = .all

    /// What orchestrators choose components by; by policies by default.
    @Option(
        help: ArgumentHelp("on: choose components by what was learned. off: all are alike, and none is disabled.", valueName: "on|off")
    )
    public var policies: PolicyUse = .on

    /// Whether missing topics are created at the start; false by default.
    @Flag(inversion: .prefixedNo, help: "Create the topics that are missing.")
    public var createTopics = false

    /// Partitions of topics that are created, 1 to 10,000; 8 by default, without effect unless ``createTopics`` is set.
    @Option(help: ArgumentHelp("Partitions of topics that are created.", valueName: "number"))
    public var partitions: Int32 = 8

    /// Milliseconds that running requests have when the worker drains; 20,000 by default.
    @Option(help: ArgumentHelp("Milliseconds that running requests have when the worker drains.", valueName: "ms"))
    public var drainTimeout = 20_000

    /// The level below which log lines are dropped; `info` by default.
    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    public var logLevel: LogLevelOption = .info

    /// How log lines are written to stderr; by default as text on a terminal and as JSON elsewhere.
    @Option(help: ArgumentHelp("automatic (JSON when not a terminal), text or json.", valueName: "format"))
    public var logFormat: LogFormatOption = .automatic

    /// Where metrics and health are served, as `host:port`; nil, the default, serves none.
    @Option(help: ArgumentHelp("Serve /metrics, /livez, /readyz and /startupz on host:port.", valueName: "address"))
    public var adminAddress: String?

    /// Properties of librdkafka as `name=value`; they win over what the worker sets itself.
    @Option(help: ArgumentHelp("Property of librdkafka; repeat for more.", valueName: "name=value"))
    public var kafka: [String] = []

    /// Whether the orchestrator `probe` is registered, which can end the process; false by default, for drills only.
    @Flag(inversion: .prefixedNo, help: "Register the orchestrator probe, which does harm when told to; for drills.")
    public var enableProbe = false

    /// The topic that gets each handler's start and end, for drills; nil, the default, writes none.
    @Option(help: ArgumentHelp("Write each handler's start and end to this topic; for drills.", valueName: "topic"))
    public var probeEvents: String?

    /// Creates the options with their defaults.
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
        configuration.delivery = self.delivery ?? .atLeastOnce
        configuration.retries.maximumAttempts = self.maxAttempts
        configuration.idempotencyWindow = Int64(self.idempotencyWindow) * 1_000
        configuration.retries.maximumWaitInPlace = self.retryInPlace
        configuration.concurrency = self.concurrency
        configuration.inFlight.records = max(configuration.inFlight.records, self.concurrency * 2)
        configuration.ordering = self.ordering
        configuration.signals = self.signals
        configuration.policies = self.policies
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

    /// Throws every mistake at once, as ``configuration()`` does.
    public func validate() throws { _ = try self.configuration() }
}

/// A log level as an option.
public enum LogLevelOption: String, CaseIterable, Sendable, ExpressibleByArgument {
    case trace, debug, info, notice, warning, error, critical

    /// The logger's own level of the same name.
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

    /// The log's own format of the same name.
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
extension PolicyUse: ExpressibleByArgument {}

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
