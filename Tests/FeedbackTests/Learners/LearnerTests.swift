import Testing

@testable import Feedback

/// What all learners have in common.
@Suite("Learners")
struct LearnerTests {
    @Test("choices are as frequent as the propensities they state", arguments: LearnerAlgorithm.allCases)
    func frequencies(algorithm: LearnerAlgorithm) throws {
        let learner = try trained(algorithm, seed: 5, rounds: 60)
        let x = [1, 0.1, -0.2]
        let probabilities = try learner.probabilities(features: x, among: [3, 0, 2], minimumExploration: 0.1)
        #expect(isNear(probabilities.reduce(0, +), 1) && probabilities.allSatisfy { $0 > 0.033 })
        var generator = SeededGenerator(seed: 6)
        var counts = [0.0, 0, 0]
        for _ in 0..<20_000 {
            let choice = try learner.choose(features: x, among: [3, 0, 2], minimumExploration: 0.1, using: &generator)
            let index = try #require([3, 0, 2].firstIndex(of: choice.arm))
            #expect(choice.propensity == probabilities[index])
            counts[index] += 1
        }
        let square = zip(counts, probabilities).reduce(0) { $0 + ($1.0 - 20_000 * $1.1) * ($1.0 - 20_000 * $1.1) / (20_000 * $1.1) }
        #expect(square < 13.8, "chi-square with 2 degrees of freedom; above 13.8 once in a thousand: \(counts) \(probabilities)")
    }

    @Test("a draw decides the arm by the cumulated probabilities, the same each time")
    func draws() throws {
        var learner = try EpsilonGreedy(arms: 3, exploration: ExplorationSchedule(initial: 0.3, decay: 1))
        for arm in 0..<3 { try learner.learn(Observation(arm: arm, reward: arm == 1 ? 1 : 0)) }
        // .1, .8, .1
        for (draw, arm) in [(0, 0), (0.0999, 0), (0.1001, 1), (0.8999, 1), (0.9001, 2), (1 - 0x1p-53, 2)] {
            #expect(try learner.choose(among: [0, 1, 2], draw: draw).arm == arm)
        }
        #expect(isNear(try learner.choose(among: [0, 1, 2], draw: 0.5).propensity, 0.8))
        for draw in [-0.1, 1, .nan, .infinity] {
            #expect(throws: LearnerError.self) { try learner.choose(among: [0, 1, 2], draw: draw) }
        }
    }

    @Test("the numbers of the arms make no difference", arguments: LearnerAlgorithm.allCases)
    func symmetry(algorithm: LearnerAlgorithm) throws {
        var (plain, renamed) = (try algorithm.make(arms: 3, features: 2), try algorithm.make(arms: 3, features: 2))
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<100 {
            let x = generator.context(2), arm = Int.random(in: 0..<3, using: &generator), reward = generator.uniform()
            try plain.learn(Observation(features: x, arm: arm, reward: reward, propensity: 0.5))
            try renamed.learn(Observation(features: x, arm: 2 - arm, reward: reward, propensity: 0.5))
            let left = try plain.probabilities(features: x, among: [0, 1, 2])
            let right = try renamed.probabilities(features: x, among: [2, 1, 0])
            #expect(isNear(left, right, 1e-9))
        }
    }

    @Test("find the best of four arms", arguments: LearnerAlgorithm.allCases)
    func best(algorithm: LearnerAlgorithm) throws {
        var learner = try algorithm.make(arms: 4, features: 1)
        var generator = SeededGenerator(seed: 11)
        var right = 0
        for round in 0..<4_000 {
            let choice = try learner.choose(features: [1], among: [0, 1, 2, 3], using: &generator)
            let reward = generator.uniform() < [0.2, 0.4, 0.8, 0.3][choice.arm] ? 1.0 : 0
            try learner.learn(Observation(features: [1], arm: choice.arm, reward: reward, propensity: choice.propensity))
            if round >= 3_000, choice.arm == 2 { right += 1 }
        }
        #expect(right > 750, "of the last 1,000")
    }

    @Test("refuse what is not finite, too large or unknown, and are unchanged then", arguments: LearnerAlgorithm.allCases)
    func refused(algorithm: LearnerAlgorithm) throws {
        var learner = try trained(algorithm, seed: 1, rounds: 30)
        let before = try LearnerState.encode(learner)
        let good = Observation(features: [1, 0, 0], arm: 0, reward: 1)
        func changed(_ change: (inout Observation) -> Void) -> Observation {
            var observation = good
            change(&observation)
            return observation
        }
        var bad: [Observation] = [
            changed { $0.arm = 4 }, changed { $0.arm = -1 },
            changed { $0.reward = .nan }, changed { $0.reward = -.infinity }, changed { $0.reward = 1.1e6 },
            changed { $0.propensity = 0 }, changed { $0.propensity = 1.01 }, changed { $0.propensity = .nan },
            changed { $0.weight = -1 }, changed { $0.weight = 1_001 }, changed { $0.weight = .nan },
        ]
        if algorithm.isContextual {
            bad += [[], [1, 0], [1, 0, .nan], [1, 0, .infinity], [1, 0, -1.1e6]].map { x in changed { $0.features = x } }
            #expect(throws: LearnerError.self) { try learner.probabilities(features: [1, .nan, 0], among: [0]) }
        }
        for observation in bad {
            #expect(throws: LearnerError.self, "\(observation)") { try learner.learn(observation) }
        }
        for arms in [[], [4], [-1], [0, 0]] {
            #expect(throws: LearnerError.self) { try learner.probabilities(features: [1, 0, 0], among: arms) }
        }
        #expect(throws: LearnerError.self) { try learner.probabilities(features: [1, 0, 0], among: [0], minimumExploration: .nan) }
        #expect(try LearnerState.encode(learner) == before)
    }

