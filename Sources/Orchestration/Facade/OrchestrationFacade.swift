public import Observability
import Synchronization

/// The one way to run an orchestrator by name (spec §2.5, with the intended behaviour of §9).
///
/// Every request ends in a `StepResult`, whatever the orchestrator does. There is no shared instance: make one, register orchestrators, and
/// hand it to whoever needs it. All methods may be called from any task at any time.
public final class OrchestrationFacade: Sendable {
    private struct Registry {
        /// In the order of registration.
        var entries: [OrchestratorInfo] = []
        var orchestrators: [String: any Orchestrator] = [:]
        var shutdown: Task<Void, Never>?
    }

    private let registry = Mutex(Registry())
    let logger: Logger
    let cancellationGrace: Duration
    let stuckTotal = Atomic<Int>(0)
    let stuckReturned = Atomic<Int>(0)
    private let shutdownLimit: Duration
    let clock: OrchestrationClock
    let alarm: Alarm

    /// Creates a facade without orchestrators.
    ///
    /// - Parameters:
    ///   - logger: For registration and shutdown; requests are logged with their context's logger.
    ///   - cancellationGrace: How long a handler may go on after its deadline has cancelled it before it is given up; 1 s by default.
    ///   - shutdownLimit: How long each orchestrator's `shutdown()` may take; 5 s by default (spec §2.8).
    ///   - clock: For deadlines and limits. Contexts have one too, for handlers that look at their remaining time: give both the same.
    public init(
        logger: Logger,
        cancellationGrace: Duration = .seconds(1),
        shutdownLimit: Duration = .seconds(5),
        clock: OrchestrationClock = .system
    ) {
        self.logger = logger
        self.cancellationGrace = cancellationGrace
        self.shutdownLimit = shutdownLimit
        self.clock = clock
        self.alarm = Alarm(clock: clock)
    }

    /// Adds an orchestrator under its name.
    ///
    /// - Throws: `OrchestrationError` with code `alreadyRegistered` when the name is taken, or `facadeIsShutDown`.
    public func register(_ orchestrator: any Orchestrator) throws(OrchestrationError) {
        let info = OrchestratorInfo(name: orchestrator.name, layer: orchestrator.layer, type: orchestrator.type)
        let refusal = self.registry.withLock { registry -> OrchestrationError? in
            if registry.shutdown != nil {
                return OrchestrationError(
                    code: .facadeIsShutDown,
                    message: "Orchestrator '\(info.name)' cannot be registered: the facade is shut down"
                )
            }
            if registry.orchestrators[info.name] != nil {
                return OrchestrationError(code: .alreadyRegistered, message: "Orchestrator '\(info.name)' is already registered")
            }
            registry.orchestrators[info.name] = orchestrator
            registry.entries.append(info)
            return nil
        }
        if let refusal { throw refusal }
        self.logger.debug(
            "orchestrator_registered",
            metadata: ["orchestrator": "\(info.name)", "layer": "\(info.layer.rawValue)", "type": "\(info.type.rawValue)"]
        )
    }

    /// Takes an orchestrator out.
    ///
    /// Requests it works on go on, and its `shutdown()` is not called: that is left to whoever takes it out.
    ///
    /// - Throws: `OrchestrationError` with code `notRegistered` when there is none of that name.
    public func unregister(_ name: String) throws(OrchestrationError) {
        let removed = self.registry.withLock { registry -> Bool in
            registry.entries.removeAll { $0.name == name }
            return registry.orchestrators.removeValue(forKey: name) != nil
        }
        guard removed else {
            throw OrchestrationError(code: .notRegistered, message: "Orchestrator '\(name)' is not registered")
        }
        self.logger.debug("orchestrator_unregistered", metadata: ["orchestrator": "\(name)"])
    }

    /// The orchestrator of this name.
    public func orchestrator(named name: String) -> (any Orchestrator)? {
        self.registry.withLock { $0.orchestrators[name] }
    }

    /// The orchestrators of a layer, in the order of their registration.
    public func orchestrators(in layer: OrchestrationLayer) -> [any Orchestrator] {
        self.registry.withLock { registry in
            registry.entries.filter { $0.layer == layer }.compactMap { registry.orchestrators[$0.name] }
        }
    }

    /// Name, layer and type of every orchestrator, in the order of registration.
    public func list() -> [OrchestratorInfo] {
        self.registry.withLock { $0.entries }
    }

    /// What a request needs to know, in one look: the orchestrator, and whether the facade still works.
    func lookUp(_ name: String) -> (orchestrator: (any Orchestrator)?, isShutDown: Bool) {
        self.registry.withLock { ($0.orchestrators[name], $0.shutdown != nil) }
    }

    /// Calls every orchestrator's `shutdown()`, all at the same time, each bounded by the shutdown limit; returns when that is done.
    ///
    /// From now on requests are answered with `service_unavailable` and nothing can be registered. Finish what runs first. Further calls
    /// wait for the first one. An orchestrator that does not return in time is cancelled, left behind and logged.
    public func shutdown() async {
        let task = self.registry.withLock { registry -> Task<Void, Never> in
            if let task = registry.shutdown { return task }
            let orchestrators = registry.entries.compactMap { registry.orchestrators[$0.name] }
            let task = Task {
                await withDiscardingTaskGroup { group in
                    for orchestrator in orchestrators {
                        group.addTask { await self.shutDown(orchestrator) }
                    }
                }
            }
            registry.shutdown = task
            return task
        }
        await task.value
    }

    private func shutDown(_ orchestrator: any Orchestrator) async {
        let finished = OneShot<Bool>()
        let work = Task {
            await orchestrator.shutdown()
            finished.give(true)
        }
        let timer = Task {
            if (try? await self.clock.sleep(self.shutdownLimit)) != nil { finished.give(false) }
        }
        let inTime = await finished.take()
        timer.cancel()
        if !inTime {
            work.cancel()
            self.logger.warning("orchestrator_shutdown_timed_out", metadata: ["orchestrator": "\(orchestrator.name)"])
        }
    }
}

/// What a facade tells about an orchestrator.
public struct OrchestratorInfo: Sendable, Hashable {
    /// How requests address it.
    public let name: String
    /// What it is for.
    public let layer: OrchestrationLayer
    /// How it works.
    public let type: OrchestrationType

    /// Creates a description.
    public init(name: String, layer: OrchestrationLayer, type: OrchestrationType) {
        self.name = name
        self.layer = layer
        self.type = type
    }
}

/// Handlers that went on after their deadline, their cancellation and the grace, and were given up.
public struct StuckHandlers: Sendable, Hashable {
    /// Since the facade was made.
    public let total: Int
    /// Those that have not returned yet: each holds a task, and whatever the handler holds.
    public let running: Int

    /// Creates a count.
    public init(total: Int, running: Int) {
        self.total = total
        self.running = running
    }
}
