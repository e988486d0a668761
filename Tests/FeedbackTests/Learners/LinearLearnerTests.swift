import Foundation
import Testing

@testable import Feedback

@Suite("Linear learners")
struct LinearLearnerTests {
    @Test("Sherman and Morrison's formula equals direct inversion within 1e-9 over 5,000 weighted updates", arguments: [1, 2, 7, 20])
    func shermanMorrison(d: Int) {
        var generator = SeededGenerator(seed: UInt64(d))
        var model = FullRidge(features: d, ridge: 0.5)
        var (xs, weights, moment) = ([[Double]](), [Double](), [Double](repeating: 0, count: d))
        for step in 1...5_000 {
            let (x, weight, reward) = (generator.context(d), 3 * generator.uniform(), generator.normal())
            model.add(x, reward: reward, weight: weight)
            xs.append(x)
            weights.append(weight)
            for index in 0..<d { moment[index] += weight * reward * x[index] }
            guard [1, 2, 255, 256, 257, 511, 4_999, 5_000].contains(step) else { continue }
            let matrix = gram(xs, weights: weights, ridge: 0.5)
            let probe = generator.context(d)
            #expect(isNear(model.theta, solve(matrix, moment), 1e-9))
            #expect(isNear(model.variance(probe), dot(probe, solve(matrix, probe)), 1e-9))
        }
    }

    @Test("a matrix that rounding has made singular still has an inverse with finite numbers")
    func singular() {
        var model = FullRidge(features: 3, ridge: 1e-6)
        for _ in 0..<2_000 { model.add([1e6, 1e6, 1e6], reward: 1, weight: 1_000) }
        #expect(model.theta.allSatisfy(\.isFinite) && model.variance([1, 0, 0]).isFinite)
        #expect(abs(model.mean([1e6, 1e6, 1e6]) - 1) < 0.1)
    }

    @Test("LinUCB: θ·x + α·√(xᵀA⁻¹x), by hand")
    func linUCB() throws {
        var learner = try LinUCB<FullRidge>(arms: 2, features: 2, alpha: 0.5)
        // A = [[2, 1], [1, 2]], b = (3, 3), θ = (1, 1).
        try learner.learn(Observation(features: [1, 1], arm: 0, reward: 3))
        #expect(isNear(learner.bound(0, [1, 0]), 1 + 0.5 * (2.0 / 3).squareRoot()))
        #expect(isNear(learner.bound(1, [1, 0]), 0.5))
        #expect(try learner.probabilities(features: [1, 0], among: [1, 0]) == [0, 1])
        #expect(try learner.probabilities(features: [-1, -1], among: [1, 0]) == [1, 0])
    }

    @Test("the diagonal learners: each feature by itself")
    func diagonal() throws {
        var learner = try LinUCB<DiagonalRidge>(arms: 1, features: 2, alpha: 1)
        // A = (2, 5), b = (3, 6): θ = (1.5, 1.2).
        try learner.learn(Observation(features: [1, 2], arm: 0, reward: 3))
        #expect(isNear(learner.bound(0, [1, 1]), 2.7 + 0.7.squareRoot()))
        var sampler = try LinTS<DiagonalRidge>(arms: 1, features: 2, sigma: 0.5)
        try sampler.learn(Observation(features: [1, 2], arm: 0, reward: 3))
        let score = sampler.score(0, [1, 1])
        #expect(isNear(score.mean, 2.7) && isNear(score.deviation, sampler.sigma * 0.7.squareRoot()))
    }

    @Test("with features of which one is set at a time, the diagonal learner is the full one")
    func diagonalIsFull() throws {
        var full = FullRidge(features: 3, ridge: 1), diagonal = DiagonalRidge(features: 3, ridge: 1)
        var generator = SeededGenerator(seed: 3)
        for step in 0..<300 {
            let x = (0..<3).map { $0 == step % 3 ? 1.0 : 0 }
            let reward = generator.normal()
            full.add(x, reward: reward, weight: 1)
            diagonal.add(x, reward: reward, weight: 1)
        }
        #expect(isNear(full.theta, diagonal.theta, 1e-9))
    }

    @Test("LinTS: a score is N(θ·x, σ²·xᵀA⁻¹x), and arms are chosen as such scores win")
    func linTS() throws {
        var learner = try LinTS<FullRidge>(arms: 2, features: 2, sigma: 0.5)
        try learner.learn(Observation(features: [1, 1], arm: 0, reward: 3))
        let score = learner.score(0, [1, 0])
        // σ² = (10·.5² + 3²/(1 + 2)) / 11.
        #expect(isNear(learner.sigma, 0.5.squareRoot()))
        #expect(isNear(score.mean, 1) && isNear(score.deviation, (0.5 * 2 / 3).squareRoot()))
        let spread = (score.deviation * score.deviation + 0.5).squareRoot()
        let exact = 0.5 * erfc(-1 / spread / 2.0.squareRoot())
        #expect(abs(try learner.probabilities(features: [1, 0], among: [0, 1])[0] - exact) < 0.003)
    }