    @Test("survive the largest inputs they accept", arguments: LearnerAlgorithm.allCases)
    func largest(algorithm: LearnerAlgorithm) throws {
        var learner = try algorithm.make(arms: 3, features: 3)
        var generator = SeededGenerator(seed: 12)
        for step in 0..<1_000 {
            let x = (0..<3).map { _ in generator.uniform() < 0.5 ? 1e6 : -1e6 * generator.uniform() }
            let reward = step % 2 == 0 ? 1e6 : -1e6
            try learner.learn(Observation(features: x, arm: step % 3, reward: reward, propensity: 1e-9, weight: 1_000))
            let probabilities = try learner.probabilities(features: x, among: [0, 1, 2])
            #expect(isNear(probabilities.reduce(0, +), 1) && probabilities.allSatisfy { $0 >= 0 })
        }
        _ = try LearnerState.decode(LearnerState.encode(learner))
    }

    @Test("refuse sizes beyond their limits", arguments: LearnerAlgorithm.allCases)
    func sizes(algorithm: LearnerAlgorithm) throws {
        #expect(throws: LearnerError.self) { try algorithm.make(arms: 0, features: 1) }
        #expect(throws: LearnerError.self) { try algorithm.make(arms: 1_025, features: 1) }
        #expect(throws: LearnerError.self) { try algorithm.make(arms: .max, features: 1) }
        if algorithm.isContextual {
            #expect(throws: LearnerError.self) { try algorithm.make(arms: 2, features: 0) }
            #expect(throws: LearnerError.self) { try algorithm.make(arms: 2, features: 257) }
            #expect(throws: LearnerError.self) { try algorithm.make(arms: 2, features: .max) }
        }
        if [.linUCB, .linTS, .doublyRobust].contains(algorithm) {
            #expect(throws: LearnerError.self) { try algorithm.make(arms: 1_024, features: 256) }
        }
        var full = try algorithm.make(arms: 1_024, features: 1)
        #expect(throws: LearnerError.self) { try full.addArm(prior: nil) }
    }

    @Test("a new arm starts as well as its prior says", arguments: LearnerAlgorithm.allCases)
    func priors(algorithm: LearnerAlgorithm) throws {
        var learner = try algorithm.make(arms: 1, features: 2)
        for _ in 0..<50 { try learner.learn(Observation(features: [1, 0.1], arm: 0, reward: 0.5)) }
        try learner.addArm(prior: ColdStartPrior(mean: 0.95, variance: 0.01))
        try learner.addArm(prior: ColdStartPrior(mean: 0.05, variance: 0.01))
        #expect(learner.armCount == 3)
        let probabilities = try learner.probabilities(features: [1, 0], among: [0, 1, 2])
        #expect(probabilities[1] > 0.9, "\(probabilities)")
    }

    @Test("a prior counts 100 · confidence observations; a family's next member inherits a weaker one")
    func priorFigures() {
        let prior = ColdStartPrior(mean: 0.7, variance: 0.1)
        #expect(prior.count == 50)
        let next = prior.inherited
        #expect(isNear([next.mean, next.variance, next.confidence], [0.66, 0.13, 0.35]))
        #expect(ColdStartPrior(mean: 7, confidence: .nan) == ColdStartPrior(mean: 1))
    }

    @Test("a prior as rewards has its mean, variance and count; what no rewards can have is the most that they can")
    func priorObservations() {
        let cases: [(mean: Double, variance: Double, told: Double)] = [
            (0.5, 0.25, 0.25), (0.8, 0.05, 0.05), (0.1, 0.05, 0.05), (0.9, 0.25, 0.09), (0.3, 0, 0), (1, 0.2, 0), (0, 0.2, 0),
        ]
        for (mean, variance, told) in cases {
            let rewards = ColdStartPrior(mean: mean, variance: variance, confidence: 0.4).observations(features: 2)
            let count = rewards.reduce(0) { $0 + $1.weight }
            let average = rewards.reduce(0) { $0 + $1.weight * $1.reward } / count
            let spread = rewards.reduce(0) { $0 + $1.weight * ($1.reward - average) * ($1.reward - average) } / count
            #expect(isNear([count, average, spread], [40, mean, told]), "\(mean), \(variance)")
            #expect(rewards.allSatisfy { (0...1).contains($0.reward) && $0.features == [1, 0] && $0.propensity == 1 })
        }
        #expect(ColdStartPrior(mean: 0.5, confidence: 0).observations(features: 2).isEmpty)
    }
}
