/// What a model is for, and what it is said to be like (spec §5.5).
public struct ModelCapability: RoutingCandidate, Hashable {
    /// Models.
    public static let componentType = ComponentType.model
    /// Left out below the health of the feedback orchestrators (.3); two fallbacks.
    public static let rule = RoutingRule(minimumHealth: 0.3, fallbacks: 2, single: 0.95, most: 0.95, slope: 2)

    /// The component's id.
    public var id: String
    /// Who offers it.
    public var provider: String
    /// Tokens of a task at most.
    public var maximumTokens: Int
    /// US dollars for 1,000 tokens.
    public var costPerThousandTokens: Double
    /// Milliseconds, as long as nothing was measured.
    public var averageLatency: Double
    /// 0 … 1, as long as nothing was measured.
    public var accuracy: Double
    /// 0 … 1.
    public var reliability: Double
    /// What it can do.
    public var capabilities: Set<String>

    /// Names a model and what is said of it.
    public init(
        id: String,
        provider: String = "",
        maximumTokens: Int,
        costPerThousandTokens: Double,
        averageLatency: Double,
        accuracy: Double,
        reliability: Double,
        capabilities: Set<String> = []
    ) {
        self.id = id
        self.provider = provider
        self.maximumTokens = maximumTokens
        self.costPerThousandTokens = costPerThousandTokens
        self.averageLatency = averageLatency
        self.accuracy = accuracy
        self.reliability = reliability
        self.capabilities = capabilities
    }

    /// It has every capability, and room for the situation's `token_estimate`.
    public func fits(_ task: RoutingTask) -> Bool {
        self.capabilities.isSuperset(of: task.required) && task.tokens <= Double(self.maximumTokens)
    }

    /// .4 · accuracy + .3 · reliability − .2 for each second beyond `latency_requirement_ms` − .3 · the share beyond `cost_budget_usd` +
    /// .1 when the accuracy meets `quality_requirement` (.8 by default), within 0 … 1 (spec §5.5).
    ///
    /// Accuracy and latency are those that were measured, as soon as they are.
    public func presumedReward(for task: RoutingTask, _ known: ComponentKnowledge?) -> Double {
        let accuracy = known?.share("accuracy_score") ?? self.accuracy
        var reward = 0.4 * accuracy + 0.3 * self.reliability
        if let limit = task.measure("latency_requirement_ms") {
            reward -= 0.2 * max(0, ((self.estimatedLatency(known) ?? 0) - limit) / 1_000)
        }
        if let budget = task.measure("cost_budget_usd"), budget > 0, let cost = self.estimatedCost(of: task, known), cost > budget {
            reward -= 0.3 * (cost - budget) / budget
        }
        if accuracy >= task.measure("quality_requirement") ?? 0.8 { reward += 0.1 }
        return min(max(reward, 0), 1)
    }

    /// 1: what is learned of a model says it all.
    public func factor(_ known: ComponentKnowledge?) -> Double { 1 }

    /// Tokens / 1,000 · price; `token_estimate` is 1,000 by default, as for the features.
    public func estimatedCost(of task: RoutingTask, _ known: ComponentKnowledge?) -> Double? {
        task.tokens / 1_000 * self.costPerThousandTokens
    }

    /// What was measured, else what is said of it.
    public func estimatedLatency(_ known: ComponentKnowledge?) -> Double? { known?.measure("average_latency_ms") ?? self.averageLatency }

    /// The models of spec §5.5.
    public static let standard: [ModelCapability] = [
        .named("gpt-4", "openai", 8_192, 0.03, 2_000, 0.95, 0.98),
        .named("gpt-3.5-turbo", "openai", 4_096, 0.002, 1_000, 0.85, 0.95),
        .named("claude-3-opus", "anthropic", 200_000, 0.015, 3_000, 0.97, 0.99),
        .named("claude-3-sonnet", "anthropic", 200_000, 0.003, 1_500, 0.92, 0.97),
    ]

    private static func named(
        _ id: String,
        _ provider: String,
        _ tokens: Int,
        _ cost: Double,
        _ latency: Double,
        _ accuracy: Double,
        _ reliability: Double
    ) -> ModelCapability {
        ModelCapability(
            id: id,
            provider: provider,
            maximumTokens: tokens,
            costPerThousandTokens: cost,
            averageLatency: latency,
            accuracy: accuracy,
            reliability: reliability
        )
    }
}

extension RoutingTask {
    /// A number of the situation that is finite and not negative.
    func measure(_ name: String) -> Double? { self.situation[name]?.doubleValue.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil } }

    /// 1,000 by default.
    var tokens: Double { self.measure("token_estimate") ?? 1_000 }
}
