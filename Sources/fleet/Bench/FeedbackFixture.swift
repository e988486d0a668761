import Feedback
import FleetProcess
import KafkaClient
import Observability
import Orchestration
import Wire
import WorkerRuntime

/// Topics of its own on a cluster, and feedback orchestrators and workers in this process.
struct FeedbackFixture: Sendable {
    let connection: ConnectionOptions
    let names: TopicNames
    let partitions: Int32
    let properties: [String: String]

    /// Makes topics under a prefix that nobody else has.
    static func make(_ connection: ConnectionOptions, partitions: Int32) async throws -> FeedbackFixture {
        let prefix = "\(connection.topicPrefix)bench.\(RequestID.make().prefix(13))."
        let fixture = FeedbackFixture(
            connection: connection,
            names: TopicNames(prefix: prefix),
            partitions: partitions,
            properties: try connection.properties()
        )
        _ = try await TopicProvision.create(
            fixture.names,
            partitions: partitions,
            configuration: try connection.clientConfiguration("bench"),
            observer: ConnectionOptions.observer
        )
        return fixture
    }

    static var logger: Logger {
        var logger = Logger(label: "fleet.bench")
        logger.logLevel = .warning
        return logger
    }

    func configuration(_ workerID: String, _ delivery: DeliveryGuarantee = .atLeastOnce) -> WorkerConfiguration {
        var configuration = WorkerConfiguration()
        configuration.bootstrapServers = self.connection.bootstrapServers
        configuration.topicPrefix = self.names.prefix
        configuration.workerID = workerID
        configuration.delivery = delivery
        configuration.kafka = self.properties
        return configuration
    }

    /// Runs services while a body works, and ends them in an orderly way.
    static func running<R>(_ services: [any FleetService], _ body: () async throws -> R) async throws -> R {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services { group.addTask { try await service.run() } }
            do {
                let result = try await body()
                for service in services { service.drain() }
                try await group.waitForAll()
                return result
            } catch {
                for service in services { service.stop() }
                throw error
            }
        }
    }
}
