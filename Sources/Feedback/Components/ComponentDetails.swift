public import JSON
public import Orchestration

/// What is known of one type of component beyond rewards: a pure value, bounded in memory.
///
/// Only what a signal says moves it; a state that cannot be read, or a part of it, counts as nothing known.
public protocol TypedDetails: Sendable, Hashable {
    /// Nothing is known.
    init()
    /// What was stored; numbers out of range are moved to the nearer end, what is missing or of the wrong kind is the initial value.
    init(state: JSONObject)
    /// As ``init(state:)`` reads it: what is read is what was written.
    var state: JSONObject { get }
    /// Learns from a signal about this component.
    ///
    /// - Parameter now: seconds since 1970; stands in for a signal without a timestamp.
    mutating func learn(from signal: FeedbackSignal, now: Double)
    /// What a policy snapshot tells of it; smaller than the state, in the names of the specification.
    ///
    /// - Parameter now: seconds since 1970; what grows stale is judged by it.
    func details(now: Double) -> JSONObject
}

/// What is known of a component beyond rewards, whatever its type.
public enum ComponentDetails: Sendable, Hashable {
    case model(ModelDetails)
    case tool(ToolDetails)
    case agent(AgentDetails)
    case threshold(ThresholdDetails)
    case prompt(PromptDetails)
    case memory(MemoryDetails)

    /// The details of a component of this type of which nothing is known.
    public static func make(for type: ComponentType) -> ComponentDetails { self.restore(type, JSONObject()) }

    /// The details of a component of this type as they were stored by ``state``.
    public static func restore(_ type: ComponentType, _ state: JSONObject) -> ComponentDetails {
        switch type {
        case .model: .model(ModelDetails(state: state))
        case .tool: .tool(ToolDetails(state: state))
        case .agent: .agent(AgentDetails(state: state))
        case .threshold: .threshold(ThresholdDetails(state: state))
        case .prompt: .prompt(PromptDetails(state: state))
        case .memory: .memory(MemoryDetails(state: state))
        }
    }

    /// The type of the component.
    public var type: ComponentType {
        switch self {
        case .model: .model
        case .tool: .tool
        case .agent: .agent
        case .threshold: .threshold
        case .prompt: .prompt
        case .memory: .memory
        }
    }

    /// As ``restore(_:_:)`` reads it.
    public var state: JSONObject { self.typed.state }

    /// What a policy snapshot tells.
    ///
    /// - Parameter now: seconds since 1970.
    public func details(now: Double) -> JSONObject { self.typed.details(now: now) }

    /// Learns from a signal about this component; one of another type changes nothing.
    ///
    /// - Parameter now: seconds since 1970; stands in for a signal without a timestamp.
    public mutating func learn(from signal: FeedbackSignal, now: Double) {
        guard signal.componentType == self.type else { return }
        // Taken apart and put together again, so that what is inside is changed in place.
        switch self {
        case .model(var details):
            details.learn(from: signal, now: now)
            self = .model(details)
        case .tool(var details):
            details.learn(from: signal, now: now)
            self = .tool(details)
        case .agent(var details):
            details.learn(from: signal, now: now)
            self = .agent(details)
        case .threshold(var details):
            self = .threshold(ThresholdDetails())
            details.learn(from: signal, now: now)
            self = .threshold(details)
        case .prompt(var details):
            details.learn(from: signal, now: now)
            self = .prompt(details)
        case .memory(var details):
            self = .memory(MemoryDetails())
            details.learn(from: signal, now: now)
            self = .memory(details)
        }
    }

    private var typed: any TypedDetails {
        switch self {
        case .model(let details): details
        case .tool(let details): details
        case .agent(let details): details
        case .threshold(let details): details
        case .prompt(let details): details
        case .memory(let details): details
        }
    }
}
