public import JSON

/// What a job did on its way, as producers tell it: both shapes of spec §5.2 (calls) and §5.3 (steps, agent, prompt variants) in one.
///
/// Every member may be missing; members that are not named here are ignored. Of the wrong kind, a member is refused with its path.
public struct Trajectory: Decodable, Sendable, Hashable {
    /// A call of a model.
    public struct ModelCall: Decodable, Sendable, Hashable {
        /// Which one.
        public var model: String?
        /// A call that does not say otherwise succeeded.
        public var success: Bool?
        /// Milliseconds.
        public var latency: Double?
        /// US dollars.
        public var cost: Double?

        enum CodingKeys: String, CodingKey {
            case model, success
            case latency = "latency_ms"
            case cost = "cost_usd"
        }
    }

    /// A call of a tool.
    public struct ToolCall: Decodable, Sendable, Hashable {
        /// Which one.
        public var tool: String?
        /// A call that does not say otherwise succeeded.
        public var success: Bool?
        /// How much it helped, 0 … 1.
        public var relevance: Double?
        /// Milliseconds.
        public var latency: Double?

        enum CodingKeys: String, CodingKey {
            case tool, success
            case relevance = "relevance_score"
            case latency = "latency_ms"
        }
    }

    /// A step, which may have used a tool.
    public struct Step: Decodable, Sendable, Hashable {
        /// What came of a step.
        public struct Outcome: Decodable, Sendable, Hashable {
            /// Whether it is as it should be.
            public var success: Bool?
        }

        /// What a tool was given, as far as it matters here.
        public struct ToolArguments: Decodable, Sendable, Hashable {
            /// The model that the tool asked.
            public var modelID: String?

            enum CodingKeys: String, CodingKey {
                case modelID = "model_id"
            }
        }

        /// The tool it used; nil for a step without one.
        public var toolName: String?
        /// What the tool was given.
        public var arguments: ToolArguments?
        /// Whether it succeeded.
        public var success: Bool?
        /// What came of it.
        public var result: Outcome?

        /// `success`, else the result's; a step that does not say otherwise succeeded.
        public var hasSucceeded: Bool { self.success ?? self.result?.success ?? true }

        enum CodingKeys: String, CodingKey {
            case success, result
            case toolName = "tool_name"
            case arguments = "tool_args"
        }
    }

    /// A use of a prompt variant.
    public struct Variant: Decodable, Sendable, Hashable {
        var variantID: String?
        var otherID: String?
        /// 0 … 1; the trajectory's when missing.
        public var quality: Double?
        /// Milliseconds.
        public var latency: Double?
        /// Such as `analysis`.
        public var promptType: String?

        /// `variant_id`, else `id`.
        public var id: String? { self.variantID ?? self.otherID }

        enum CodingKeys: String, CodingKey {
            case variantID = "variant_id"
            case otherID = "id"
            case quality = "quality_score"
            case latency = "latency_ms"
            case promptType = "prompt_type"
        }
    }

    var sessionID: String?
    var trajectoryID: String?
    var otherID: String?
    /// The calls of models, in order.
    public var modelCalls: [ModelCall]?
    /// The calls of tools, in order.
    public var toolCalls: [ToolCall]?
    /// The steps, in order.
    public var steps: [Step]?
    /// The prompt variants used, in order.
    public var variants: [Variant]?
    var modelID: String?
    var model: String?
    var agentID: String?
    var agent: String?
    /// How good the outcome is, 0 … 1.
    public var quality: Double?
    /// Whether the whole succeeded.
    public var success: Bool?
    /// Seconds.
    public var duration: Double?
    /// Milliseconds.
    public var latency: Double?
    /// US dollars.
    public var cost: Double?

    /// `session_id`, else `trajectory_id`, else `id`; empty ones count as missing.
    public var id: String? { [self.sessionID, self.trajectoryID, self.otherID].compactMap { $0 }.first { !$0.isEmpty } }

    enum CodingKeys: String, CodingKey {
        case steps, model, agent, success, duration
        case sessionID = "session_id"
        case trajectoryID = "trajectory_id"
        case otherID = "id"
        case modelCalls = "llm_calls"
        case toolCalls = "tool_calls"
        case variants = "prompt_variants"
        case modelID = "model_id"
        case agentID = "agent_id"
        case quality = "quality_score"
        case latency = "latency_ms"
        case cost = "cost_usd"
    }

    /// Reads a trajectory.
    ///
    /// - Throws: which member is of the wrong kind, such as `trajectory.llm_calls[2].latency_ms`.
    public init(_ json: JSONValue, at path: String = "trajectory") throws(JSONDecodingError) {
        self = try json.decode(Trajectory.self, at: path)
    }
}
