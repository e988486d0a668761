import JSON
public import Orchestration

/// The signals of a trajectory: spec §5.2 and §5.3 as one rule.
///
/// | member | component | reward | confidence |
/// | --- | --- | --- | --- |
/// | each of `llm_calls` | model, as called | 0 for a failure, else 1 − min(latency/10,000 ms, .3) − min(100 · USD, .2) | .8 |
/// | each of `tool_calls` | tool, as called | 0 for a failure, else the relevance, .5 by default | .7 |
/// | the trajectory's model | model | the overall quality | the evaluation's, .8 |
/// | the steps' tools | tool, once each | successes / uses | .8 |
/// | the trajectory's agent | agent | the overall quality | the evaluation's, .8 |
/// | the same, quality unknown | agent | 1 or 0, by `success` | .9 |
/// | each of `prompt_variants` | prompt | quality − min(latency/10,000 ms, .2) | .8 |
///
/// Where both parts describe the same component, it is learned from once: calls of the trajectory's model have .6 · their reward + .4 ·
/// the overall quality (the shares of spec §5.5) and the model gets no signal of its own; a tool that was called gets none for its steps.
///
/// The overall quality is the evaluation's `overall_score`, else the trajectory's `quality_score`, else that of the evaluation, else what
/// its accuracy, efficiency and error handling make (§5.13). The original takes 0 when nobody judged; here nothing is said then of the
/// model, and of the agent only what `success` says. What does not say that it failed succeeded.
public struct TrajectorySignals: Sendable, Hashable {
    /// Signals of one trajectory, at most; as many as a request may emit.
    public static let limit = 1_000
    /// The longest id of a component or a trajectory, in bytes.
    public static let idBytes = 256

    /// The trajectory's id.
    public let trajectoryID: String
    /// In the order of the table above; their ids are made of tenant, trajectory, component and a number among the
    /// component's own, so that a repeated submission repeats them, and a correction that says more corrects the same ones.
    public private(set) var signals: [FeedbackSignal] = []
    private var counts: [ComponentID: Int] = [:]
    /// What would have been signals, but for the limit or an id that is too long.
    public private(set) var leftOut = 0

    private let tenantID: String
    private let version: Int

    /// Makes the signals of a trajectory.
    ///
    /// - Parameters:
    ///   - evaluation: what somebody found when they judged it.
    ///   - tenantID: whose trajectory it is; ids of different tenants do not meet.
    ///   - fallbackID: the trajectory's id if neither it nor its evaluation has one; the request's id, say.
    ///   - version: of the submission; a higher one corrects what an earlier one of the same trajectory said.
    /// - Throws: `OrchestrationError` with code `invalidSignal` for an id of the trajectory that is too long.
    public init(
        _ trajectory: Trajectory,
        evaluation: TrajectoryEvaluation? = nil,
        tenantID: String,
        fallbackID: String,
        version: Int = 1
    ) throws(OrchestrationError) {
        self.trajectoryID = trajectory.id ?? evaluation?.trajectoryID.flatMap { $0.isEmpty ? nil : $0 } ?? fallbackID
        self.tenantID = tenantID
        self.version = version
        guard self.trajectoryID.utf8.count <= Self.idBytes else {
            throw OrchestrationError(
                code: .invalidSignal,
                message: "The trajectory's id has \(self.trajectoryID.utf8.count) bytes, \(Self.idBytes) are allowed"
            )
        }
        let overall = (evaluation?.overall ?? trajectory.quality ?? evaluation?.quality ?? evaluation?.combined)?.moved(into: 0...1)
        let confidence = (evaluation?.confidence ?? 0.8).moved(into: 0...1)
        self.addModels(trajectory, evaluation, overall, confidence)
        self.addTools(trajectory)
        self.addAgent(trajectory, evaluation, overall, confidence)
        self.addPrompts(trajectory, overall)
    }

    // MARK: Parts

    private mutating func addModels(
        _ trajectory: Trajectory,
        _ evaluation: TrajectoryEvaluation?,
        _ overall: Double?,
        _ confidence: Double
    ) {
        let ofSteps = trajectory.steps?.lazy.compactMap { $0.arguments?.modelID }.first { !$0.isEmpty }
        let model = ofSteps ?? Self.first(trajectory.modelID, trajectory.model, evaluation?.modelID)
        var isCalled = false
        for call in trajectory.modelCalls ?? [] {
            let id = Self.name(call.model)
            var reward = call.reward
            if id == model {
                isCalled = true
                if let overall { reward = 0.6 * reward + 0.4 * overall }
            }
            self.add(.model, id, reward, 0.8, Self.context(("success", .bool(call.success ?? true)), call.latency, call.cost))
        }
        guard let model, let overall, !isCalled else { return }
        let accuracy = evaluation?.accuracy?.moved(into: 0...1) ?? overall
        self.add(
            .model,
            model,
            overall,
            confidence,
            [
                "trajectory_id": .string(self.trajectoryID), "accuracy": .number(accuracy),
                "efficiency": .number(evaluation?.efficiency?.moved(into: 0...1) ?? accuracy),
                "error_handling": .number(evaluation?.errorHandling?.moved(into: 0...1) ?? accuracy),
            ],
            Self.context(("trajectory_length", .integer(Int64(trajectory.steps?.count ?? 0))), trajectory.latency, trajectory.cost)
        )
    }

