extension PolicyName {
    /// Judges the policy by a log.
    ///
    /// - Parameters:
    ///   - earlier: what a learner learns from; not read for other policies.
    ///   - log: what it is judged by, none of `earlier`.
    /// - Throws: ``EvaluationRefusal``; for `current`, of which there is nothing to estimate, and a learner that cannot learn, too.
    public func judged(
        trainedOn earlier: some Collection<LoggedDecision>,
        by log: [LoggedDecision],
        settings: OffPolicyEvaluation.Settings = OffPolicyEvaluation.Settings()
    ) throws(EvaluationRefusal) -> OffPolicyEvaluation {
        switch self {
        case .current: throw .notAPolicy("current is what the log shows: there is nothing to estimate.")
        case .uniform: return try OffPolicyEvaluation(of: UniformPolicy(), on: log, settings: settings)
        case .arm(let arm): return try OffPolicyEvaluation(of: FixedArm(arm), on: log, settings: settings)
        case .algorithm(let algorithm):
            let policy: LearnedPolicy
            do throws(LearnerError) {
                policy = try LearnedPolicy(algorithm, trainedOn: earlier)
            } catch {
                throw .notAPolicy("\(self) cannot be trained: \(error)")
            }
            return try OffPolicyEvaluation(of: policy, on: log, settings: settings)
        }
    }

    /// Whether it has to learn before it can be judged.
    public var learns: Bool { if case .algorithm = self { true } else { false } }
}
