public import Orchestration

/// What a feedback orchestrator learns, and how.
public struct FeedbackSettings: Sendable {
    /// The learners of every component of a type; the first one chooses unless a choice asks for another.
    ///
    /// By default linear Thompson sampling for what is chosen for a situation, plain Thompson sampling for thresholds and memory.
    public var learners: [ComponentType: [LearnerAlgorithm]]
    /// Other learners for the components whose `<type>/<id>` begins with a text; the longest such text counts.
    public var learnersByPrefix: [String: [LearnerAlgorithm]]
    /// What is believed of components before their first reward: by type, such as `model`; by component, such as `model/gpt-4`.
    ///
    /// A component whose `<type>/<id>` only begins with such a name is a further member of that family and believes
    /// ``ColdStartPrior/inherited``; the longest name counts. None by default.
    public var priors: [String: ColdStartPrior]
    /// How rewards find their decisions.
    public var rewards: RewardRule
    /// When components are disabled and come back.
    public var health: HealthRule
    /// Components that one partition keeps at most, 20,000 by default.
    ///
    /// Those that were quiet for longest are forgotten.
    public var capacity: Int

    /// Makes settings; the defaults are described with the properties.
    public init(
        learners: [ComponentType: [LearnerAlgorithm]] = [:],
        learnersByPrefix: [String: [LearnerAlgorithm]] = [:],
        priors: [String: ColdStartPrior] = [:],
        rewards: RewardRule = RewardRule(),
        health: HealthRule = HealthRule(),
        capacity: Int = 20_000
    ) {
        self.learners = FeedbackSettings.defaultLearners.merging(learners) { $1 }
        self.learnersByPrefix = FeedbackSettings.defaultLearnersByPrefix.merging(learnersByPrefix) { $1 }
        self.priors = priors
        self.rewards = rewards
        self.health = health
        self.capacity = capacity
    }

    /// The learners of each type unless told otherwise.
    public static let defaultLearners: [ComponentType: [LearnerAlgorithm]] = [
        .model: [.linTS], .tool: [.linTS], .agent: [.linTS], .prompt: [.linTS], .threshold: [.thompson], .memory: [.thompson],
    ]

    /// The arms of the orchestrator `advanced_bandits` are learned by the algorithm that they belong to (spec §6.6).
    public static let defaultLearnersByPrefix: [String: [LearnerAlgorithm]] = [
        "agent/advanced_bandits/doubly_robust/": [.doublyRobust], "agent/advanced_bandits/offset_tree/": [.offsetTree],
    ]

    /// The learners of a component.
    func learners(of component: ComponentID) -> [LearnerAlgorithm] {
        let name = component.description
        let prefix = self.learnersByPrefix.keys.filter { name.hasPrefix($0) }.max { $0.utf8.count < $1.utf8.count }
        return prefix.flatMap { self.learnersByPrefix[$0] } ?? self.learners[component.type] ?? []
    }
}