    private mutating func addTools(_ trajectory: Trajectory) {
        var called: Set<String> = []
        for call in trajectory.toolCalls ?? [] {
            let id = Self.name(call.tool)
            called.insert(id)
            let success = call.success ?? true
            let relevance = (call.relevance ?? 0.5).moved(into: 0...1)
            self.add(.tool, id, success ? relevance : 0, 0.7, Self.context(("success", .bool(success)), call.latency, nil))
        }
        var uses: [String: (count: Int, successes: Int)] = [:]
        var order: [String] = []
        for step in trajectory.steps ?? [] {
            guard let tool = step.toolName.map({ Self.name($0) }), !called.contains(tool) else { continue }
            if uses[tool] == nil { order.append(tool) }
            uses[tool, default: (0, 0)].count += 1
            if step.hasSucceeded { uses[tool, default: (0, 0)].successes += 1 }
        }
        for tool in order {
            guard let (count, successes) = uses[tool] else { continue }
            self.add(.tool, tool, Double(successes) / Double(count), 0.8, ["usage_count": .integer(Int64(count))])
        }
    }

    private mutating func addAgent(
        _ trajectory: Trajectory,
        _ evaluation: TrajectoryEvaluation?,
        _ overall: Double?,
        _ confidence: Double
    ) {
        let agent = Self.first(trajectory.agentID, evaluation?.agentID, trajectory.agent)
        var context: JSONObject = ["trajectory_id": .string(self.trajectoryID)]
        if let duration = trajectory.duration, duration.isFinite, duration >= 0 { context["duration_s"] = .number(duration) }
        if let agent, let overall {
            context["success"] = .bool(trajectory.success ?? (overall >= 0.5))
            self.add(.agent, agent, overall, confidence, context)
        } else if let success = trajectory.success {
            context["success"] = .bool(success)
            self.add(.agent, Self.name(agent), success ? 1 : 0, 0.9, context)
        }
    }

    private mutating func addPrompts(_ trajectory: Trajectory, _ overall: Double?) {
        for (index, variant) in (trajectory.variants ?? []).enumerated() {
            guard let id = variant.id, !id.isEmpty, let quality = (variant.quality ?? overall)?.moved(into: 0...1) else { continue }
            let latency = variant.latency ?? 0
            var context = Self.context(("quality_contribution", .number(quality)), variant.latency, nil)
            if let type = variant.promptType, type.utf8.count <= Self.idBytes { context["prompt_type"] = .string(type) }
            let reward = quality - (latency > 0 ? min(0.2, latency / 10_000) : 0)
            self.add(.prompt, id, reward.moved(into: 0...1), 0.8, context, ["variant_index": .integer(Int64(index))])
        }
    }

    // MARK: Signals

    private mutating func add(
        _ type: ComponentType,
        _ id: String,
        _ reward: Double,
        _ confidence: Double,
        _ context: JSONObject,
        _ metadata: JSONObject = JSONObject()
    ) {
        guard self.signals.count < Self.limit, id.utf8.count <= Self.idBytes else {
            self.leftOut += 1
            return
        }
        let component = ComponentID(type, id)
        let number = self.counts[component, default: 0]
        self.counts[component] = number + 1
        var metadata = metadata
        metadata["trajectory_id"] = .string(self.trajectoryID)
        self.signals.append(
            FeedbackSignal(
                signalID: "trajectory.\(self.tenantID).\(self.trajectoryID).\(component).\(number)",
                source: .trajectory,
                componentType: type,
                componentID: id,
                reward: reward,
                confidence: confidence,
                context: context,
                metadata: metadata,
                version: self.version
            )
        )
    }

    private static func context(_ first: (String, JSONValue), _ latency: Double?, _ cost: Double?) -> JSONObject {
        var context = JSONObject([first])
        if let latency, latency.isFinite, latency >= 0 { context["latency_ms"] = .number(latency) }
        if let cost, cost.isFinite, cost >= 0 { context["cost_usd"] = .number(cost) }
        return context
    }

    private static func first(_ names: String?...) -> String? { names.compactMap { $0 }.first { !$0.isEmpty } }

    private static func name(_ name: String?) -> String { name.flatMap { $0.isEmpty ? nil : $0 } ?? "unknown" }
}

extension Trajectory.ModelCall {
    /// 0 for a failure, else 1 − min(latency/10,000 ms, .3) − min(100 · USD, .2).
    var reward: Double {
        guard self.success ?? true else { return 0 }
        return (1 - min(max(self.latency ?? 0, 0) / 10_000, 0.3) - min(max(self.cost ?? 0, 0) * 100, 0.2)).moved(into: 0...1)
    }
}
