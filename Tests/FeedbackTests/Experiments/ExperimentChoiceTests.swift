import Orchestration
import Testing
import Wire

@testable import Feedback

@Suite("Choosing in experiments")
struct ExperimentChoiceTests {
    private static func question(
        _ scope: String,
        among candidates: [String] = ["a", "b", "c"],
        type: ComponentType = .model
    ) -> ComponentQuestion {
        ComponentQuestion(type: type, candidates: candidates, tenantID: "acme", scopeID: scope)
    }

    private static func table(_ experiments: Experiment..., exploration: Double = 0.03) throws -> PolicyTable {
        let table = PolicyTable(minimumExploration: exploration)
        for experiment in experiments {
            let standing = ExperimentStanding(experiment: experiment, definedAt: 0, updatedAt: 0, worker: "w")
            let (value, _) = standing.encode(source: "/f", time: 0)
            #expect(try table.take(key: ExperimentStanding.key(of: experiment.name), value: value) == nil)
        }
        return table
    }

    private static func experiment(_ name: String = "e", phase: Experiment.Phase = .active, _ arm: String = "b") throws -> Experiment {
        var experiment = Experiment(
            name: name,
            definition: try ExperimentDefinition(
                componentType: .model,
                control: .uniform,
                variants: [.init(name: "v", policy: .arm(arm), fraction: 0.25)],
                startsActive: phase != .shadow
            )
        )
        if phase == .promoted || phase == .rolledBack {
            for _ in 0..<1_000 where !experiment.phase.isEnd {
                try experiment.record(0.5, of: "control")
                try experiment.record(phase == .promoted ? 0.9 : 0.1, of: "v")
            }
        }
        #expect(experiment.phase == phase)
        return experiment
    }

    @Test("every scope gets its variant's choice, and the propensity is that over all variants")
    func active() throws {
        let experiment = try Self.experiment()
        let table = try Self.table(experiment)
        var seen: Set<String> = []
        for scope in (0..<100).map({ "\($0)" }) {
            let odds = table.odds(of: Self.question(scope))
            let variant = experiment.assignment(for: scope).variant
            seen.insert(variant)
            #expect(odds.experiment == .init(name: "e", variant: variant) && odds.shadow == nil)
            #expect(odds.candidates.map(\.id) == ["a", "b", "c"])
            let probabilities = odds.candidates.map(\.probability)
            let expected: [Double] = variant == "v" ? [0.01, 0.98, 0.01] : [1.0 / 3, 1.0 / 3, 1.0 / 3]
            #expect(zip(probabilities, expected).allSatisfy { abs($0 - $1) < 1e-12 })
            #expect(abs((odds.candidates[1].propensity ?? 0) - (0.25 * 0.98 + 0.75 / 3)) < 1e-12)
            #expect(abs((odds.candidates[0].propensity ?? 0) - (0.25 * 0.01 + 0.75 / 3)) < 1e-12)
        }
        #expect(seen == ["control", "v"])
    }

    @Test("in the shadow everybody gets the control, and what the variant would choose is told beside it")
    func shadow() throws {
        let experiment = try Self.experiment(phase: .shadow)
        let table = try Self.table(experiment)
        let drawn = try #require((0..<100).map { "\($0)" }.first { experiment.assignment(for: $0).drawn == "v" })
        let other = try #require((0..<100).map { "\($0)" }.first { experiment.assignment(for: $0).drawn == "control" })
        let odds = table.odds(of: Self.question(drawn))
        #expect(odds.experiment == .init(name: "e", variant: "control") && odds.candidates[0].propensity == nil)
        #expect(abs(odds.candidates[0].probability - 1.0 / 3) < 1e-12)
        #expect(odds.shadow?.variant == "v" && abs((odds.shadow?.candidates[1].probability ?? 0) - 0.98) < 1e-12)
        #expect(table.odds(of: Self.question(other)).shadow == nil)
    }

    @Test("after the end everybody gets the winner, or the control")
    func ends() throws {
        let won = try Self.table(Self.experiment(phase: .promoted))
        let lost = try Self.table(Self.experiment(phase: .rolledBack))
        for scope in (0..<40).map({ "\($0)" }) {
            #expect(won.odds(of: Self.question(scope)).experiment?.variant == "v")
            #expect(abs(won.odds(of: Self.question(scope)).candidates[1].probability - 0.98) < 1e-12)
            #expect(lost.odds(of: Self.question(scope)).experiment?.variant == "control")
            #expect(won.odds(of: Self.question(scope)).shadow == nil && lost.odds(of: Self.question(scope)).shadow == nil)
        }
    }

    @Test("an experiment has a say only where its arms are candidates that may be chosen, the first by its name, until it is gone")
    func applicability() throws {
        let table = try Self.table(Self.experiment("z"), Self.experiment("y", "c"))
        #expect(table.experiments.map(\.experiment.name) == ["y", "z"])
        #expect(table.odds(of: Self.question("1")).experiment?.name == "y")
        #expect(table.odds(of: Self.question("1", among: ["a", "b"])).experiment?.name == "z")
        #expect(table.odds(of: Self.question("1", among: ["a"])).experiment == nil)
        #expect(table.odds(of: Self.question("1", type: .tool)).experiment == nil)
        func disable(_ id: String) {
            table.take(
                PolicySnapshot(
                    policyVersion: 3,
                    componentType: .model,
                    componentID: id,
                    signals: 1,
                    meanReward: 0,
                    bySource: [:],
                    availability: .disabled,
                    firstSignalAt: 0,
                    lastSignalAt: 0,
                    updatedAt: 0,
                    worker: "w"
                )
            )
        }
        disable("c")
        #expect(table.odds(of: Self.question("1")).experiment?.name == "z")
        #expect(table.odds(of: Self.question("1")).candidates.map(\.id) == ["a", "b"])
        for id in ["a", "b"] { disable(id) }
        #expect(table.odds(of: Self.question("1")).candidates.isEmpty && table.odds(of: Self.question("1")).experiment == nil)
        for name in ["y", "z"] { #expect(try table.take(key: ExperimentStanding.key(of: name), value: nil) == nil) }
        #expect(table.experiments.isEmpty && table.odds(of: Self.question("1", among: ["d"])).experiment == nil)
        #expect(throws: WireError.self) { try table.take(key: ExperimentStanding.key(of: "y"), value: Array("{}".utf8)) }
        let other = ExperimentStanding(experiment: try Self.experiment("z"), definedAt: 0, updatedAt: 0, worker: "w")
        let (value, _) = other.encode(source: "/f", time: 0)
        #expect(throws: WireError.self) { try table.take(key: ExperimentStanding.key(of: "y"), value: value) }
        #expect(table.experiments.isEmpty)
    }
}
