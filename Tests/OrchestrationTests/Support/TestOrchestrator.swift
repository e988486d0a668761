import JSON
import Observability
import Orchestration
import Synchronization

/// An orchestrator made of closures that counts the calls it gets.
final class TestOrchestrator: Orchestrator {
    typealias Handler = @Sendable (OrchestrationContext, Arguments) async throws -> StepResult

    struct Calls: Equatable {
        var can = 0
        var orchestrate = 0
        var finish = 0
        var shutdown = 0
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    let name: String
    let layer: OrchestrationLayer
    let type: OrchestrationType
    private let counted = Mutex(Calls())
    private let onCan: @Sendable () async throws -> Bool
    private let onOrchestrate: Handler
    private let onFinish: @Sendable () async throws -> Void
    private let onShutdown: @Sendable () async -> Void

    init(
        _ name: String = "test",
        layer: OrchestrationLayer = .domain,
        type: OrchestrationType = .sequential,
        can: @escaping @Sendable () async throws -> Bool = { true },
        finish: @escaping @Sendable () async throws -> Void = {},
        shutdown: @escaping @Sendable () async -> Void = {},
        orchestrate: @escaping Handler
    ) {
        self.name = name
        self.layer = layer
        self.type = type
        self.onCan = can
        self.onOrchestrate = orchestrate
        self.onFinish = finish
        self.onShutdown = shutdown
    }

    convenience init(
        _ name: String = "test",
        layer: OrchestrationLayer = .domain,
        type: OrchestrationType = .sequential,
        can: @escaping @Sendable () async throws -> Bool = { true },
        shutdown: @escaping @Sendable () async -> Void = {}
    ) {
        self.init(name, layer: layer, type: type, can: can, shutdown: shutdown, orchestrate: { _, _ in .ok() })
    }

    var calls: Calls { self.counted.withLock { $0 } }

    func canOrchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> Bool {
        self.counted.withLock { $0.can += 1 }
        return try await self.onCan()
    }

    func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        self.counted.withLock { $0.orchestrate += 1 }
        return try await self.onOrchestrate(context, arguments)
    }

    func finish(_ context: OrchestrationContext) async throws {
        self.counted.withLock { $0.finish += 1 }
        try await self.onFinish()
    }

    func shutdown() async {
        self.counted.withLock { $0.shutdown += 1 }
        await self.onShutdown()
    }
}

/// An orchestrator that relies on every default.
struct PlainOrchestrator: Orchestrator {
    let name = "plain"
    let layer = OrchestrationLayer.domain

    func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        .ok(["result": "done"])
    }
}

/// A logger that keeps its lines.
func makeTestLogger(level: Logger.Level = .trace) -> (handler: InMemoryLogHandler, logger: Logger) {
    InMemoryLogHandler.makeLogger(label: "orchestration.tests", level: level)
}

func makeContext(
    metadata: JSONObject = [:],
    depth: Int = 0,
    deadline: Deadline? = nil,
    logger: Logger = makeTestLogger(level: .critical).logger,
    recorder: any OrchestrationRecorder = NoRecorder(),
    clock: OrchestrationClock = .system
) -> OrchestrationContext {
    OrchestrationContext(
        tenantID: "acme",
        requestID: "request-1",
        metadata: metadata,
        traceID: "trace-1",
        depth: depth,
        deadline: deadline,
        logger: logger,
        recorder: recorder,
        clock: clock
    )
}

func makeFacade(
    _ orchestrators: TestOrchestrator...,
    logger: Logger = makeTestLogger(level: .critical).logger,
    clock: OrchestrationClock = .system
) throws -> OrchestrationFacade {
    let facade = OrchestrationFacade(logger: logger, clock: clock)
    for orchestrator in orchestrators { try facade.register(orchestrator) }
    return facade
}
