/// A way to choose that might take the place of the one that chose so far.
public protocol CandidatePolicy: Sendable {
    /// What it is called in tables and sentences.
    var name: String { get }

    /// The probability of each candidate, in their order.
    ///
    /// They sum to 1, or to less where the policy would choose something that is none of the candidates.
    func probabilities(features: [Double], among candidates: [String]) -> [Double]
}

/// Always the same arm.
public struct FixedArm: CandidatePolicy, Hashable {
    /// The arm.
    public let arm: String

    /// Makes the policy that chooses `arm`, whatever the situation is.
    public init(_ arm: String) { self.arm = arm }

    /// `arm:` and the arm.
    public var name: String { PolicyName.arm(self.arm).description }

    /// 1 for the arm.
    public func probabilities(features: [Double], among candidates: [String]) -> [Double] {
        candidates.map { $0 == self.arm ? 1 : 0 }
    }
}

/// Every candidate with the same probability.
public struct UniformPolicy: CandidatePolicy, Hashable {
    /// Makes the policy.
    public init() {}

    /// `uniform`.
    public var name: String { PolicyName.uniform.description }

    /// 1/K each.
    public func probabilities(features: [Double], among candidates: [String]) -> [Double] {
        Array(repeating: 1 / Double(candidates.count), count: candidates.count)
    }
}

/// What a learner would choose that has learned from an earlier part of the log, and learns no more.
public struct LearnedPolicy: CandidatePolicy {
    private let learner: any Learner
    private let arms: [String: Int]
    private let minimumExploration: Double

    /// Trains a learner; an arm that this part of the log does not choose is never chosen.
    ///
    /// - Parameters:
    ///   - log: the earlier part; estimates are only true on decisions that are not in it.
    ///   - minimumExploration: the share of choices that is uniform whatever the learner thinks.
    /// - Throws: ``LearnerError``, also for a part without decisions, decisions with different numbers of features, or more than 1,024 arms.
    public init(
        _ algorithm: LearnerAlgorithm,
        trainedOn log: some Collection<LoggedDecision>,
        minimumExploration: Double = 0
    ) throws(LearnerError) {
        var arms: [String: Int] = [:]
        for entry in log where arms[entry.candidates[entry.chosen]] == nil { arms[entry.candidates[entry.chosen]] = arms.count }
        guard let first = log.first else { throw .arms("There is no decision with a reward to learn from.") }
        guard (0...1).contains(minimumExploration) else {
            throw .weight("The minimum exploration is 0 to 1, not \(minimumExploration).")
        }
        var learner = try algorithm.make(arms: arms.count, features: first.features.count)
        for entry in log {
            guard let arm = arms[entry.candidates[entry.chosen]] else { continue }
            try learner.learn(Observation(features: entry.features, arm: arm, reward: entry.reward, propensity: entry.propensity))
        }
        self.learner = learner
        self.arms = arms
        self.minimumExploration = minimumExploration
    }

    /// `algorithm:` and the algorithm's name.
    public var name: String { PolicyName.algorithm(self.learner.algorithm).description }

    /// What the learner states; nothing for a situation with another number of features, or where it knows no candidate.
    public func probabilities(features: [Double], among candidates: [String]) -> [Double] {
        let known = candidates.compactMap { self.arms[$0] }
        var result = [Double](repeating: 0, count: candidates.count)
        guard !known.isEmpty,
            let probabilities = try? self.learner.probabilities(
                features: features,
                among: known,
                minimumExploration: self.minimumExploration
            )
        else { return result }
        var next = 0
        for (index, candidate) in candidates.enumerated() where self.arms[candidate] != nil {
            result[index] = probabilities[next]
            next += 1
        }
        return result
    }
}