    @Test("LinTS: σ² is the rest of the regression, and finds the noise of the rewards")
    func noise() throws {
        var generator = SeededGenerator(seed: 14)
        var learner = try LinTS<FullRidge>(arms: 1, features: 3)
        var (xs, rewards) = ([[Double]](), [Double]())
        for _ in 0..<2_000 {
            xs.append(generator.context(3))
            rewards.append(xs.last.map { dot($0, [1, -2, 0.5]) + 0.1 * generator.normal() } ?? 0)
            try learner.learn(Observation(features: xs.last ?? [], arm: 0, reward: rewards.last ?? 0))
        }
        let moment = (0..<3).map { index in zip(xs, rewards).map { $0[index] * $1 }.reduce(0, +) }
        let rest = dot(rewards, rewards) - dot(moment, solve(gram(xs, ridge: 1), moment))
        #expect(isNear(learner.sigma, ((2.5 + rest) / 2_010).squareRoot(), 1e-6))
        #expect(abs(learner.sigma - 0.12) < 0.02)
    }

    @Test("what fades leaves λ as it is: after much fading a model knows nothing")
    func fading() {
        var model = FullRidge(features: 2, ridge: 2)
        model.add([1, 3], reward: 1, weight: 1)
        model.fade(by: 0.5)
        // A = [[2.5, 1.5], [1.5, 6.5]], b = (.5, 1.5).
        #expect(isNear(model.theta, solve([[2.5, 1.5], [1.5, 6.5]], [0.5, 1.5])))
        for _ in 0..<200 { model.fade(by: 0.5) }
        #expect(isNear(model.variance([1, 0]), 0.5) && isNear(model.mean([1, 1]), 0))
    }

    @Test("doubly robust: the regression of corrected targets, made in the open")
    func doublyRobust() throws {
        var generator = SeededGenerator(seed: 9)
        var learner = try DoublyRobust(arms: 2, features: 3, clip: 5)
        var log: [Observation] = []
        for _ in 0..<400 {
            let x = generator.context(3)
            let propensity = 0.05 + 0.9 * generator.uniform()
            let arm = generator.uniform() < propensity ? 0 : 1
            let reward = x[1] * Double(arm) - x[2] * x[2] + generator.normal()
            log.append(Observation(features: x, arm: arm, reward: reward, propensity: arm == 0 ? propensity : 1 - propensity))
        }
        for observation in log { try learner.learn(observation) }
        let contexts = gram(log.map(\.features), ridge: 1)
        for arm in 0..<2 {
            let own = log.filter { $0.arm == arm }
            let moment = (0..<3).map { index in own.map { $0.reward * $0.features[index] }.reduce(0, +) }
            let model = solve(gram(own.map(\.features), ridge: 1), moment)
            // Γ − θ̂·x is w·(r − θ̂·x) where the arm was chosen, and 0 elsewhere.
            let rest = (0..<3).map { index in
                own.map { min(1 / $0.propensity, 5) * ($0.reward - dot(model, $0.features)) * $0.features[index] }.reduce(0, +)
            }
            let theta = zip(model, solve(contexts, rest)).map { $0.0 + $0.1 }
            let probe = generator.context(3)
            #expect(isNear(learner.estimate(arm, probe), dot(theta, probe), 1e-9))
        }
    }

    @Test("doubly robust: what a policy chose seldom is corrected by its propensity where the model alone is wrong")
    func importance() throws {
        // The reward of the arm is 1 where z = 1 and 0 where z = 0, a coin; the model, which sees a constant only, gets z = 1 nine
        // times of ten.
        var generator = SeededGenerator(seed: 4)
        var learner = try DoublyRobust(arms: 2, features: 1)
        for _ in 0..<20_000 {
            let z = generator.uniform() < 0.5
            let propensity = z ? 0.9 : 0.1
            let isChosen = generator.uniform() < propensity
            let observation = Observation(
                features: [1],
                arm: isChosen ? 0 : 1,
                reward: isChosen && z ? 1 : 0,
                propensity: isChosen ? propensity : 1 - propensity
            )
            try learner.learn(observation)
        }
        #expect(abs(learner.estimate(0, [1]) - 0.5) < 0.03, "without weights it is .9")
        let share = try learner.probabilities(features: [1], among: [0, 1])
        #expect(share[1] > 0 && share[0] > 0.9)
    }
}
