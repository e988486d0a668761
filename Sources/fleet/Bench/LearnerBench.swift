public import ArgumentParser
public import Feedback
import FleetProcess
import JSON

extension LearnerAlgorithm: ExpressibleByArgument {}

extension Bench {
    struct Learners: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The regret of each learner on synthetic problems, or one learner for problems from outside; no Kafka.",
            discussion: """
                Regret is what the best arm would have earned more, in expectation, summed over the rounds.
                Problems: bernoulli (10 arms), linear (5 arms, a constant and 5 features), changing (5 Bernoulli arms that change places half way).
                Context-free learners see no features.

                With --stdio ALGORITHM, one JSON object a line:
                  in   {"x": [0.3, 1.2], "arms": 4, "round": 1}
                  out  {"arm": 2, "p": 0.7}
                  in   {"reward": 0.9, "round": 1}

                p is the probability of that choice. Rewards may come later, in any order, or never; they are not answered.
                Of the rounds without reward the last 100000 are remembered. A constant 1 is put before x unless --no-bias is given.
                The number of arms may change from round to round.
                A line that cannot be used ends the command with 1 and its number on stderr.

                Examples:
                  fleet bench learners
                  fleet bench learners --problem linear --learner lin_ucb --learner lin_ts --seeds 50 --json
                  fleet bench learners --stdio lin_ts --seed 7
                """
        )

        @Option(help: ArgumentHelp("Problems drawn, each with its own seed.", valueName: "number"))
        var seeds = 20

        @Option(help: ArgumentHelp("Choices in each.", valueName: "number"))
        var rounds = 5_000

        @Option(help: "Only this problem; may be repeated. (default: all)")
        var problem: [LearnerProblem] = []

        @Option(help: "Only this learner; may be repeated. (default: all)")
        var learner: [LearnerAlgorithm] = []

        @Flag(help: "Print one line of JSON for each problem and learner.")
        var json = false

        @Option(help: ArgumentHelp("Read contexts and rewards from stdin and print this learner's choices.", valueName: "algorithm"))
        var stdio: LearnerAlgorithm?

        @Option(help: ArgumentHelp("With --stdio: what the learner's choices are drawn by.", valueName: "number"))
        var seed: UInt64 = 1

        @Flag(help: "With --stdio: x is all that the learner sees.")
        var noBias = false

        func validate() throws {
            guard (1...10_000).contains(self.seeds) else { throw ValidationError("--seeds must be 1 to 10000") }
            guard (1...10_000_000).contains(self.rounds) else { throw ValidationError("--rounds must be 1 to 10000000") }
        }

        func run() async throws {
            if let algorithm = self.stdio { return try self.serve(algorithm) }
            for problem in self.problem.isEmpty ? LearnerProblem.allCases : self.problem {
                if !self.json { Console.line(Console.styled("\(problem.rawValue), \(self.rounds) rounds, \(self.seeds) seeds", .bold)) }
                for algorithm in self.learner.isEmpty ? LearnerAlgorithm.allCases : self.learner {
                    let regrets = try (1...self.seeds).map { seed in
                        try Self.regret(of: algorithm, in: problem, seed: UInt64(seed), rounds: self.rounds)
                    }
                    self.show(Regret(regrets), problem, algorithm)
                }
            }
        }

        private func serve(_ algorithm: LearnerAlgorithm) throws {
            var session = LearnerSession(algorithm: algorithm, seed: self.seed, hasBias: !self.noBias)
            var lines = StandardInputLines(limit: LearnerSession.lineLimit)
            do {
                while let line = try lines.next() {
                    if let answer = try session.answer(line) { Console.line(answer) }
                }
            } catch {
                FleetProcess.complain("fleet: line \(lines.number): \(error)")
                throw ExitCode.failure
            }
        }

        /// The regret over one drawn problem.
        private static func regret(of algorithm: LearnerAlgorithm, in problem: LearnerProblem, seed: UInt64, rounds: Int) throws -> Double {
            var learner = try algorithm.make(arms: problem.arms, features: problem.features)
            var environment = LearnerEnvironment(problem, seed: seed, rounds: rounds)
            var generator = SeededGenerator(seed: seed &* 2)
            let arms = Array(0..<problem.arms)
            var regret = 0.0
            for _ in 0..<rounds {
                let round = environment.next()
                let choice = try learner.choose(features: round.features, among: arms, using: &generator)
                regret += (round.means.max() ?? 0) - round.means[choice.arm]
                let reward = round.rewards[choice.arm]
                try learner.learn(
                    Observation(features: round.features, arm: choice.arm, reward: reward, propensity: choice.propensity)
                )
            }
            return regret
        }

        private func show(_ regret: Regret, _ problem: LearnerProblem, _ algorithm: LearnerAlgorithm) {
            guard self.json else {
                let name = algorithm.rawValue.padded(to: 22)
                Console.line("  \(name)\(rounded(regret.mean).padded(to: 9))± \(rounded(regret.standardError))")
                return
            }
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("bench", "learners")
            writer.member("problem", problem.rawValue)
            writer.member("learner", algorithm.rawValue)
            writer.member("rounds", self.rounds)
            writer.member("seeds", self.seeds)
            writer.member("regret", regret.mean)
            writer.member("standard_error", regret.standardError)
            writer.endObject()
            Console.line(String(decoding: writer.bytes, as: UTF8.self))
        }
    }
}

/// Mean and standard error over seeds.
private struct Regret {
    let mean: Double
    /// 0 for a single seed.
    let standardError: Double

    init(_ values: [Double]) {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        self.standardError = count > 1 ? (squares / (count - 1) / count).squareRoot() : 0
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - self.count)) }
}
