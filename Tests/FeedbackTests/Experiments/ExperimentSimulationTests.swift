import Orchestration
import Testing

@testable import Feedback

@Suite("Experiments, simulated")
struct ExperimentSimulationTests {
    private struct Outcome {
        var promoted = 0
        /// Rewards of the variant until it was rolled back, rising.
        var rolledBack: [Int] = []
    }

    /// What becomes of experiments with rewards 0 or 1, one arm of which is well known and the other not at all.
    private static func simulate(
        _ experiments: Int,
        rewards: Int,
        known: String = "control",
        means: [String: Double],
        promoteAt: Double = 0.05,
        rollBackAt: Double = -0.1
    ) throws -> Outcome {
        let definition = try ExperimentDefinition(
            componentType: .model,
            variants: [.init(name: "v", policy: .uniform, fraction: 0.5)],
            startsActive: true,
            promoteAt: promoteAt,
            rollBackAt: rollBackAt
        )
        var outcome = Outcome()
        for seed in 0..<experiments {
            var generator = SeededGenerator(seed: UInt64(seed))
            var experiment = Experiment(name: "e", definition: definition)
            let mean = means[known] ?? 0
            experiment.arms[known]?.pulls = 20_000
            experiment.arms[known]?.mean = mean
            experiment.arms[known]?.deviations = 20_000 * mean * (1 - mean)
            let arm = known == "v" ? "control" : "v"
            var round = 0
            while round < rewards, experiment.phase == .active {
                try experiment.record(Double.random(in: 0..<1, using: &generator) < means[arm] ?? 0 ? 1 : 0, of: arm)
                round += 1
            }
            if experiment.phase == .promoted { outcome.promoted += 1 }
            if experiment.phase == .rolledBack { outcome.rolledBack.append(round) }
        }
        outcome.rolledBack.sort()
        return outcome
    }

    @Test("of variants that are as good at most one in five is ever rolled back, also where rewards are rare", arguments: [0.5, 0.02, 0.9])
    func equals(mean: Double) throws {
        let outcome = try Self.simulate(300, rewards: 1_500, means: ["control": mean, "v": mean])
        #expect(outcome.rolledBack.count <= 60, "\(outcome.rolledBack.count) of 300")
    }

    @Test("a variant that is clearly worse is rolled back soon")
    func worse() throws {
        let outcome = try Self.simulate(300, rewards: 1_500, means: ["control": 0.5, "v": 0.3])
        try #require(outcome.rolledBack.count == 300)
        #expect(outcome.rolledBack[150] <= 60 && outcome.rolledBack[285] <= 120, "\(outcome.rolledBack[150]), \(outcome.rolledBack[285])")
    }

    @Test("where rewards are rare, a control of few rewards promotes an equal variant in fewer than one experiment of twenty")
    func rarePromotions() throws {
        let outcome = try Self.simulate(
            300,
            rewards: 1_000,
            known: "v",
            means: ["control": 0.02, "v": 0.02],
            promoteAt: 0,
            rollBackAt: -100
        )
        #expect(outcome.promoted <= 15, "\(outcome.promoted) of 300")
    }

    @Test("a rollback is one-sided and needs eighty percent: the bound lies between the difference and that of a promotion")
    func bounds() throws {
        var experiment = Experiment(
            name: "e",
            definition: try ExperimentDefinition(
                componentType: .model,
                variants: [.init(name: "v", policy: .uniform, fraction: 0.5)],
                startsActive: true,
                rollBackAt: -0.01
            )
        )
        for arm in ["control", "v"] {
            experiment.arms[arm]?.pulls = 200
            experiment.arms[arm]?.mean = arm == "v" ? 0.4 : 0.5
            experiment.arms[arm]?.deviations = 50
        }
        let comparison = try #require(experiment.comparison(of: "v"))
        // SE = √(50/199/100); k = (2·ln(1/.4) + ln(1 + 2·ln(1/.4)))·100/50 and (2·ln 20 + ln(1 + 2·ln 20))·100/200.
        #expect(abs(comparison.rollBackHigh - 0.009_004_92) < 1e-7 && abs(comparison.high - 0.054_565_33) < 1e-7)
        #expect(comparison.difference < comparison.rollBackHigh && comparison.rollBackHigh < comparison.high)
    }
}
