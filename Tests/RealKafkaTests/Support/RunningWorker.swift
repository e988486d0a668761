import KafkaProcess
import Observability
import Orchestration
import Synchronization
import WorkerRuntime

/// A service in this process, from its start to its end.
final class RunningService: Sendable {
    let service: any FleetService
    private let task: Task<Void, any Error>

    init(_ service: any FleetService) {
        self.service = service
        self.task = Task { try await service.run() }
    }

    deinit {
        self.service.stop()
    }

    /// Waits until it has joined its group.
    func waitUntilReady(deadline: ContinuousClock.Instant = .now + .seconds(60)) async throws {
        try await eventually("membership in the group", deadline: deadline) { self.service.health.hasStarted }
    }

    /// Drains and waits for the end.
    func drain() async throws {
        self.service.drain()
        try await self.task.value
    }

    /// Stops and waits for the end.
    func stop() async throws {
        self.service.stop()
        try await self.task.value
    }

    /// Waits for the end.
    func waitUntilEnded() async throws { try await self.task.value }
}

extension TestTopics {
    /// A worker in this process that has joined its group.
    ///
    /// - Parameter configure: changes the configuration; commits are made every 50 ms unless it says otherwise.
    func startWorker(
        _ layer: OrchestrationLayer,
        _ orchestrators: [any Orchestrator],
        registry: MetricsRegistry = MetricsRegistry(),
        logger: Logger = .silent,
        _ configure: @Sendable (inout WorkerConfiguration) -> Void = { _ in }
    ) async throws -> RunningService {
        var configuration = WorkerConfiguration()
        configuration.bootstrapServers = self.bootstrapServers
        configuration.topicPrefix = self.prefix
        configuration.workerID = "in-process"
        configuration.commitInterval = 50
        configure(&configuration)
        let facade = OrchestrationFacade(logger: logger)
        for orchestrator in orchestrators { try facade.register(orchestrator) }
        let running = RunningService(Worker(layer, configuration: configuration, facade: facade, logger: logger, registry: registry))
        try await running.waitUntilReady()
        return running
    }

    /// Runs a worker around a body; it is drained afterwards, and stopped when the body throws.
    nonisolated(nonsending) func withWorker(
        _ layer: OrchestrationLayer,
        _ orchestrators: [any Orchestrator],
        registry: MetricsRegistry = MetricsRegistry(),
        _ configure: @Sendable (inout WorkerConfiguration) -> Void = { _ in },
        _ body: (RunningService) async throws -> Void
    ) async throws {
        let worker = try await self.startWorker(layer, orchestrators, registry: registry, configure)
        do {
            try await body(worker)
        } catch {
            try? await worker.stop()
            throw error
        }
        try await worker.drain()
    }

    /// Waits until a group has committed everything.
    func waitUntilCommitted(group: String, topic: String, deadline: ContinuousClock.Instant = .now + .seconds(30)) async throws {
        try await eventually("a lag of 0 of \(group)", deadline: deadline, tick: .milliseconds(100)) {
            try await self.lag(of: group, on: topic) == 0
        }
    }
}
