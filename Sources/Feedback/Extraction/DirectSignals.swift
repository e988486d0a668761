public import JSON
public import Orchestration

/// The signals that tools, agents and retrievals are judged by directly (spec §5.3), with the rewards of spec §5.3, §5.6 and §5.7.
///
/// A reward is what the quality says, 1 for a success and 0 for a failure without one (§5.3). When the latency or duration is given too,
/// it is the formula of the router that chooses such components: a tool's (§5.6) or an agent's (§5.7); a success without a stated quality
/// counts as quality 1 there, as it does in §5.3. So a quick success earns the same whether it says how quick it was or not.
public enum DirectSignals {
    /// How sure a signal is if nobody says otherwise.
    public static let confidence = 0.8

    /// 0 for a failure, else .6 + .4 · quality − .2 · min((latency − 5,000)/10,000, .5) for latencies above 5,000 ms (spec §5.6); without
    /// a latency as §5.3 has it.
    public static func toolReward(success: Bool, latency: Double?, quality: Double?) -> Double {
        guard let latency else { return self.plainReward(success: success, quality: quality) }
        guard success else { return 0 }
        let slowness = latency > 5_000 ? min((latency - 5_000) / 10_000, 0.5) : 0
        return (0.6 + 0.4 * self.share(quality ?? 1) - 0.2 * slowness).moved(into: 0...1)
    }

    /// 0 for a failure, else .5 + .5 · quality, less .2 when it took more than twice the expected time (spec §5.7); without a duration as
    /// §5.3 has it.
    ///
    /// - Parameter expected: seconds; 60 by default (spec §5.7).
    public static func agentReward(success: Bool, duration: Double?, quality: Double?, expected: Double = 60) -> Double {
        guard let duration else { return self.plainReward(success: success, quality: quality) }
        guard success else { return 0 }
        return (0.5 + 0.5 * self.share(quality ?? 1) - (duration > 2 * expected ? 0.2 : 0)).moved(into: 0...1)
    }

    /// The quality; without one, 1 for a success and 0 for a failure (spec §5.3).
    public static func plainReward(success: Bool, quality: Double?) -> Double { quality.map { self.share($0) } ?? (success ? 1 : 0) }

    private static func share(_ value: Double) -> Double { value.isNaN ? 0 : value.moved(into: 0...1) }

    /// The signal about a use of a tool.
    ///
    /// - Parameters:
    ///   - latency: milliseconds; nil when unknown.
    ///   - quality: how good the result was, 0 … 1; nil when nobody judged.
    ///   - context: the situation; gains `success` and `latency_ms`.
    public static func tool(
        _ id: String,
        success: Bool,
        latency: Double? = nil,
        quality: Double? = nil,
        confidence: Double = Self.confidence,
        context: JSONObject = JSONObject(),
        metadata: JSONObject = JSONObject()
    ) -> FeedbackSignal {
        self.signal(
            .toolExecution,
            ComponentID(.tool, id),
            self.toolReward(success: success, latency: latency, quality: quality),
            confidence,
            self.context(context, success, "latency_ms", latency),
            self.metadata(metadata, quality)
        )
    }

    /// The signal about a task of an agent.
    ///
    /// - Parameters:
    ///   - duration: seconds; nil when unknown.
    ///   - quality: how good the result was, 0 … 1; nil when nobody judged.
    ///   - expected: seconds that its tasks take, such as its average; 60 by default.
    ///   - context: the situation; gains `success` and `duration_s`.
    public static func agent(
        _ id: String,
        success: Bool,
        duration: Double? = nil,
        quality: Double? = nil,
        expected: Double = 60,
        confidence: Double = Self.confidence,
        context: JSONObject = JSONObject(),
        metadata: JSONObject = JSONObject()
    ) -> FeedbackSignal {
        self.signal(
            .agentTask,
            ComponentID(.agent, id),
            self.agentReward(success: success, duration: duration, quality: quality, expected: expected),
            confidence,
            self.context(context, success, "duration_s", duration),
            self.metadata(metadata, quality)
        )
    }

    /// The signal about a retrieval from a memory.
    ///
    /// - Parameters:
    ///   - id: the memory's: a store or an index; or the query's, if nothing else is known (spec §5.3).
    ///   - relevance: of the results, 0 … 1; the reward.
    ///   - latency: milliseconds; nil when unknown.
    ///   - results: how many there were; nil when unknown.
    ///   - context: the situation, and `chunks`, from which the chunks' quality is learned; gains `retrieval_latency_ms` and `num_results`.
    public static func retrieval(
        _ id: String,
        relevance: Double,
        latency: Double? = nil,
        results: Int? = nil,
        confidence: Double = Self.confidence,
        context: JSONObject = JSONObject(),
        metadata: JSONObject = JSONObject()
    ) -> FeedbackSignal {
        var context = context
        if let latency { context["retrieval_latency_ms"] = .number(latency) }
        if let results { context["num_results"] = .integer(Int64(results)) }
        return self.signal(.ragRetrieval, ComponentID(.memory, id), self.share(relevance), confidence, context, metadata)
    }

    private static func context(_ context: JSONObject, _ success: Bool, _ name: String, _ measure: Double?) -> JSONObject {
        var context = context
        context["success"] = .bool(success)
        if let measure { context[name] = .number(measure) }
        return context
    }

    private static func metadata(_ metadata: JSONObject, _ quality: Double?) -> JSONObject {
        guard let quality else { return metadata }
        var metadata = metadata
        metadata["quality_score"] = .number(quality)
        return metadata
    }

    private static func signal(
        _ source: FeedbackSource,
        _ component: ComponentID,
        _ reward: Double,
        _ confidence: Double,
        _ context: JSONObject,
        _ metadata: JSONObject
    ) -> FeedbackSignal {
        FeedbackSignal(
            source: source,
            componentType: component.type,
            componentID: component.id,
            reward: reward,
            confidence: confidence,
            context: context,
            metadata: metadata
        )
    }
}
