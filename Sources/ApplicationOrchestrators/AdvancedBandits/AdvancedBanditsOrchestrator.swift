public import Feedback
import JSON
public import Orchestration
import Wire

/// Makes decisions with contextual bandits, learns from what came of them, and compares two algorithms at it (spec §6.6).
///
/// The argument `operation` says what to do, `make_decision` by default:
///
/// | operation | arguments | `data.result` |
/// | --- | --- | --- |
/// | `make_decision` | `domain`, `algorithm`, `features`, `scope` | `action`, `action_id`, `confidence`, `decision_id`, `decision`, … |
/// | `provide_feedback` | `reward`, `predicted_reward`; `decision`, or `domain`, `action`, `algorithm`, `decision_id`, `features` | `accepted`, … |
/// | `get_performance_summary` | none | `global_stats`, `domains` by algorithm, `timestamp`, `uptime_seconds` |
/// | `get_domain_comparison` | `domain` | by algorithm: `avg_reward`, `relative_performance` |
/// | `switch_default_algorithm` | `algorithm` | `default_algorithm`, `previous_algorithm` |
///
/// Actions are components (`agent/advanced_bandits/<algorithm>/<domain>/<action>`), learned by the feedback orchestrators like any other, and
/// chosen through the context: so decisions are logged with their propensities, and any application worker decides, and tells, the same.
/// `features` are those of agents (spec §5.7).
///
/// The default algorithm is `doubly_robust` until somebody switches it. That is a signal too, about
/// `threshold/advanced_bandits/default/<algorithm>`: the one that was said last holds, on every worker as soon as its policies know it.
public struct AdvancedBanditsOrchestrator: Orchestrator {
    /// `advanced_bandits`.
    public let name = "advanced_bandits"
    /// Application.
    public let layer = OrchestrationLayer.application
    /// Adaptive.
    public let type = OrchestrationType.adaptive

    let domains: [BanditDomain]
    let policies: PolicyTable
    let startedAt: Int64

    /// Creates the orchestrator.
    ///
    /// - Parameters:
    ///   - domains: the kinds of decisions it makes; those of spec §6.6 by default.
    ///   - policies: what the feedback orchestrators have learned, as the worker keeps it.
    ///   - clock: from which the uptime is told.
    public init(policies: PolicyTable, domains: [BanditDomain] = BanditDomain.standard, clock: OrchestrationClock = .system) {
        self.policies = policies
        self.domains = domains
        self.startedAt = clock.now()
    }

    /// The operations by their names.
    enum Operation: String, Sendable {
        case decide = "make_decision"
        case feedback = "provide_feedback"
        case summary = "get_performance_summary"
        case comparison = "get_domain_comparison"
        case switchDefault = "switch_default_algorithm"
    }

