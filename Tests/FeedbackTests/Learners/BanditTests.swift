import Foundation
import Testing

@testable import Feedback

/// Learners without context, against figures worked out by hand.
@Suite("Learners without context")
struct BanditTests {
    /// Arm 0: 1, 0, 1; arm 1: .5; arm 2: 0, 0.
    private static let history = [(0, 1.0), (1, 0.5), (0, 0.0), (2, 0.0), (2, 0.0), (0, 1.0)]

    private static func teach<L: Learner>(_ learner: L) throws -> L {
        var learner = learner
        for (arm, reward) in Self.history { try learner.learn(Observation(arm: arm, reward: reward)) }
        return learner
    }

    @Test("ε-greedy: means, and ε/K for all beside 1 − ε for the best")
    func epsilonGreedy() throws {
        let schedule = ExplorationSchedule(initial: 0.3, decay: 1, minimum: 0)
        let learner = try Self.teach(EpsilonGreedy(arms: 3, exploration: schedule))
        #expect(isNear(learner.means, [2.0 / 3, 0.5, 0]))
        #expect(isNear(try learner.probabilities(features: [], among: [0, 1, 2]), [0.8, 0.1, 0.1]))
        #expect(isNear(try learner.probabilities(features: [], among: [2, 1]), [0.15, 0.85]))
    }

    @Test("ε-greedy: a weight counts as so many observations")
    func weights() throws {
        var learner = try EpsilonGreedy(arms: 1)
        try learner.learn(Observation(arm: 0, reward: 1, weight: 3))
        try learner.learn(Observation(arm: 0, reward: 0, weight: 1))
        try learner.learn(Observation(arm: 0, reward: 0, weight: 0))
        #expect(isNear(learner.means, [0.75]))
    }

    @Test("ε decays with each observation down to its minimum")
    func decay() throws {
        let schedule = ExplorationSchedule(initial: 0.4, decay: 0.5, minimum: 0.06)
        #expect(schedule.share(after: 0) == 0.4 && schedule.share(after: 2) == 0.1 && schedule.share(after: 9) == 0.06)
        var learner = try EpsilonGreedy(arms: 2, exploration: schedule)
        try learner.learn(Observation(arm: 0, reward: 1))
        #expect(learner.epsilon == 0.2)
    }

    @Test(
        "arms never tried come first, and share the probability",
        arguments: [
            LearnerAlgorithm.ucb1, .ucb1Tuned, .ucb2, .ucbNormal, .ucbBernstein, .ucbDiscounted,
        ]
    )
    func untried(algorithm: LearnerAlgorithm) throws {
        var learner = try algorithm.make(arms: 3, features: 0)
        try learner.learn(Observation(arm: 1, reward: 1))
        #expect(try learner.probabilities(features: [], among: [0, 1, 2]) == [0.5, 0, 0.5])
    }

    @Test("UCB1: mean + √(2·ln 6 / n)")
    func ucb1() throws {
        let bounds = try Self.teach(UCB(arms: 3, rule: .ucb1)).bounds
        // ln 6 = 1.791759469228055
        #expect(isNear(bounds, [2.0 / 3 + 1.092935, 0.5 + 1.893018, 1.338566], 1e-6))
    }

    @Test("UCB1-tuned: the variance, at most ¼, in place of 2")
    func tuned() throws {
        let bounds = try Self.teach(UCB(arms: 3, rule: .tuned)).bounds
        // Each variance + √(2·ln N/n) is above ¼.
        let bonus = (1.791759469228055 / 3 / 4).squareRoot()
        #expect(isNear(bounds[0], 2.0 / 3 + bonus))
        var sure = try UCB(arms: 1, rule: .tuned)
        for _ in 0..<1_000 { try sure.learn(Observation(arm: 0, reward: 1)) }
        let share = log(1_000.0) / 1_000
        let small = (share * (2 * share).squareRoot()).squareRoot()
        #expect(isNear(sure.bounds[0], 1 + small))
    }

