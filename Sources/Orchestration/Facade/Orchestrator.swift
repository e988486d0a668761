/// What an orchestrator is for (spec §2.1).
public enum OrchestrationLayer: String, CaseIterable, Sendable, Hashable {
    /// Business workflows: content analysis, coordination of agents, fallbacks.
    case domain
    /// Coordination across components: state, feedback, routing.
    case application
    /// Resilience, monitoring, telemetry, deployment, lifecycle.
    case infrastructure
}

/// How an orchestrator works (spec §2.1).
public enum OrchestrationType: String, CaseIterable, Sendable, Hashable {
    case sequential
    case parallel
    case hierarchical
    case adaptive
    case feedback
    case monitoring
    case coordination
}

/// Carries out one kind of job.
///
/// One instance serves all requests of a process, many at a time: what is shared must be safe to share. An orchestrator gets everything
/// it may know through context and arguments and returns a value; it never sees the transport.
///
/// The facade calls, per request: `canOrchestrate`, then `orchestrate` if that said yes, then in any case `finish`. It calls `shutdown`
/// once.
public protocol Orchestrator: Sendable {
    /// Unique within a facade; how requests address it.
    var name: String { get }
    /// What it is for; decides which workers run it.
    var layer: OrchestrationLayer { get }
    /// How it works; `sequential` by default.
    var type: OrchestrationType { get }

    /// Whether this orchestrator takes the request; yes by default. A request it does not take is skipped.
    func canOrchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> Bool

    /// Does the job.
    ///
    /// Throwing is the same as returning a retryable failure; return one yourself to say more about it. When the task is cancelled,
    /// because the deadline has come or the process ends, return soon: a run that goes on is given up, but cannot be stopped.
    func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult

    /// Lets go of what this request held; nothing by default. Called after every request, successful or not, on a task that may be
    /// cancelled. The result stands whatever happens here.
    func finish(_ context: OrchestrationContext) async throws

    /// Ends background work and lets go of everything, once, when the process ends; nothing by default. It has five seconds.
    func shutdown() async

    /// How a worker retries the orchestrator's failures that call themselves retryable; by default nil, and the worker's own plan decides by
    /// category.
    var retryPolicy: ErrorRecoveryPolicy? { get }
}

extension Orchestrator {
    /// `sequential`.
    public var type: OrchestrationType { .sequential }
    /// Takes every request.
    public func canOrchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> Bool { true }
    /// Does nothing: there is nothing to let go of.
    public func finish(_ context: OrchestrationContext) async throws {}
    /// Does nothing: there is no background work.
    public func shutdown() async {}
    /// None: the worker's plan decides.
    public var retryPolicy: ErrorRecoveryPolicy? { nil }
}
