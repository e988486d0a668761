/// Scores by which the candidates of a routing decision are compared (spec §5.6, §5.7, §5.9).
public enum RoutingScore {
    /// The expected reward of each candidate times its factor, such as health · success rate.
    ///
    /// Expectations are moved up so that the lowest is at least 0: so a low factor never helps, as it would where an expectation is
    /// negative.
    /// - Parameters:
    ///   - expectations: what a learner expects; what is not a number counts as the lowest.
    ///   - factors: one for each, 0 … 1, moved into that range.
    public static func scores(_ expectations: [Double], factors: [Double]) -> [Double] {
        let lowest = min(0, expectations.filter { $0.isFinite }.min() ?? 0)
        return zip(expectations, factors).map { expectation, factor in
            let moved = expectation.isFinite ? expectation - lowest : 0
            return moved * (factor.isNaN ? 0 : min(max(factor, 0), 1))
        }
    }

    /// How sure it is that the best is the best: `single` for one candidate, else min(`most`, .5 + (best − second)/2).
    ///
    /// - Parameters:
    ///   - single: .9 for tools (spec §5.6), .85 for agents (§5.7), .8 for prompts (§5.9).
    ///   - most: .99 for tools, .95 for agents and prompts.
    /// - Returns: 0 without any candidate.
    public static func confidence(_ scores: [Double], single: Double, most: Double) -> Double {
        guard scores.count > 1 else { return scores.isEmpty ? 0 : single }
        let ranked = scores.sorted(by: >)
        return min(most, 0.5 + (ranked[0] - ranked[1]) / 2)
    }
}

/// What a tool is for; a worker knows it of its own tools (spec §5.6).
public struct ToolCapability: Sendable, Hashable {
    /// Of lower health, a tool is not a candidate.
    public static let minimumHealth = 0.3

    /// The component's id.
    public var id: String
    /// Such as `analysis`, `verification`, `memory`, `acquisition`, `general`.
    public var category: String
    /// What it can do.
    public var capabilities: Set<String>

    /// Names a tool and what it can do.
    public init(id: String, category: String = "general", capabilities: Set<String> = []) {
        self.id = id
        self.category = category
        self.capabilities = capabilities
    }

    /// Whether it may be chosen: healthy enough, its category contains the task type (any, if that is empty), and it has every capability.
    public func matches(taskType: String = "", required: Set<String> = [], health: Double = 1) -> Bool {
        health >= Self.minimumHealth && (taskType.isEmpty || self.category.contains(taskType)) && self.capabilities.isSuperset(of: required)
    }
}

/// What an agent is for; a worker knows it of its own agents (spec §5.7).
public struct AgentCapability: Sendable, Hashable {
    /// Of lower health, an agent is not a candidate.
    public static let minimumHealth = 0.4

    /// The component's id.
    public var id: String
    /// Such as `acquisition`, `verification`, `analysis`, `intelligence`, `monitoring`, `general`.
    public var type: String
    /// What it is especially good at.
    public var specializations: Set<String>
    /// Tasks it may have at once.
    public var places: Int

    /// Names an agent and what it is for.
    public init(id: String, type: String = "general", specializations: Set<String> = [], places: Int = 3) {
        self.id = id
        self.type = type
        self.specializations = specializations
        self.places = places
    }

    /// Whether it may be chosen: healthy enough, a place free, its type contains the task type, and it has any of the specializations.
    ///
    /// A task type that is empty or `general`, and no specializations, fit every agent.
    public func matches(taskType: String = "general", specializations: Set<String> = [], load: Int = 0, health: Double = 1) -> Bool {
        guard health >= Self.minimumHealth, load < self.places else { return false }
        guard taskType.isEmpty || taskType == "general" || self.type.contains(taskType) else { return false }
        return specializations.isEmpty || !self.specializations.isDisjoint(with: specializations)
    }

    /// The agents there are when nothing else is known.
    public static let standard: [AgentCapability] = [
        AgentCapability(id: "acquisition_specialist", type: "acquisition", specializations: ["download", "transcription"]),
        AgentCapability(id: "verification_analyst", type: "verification", specializations: ["fact_check", "truth_scoring"]),
        AgentCapability(id: "deep_content_analyst", type: "analysis", specializations: ["sentiment", "narrative", "claims"]),
        AgentCapability(id: "intelligence_coordinator", type: "intelligence", specializations: ["synthesis", "strategy"]),
    ]

    /// The type that a role's text speaks of; `general` if it speaks of none.
    public static func type(inRole role: String) -> String {
        let role = role.lowercased()
        let words: [(String, [String])] = [
            ("acquisition", ["acquisition", "download"]), ("verification", ["verification", "fact"]),
            ("analysis", ["analysis", "analyst"]),
            ("intelligence", ["intelligence", "coordinator"]), ("monitoring", ["monitor", "tracking"]),
        ]
        return words.first { $0.1.contains { role.contains($0) } }?.0 ?? "general"
    }
}
