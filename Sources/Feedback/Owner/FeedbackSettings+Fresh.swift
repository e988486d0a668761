import Orchestration

/// What a component's learners are before its first reward.
extension FeedbackSettings {
    /// The arms of the orchestrator `advanced_bandits`.
    private static let bandits = "agent/advanced_bandits/"

    /// The learners of a component that was never seen, as its prior has it.
    func freshLearners(of component: ComponentID) -> [any Learner] {
        self.learners(of: component).compactMap { self.fresh($0, component) }
    }

    /// A learner of a component that was never seen, as its prior has it.
    func fresh(_ algorithm: LearnerAlgorithm, _ component: ComponentID) -> (any Learner)? {
        guard var learner = try? Self.make(algorithm, component) else { return nil }
        for observation in self.prior(of: component)?.observations(features: learner.featureCount) ?? [] { try? learner.learn(observation) }
        return learner
    }

    /// What is believed of a component before its first reward; nil for nothing.
    func prior(of component: ComponentID) -> ColdStartPrior? {
        guard !self.priors.isEmpty else { return nil }
        let name = component.description
        let names = self.priors.keys.filter { name.hasPrefix($0) && ($0.contains("/") || $0 == component.type.rawValue) }
        guard let longest = names.max(by: { $0.utf8.count < $1.utf8.count }), let prior = self.priors[longest] else { return nil }
        return longest == name || longest == component.type.rawValue ? prior : prior.inherited
    }

    /// With the parameters of spec §6.6 for arms of `advanced_bandits`, else the algorithm's own.
    private static func make(_ algorithm: LearnerAlgorithm, _ component: ComponentID) throws(LearnerError) -> any Learner {
        let features = FeatureVector.count(component.type)
        guard component.description.hasPrefix(self.bandits) else { return try algorithm.make(arms: 1, features: features) }
        switch algorithm {
        case .doublyRobust: return try DoublyRobust(arms: 1, features: features, alpha: 1.5)
        case .offsetTree: return try OffsetTree(arms: 1, features: features, parameters: .init(depth: 4, minimumSplit: 20))
        default: return try algorithm.make(arms: 1, features: features)
        }
    }

    /// Whether the decisions for a component are counted beside its rewards: for the arms of `advanced_bandits`, whose reports tell them.
    func countsDecisions(about component: ComponentID) -> Bool {
        component.type == .agent && component.id.hasPrefix("advanced_bandits/")
    }
}
