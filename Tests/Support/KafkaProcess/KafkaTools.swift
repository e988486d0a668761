/// Kafka's own Java tools, run from the class path of `KAFKA_HOME`; each run starts a JVM (about a second).
public enum KafkaTools {
    /// A tool by its main class.
    public struct Tool: Sendable, Hashable {
        /// The fully qualified Java class.
        public let mainClass: String

        /// Names a main class of Kafka's class path.
        public init(mainClass: String) {
            self.mainClass = mainClass
        }

        /// Creates, lists, describes and deletes topics: `kafka-topics.sh`.
        public static let topics = Tool(mainClass: "org.apache.kafka.tools.TopicCommand")
        /// Lists groups, shows their offsets and resets them: `kafka-consumer-groups.sh`.
        public static let consumerGroups = Tool(mainClass: "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand")
        /// Prints the records of a topic: `kafka-console-consumer.sh`.
        public static let consoleConsumer = Tool(mainClass: "org.apache.kafka.tools.consumer.ConsoleConsumer")
        /// Publishes the lines of its standard input: `kafka-console-producer.sh`.
        public static let consoleProducer = Tool(mainClass: "org.apache.kafka.tools.ConsoleProducer")
        /// Shows the offsets of partitions, the newest unless told otherwise: `kafka-get-offsets.sh`.
        public static let offsets = Tool(mainClass: "org.apache.kafka.tools.GetOffsetShell")
        /// Shows and changes the settings of brokers, topics and users: `kafka-configs.sh`.
        public static let configs = Tool(mainClass: "kafka.admin.ConfigCommand")
        /// Publishes numbered records and reports each acknowledgement as JSON: `kafka-verifiable-producer.sh`.
        public static let verifiableProducer = Tool(mainClass: "org.apache.kafka.tools.VerifiableProducer")
    }

    /// Runs a tool to its end.
    ///
    /// - Parameters:
    ///   - tool: Which one.
    ///   - arguments: As for its shell script, such as `["--bootstrap-server", kafka.bootstrapServers, "--list"]`.
    ///   - standardInput: What the tool reads, such as the console producer's records; default: nothing.
    ///   - deadline: When to kill it. Default: 60 seconds from now.
    /// - Returns: Exit status and output; a failed tool is told by `requireSuccess()`.
    /// - Throws: `unavailable` without Kafka or Java, `deadlineExceeded`, `CancellationError`.
    public static func run(
        _ tool: Tool,
        _ arguments: [String],
        standardInput: [UInt8]? = nil,
        deadline: ContinuousClock.Instant = .now + .seconds(60)
    ) async throws -> ChildProcess.Completion {
        let installation = try KafkaInstallation.found.get()
        return try await installation.run(tool.mainClass, arguments, standardInput: standardInput, deadline: deadline)
    }
}