    @Test("UCB-normal: z standard errors, with a pseudo-observation of variance ¼")
    func normal() throws {
        let bounds = try Self.teach(UCB(arms: 3, rule: .normal(z: 2))).bounds
        // Deviations of 1, 0, 1: 2/3. Of equal rewards: 0.
        let error = ((2.0 / 3 + 0.25) / 9).squareRoot()
        #expect(isNear(bounds, [2.0 / 3 + 2 * error, 0.5 + 1, 0.5]))
    }

    @Test("UCB-Bernstein: mean + √(2·s²·ln N/n) + ln N/(3·n)")
    func bernstein() throws {
        let bounds = try Self.teach(UCB(arms: 3, rule: .bernstein)).bounds
        let share = 1.791759469228055 / 3
        let bonus = (2 * (2.0 / 9) * share).squareRoot() + share / 3
        #expect(isNear(bounds[0], 2.0 / 3 + bonus))
    }

    @Test("discounted UCB: all arms fade with each observation, means stay")
    func discounted() throws {
        var learner = try UCB(arms: 2, rule: .discounted(gamma: 0.5))
        for (arm, reward) in [(0, 1.0), (1, 0.5), (0, 0.0)] { try learner.learn(Observation(arm: arm, reward: reward)) }
        // Counts: ¼ + 1 and ½; arm 0's mean (¼·1 + 1·0) / 1¼ = .2.
        let total = log(1.75)
        let bonuses = [(2 * total / 1.25).squareRoot(), (2 * total / 0.5).squareRoot()]
        #expect(isNear(learner.bounds, [0.2 + bonuses[0], 0.5 + bonuses[1]]))
    }

    @Test("UCB2: bounds by epochs, and an epoch is played to its end")
    func ucb2() throws {
        var learner = try UCB2(arms: 2, alpha: 1)
        try learner.learn(Observation(arm: 0, reward: 1))
        try learner.learn(Observation(arm: 1, reward: 0))
        // τ(0) = 1: √(2·(1 + ln 2)/2).
        let bonus = (1 + log(2.0)).squareRoot()
        #expect(isNear(learner.bounds, [1 + bonus, bonus]))
        // Epoch 0 → 1 of arm 0: 1 play; epoch 1 → 2: τ(2) − τ(1) = 2 plays, in which it is chosen for certain.
        try learner.learn(Observation(arm: 0, reward: 0))
        let second = ((1 + log(1.5)) / 2).squareRoot()
        #expect(isNear(learner.bounds[0], 0.5 + second))
        try learner.learn(Observation(arm: 0, reward: 0))
        #expect(try learner.probabilities(features: [], among: [1, 0]) == [0, 1])
        try learner.learn(Observation(arm: 1, reward: 1))
        #expect(try learner.probabilities(features: [], among: [1, 0]) == [0, 1], "a late reward of another arm does not end it")
        try learner.learn(Observation(arm: 0, reward: 0))
        #expect(try learner.probabilities(features: [], among: [1, 0]) == [1, 0])
    }

    @Test("Thompson: α grows by the reward, β by what lacks to 1; rewards beyond 0 … 1 count as its ends")
    func thompson() throws {
        var learner = try ThompsonSampling(arms: 2)
        try learner.learn(Observation(arm: 0, reward: 0.25))
        try learner.learn(Observation(arm: 0, reward: -3, weight: 2))
        try learner.learn(Observation(arm: 1, reward: 7))
        #expect(learner.parameters[0] == (1.25, 3.75) && learner.parameters[1] == (2, 1))
    }

    @Test("discounted Thompson: evidence fades towards the prior")
    func fadingThompson() throws {
        var learner = try ThompsonSampling(arms: 2, discount: 0.5)
        try learner.learn(Observation(arm: 0, reward: 1))
        try learner.learn(Observation(arm: 1, reward: 1))
        #expect(learner.parameters[0] == (1.5, 1) && learner.parameters[1] == (2, 1))
    }
}
