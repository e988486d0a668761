import ArgumentParser
import Feedback
import Glibc

/// The synthetic problems that learners are measured with.
enum LearnerProblem: String, CaseIterable, ExpressibleByArgument {
    /// Ten arms that succeed with probabilities drawn from 0 … 1.
    case bernoulli
    /// Five arms, rewards .5 + .25·θ·z + noise of .1, with five normal features z behind a constant 1 and every arm's θ on the unit sphere.
    case linear
    /// Five Bernoulli arms, whose probabilities change places half way.
    case changing

    var arms: Int { self == .bernoulli ? 10 : 5 }
    /// The constant included.
    var features: Int { self == .linear ? 6 : 1 }
}

/// One problem drawn by a seed, round after round: the same contexts and the same luck for every learner.
struct LearnerEnvironment {
    struct Round {
        var features: [Double]
        /// Each arm's expected reward.
        var means: [Double]
        /// Each arm's reward in this round.
        var rewards: [Double]
    }

    private let problem: LearnerProblem
    private let change: Int
    private let weights: [[Double]]
    private var generator: SeededGenerator
    private var round = 0

    init(_ problem: LearnerProblem, seed: UInt64, rounds: Int) {
        self.problem = problem
        self.change = rounds / 2
        var generator = SeededGenerator(seed: seed &* 2 &+ 1)
        self.weights = (0..<problem.arms).map { _ in
            guard problem == .linear else { return [generator.uniform()] }
            let direction = (1..<problem.features).map { _ in generator.normal() }
            let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return direction.map { $0 / length }
        }
        self.generator = generator
    }

    mutating func next() -> Round {
        defer { self.round += 1 }
        guard self.problem == .linear else {
            let chances = self.weights.map { $0[0] }
            let means = self.problem == .changing && self.round >= self.change ? chances.suffix(1) + chances.dropLast() : chances
            let luck = self.generator.uniform()
            return Round(features: [1], means: means, rewards: means.map { luck < $0 ? 1 : 0 })
        }
        let z = (1..<self.problem.features).map { _ in self.generator.normal() }
        let noise = 0.1 * self.generator.normal()
        let means = self.weights.map { theta in 0.5 + 0.25 * zip(theta, z).reduce(0) { $0 + $1.0 * $1.1 } }
        return Round(features: [1] + z, means: means, rewards: means.map { $0 + noise })
    }
}

extension SeededGenerator {
    fileprivate mutating func uniform() -> Double { Double.random(in: 0..<1, using: &self) }

    /// By Box and Muller.
    fileprivate mutating func normal() -> Double {
        (-2 * log(1 - self.uniform())).squareRoot() * cos(2 * .pi * self.uniform())
    }
}
