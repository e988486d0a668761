import ApplicationOrchestrators
import DomainProcess
import Feedback
import FleetProcess
import KafkaClient
import Observability
import Orchestration
import Wire
import WorkerRuntime

/// All four workers on an embedded broker, which lives as long as somebody holds it.
struct DevFleet: Sendable {
    let broker: EmbeddedBroker
    let configuration: WorkerConfiguration
    let services: [any FleetService]

    /// Makes the topics and the workers; they run when their services are run.
    init(
        on broker: EmbeddedBroker,
        _ configuration: WorkerConfiguration,
        domain: DomainOptions,
        partitions: Int32,
        probe: Bool,
        logger: Logger,
        registry: MetricsRegistry,
        onReady: @escaping @Sendable () -> Void
    ) throws {
        self.broker = broker
        try TopicProvision.create(TopicNames(prefix: configuration.topicPrefix), partitions: partitions, on: broker)
        var configuration = configuration
        configuration.bootstrapServers = broker.bootstrapServers
        configuration.createsTopicsWithPartitions = nil
        configuration.kafka.merge(EmbeddedBroker.clientDefaults) { mine, _ in mine }
        self.configuration = configuration
        var services: [any FleetService] = []
        for layer in OrchestrationLayer.allCases {
            let facade = try LayerFacade.make(layer, probe: probe, logger: logger)
            let policies = PolicyTable()
            switch layer {
            case .domain: try domain.register(on: facade, logger)
            case .application: try ApplicationLayer.register(on: facade, policies: policies)
            case .infrastructure: break
            }
            services.append(
                Worker(layer, configuration: configuration, facade: facade, policies: policies, logger: logger, registry: registry) { _ in
                    onReady()
                }
            )
        }
        services.append(
            FeedbackWorker(configuration: configuration, logger: logger, registry: registry) { _ in onReady() }
        )
        self.services = services
    }
}
