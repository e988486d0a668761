public import Feedback
import JSON
public import Orchestration

/// Takes feedback in for the learning loop, and tells what was learned (spec §5.2, §5.3).
///
/// The argument `operation` says what to do, `submit_feedback` by default:
///
/// | operation | arguments | `data.result` |
/// | --- | --- | --- |
/// | `submit_feedback` | `signal` | `signal_id`, `queued`, `queue_size` |
/// | `submit_trajectory_feedback` | `trajectory`, `evaluation`, `version` | `trajectory_id`, `signals_submitted`, `signals_skipped`, … |
/// | `submit_tool_feedback` | `tool_id`; `reward`, or `success`, `latency_ms`, `quality_score` | as `submit_feedback` |
/// | `submit_agent_feedback` | `agent_id`; `reward`, or `success`, `duration_s`, `quality_score` | as `submit_feedback` |
/// | `submit_rag_feedback` | `query_id` or `store`, `relevance_score`, `retrieval_latency_ms`, `num_results`, `chunks` | as `submit_feedback` |
/// | `credit` | `reward`, `decisions`, `rule`, `gamma`, `outcome_id` | `outcome_id`, `rule`, `signals_submitted`, `signals_skipped` |
/// | `get_metrics` | `limit` | ``FeedbackMetrics/json`` and `uptime_seconds` |
/// | `get_health` | `limit` | ``FeedbackHealth/json`` |
/// | `start` | none | skipped: `already_running`, `no_feedback_orchestrator` |
/// | `stop` | none | skipped: `runs_elsewhere`, `not_running` |
///
/// Submitting emits signals: they are published together with the reply, and learned by the feedback orchestrator that owns the component. A
/// signal about a component that is disabled is not submitted: the request is skipped, reason `component_disabled`.
///
/// Metrics and health are read from the policies that every worker keeps, so that any worker answers, and a request can be repeated anywhere.
/// The loops (learning, consolidation, health) belong to the feedback-orchestrator processes, which run as long as their processes do: no
/// request starts or stops them: `start` and `stop` tell whether they run.
public struct UnifiedFeedbackOrchestrator: Orchestrator {
    /// `unified_feedback`.
    public let name = "unified_feedback"
    /// Application.
    public let layer = OrchestrationLayer.application
    /// Coordination.
    public let type = OrchestrationType.coordination

    private let policies: PolicyTable
    private let startedAt: Int64

    /// Creates the orchestrator.
    ///
    /// - Parameters:
    ///   - policies: what the feedback orchestrators have learned, as the worker keeps it.
    ///   - clock: from which the uptime is told.
    public init(policies: PolicyTable, clock: OrchestrationClock = .system) {
        self.policies = policies
        self.startedAt = clock.now()
    }

    /// The operations by their names.
    enum Operation: String, CaseIterable, Sendable {
        case submit = "submit_feedback"
        case submitTrajectory = "submit_trajectory_feedback"
        case submitTool = "submit_tool_feedback"
        case submitAgent = "submit_agent_feedback"
        case submitRetrieval = "submit_rag_feedback"
        case credit
        case metrics = "get_metrics"
        case health = "get_health"
        case start
        case stop
    }

    /// Does what `operation` says.
    public func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        let parameters = Parameters(arguments.object)
        do {
            let name = try parameters.text("operation") ?? Operation.submit.rawValue
            guard let operation = Operation(rawValue: name) else {
                return .fail("Unknown operation: \(excerpt(name))", category: .validation)
            }
            return try self.run(operation, parameters, context)
        } catch {
            return error.stepResult
        }
    }

    private func run(
        _ operation: Operation,
        _ parameters: Parameters,
        _ context: OrchestrationContext
    ) throws(ParameterError) -> StepResult {
        let intake = FeedbackIntake(context: context, policies: self.policies)
        switch operation {
        case .submit:
            guard let signal = parameters["signal"] else { throw ParameterError("Missing required parameter: signal") }
            guard let object = signal.objectValue else { throw ParameterError("Invalid signal type: \(signal.kindName)") }
            return try intake.submit(SubmittedSignals.signal(Parameters(object, path: "signal.")))
        case .submitTool: return try intake.submit(SubmittedSignals.tool(parameters))
        case .submitAgent: return try intake.submit(SubmittedSignals.agent(parameters, self.policies))
        case .submitRetrieval: return try intake.submit(SubmittedSignals.retrieval(parameters))
        case .submitTrajectory: return try intake.submitTrajectory(parameters)
        case .credit: return try intake.credit(parameters)
        case .metrics:
            var result = FeedbackMetrics(self.policies, limit: try Self.limit(parameters)).json
            result["uptime_seconds"] = .number(Double(max(0, context.clock.now() - self.startedAt)) / 1_000)
            return .ok(["result": .object(result)])
        case .health:
            return .ok(["result": .object(FeedbackHealth(self.policies.snapshots, limit: try Self.limit(parameters)).json)])
        case .start:
            let isRunning = self.isLearning(context.clock.now())
            return .skip(
                reason: isRunning ? "already_running" : "no_feedback_orchestrator",
                [
                    "message": isRunning
                        ? "The loops run in the fleet's feedback-orchestrator processes, as long as these run"
                        : "No feedback-orchestrator was heard from for \(Self.silence / 60) minutes: start one, the loops run in its process",
                    "result": self.owners,
                ]
            )
        case .stop:
            let isRunning = self.isLearning(context.clock.now())
            return .skip(
                reason: isRunning ? "runs_elsewhere" : "not_running",
                [
                    "message": isRunning
                        ? "The loops run in the fleet's feedback-orchestrator processes: drain these to stop the loops"
                        : "No feedback-orchestrator was heard from for \(Self.silence / 60) minutes",
                    "result": self.owners,
                ]
            )
        }
    }

    /// Seconds without a word from any feedback orchestrator after which none is taken to run: three of their looks at health (300 s by default).
    private static let silence = 900

    private func isLearning(_ now: Int64) -> Bool {
        Double(now) / 1_000 - FeedbackMetrics(self.policies, limit: 0).updatedAt < Double(Self.silence)
    }

    private var owners: JSONValue {
        let metrics = FeedbackMetrics(self.policies, limit: 0)
        return [
            "run_by": "feedback-orchestrator", "feedback_orchestrators": .array(metrics.owners.map { .string($0) }),
            "signals_processed": .integer(metrics.signals), "updated_at": .number(metrics.updatedAt),
        ]
    }

    /// Components that are told one by one: 1,000 by default, so that the reply stays a record that Kafka takes.
    private static func limit(_ parameters: Parameters) throws(ParameterError) -> Int {
        guard let limit = try parameters.integer("limit") else { return 1_000 }
        guard (0...5_000).contains(limit) else { throw ParameterError("Invalid parameter: limit: expected 0 to 5000, found \(limit)") }
        return Int(limit)
    }
}
