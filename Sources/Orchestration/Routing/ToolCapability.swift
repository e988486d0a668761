/// What a tool is for (spec §5.6).
public struct ToolCapability: RoutingCandidate, Hashable {
    /// Tools.
    public static let componentType = ComponentType.tool
    /// Left out below a health of .3; three fallbacks.
    public static let rule = RoutingRule(minimumHealth: 0.3, fallbacks: 3, single: 0.9, most: 0.99)

    /// The component's id.
    public var id: String
    /// Such as `analysis`, `verification`, `memory`, `acquisition`, `general`.
    public var category: String
    /// What it can do.
    public var capabilities: Set<String>
    /// Milliseconds, as long as nothing was measured; 1,000.
    public var averageLatency: Double
    /// As long as nothing was measured; .95.
    public var successRate: Double

    /// Names a tool and what it can do.
    public init(
        id: String,
        category: String = "general",
        capabilities: Set<String> = [],
        averageLatency: Double = 1_000,
        successRate: Double = 0.95
    ) {
        self.id = id
        self.category = category
        self.capabilities = capabilities
        self.averageLatency = averageLatency
        self.successRate = successRate
    }

    /// Its category contains the task's type (any, if that is empty), and it has every capability.
    public func fits(_ task: RoutingTask) -> Bool {
        (task.type.isEmpty || self.category.contains(task.type)) && self.capabilities.isSuperset(of: task.required)
    }

    /// The success rate.
    public func presumedReward(for task: RoutingTask, _ known: ComponentKnowledge?) -> Double {
        known?.share("success_rate") ?? self.successRate
    }

    /// Health · success rate; the health is the tool's own (spec §5.12) where that is known.
    public func factor(_ known: ComponentKnowledge?) -> Double {
        (known?.share("tool_health") ?? known?.health.score ?? 1) * (known?.share("success_rate") ?? self.successRate)
    }

    /// What was measured, else what is said of it.
    public func estimatedLatency(_ known: ComponentKnowledge?) -> Double? { known?.measure("average_latency_ms") ?? self.averageLatency }
}
