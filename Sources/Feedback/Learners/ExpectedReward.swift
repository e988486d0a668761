/// What learners expect of an arm, without what they add for trying it.
extension Learner {
    /// The reward that is expected of an arm; nil for learners that cannot tell it, and before anything is known.
    ///
    /// - Parameter features: as many as the learner reads; ignored by those that read none.
    func expectedReward(ofArm arm: Int, features: [Double]) -> Double? {
        let expectation: Double? =
            switch self {
            case let learner as LinTS<FullRidge>: learner.score(arm, features).mean
            case let learner as LinTS<DiagonalRidge>: learner.score(arm, features).mean
            case let learner as LinUCB<FullRidge>: learner.mean(arm, features)
            case let learner as LinUCB<DiagonalRidge>: learner.mean(arm, features)
            case let learner as DoublyRobust: learner.estimate(arm, features)
            case let learner as ThompsonSampling:
                learner.parameters[arm].alpha / (learner.parameters[arm].alpha + learner.parameters[arm].beta)
            case let learner as EpsilonGreedy: learner.means[arm]
            default: nil
            }
        return expectation.flatMap { $0.isFinite ? $0 : nil }
    }
}
