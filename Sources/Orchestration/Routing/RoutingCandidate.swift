public import JSON

/// A component that can be routed to, with what its owner declares of it; an orchestrator knows it of its own models, tools and agents.
public protocol RoutingCandidate: Sendable {
    /// What kind of component it is.
    static var componentType: ComponentType { get }
    /// How candidates of this kind are filtered and compared.
    static var rule: RoutingRule { get }

    /// The component's id.
    var id: String { get }

    /// Whether it can do the task.
    func fits(_ task: RoutingTask) -> Bool

    /// The reward to expect as long as nothing was learned, 0 … 1.
    ///
    /// - Parameter known: what the feedback orchestrators say; nil when nothing is known.
    func presumedReward(for task: RoutingTask, _ known: ComponentKnowledge?) -> Double

    /// What its expected reward is multiplied with when candidates are ranked, 0 … 1.
    func factor(_ known: ComponentKnowledge?) -> Double

    /// US dollars that the task will cost; nil when nothing tells.
    func estimatedCost(of task: RoutingTask, _ known: ComponentKnowledge?) -> Double?

    /// Milliseconds that the task will take; nil when nothing tells.
    func estimatedLatency(_ known: ComponentKnowledge?) -> Double?
}

extension RoutingCandidate {
    /// Nothing tells.
    public func estimatedCost(of task: RoutingTask, _ known: ComponentKnowledge?) -> Double? { nil }
    /// Nothing tells.
    public func estimatedLatency(_ known: ComponentKnowledge?) -> Double? { nil }
}

/// What is to be done, by which candidates are filtered and chosen.
public struct RoutingTask: Sendable, Hashable {
    /// What kind of task it is; empty for any.
    public var type: String
    /// What a candidate has to be able to do.
    public var required: Set<String>
    /// What the component is needed for, as the features of its type want it.
    public var situation: JSONObject

    /// Describes a task.
    public init(_ type: String = "", requiring required: Set<String> = [], situation: JSONObject = JSONObject()) {
        self.type = type
        self.required = required
        self.situation = situation
    }
}

/// How candidates of a kind are filtered and compared.
public struct RoutingRule: Sendable, Hashable {
    /// Rewards that have to be known before they count against a candidate: more than so many, as for the feedback orchestrators.
    static let minimumSamples = 10
    /// Milliseconds without a signal after which a candidate is tried again that was left out for its health (spec §5.12 INT).
    static let probeAfter = 3_600_000.0

    /// Of lower health, a component is no candidate.
    public var minimumHealth: Double
    /// Fallbacks that are told at most.
    public var fallbacks: Int
    /// How sure a choice is when there is one candidate only.
    public var single: Double
    /// How sure a choice is at most when there are several.
    public var most: Double
    /// How much surer it is for each point that the best is ahead of the second.
    public var slope: Double

    /// Makes a rule.
    public init(minimumHealth: Double, fallbacks: Int, single: Double, most: Double, slope: Double = 0.5) {
        self.minimumHealth = minimumHealth
        self.fallbacks = fallbacks
        self.single = single
        self.most = most
        self.slope = slope
    }

    /// Whether enough rewards say that a component is not healthy enough, and the last of them is not too long ago: a component that
    /// nobody chooses gets no better.
    ///
    /// - Parameter now: milliseconds since 1970.
    func leavesOut(_ known: ComponentKnowledge?, now: Int64) -> Bool {
        guard let known, known.health.sampleSize > Self.minimumSamples, known.health.score < self.minimumHealth else { return false }
        return Double(now) - known.lastSignalAt * 1_000 < Self.probeAfter
    }
}
