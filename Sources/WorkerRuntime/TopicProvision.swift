public import KafkaClient
public import Wire

/// Makes the fleet's topics.
public enum TopicProvision {
    /// Creates the topics that are missing on a cluster; waits for the broker on a thread of its own.
    ///
    /// - Parameters:
    ///   - names: which topics, with their settings.
    ///   - partitions: partitions of each.
    /// - Returns: the names that were created.
    /// - Throws: ``KafkaError`` of the first topic that neither exists nor can be created.
    public static func create(
        _ names: TopicNames,
        partitions: Int32,
        replicationFactor: Int32 = -1,
        configuration: KafkaConfiguration,
        observer: KafkaObserver
    ) async throws -> [String] {
        try await onOwnThread {
            let admin = try KafkaAdmin(configuration: configuration, observer: observer)
            return try admin.createTopics(
                names.all.map {
                    TopicSpecification(
                        name: $0,
                        partitions: partitions,
                        replicationFactor: replicationFactor,
                        settings: names.settings(of: $0)
                    )
                }
            )
        }
    }

    /// Creates the topics on the embedded broker.
    public static func create(_ names: TopicNames, partitions: Int32, on broker: EmbeddedBroker) throws {
        for name in names.all { try broker.createTopic(name, partitions: partitions) }
    }
}
