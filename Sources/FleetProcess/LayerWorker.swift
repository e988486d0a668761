public import ArgumentParser
import DrillOrchestrators
public import Feedback
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
        try await FleetProcess.serve(Self.layer, self.options) { facade, _, logger in try self.register(on: facade, logger) }
    }
}

extension FleetProcess {
    /// Serves a layer's requests until a signal has drained the worker: for layers whose orchestrators read what was learned.
    ///
    /// - Parameter register: registers the worker's orchestrators; the worker keeps the table up to date.
    /// - Throws: what `register` throws, and what `FleetProcess.run` does.
    public static func serve(
        _ layer: OrchestrationLayer,
        _ options: WorkerOptions,
        register: (OrchestrationFacade, PolicyTable, Logger) throws -> Void
    ) async throws {
        try await self.run(options) { configuration, logger, registry, onReady in
            let facade = try LayerFacade.make(layer, probe: options.enableProbe, logger: logger)
            let policies = PolicyTable()
            try register(facade, policies, logger)
            return [
                Worker(layer, configuration: configuration, facade: facade, policies: policies, logger: logger, registry: registry) { _ in
                    onReady()
                }
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
