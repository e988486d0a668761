public import KafkaClient
import Observability
import Orchestration
public import Wire

/// Makes the fleet's topics.
public enum TopicProvision {
    /// Creates the topics that are missing on a cluster; waits for the broker on a thread of its own.
    ///
    /// - Parameters:
    ///   - names: which topics, with their settings.
    ///   - partitions: partitions of each; retry topics get as many as the requests topic has, if that is there and has more.
    ///   - milliseconds: how long the broker may take; 15,000 by default.
    /// - Returns: the names that were created.
    /// - Throws: ``KafkaError`` of the first topic that neither exists nor can be created.
    public static func create(
        _ names: TopicNames,
        partitions: Int32,
        replicationFactor: Int32 = -1,
        configuration: KafkaConfiguration,
        observer: KafkaObserver,
        milliseconds: Int32 = 15_000
    ) async throws -> [String] {
        try await onOwnThread {
            let admin = try KafkaAdmin(configuration: configuration, observer: observer)
            let known = try admin.describeTopics(milliseconds: milliseconds)
            var counts: [String: Int32] = [:]
            for layer in OrchestrationLayer.allCases {
                let requests = known.first { $0.name == names.requests(layer) }
                for name in names.retries(layer) { counts[name] = Int32(clamping: requests?.partitions.count ?? 0) }
            }
            return try admin.createTopics(
                names.all.map {
                    TopicSpecification(
                        name: $0,
                        partitions: max(partitions, counts[$0] ?? 0),
                        replicationFactor: replicationFactor,
                        settings: names.settings(of: $0)
                    )
                },
                milliseconds: milliseconds
            )
        }
    }

    /// Creates the topics that are missing once the broker is there: a broker that does not answer yet is asked again every few seconds.
    ///
    /// - Parameter isWanted: asked between two tries; when it says no, nothing is created.
    /// - Throws: as ``create(_:partitions:replicationFactor:configuration:observer:milliseconds:)``, except for what passes by itself.
    static func createPatiently(
        _ names: TopicNames,
        partitions: Int32,
        configuration: KafkaConfiguration,
        logger: Logger,
        while isWanted: () -> Bool
    ) async throws {
        while isWanted() {
            do {
                let created = try await self.create(
                    names,
                    partitions: partitions,
                    configuration: configuration,
                    observer: KafkaObserver(logger: logger),
                    milliseconds: 5_000
                )
                if !created.isEmpty { logger.info("created topics", metadata: ["topics": "\(created.joined(separator: " "))"]) }
                return
            } catch let error as KafkaError where error.isRetriable {
                logger.warning("topics cannot be created yet", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Creates the topics on the embedded broker.
    public static func create(_ names: TopicNames, partitions: Int32, on broker: EmbeddedBroker) throws {
        for name in names.all { try broker.createTopic(name, partitions: partitions) }
    }
}