    /// Does what `operation` says.
    public func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        let parameters = Parameters(arguments.object)
        do {
            let name = try parameters.text("operation") ?? Operation.decide.rawValue
            guard let operation = Operation(rawValue: name) else {
                return .fail("Unknown operation: \(excerpt(name))", category: .validation)
            }
            switch operation {
            case .decide: return try self.decide(parameters, context)
            case .feedback: return try self.learn(parameters, context)
            case .summary: return .ok(["result": .object(self.summary(now: context.clock.now()))])
            case .comparison: return .ok(["result": .object(try self.comparison(parameters))])
            case .switchDefault: return try self.switchDefault(parameters, context)
            }
        } catch let error as ParameterError {
            return error.stepResult
        }
    }

    // MARK: Decisions

    private func decide(_ parameters: Parameters, _ context: OrchestrationContext) throws -> StepResult {
        let domain = try self.domain(named: try parameters.required(try parameters.text("domain"), "domain"))
        let algorithm = try self.algorithm(parameters) ?? self.defaultAlgorithm
        let decision = try context.choose(
            .agent,
            among: domain.components(algorithm),
            situation: try parameters.members("features") ?? JSONObject(),
            named: "\(BanditArm.prefix)\(algorithm.rawValue)/\(domain.name)",
            sticky: try Self.scope(parameters)
        )
        let action = BanditArm(decision.chosen)?.action ?? decision.chosen.id
        return .ok([
            "result": [
                "domain": .string(domain.name), "algorithm": .string(algorithm.rawValue), "action": .string(action),
                "action_id": domain.index(of: action).map { .string("\($0)") } ?? .null,
                "component_id": .string(decision.chosen.id), "confidence": .number(decision.propensity),
                "exploration_factor": .number(1 - decision.propensity),
                "predicted_reward": self.predictedReward(decision.chosen, decision.situation).map { .number($0) } ?? .null,
                "decision_id": .string(decision.id), "decision": .object(DecisionCodec.json(decision)),
            ]
        ])
    }

    /// What the arm's learner expects in the situation; the running mean of its rewards where the learner cannot tell; nil before the first.
    private func predictedReward(_ arm: ComponentID, _ situation: JSONObject) -> Double? {
        guard let known = self.policies.snapshot(of: arm), known.signals > 0 else { return nil }
        let expected = self.policies.expectedReward(of: arm, in: situation) ?? known.health.runningReward
        return min(max(expected, 0), 1)
    }

    private static func scope(_ parameters: Parameters) throws(ParameterError) -> DecisionScope {
        guard let name = try parameters.text("scope") else { return .request }
        guard let scope = DecisionScope(rawValue: name) else {
            throw ParameterError("Unknown scope: \(excerpt(name)): use request, tree or session")
        }
        return scope
    }

    private func domain(named name: String) throws(ParameterError) -> BanditDomain {
        guard let domain = self.domains.first(where: { $0.name == name }) else { throw ParameterError("Unknown domain: \(excerpt(name))") }
        return domain
    }

    private func algorithm(_ parameters: Parameters) throws(ParameterError) -> BanditAlgorithm? {
        guard let name = try parameters.text("algorithm") else { return nil }
        guard let algorithm = BanditAlgorithm(rawValue: name) else { throw ParameterError("Unknown algorithm: \(excerpt(name))") }
        return algorithm
    }

    // MARK: Feedback

    /// An unknown domain or algorithm is a remark, no failure (spec §6.6): feedback may come from before a change.
    private func learn(_ parameters: Parameters, _ context: OrchestrationContext) throws(ParameterError) -> StepResult {
        let reward = try parameters.required(try parameters.number("reward"), "reward")
        let arm: BanditArm
        var metadata = JSONObject()
        var situation = try parameters.members("features") ?? JSONObject()
        if let object = try parameters.members("decision") {
            let decision: Decision
            do {
                decision = try DecisionCodec.decode(object)
            } catch {
                throw ParameterError("Invalid parameter: decision: \(error)")
            }
            guard let chosen = BanditArm(decision.chosen) else {
                throw ParameterError("Invalid parameter: decision: \(excerpt(decision.chosen.description)) is no action of a bandit")
            }
            arm = chosen
            situation = decision.situation.merging(situation)
            metadata["propensity"] = .number(decision.propensity)
            metadata["policy_version"] = .integer(decision.policyVersion)
            metadata["decision_id"] = .string(decision.id)
        } else {
            let name = try parameters.text("algorithm") ?? self.defaultAlgorithm.rawValue
            let domain = try parameters.required(try parameters.text("domain"), "domain")
            guard let algorithm = BanditAlgorithm(rawValue: name) else { return Self.ignored("Unknown algorithm: \(excerpt(name))") }
            arm = BanditArm(algorithm: algorithm, domain: domain, action: try Self.action(parameters))
            if let decision = try parameters.text("decision_id") { metadata["decision_id"] = .string(decision) }
        }
        guard let domain = self.domains.first(where: { $0.name == arm.domain }) else {
            return Self.ignored("Unknown domain: \(excerpt(arm.domain))")
        }
        guard let index = domain.index(of: arm.action) else { throw ParameterError("Unknown action: \(excerpt(arm.action))") }
        let component = BanditArm(algorithm: arm.algorithm, domain: domain.name, action: domain.actions[index]).component
        let told = try parameters.number("predicted_reward")
        if let told, !(0...1).contains(told) { throw ParameterError("Predicted reward must be in [0.0, 1.0], got \(told)") }
        metadata["predicted_reward"] = (told ?? self.predictedReward(component, situation)).map { .number($0) }
        let signal = FeedbackSignal(
            source: .agentTask,
            componentType: component.type,
            componentID: component.id,
            reward: reward,
            confidence: try parameters.number("confidence") ?? 1,
            context: situation,
            metadata: metadata
        )
        return try self.emit(signal, context) {
            ["accepted": true, "component": .string(component.description), "reward": .number(reward)]
        }
    }

    /// By name or index.
    private static func action(_ parameters: Parameters) throws(ParameterError) -> String {
        if let index = parameters["action"]?.integerValue { return "\(index)" }
        let name = try parameters.text("action_id")
        return try parameters.required(try parameters.text("action") ?? name, "action")
    }

    private static func ignored(_ warning: String) -> StepResult { .successWithWarnings([warning], ["result": ["accepted": false]]) }

    private func emit(
        _ signal: FeedbackSignal,
        _ context: OrchestrationContext,
        _ result: () -> JSONObject
    ) throws(ParameterError) -> StepResult {
        var signal = signal
        if context.depth == 0 { signal.signalID = "\(context.requestID).bandit" }
        do {
            try signal.validate()
        } catch {
            throw ParameterError(error.message)
        }
        context.emit(signal)
        return .ok(["result": .object(result())])
    }

    // MARK: The default algorithm

    /// Where a switch to an algorithm is told.
    private static func setting(_ algorithm: BanditAlgorithm) -> ComponentID {
        ComponentID(.threshold, "\(BanditArm.prefix)default/\(algorithm.rawValue)")
    }

    /// The algorithm that somebody switched to last; `doubly_robust` if nobody did.
    var defaultAlgorithm: BanditAlgorithm {
        var (latest, result) = (0.0, BanditAlgorithm.doublyRobust)
        for algorithm in BanditAlgorithm.allCases {
            guard let at = self.policies.snapshot(of: Self.setting(algorithm))?.lastSignalAt, at > latest else { continue }
            (latest, result) = (at, algorithm)
        }
        return result
    }

    private func switchDefault(_ parameters: Parameters, _ context: OrchestrationContext) throws(ParameterError) -> StepResult {
        let algorithm = try parameters.required(try self.algorithm(parameters), "algorithm")
        let setting = Self.setting(algorithm)
        let signal = FeedbackSignal(
            source: .governance,
            componentType: setting.type,
            componentID: setting.id,
            reward: 1,
            timestamp: Double(context.clock.now()) / 1_000
        )
        return try self.emit(signal, context) {
            ["default_algorithm": .string(algorithm.rawValue), "previous_algorithm": .string(self.defaultAlgorithm.rawValue)]
        }
    }

    // MARK: Reports

    private func comparison(_ parameters: Parameters) throws(ParameterError) -> JSONObject {
        let domains: [BanditDomain]
        if let name = try parameters.text("domain") { domains = [try self.domain(named: name)] } else { domains = self.domains }
        return JSONObject(domains.map { ($0.name, .object(BanditReport(domain: $0, self.policies).comparison)) })
    }

    private func summary(now: Int64) -> JSONObject {
        let reports = self.domains.map { BanditReport(domain: $0, self.policies) }
        let feedback = reports.reduce(0) { $0 + $1.feedback }
        let rewards = reports.reduce(0) { $0 + $1.rewards }
        let decisions = reports.reduce(0) { $0 + $1.decisions }
        return [
            "global_stats": [
                "total_decisions": .integer(decisions), "total_feedback": .integer(feedback), "total_rewards": .number(rewards),
                "avg_reward": .number(feedback > 0 ? rewards / Double(feedback) : 0),
                "default_algorithm": .string(self.defaultAlgorithm.rawValue), "total_domains": .integer(Int64(self.domains.count)),
            ],
            "domains": .object(JSONObject(reports.map { ($0.domain.name, .object($0.stats)) })),
            "timestamp": .number(Double(now) / 1_000),
            "uptime_seconds": .number(Double(max(0, now - self.startedAt)) / 1_000),
        ]
    }
}
