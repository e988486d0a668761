/// What an agent is for (spec §5.7).
public struct AgentCapability: RoutingCandidate, Hashable {
    /// Agents.
    public static let componentType = ComponentType.agent
    /// Left out below a health of .4; two fallbacks.
    public static let rule = RoutingRule(minimumHealth: 0.4, fallbacks: 2, single: 0.85, most: 0.95)

    /// The component's id.
    public var id: String
    /// Such as `acquisition`, `verification`, `analysis`, `intelligence`, `monitoring`, `general`.
    public var type: String
    /// What it is especially good at.
    public var specializations: Set<String>
    /// Tasks it may have at once; 3.
    public var places: Int
    /// Tasks it has now; whoever gives them out knows.
    public var load: Int
    /// Seconds that a task takes, as long as nothing was measured; 60.
    public var averageDuration: Double
    /// As long as nothing was measured; .9.
    public var successRate: Double
    /// As long as nothing was measured; .85.
    public var quality: Double

    /// Names an agent and what it is for.
    public init(
        id: String,
        type: String = "general",
        specializations: Set<String> = [],
        places: Int = 3,
        load: Int = 0,
        averageDuration: Double = 60,
        successRate: Double = 0.9,
        quality: Double = 0.85
    ) {
        self.id = id
        self.type = type
        self.specializations = specializations
        self.places = places
        self.load = load
        self.averageDuration = averageDuration
        self.successRate = successRate
        self.quality = quality
    }

    /// It has a place free, its type contains the task's type, and it has any of the specializations.
    ///
    /// A task type that is empty or `general`, and no specializations, fit every agent.
    public func fits(_ task: RoutingTask) -> Bool {
        guard self.load < self.places else { return false }
        guard task.type.isEmpty || task.type == "general" || self.type.contains(task.type) else { return false }
        return task.required.isEmpty || !self.specializations.isDisjoint(with: task.required)
    }

    /// Success rate · (.5 + .5 · quality), as the reward of a task is made (spec §5.7).
    public func presumedReward(for task: RoutingTask, _ known: ComponentKnowledge?) -> Double {
        (known?.share("success_rate") ?? self.successRate) * (0.5 + 0.5 * (known?.share("quality_score") ?? self.quality))
    }

    /// Health · success rate · share of free places.
    public func factor(_ known: ComponentKnowledge?) -> Double {
        let free = 1 - Double(max(self.load, 0)) / Double(max(self.places, 1))
        return (known?.health.score ?? 1) * (known?.share("success_rate") ?? self.successRate) * max(free, 0)
    }

    /// What was measured, else what is said of it.
    public func estimatedLatency(_ known: ComponentKnowledge?) -> Double? {
        (known?.measure("average_task_duration_s") ?? self.averageDuration) * 1_000
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
