import Feedback
import JSON
import Orchestration
import Wire

/// The signals that callers describe by parameters.
enum SubmittedSignals {
    /// A signal as it is: `source`, `component_type`, `component_id` and `reward` are required.
    static func signal(_ parameters: Parameters) throws(ParameterError) -> FeedbackSignal {
        let sourceName = try parameters.required(try parameters.text("source"), "source")
        guard let source = FeedbackSource(name: sourceName) else { throw ParameterError("Unknown feedback source: \(excerpt(sourceName))") }
        let typeName = try parameters.required(try parameters.text("component_type"), "component_type")
        guard let type = ComponentType(rawValue: typeName) else { throw ParameterError("Unknown component type: \(excerpt(typeName))") }
        var signal = FeedbackSignal(
            signalID: try parameters.text("signal_id"),
            source: source,
            componentType: type,
            componentID: try parameters.required(try parameters.text("component_id"), "component_id"),
            reward: try parameters.required(try parameters.number("reward"), "reward"),
            confidence: try parameters.number("confidence") ?? 0.8,
            timestamp: try parameters.number("timestamp")
        )
        try self.addCommon(to: &signal, parameters)
        return signal
    }

    /// A use of a tool: by its reward, or by what the reward is made of.
    static func tool(_ parameters: Parameters) throws(ParameterError) -> FeedbackSignal {
        let id = try parameters.required(try parameters.text(["tool_id", "tool_name"]), "tool_id")
        let outcome = try Outcome(parameters, measure: "latency_ms")
        var signal = DirectSignals.tool(id, success: outcome.success, latency: outcome.measure, quality: outcome.quality)
        try self.finish(&signal, outcome, parameters)
        return signal
    }

    /// A task of an agent: by its reward, or by what the reward is made of.
    ///
    /// What a task is expected to take is `expected_duration_s`, else the agent's average as the policies know it, else 60 seconds.
    static func agent(_ parameters: Parameters, _ policies: PolicyTable) throws(ParameterError) -> FeedbackSignal {
        let id = try parameters.required(try parameters.text("agent_id"), "agent_id")
        let outcome = try Outcome(parameters, measure: "duration_s")
        let known = policies.snapshot(of: ComponentID(.agent, id))?.details["average_task_duration_s"]?.doubleValue
        let expected = try parameters.number("expected_duration_s") ?? known ?? 60
        var signal = DirectSignals.agent(
            id,
            success: outcome.success,
            duration: outcome.measure,
            quality: outcome.quality,
            expected: expected > 0 ? expected : 60
        )
        try self.finish(&signal, outcome, parameters)
        return signal
    }

    /// A retrieval: `store` names the memory, `query_id` (or `retrieval_id`) the retrieval, and the memory too if there is no store.
    static func retrieval(_ parameters: Parameters) throws(ParameterError) -> FeedbackSignal {
        let query = try parameters.text(["query_id", "retrieval_id"])
        let id = try parameters.required(try parameters.text("store") ?? query, "query_id")
        let (relevance, reward) = (try parameters.number("relevance_score"), try parameters.number("reward"))
        var signal = DirectSignals.retrieval(
            id,
            relevance: try parameters.required(relevance ?? reward, "relevance_score"),
            latency: try parameters.number("retrieval_latency_ms"),
            results: try parameters.integer("num_results").map { Int(clamping: $0) }
        )
        try self.addCommon(to: &signal, parameters)
        if let chunks = try parameters.elements("chunks") { signal.context["chunks"] = .array(chunks) }
        if let query { signal.metadata["query_id"] = .string(query) }
        return signal
    }

    /// What came of a use, as far as it was told.
    private struct Outcome {
        let reward: Double?
        let success: Bool
        let measure: Double?
        let quality: Double?

        init(_ parameters: Parameters, measure name: String) throws(ParameterError) {
            self.reward = try parameters.number("reward")
            self.quality = try parameters.number("quality_score")
            let success = try parameters.flag("success")
            guard self.reward != nil || self.quality != nil || success != nil else {
                throw ParameterError("Missing required parameter: success")
            }
            // §5.3: an error is a reward below .3.
            self.success = success ?? ((self.reward ?? self.quality ?? 1) >= 0.3)
            self.measure = try parameters.number(name)
            if let measure = self.measure, measure < 0 {
                throw ParameterError("Invalid parameter: \(name): expected 0 or more, found \(measure)")
            }
        }
    }

    /// A stated reward counts instead of one that is made.
    private static func finish(_ signal: inout FeedbackSignal, _ outcome: Outcome, _ parameters: Parameters) throws(ParameterError) {
        if let reward = outcome.reward { signal.reward = reward }
        try self.addCommon(to: &signal, parameters)
    }

    /// What all signals may have; the context's own members stand above what the caller's context says.
    private static func addCommon(to signal: inout FeedbackSignal, _ parameters: Parameters) throws(ParameterError) {
        if let confidence = try parameters.number("confidence") { signal.confidence = confidence }
        if let context = try parameters.members("context") { signal.context = context.merging(signal.context) }
        if let metadata = try parameters.members("metadata") { signal.metadata = metadata.merging(signal.metadata) }
        if let decision = try parameters.text("decision_id") { signal.metadata["decision_id"] = .string(decision) }
        if let version = try parameters.integer("version") { signal.version = Int(clamping: version) }
        if signal.signalID == nil { signal.signalID = try parameters.text("signal_id") }
        do {
            try signal.validate()
        } catch {
            throw ParameterError(error.message)
        }
    }
}
