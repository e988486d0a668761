import ArgumentParser
import DomainProcess
import FleetProcess
import Observability
import Orchestration

@main
struct DomainWorker: LayerWorker {
    static let layer = OrchestrationLayer.domain
    static let configuration = CommandConfiguration(
        commandName: "domain-worker",
        abstract: "Serves orchestration requests of the domain layer.",
        discussion: """
            Examples:
              domain-worker --bootstrap-servers localhost:9092 --create-topics
              domain-worker --file-root /srv/documents --concurrency 128
              FLEET_FACT_CHECK_URL=https://facts.example/check domain-worker --config worker.json

            Exit codes: 0 drained, 1 failed or left records unfinished, 64 usage, 78 configuration.
            """
    )

    @OptionGroup var options: WorkerOptions
    @OptionGroup var domain: DomainOptions

    func register(on facade: OrchestrationFacade, _ logger: Logger) throws {
        try self.domain.register(on: facade, logger)
    }
}
