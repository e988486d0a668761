import ArgumentParser
import FleetProcess
import Observability
import Orchestration

struct GreetingWorker: LayerWorker {
    static let layer = OrchestrationLayer.domain
    @OptionGroup var options: WorkerOptions

    func register(on facade: OrchestrationFacade, _ logger: Logger) throws { try facade.register(Greeter()) }
}
