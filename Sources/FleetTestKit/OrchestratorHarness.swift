public import JSON
public import Observability
public import Orchestration
import Synchronization

/// Runs an orchestrator as a worker would, without Kafka: through a facade, with a context that keeps what it says.
///
/// ```swift
/// let outcome = await OrchestratorHarness(Greeter()).run(["name": "Ada"])
/// #expect(outcome.result.data["greeting"] == "Hello, Ada!")
/// ```
public struct OrchestratorHarness: Sendable {
    /// What came of a run.
    public struct Outcome: Sendable {
        /// What the facade returned; a thrown error is a failure here, as in production.
        public let result: StepResult
        /// In the order they were emitted; invalid ones are not among them, as in production.
        public let signals: [FeedbackSignal]
        /// In the order it was reported.
        public let progress: [Progress]
        /// In the order they were made, each once.
        public let decisions: [Decision]
    }

    private let facade: OrchestrationFacade
    private let name: String
    private let logger: Logger
    private let clock: OrchestrationClock
    private let chooser: ComponentChooser

    /// Creates a harness.
    ///
    /// - Parameters:
    ///   - others: orchestrators that the one under test calls.
    ///   - policies: what is known of the components that it chooses; nothing by default, so that all are alike.
    ///   - clock: what it takes for time; give ``ManualClock/clock`` to hold it still.
    ///   - logger: where it logs; dropped by default.
    public init(
        _ orchestrator: any Orchestrator,
        with others: [any Orchestrator] = [],
        policies: any ComponentPolicies = UniformPolicies(),
        clock: OrchestrationClock = .system,
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    ) throws {
        self.name = orchestrator.name
        self.logger = logger
        self.clock = clock
        self.chooser = ComponentChooser(policies: policies)
        self.facade = OrchestrationFacade(logger: logger, clock: clock)
        for each in [orchestrator] + others { try self.facade.register(each) }
    }

    /// Runs the orchestrator once.
    ///
    /// - Parameters:
    ///   - rootID: the request at the root of the tree; the request itself by default.
    ///   - deadline: from now, by the harness's clock.
    ///   - attempt: 1 for the first.
    public func run(
        _ arguments: Arguments = [:],
        tenantID: String = "test-tenant",
        requestID: String = "test-request",
        rootID: String? = nil,
        metadata: JSONObject = [:],
        deadline: Duration? = nil,
        attempt: Int = 1
    ) async -> Outcome {
        let progress = ProgressLog()
        let collector = SignalCollector { progress.append($0) }
        let context = OrchestrationContext(
            tenantID: tenantID,
            requestID: requestID,
            rootID: rootID,
            metadata: metadata,
            deadline: deadline.map { Deadline(after: $0, now: self.clock.now()) },
            attempt: attempt,
            logger: self.logger,
            recorder: collector,
            chooser: self.chooser,
            clock: self.clock
        )
        let result = await self.facade.orchestrate(self.name, context, arguments)
        return Outcome(result: result, signals: collector.close(), progress: progress.all, decisions: collector.decisions)
    }

    /// Ends what the orchestrators run in the background, as the end of a process would.
    public func shutdown() async { await self.facade.shutdown() }
}

private final class ProgressLog: Sendable {
    private let reports = Mutex<[Progress]>([])

    var all: [Progress] { self.reports.withLock { $0 } }

    func append(_ progress: Progress) { self.reports.withLock { $0.append(progress) } }
}
