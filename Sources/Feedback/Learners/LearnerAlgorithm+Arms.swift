public import Orchestration

/// Learners put together from arms: a component's learner is stored with the component as its only arm, and any set of them can be chosen among.
extension LearnerAlgorithm {
    /// What learns about components of a type unless something else is asked for: LinTS where there is much of a situation to tell, Thompson
    /// sampling for thresholds and memories.
    public static func standard(for type: ComponentType) -> LearnerAlgorithm {
        switch type {
        case .model, .tool, .agent, .prompt: .linTS
        case .threshold, .memory: .thompson
        }
    }

    /// The probability of each of several arms that were learned apart; they sum to 1.
    ///
    /// It is what one learner of all these arms would say. Three kinds differ from that one: of discounted learners each arm fades with its own
    /// observations only, trees are split for each arm by itself, and UCB2 cannot be put together at all.
    /// - Parameters:
    ///   - arms: each a learner of this algorithm with one arm. Nil, and whatever has another algorithm, other arms or another number of
    ///     features, counts as a learner that knows nothing.
    ///   - features: the context; ignored by learners that read none.
    ///   - minimumExploration: the share of choices that is uniform whatever the learners think.
    /// - Throws: ``LearnerError/separate(_:)`` for ``ucb2``; ``LearnerError`` for no arms or too many, and for features out of range.
    public func probabilities(
        of arms: [(any Learner)?],
        features: [Double],
        minimumExploration: Double = 0
    ) throws(LearnerError) -> [Double] {
        guard (1...LearnerLimits.arms).contains(arms.count) else {
            throw .arms("There are 1 to \(LearnerLimits.arms) arms to choose from, not \(arms.count).")
        }
        guard (0...1).contains(minimumExploration) else {
            throw .weight("The minimum exploration is 0 to 1, not \(minimumExploration).")
        }
        return try self.distribution(self.type, arms, features).mixed(minimumExploration: minimumExploration)
    }

    /// A learner of one arm that knows nothing: what counts for a component of which nothing is known.
    public func prior(features: Int) throws(LearnerError) -> any Learner { try self.make(arms: 1, features: features) }

    private func distribution<L: Learner>(_: L.Type, _ arms: [(any Learner)?], _ features: [Double]) throws(LearnerError) -> [Double] {
        let featureCount = self.isContextual ? features.count : 0
        var learners: [L] = []
        learners.reserveCapacity(arms.count)
        var prior: L?
        for arm in arms {
            if let learner = arm as? L, learner.algorithm == self, learner.armCount == 1, learner.featureCount == featureCount {
                learners.append(learner)
            } else {
                if prior == nil { prior = try self.prior(features: featureCount) as? L }
                guard let prior else { throw .algorithm(self.rawValue) }
                learners.append(prior)
            }
        }
        try learners.first?.check(features)
        return try L.distribution(of: learners, features: features)
    }
}
