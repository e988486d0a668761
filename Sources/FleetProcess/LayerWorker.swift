public import ArgumentParser
import DrillOrchestrators
public import Observability
public import Orchestration
import WorkerRuntime

/// A worker binary in one line: the layer, and how its orchestrators are registered.
///
/// ```swift
/// @main
/// struct GreetingWorker: LayerWorker {
///     static let layer = OrchestrationLayer.domain
///     @OptionGroup var options: WorkerOptions
///     func register(on facade: OrchestrationFacade, _ logger: Logger) throws { try facade.register(Greeter()) }
/// }
/// ```
/// `echo` is there in every worker, `probe` when it is asked for.
public protocol LayerWorker: AsyncParsableCommand {
    /// Whose requests it serves.
    static var layer: OrchestrationLayer { get }
    /// The options of the process.
    var options: WorkerOptions { get }
    /// Registers the worker's orchestrators.
    func register(on facade: OrchestrationFacade, _ logger: Logger) throws
}

extension LayerWorker {
    /// Serves the layer's requests until a signal has drained the worker.
    ///
    /// - Throws: what `register(on:_:)` throws, and what `FleetProcess.run` does.
    public func run() async throws {
        try await FleetProcess.run(self.options) { configuration, logger, registry, onReady in
            let facade = try LayerFacade.make(Self.layer, probe: self.options.enableProbe, logger: logger)
            try self.register(on: facade, logger)
            return [
                Worker(Self.layer, configuration: configuration, facade: facade, logger: logger, registry: registry) { _ in onReady() }
            ]
        }
    }
}

/// Facades with what every layer has.
public enum LayerFacade {
    /// A facade with `echo`, and with `probe` if it is asked for.
    public static func make(_ layer: OrchestrationLayer, probe: Bool, logger: Logger) throws -> OrchestrationFacade {
        let facade = OrchestrationFacade(logger: logger)
        try facade.register(EchoOrchestrator(layer: layer))
        if probe { try facade.register(ProbeOrchestrator(layer: layer)) }
        return facade
    }
}
