import ApplicationOrchestrators
import Feedback
import JSON
import Observability
import Orchestration
import Wire

/// An orchestrator in a facade, with a table that tests fill.
struct Bench: Sendable {
    struct Outcome {
        let result: StepResult
        let signals: [FeedbackSignal]
        let decisions: [Decision]

        var data: JSONObject { self.result.data["result"]?.objectValue ?? [:] }
    }

    let policies = PolicyTable()
    private let chooser: ComponentChooser
    private let facade: OrchestrationFacade
    private let name: String
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let clock: OrchestrationClock

    init(now: Int64 = 1_000_000, _ make: (PolicyTable, OrchestrationClock) throws -> any Orchestrator) throws {
        self.clock = OrchestrationClock(now: { now }, sleep: { _ in })
        self.facade = OrchestrationFacade(logger: self.logger)
        self.chooser = ComponentChooser(policies: self.policies)
        let orchestrator = try make(self.policies, self.clock)
        self.name = orchestrator.name
        try self.facade.register(orchestrator)
    }

    func run(
        _ arguments: Arguments,
        requestID: String = "req-1",
        depth: Int = 0,
        now: Int64? = nil
    ) async -> Outcome {
        let collector = SignalCollector()
        let clock = now.map { time in OrchestrationClock(now: { time }, sleep: { _ in }) } ?? self.clock
        let context = OrchestrationContext(
            tenantID: "acme",
            requestID: requestID,
            parentOrchestrator: depth > 0 ? "parent" : nil,
            depth: depth,
            logger: self.logger,
            recorder: collector,
            chooser: self.chooser,
            clock: clock
        )
        let result = await self.facade.orchestrate(self.name, context, arguments)
        return Outcome(result: result, signals: collector.close(), decisions: collector.decisions)
    }

    /// Makes the table know how a partition stands.
    func know(_ standing: PartitionStanding) throws {
        try self.policies.take(key: standing.key, value: standing.encode(source: "/test", time: 0).value)
    }

    /// Makes the table say so of a component.
    func know(
        _ component: ComponentID,
        signals: Int64 = 1,
        mean: Double = 0.5,
        bySource: [FeedbackSource: Int64] = [:],
        availability: ComponentAvailability = .enabled,
        health: ComponentHealth = ComponentHealth(),
        learners: JSONObject = [:],
        details: JSONObject = [:],
        lastSignalAt: Double = 0,
        updatedAt: Double = 0,
        worker: String = "f1"
    ) {
        self.policies.take(
            PolicySnapshot(
                policyVersion: 3,
                componentType: component.type,
                componentID: component.id,
                signals: signals,
                meanReward: mean,
                bySource: bySource,
                availability: availability,
                reason: availability == .enabled ? nil : "health",
                health: health,
                learners: learners,
                details: details,
                firstSignalAt: 0,
                lastSignalAt: lastSignalAt,
                updatedAt: updatedAt,
                worker: worker
            )
        )
    }
}
