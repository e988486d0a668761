/// Who gives a feedback signal; the raw value is the text on the wire (spec §5.1).
public enum FeedbackSource: String, CaseIterable, Sendable, Hashable {
    case trajectory
    case ragRetrieval = "rag_retrieval"
    case toolExecution = "tool_execution"
    case agentTask = "agent_task"
    case governance
    case costBudget = "cost_budget"
    case userExplicit = "user_explicit"

    /// Reads a name off the wire: a raw value, or "tool", the older name of `tool_execution`.
    public init?(name: String) {
        self.init(rawValue: name == "tool" ? Self.toolExecution.rawValue : name)
    }
}

/// What kind of component a signal or a decision is about; the raw value is the text on the wire (spec §5.1).
public enum ComponentType: String, CaseIterable, Sendable, Hashable {
    case model
    case tool
    case agent
    case threshold
    case prompt
    case memory
}
