import Feedback
import JSON
import Orchestration
import Wire

/// Hands signals of a request over, unless their components are disabled.
struct FeedbackIntake {
    /// Decisions of one outcome, at most.
    static let decisionLimit = 1_000

    let context: OrchestrationContext
    let policies: PolicyTable

    /// Submits one signal.
    ///
    /// Its id, unless it has one, is the request's: so a repeated request repeats it. When another orchestrator asked, there may be more
    /// signals of the request, and the worker numbers them.
    func submit(_ signal: FeedbackSignal) throws(ParameterError) -> StepResult {
        var signal = signal
        let component = ComponentID(signal.componentType, signal.componentID)
        if self.isDisabled(component) {
            return .skip(
                reason: "component_disabled",
                ["component_id": .string(component.id), "component_type": .string(component.type.rawValue)]
            )
        }
        if signal.signalID == nil, self.context.depth == 0 { signal.signalID = "\(self.context.requestID).feedback" }
        self.context.emit(signal)
        return .ok([
            "message": "Feedback queued",
            "result": [
                "signal_id": signal.signalID.map { .string($0) } ?? .null, "queued": true, "queue_size": 1,
                "component": .string(component.description), "reward": .number(signal.reward),
            ],
        ])
    }

    /// Submits what a trajectory says; what is said of disabled components is left out.
    func submitTrajectory(_ parameters: Parameters) throws(ParameterError) -> StepResult {
        guard let trajectory = parameters["trajectory"] else { throw ParameterError("Missing required parameter: trajectory") }
        let extracted: TrajectorySignals
        do {
            extracted = try TrajectorySignals(
                try Trajectory(trajectory),
                evaluation: try parameters["evaluation"].map { try TrajectoryEvaluation($0) },
                tenantID: self.context.tenantID,
                fallbackID: self.context.requestID,
                version: Int(clamping: try parameters.integer("version") ?? 1)
            )
        } catch let error as ParameterError {
            throw error
        } catch {
            throw ParameterError("Trajectory feedback failed: \(error)")
        }
        let skipped = try self.emit(extracted.signals)
        return .ok([
            "message": "Trajectory feedback submitted",
            "result": [
                "trajectory_id": .string(extracted.trajectoryID),
                "signals_submitted": .integer(Int64(extracted.signals.count - skipped.count)),
                "signals_skipped": .integer(Int64(skipped.count)), "signals_left_out": .integer(Int64(extracted.leftOut)),
                "disabled_components": .array(Set(skipped).sorted().map { .string($0.description) }),
            ],
        ])
    }

    /// Shares an outcome over the decisions that led to it.
    func credit(_ parameters: Parameters) throws(ParameterError) -> StepResult {
        let reward = try parameters.required(try parameters.number("reward"), "reward")
        let ruleName = try parameters.text("rule") ?? "all"
        guard let rule = CreditRule(name: ruleName, gamma: try parameters.number("gamma") ?? CreditRule.standardGamma) else {
            throw ParameterError(
                "Unknown credit rule: \(excerpt(ruleName)): use all, last or discounted with a gamma above 0 and at most 1"
            )
        }
        let sourceName = try parameters.text("source") ?? FeedbackSource.userExplicit.rawValue
        guard let source = FeedbackSource(name: sourceName) else { throw ParameterError("Unknown feedback source: \(excerpt(sourceName))") }
        let decisions = try Self.decisions(try parameters.required(try parameters.elements("decisions"), "decisions"))
        let outcomeID = try parameters.text("outcome_id") ?? decisions.first?.rootID ?? self.context.requestID
        guard outcomeID.utf8.count <= FeedbackSignal.componentIDBytes else {
            throw ParameterError("Invalid parameter: outcome_id: expected at most \(FeedbackSignal.componentIDBytes) bytes")
        }
        let signals = rule.signals(
            reward: reward,
            outcomeID: "\(self.context.tenantID).\(outcomeID)",
            over: decisions,
            source: source,
            confidence: try parameters.number("confidence") ?? 0.8,
            version: Int(clamping: try parameters.integer("version") ?? 1)
        )
        let skipped = try self.emit(signals)
        return .ok([
            "message": "Credit shared",
            "result": [
                "outcome_id": .string(outcomeID), "rule": .string(rule.name), "decisions": .integer(Int64(decisions.count)),
                "signals_submitted": .integer(Int64(signals.count - skipped.count)), "signals_skipped": .integer(Int64(skipped.count)),
                "disabled_components": .array(Set(skipped).sorted().map { .string($0.description) }),
            ],
        ])
    }

    private static func decisions(_ elements: [JSONValue]) throws(ParameterError) -> [Decision] {
        guard (1...self.decisionLimit).contains(elements.count) else {
            throw ParameterError("Invalid parameter: decisions: expected 1 to \(self.decisionLimit) elements, found \(elements.count)")
        }
        var decisions: [Decision] = []
        for (index, element) in elements.enumerated() {
            guard let object = element.objectValue else {
                throw ParameterError("Invalid parameter: decisions[\(index)]: expected an object, found \(element.kindName)")
            }
            do {
                decisions.append(try DecisionCodec.decode(object))
            } catch {
                throw ParameterError("Invalid parameter: decisions[\(index)]: \(error)")
            }
        }
        return decisions
    }

    /// Emits all signals, or none when one of them is invalid.
    ///
    /// - Returns: the disabled components whose signals were left out, one for each signal.
    private func emit(_ signals: [FeedbackSignal]) throws(ParameterError) -> [ComponentID] {
        do {
            for signal in signals { try signal.validate() }
        } catch {
            throw ParameterError(error.message)
        }
        var skipped: [ComponentID] = []
        for signal in signals {
            let component = ComponentID(signal.componentType, signal.componentID)
            if self.isDisabled(component) { skipped.append(component) } else { self.context.emit(signal) }
        }
        return skipped
    }

    private func isDisabled(_ component: ComponentID) -> Bool { self.policies.snapshot(of: component)?.availability == .disabled }
}
