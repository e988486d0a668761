import Orchestration
import Testing

@testable import Feedback

@Suite("Learners put together from arms")
struct ArmsTests {
    /// One learner of all arms, and one for each of them, that have seen the same.
    private static func trained(
        _ algorithm: LearnerAlgorithm,
        arms: Int,
        features: Int,
        rounds: Int,
        seed: UInt64
    ) throws -> (whole: any Learner, parts: [any Learner]) {
        var whole = try algorithm.make(arms: arms, features: features)
        var parts = try (0..<arms).map { _ in try algorithm.prior(features: features) }
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<rounds {
            var observation = Observation(
                features: generator.context(features),
                arm: Int.random(in: 0..<arms, using: &generator),
                reward: generator.uniform(),
                propensity: 0.1 + 0.9 * generator.uniform(),
                weight: generator.uniform()
            )
            try whole.learn(observation)
            let part = observation.arm
            observation.arm = 0
            try parts[part].learn(observation)
        }
        return (whole, parts)
    }

    /// Those of which the whole fades or splits in a way that its arms alone cannot know are left out.
    private static let exact = LearnerAlgorithm.allCases.filter {
        ![.ucb2, .ucbDiscounted, .thompsonDiscounted, .linTSDiscounted, .offsetTree].contains($0)
    }

    @Test("say what one learner of all arms says", arguments: Self.exact)
    func consistency(algorithm: LearnerAlgorithm) throws {
        for rounds in [0, 1, 3, 20, 400] {
            let (whole, parts) = try Self.trained(algorithm, arms: 4, features: 5, rounds: rounds, seed: UInt64(rounds))
            var generator = SeededGenerator(seed: 9)
            for exploration in [0, 0.02, 1] {
                let x = generator.context(5)
                let expected = try whole.probabilities(features: x, among: [0, 1, 2, 3], minimumExploration: exploration)
                let joined = try algorithm.probabilities(of: parts, features: x, minimumExploration: exploration)
                #expect(isNear(joined, expected, 1e-7), "\(rounds): \(joined) instead of \(expected)")
                #expect(isNear(joined.reduce(0, +), 1, 1e-9))
            }
        }
    }

    @Test("say it of any of the arms, in any order")
    func subset() throws {
        let (whole, parts) = try Self.trained(.linUCB, arms: 4, features: 3, rounds: 200, seed: 5)
        let x = [1, 0.5, -0.5]
        let expected = try whole.probabilities(features: x, among: [3, 0])
        #expect(try LearnerAlgorithm.linUCB.probabilities(of: [parts[3], parts[0]], features: x) == expected)
    }

    @Test("trees that have not split say what one tree says, and each tree may split by itself")
    func trees() throws {
        let (whole, parts) = try Self.trained(.offsetTree, arms: 3, features: 2, rounds: 15, seed: 2)
        let joined = try LearnerAlgorithm.offsetTree.probabilities(of: parts, features: [1, 0])
        #expect(isNear(joined, try whole.probabilities(features: [1, 0], among: [0, 1, 2])))
        var picky = try LearnerAlgorithm.offsetTree.prior(features: 2)
        var steady = picky
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<400 {
            let x = generator.context(2)
            try picky.learn(Observation(features: x, arm: 0, reward: x[1] > 0 ? 1 : 0))
            try steady.learn(Observation(features: x, arm: 0, reward: generator.uniform() < 0.5 ? 1 : 0))
        }
        #expect(try LearnerAlgorithm.offsetTree.probabilities(of: [picky, steady], features: [1, 1])[0] > 0.95)
        #expect(try LearnerAlgorithm.offsetTree.probabilities(of: [picky, steady], features: [1, -1])[0] < 0.05)
    }

    @Test("count what is unknown, of another algorithm, shape or number of arms as the prior", arguments: Self.exact)
    func prior(algorithm: LearnerAlgorithm) throws {
        let (_, parts) = try Self.trained(algorithm, arms: 1, features: 3, rounds: 50, seed: 3)
        let other: LearnerAlgorithm = algorithm == .linTSDiagonal ? .linUCBDiagonal : .linTSDiagonal
        var strange: [(any Learner)?] = [
            try Self.trained(other, arms: 1, features: 3, rounds: 50, seed: 4).parts[0],
            try Self.trained(algorithm, arms: 2, features: 3, rounds: 50, seed: 4).whole,
        ]
        if algorithm.isContextual { strange.append(try Self.trained(algorithm, arms: 1, features: 4, rounds: 50, seed: 4).parts[0]) }
        let x = [1, 0.3, -0.2]
        let expected = try algorithm.probabilities(of: [parts[0], algorithm.prior(features: 3)], features: x)
        #expect(try algorithm.probabilities(of: [parts[0], nil], features: x) == expected)
        for learner in strange { #expect(try algorithm.probabilities(of: [parts[0], learner], features: x) == expected) }
    }

    @Test("UCB of another rule is another algorithm, although its type is the same")
    func rules() throws {
        let (_, parts) = try Self.trained(.ucb1, arms: 2, features: 0, rounds: 50, seed: 3)
        #expect(try LearnerAlgorithm.ucb1Tuned.probabilities(of: parts, features: []) == [0.5, 0.5])
    }

    @Test("UCB2 cannot be put together, and says so")
    func ucb2() throws {
        #expect(throws: LearnerError.separate(.ucb2)) { try LearnerAlgorithm.ucb2.probabilities(of: [nil, nil], features: []) }
    }

    @Test("refuse no arms, too many, and features out of range")
    func refusals() throws {
        let algorithm = LearnerAlgorithm.linTS
        #expect(throws: LearnerError.self) { try algorithm.probabilities(of: [], features: [1]) }
        #expect(throws: LearnerError.self) { try algorithm.probabilities(of: Array(repeating: nil, count: 1_025), features: [1]) }
        #expect(throws: LearnerError.self) { try algorithm.probabilities(of: [nil], features: [.nan]) }
        #expect(throws: LearnerError.self) { try algorithm.probabilities(of: [nil], features: []) }
        #expect(throws: LearnerError.self) { try algorithm.probabilities(of: [nil], features: Array(repeating: 1, count: 257)) }
        #expect(throws: LearnerError.self) { try algorithm.probabilities(of: [nil], features: [1], minimumExploration: 1.1) }
    }

    @Test("without anything known are all alike", arguments: LearnerAlgorithm.allCases.filter { $0 != .ucb2 })
    func uniform(algorithm: LearnerAlgorithm) throws {
        #expect(isNear(try algorithm.probabilities(of: [nil, nil, nil, nil], features: [1, 0.5]), [0.25, 0.25, 0.25, 0.25], 1e-9))
    }

    @Test("have an algorithm for every type of component", arguments: ComponentType.allCases)
    func standard(type: ComponentType) throws {
        let algorithm = LearnerAlgorithm.standard(for: type)
        #expect(algorithm == ([.threshold, .memory].contains(type) ? .thompson : .linTS))
        _ = try algorithm.prior(features: FeatureVector.count(type))
    }
}
