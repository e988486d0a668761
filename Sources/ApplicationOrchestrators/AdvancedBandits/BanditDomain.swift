import Orchestration

/// A kind of decision that `advanced_bandits` makes, with the actions there are to choose from (spec §6.6).
public struct BanditDomain: Sendable, Hashable {
    /// Such as `model_routing`.
    public var name: String
    /// The actions by their names; an action is also known by its index.
    public var actions: [String]

    /// Names a domain and its actions.
    public init(name: String, actions: [String]) {
        self.name = name
        self.actions = actions
    }

    /// `model_routing` with the models of spec §6.6; `content_analysis` and `user_engagement` with four actions each, known by their indices.
    public static let standard = [
        BanditDomain(name: "model_routing", actions: ["gpt-4-turbo", "claude-3.5-sonnet", "gemini-pro", "llama-3.1-70b"]),
        BanditDomain(name: "content_analysis", actions: ["0", "1", "2", "3"]),
        BanditDomain(name: "user_engagement", actions: ["0", "1", "2", "3"]),
    ]

    /// The index of the action of this name, or of this index spelled out; nil when there is none.
    func index(of action: String) -> Int? {
        self.actions.firstIndex(of: action) ?? Int(action).flatMap { self.actions.indices.contains($0) ? $0 : nil }
    }

    /// The components that the actions are for an algorithm, in their order.
    func components(_ algorithm: BanditAlgorithm) -> [String] {
        self.actions.map { BanditArm(algorithm: algorithm, domain: self.name, action: $0).id }
    }
}

/// What chooses the actions of a domain (spec §6.6): each algorithm has arms of its own, so that their rewards can be compared.
public enum BanditAlgorithm: String, CaseIterable, Sendable, Hashable {
    /// A reward model corrected by what was observed, weighted with 1/propensity.
    case doublyRobust = "doubly_robust"
    /// Thompson sampling in the leaves of trees over contexts.
    case offsetTree = "offset_tree"
}

/// An action of a domain as an algorithm's component: `agent/advanced_bandits/<algorithm>/<domain>/<action>`.
///
/// An agent, because what is chosen is who or what takes over a task, and an agent's features (spec §5.7) are the most general ones. The
/// algorithm stands before the domain, so that the feedback orchestrators know by the beginning of the id which learner an arm wants.
struct BanditArm: Sendable, Hashable {
    static let prefix = "advanced_bandits/"

    var algorithm: BanditAlgorithm
    var domain: String
    var action: String

    var id: String { "\(Self.prefix)\(self.algorithm.rawValue)/\(self.domain)/\(self.action)" }
    var component: ComponentID { ComponentID(.agent, self.id) }

    init(algorithm: BanditAlgorithm, domain: String, action: String) {
        self.algorithm = algorithm
        self.domain = domain
        self.action = action
    }

    /// Reads a component's id; nil for one that is no arm.
    init?(_ component: ComponentID) {
        guard component.type == .agent, component.id.hasPrefix(Self.prefix) else { return nil }
        let parts = component.id.dropFirst(Self.prefix.count).split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let algorithm = BanditAlgorithm(rawValue: String(parts[0])) else { return nil }
        self.init(algorithm: algorithm, domain: String(parts[1]), action: String(parts[2]))
    }
}
