public import ArgumentParser
import FleetProcess
import KafkaClient
import Observability
public import Orchestration
import Wire

/// How a command reaches Kafka; each option is also an environment variable, as for the workers.
struct ConnectionOptions: ConfigurableArguments {
    static let environmentPrefix = "FLEET_"
    static var configurationSources: ConfigurationSources { .json }
    static var mergedOptions: Set<String> { ["kafka"] }
    static var secretOptions: Set<String> { ["kafka"] }

    @Option(help: ArgumentHelp("Kafka brokers, host:port separated by commas.", valueName: "list"))
    var bootstrapServers = "127.0.0.1:9092"

    @Option(help: ArgumentHelp("Stands before every topic name.", valueName: "text"))
    var topicPrefix = ""

    @Option(help: ArgumentHelp("Property of librdkafka; repeat for more.", valueName: "name=value"))
    var kafka: [String] = []

    var names: TopicNames { TopicNames(prefix: self.topicPrefix) }

    func properties() throws -> [String: String] {
        var properties: [String: String] = [:]
        for property in self.kafka {
            guard let separator = property.firstIndex(of: "="), separator != property.startIndex else {
                throw ValidationError("--kafka \(property.prefix { $0 != "=" }): expected name=value")
            }
            properties[String(property[..<separator])] = String(property[property.index(after: separator)...])
        }
        return properties
    }

    func clientConfiguration(_ role: String) throws -> KafkaConfiguration {
        var configuration = KafkaConfiguration(bootstrapServers: self.bootstrapServers)
        configuration["client.id"] = "fleet-\(role)"
        return configuration.merging(try self.properties())
    }

    func readerConfiguration(_ role: String) throws -> KafkaConfiguration {
        var configuration = try self.clientConfiguration(role)
        // The embedded broker does not wake a waiting fetch.
        if configuration["fetch.wait.max.ms"] == nil { configuration["fetch.wait.max.ms"] = "20" }
        return configuration
    }

    /// Warnings and worse of the client go to stderr.
    static var observer: KafkaObserver {
        LoggingSystem.bootstrap { LogFormat.automatic.makeHandler(label: $0, level: .warning) }
        return KafkaObserver(logger: Logger(label: "fleet"))
    }
}

extension OrchestrationLayer: ExpressibleByArgument {}

/// Runs a command's body and turns the errors of Kafka into one line on stderr and exit code 1.
func reporting<R>(_ body: () async throws -> R) async throws -> R {
    do {
        return try await body()
    } catch let error as KafkaError {
        FleetProcess.complain("fleet: \(error)\(error.isUnknownTopicOrPartition ? "; create the topics with: fleet topics create" : "")")
        throw ExitCode.failure
    }
}
