import JSON
import Orchestration
import Testing
import Wire

@testable import Feedback

@Suite("Choosing by the table of policies")
struct PolicyTableTests {
    private static func snapshot(
        _ id: String,
        _ type: ComponentType = .model,
        version: Int64 = 1,
        availability: ComponentAvailability = .enabled,
        learners: JSONObject = [:]
    ) -> PolicySnapshot {
        PolicySnapshot(
            policyVersion: version,
            componentType: type,
            componentID: id,
            signals: 1,
            meanReward: 0.5,
            bySource: [:],
            availability: availability,
            learners: learners,
            firstSignalAt: 0,
            lastSignalAt: 0,
            updatedAt: 0,
            worker: "w"
        )
    }

    /// A learner of one arm that has seen this reward often, in these situations.
    private static func learner(
        _ algorithm: LearnerAlgorithm,
        _ type: ComponentType = .model,
        reward: Double,
        times: Int = 200,
        situation: JSONObject = [:]
    ) throws -> any Learner {
        var learner = try algorithm.prior(features: FeatureVector.count(type))
        for _ in 0..<times {
            try learner.learn(Observation(features: FeatureVector.make(type, situation), arm: 0, reward: reward))
        }
        return learner
    }

    private static func stored(_ learners: any Learner...) throws -> JSONObject {
        JSONObject(try learners.map { ($0.algorithm.rawValue, try LearnerState.encode($0)) })
    }

    private static func question(
        _ candidates: [String],
        _ situation: JSONObject = [:],
        of type: ComponentType = .model
    ) -> ComponentQuestion {
        ComponentQuestion(type: type, candidates: candidates, situation: situation, tenantID: "t", scopeID: "s")
    }

    private static func isNear(_ odds: ComponentOdds, _ expected: [Double], _ tolerance: Double = 1e-9) -> Bool {
        FeedbackTests.isNear(odds.candidates.map(\.probability), expected, tolerance)
    }

    @Test("Without policies all are alike, of every type", arguments: ComponentType.allCases)
    func empty(type: ComponentType) {
        let odds = PolicyTable().odds(of: Self.question(["a", "b", "c", "d"], of: type))
        #expect(odds.candidates.map(\.id) == ["a", "b", "c", "d"] && Self.isNear(odds, [0.25, 0.25, 0.25, 0.25]))
        #expect(odds.candidates.allSatisfy { $0.policyVersion == 0 } && odds.experiment == nil)
    }

    @Test("What was learned decides, in the situation that it was learned in, with 2 % left to everybody")
    func learned() throws {
        let table = PolicyTable()
        let simple: JSONObject = ["task_type": "summarization", "complexity": "simple"]
        let critical: JSONObject = ["task_type": "reasoning", "complexity": "critical"]
        var good = try Self.learner(.linTS, reward: 1, situation: simple)
        var bad = try Self.learner(.linTS, reward: 0, situation: simple)
        for _ in 0..<200 {
            try good.learn(Observation(features: FeatureVector.make(.model, critical), arm: 0, reward: 0))
            try bad.learn(Observation(features: FeatureVector.make(.model, critical), arm: 0, reward: 1))
        }
        table.take(Self.snapshot("s", version: 5, learners: try Self.stored(good)))
        table.take(Self.snapshot("c", version: 7, learners: try Self.stored(bad)))
        let question = Self.question(["c", "s"], simple)
        let odds = table.odds(of: question)
        let expected = try LearnerAlgorithm.linTS.probabilities(
            of: [bad, good],
            features: FeatureVector.make(.model, simple),
            minimumExploration: 0.02
        )
        #expect(Self.isNear(odds, expected, 1e-6) && odds.candidates[1].probability > 0.98)
        #expect(odds.candidates.map(\.policyVersion) == [7, 5])
        #expect(odds.candidates[0].probability >= 0.01 - 1e-12)
        let other = table.odds(of: Self.question(["c", "s"], critical))
        #expect(other.candidates[0].probability > 0.98)
    }

    @Test("Thresholds and memories are chosen by Thompson sampling")
    func thompson() throws {
        let table = PolicyTable(minimumExploration: 0)
        let learner = try Self.learner(.thompson, .threshold, reward: 1, times: 3)
        table.take(Self.snapshot("strict", .threshold, learners: try Self.stored(learner)))
        // P(Beta(4, 1) > Beta(1, 1)) = 4/5.
        #expect(Self.isNear(table.odds(of: Self.question(["strict", "loose"], of: .threshold)), [0.8, 0.2], 0.003))
    }

    @Test("A table may have other algorithms, and a caller still others")
    func algorithms() throws {
        let table = PolicyTable(algorithms: [.model: .thompson], minimumExploration: 0)
        table.take(Self.snapshot("a", learners: try Self.stored(Self.learner(.thompson, reward: 1), Self.learner(.ucb1, reward: 0))))
        table.take(Self.snapshot("b", learners: try Self.stored(Self.learner(.thompson, reward: 0), Self.learner(.ucb1, reward: 1))))
        #expect(table.odds(of: Self.question(["a", "b"])).candidates[0].probability > 0.99)
        #expect(Self.isNear(try table.odds(of: Self.question(["a", "b"]), by: .ucb1), [0, 1]))
        // Nobody has it: the priors are alike.
        #expect(Self.isNear(try table.odds(of: Self.question(["a", "b"]), by: .offsetTree), [0.5, 0.5]))
        #expect(throws: LearnerError.separate(.ucb2)) { try table.odds(of: Self.question(["a", "b"]), by: .ucb2) }
    }

    @Test("By what cannot be put together all that may be chosen are alike")
    func separate() {
        let table = PolicyTable(algorithms: [.model: .ucb2])
        table.take(Self.snapshot("b", availability: .disabled))
        let odds = table.odds(of: Self.question(["a", "b", "c"]))
        #expect(odds.candidates.map(\.id) == ["a", "c"] && Self.isNear(odds, [0.5, 0.5]))
    }

    @Test(
        "What cannot be read counts as unknown",
        arguments: [
            [:], ["lin_ts": "no learner"], ["lin_ts": ["version": 9]], ["lin_ts": nil],
            // Stored under another's name.
            ["lin_ts": "thompson"],
            // With other features.
            ["lin_ts": "tool"],
            // With two arms.
            ["lin_ts": "two"],
        ] as [JSONObject]
    )
    func unreadable(learners: JSONObject) throws {
        var learners = learners
        switch learners["lin_ts"]?.stringValue {
        case "thompson": learners["lin_ts"] = try LearnerState.encode(Self.learner(.thompson, reward: 1))
        case "tool": learners["lin_ts"] = try LearnerState.encode(Self.learner(.linTS, .tool, reward: 1))
        case "two": learners["lin_ts"] = try LearnerState.encode(LearnerAlgorithm.linTS.make(arms: 2, features: 11))
        default: break
        }
        let table = PolicyTable()
        table.take(Self.snapshot("a", version: 3, learners: learners))
        let odds = table.odds(of: Self.question(["a", "b"]))
        #expect(Self.isNear(odds, [0.5, 0.5]) && odds.candidates.map(\.policyVersion) == [3, 0])
    }

    @Test("A new snapshot is heeded at once, also when the old one has been used")
    func newSnapshot() throws {
        let table = PolicyTable()
        let good = try Self.learner(.linTS, reward: 1)
        let bad = try Self.learner(.linTS, reward: 0)
        table.take(Self.snapshot("a", version: 1, learners: try Self.stored(good)))
        table.take(Self.snapshot("b", version: 1, learners: try Self.stored(bad)))
        for _ in 0..<2 { #expect(table.odds(of: Self.question(["a", "b"])).candidates[0].probability > 0.95) }
        table.take(Self.snapshot("a", version: 2, learners: try Self.stored(bad)))
        table.take(Self.snapshot("b", version: 2, learners: try Self.stored(good)))
        let odds = table.odds(of: Self.question(["a", "b"]))
        #expect(odds.candidates[1].probability > 0.95 && odds.candidates.map(\.policyVersion) == [2, 2])
    }

    @Test("Disabled components are left out; probing ones are not")
    func disabled() {
        let table = PolicyTable()
        table.take(Self.snapshot("a", availability: .disabled))
        table.take(Self.snapshot("b", availability: .probing))
        #expect(table.isDisabled(ComponentID(.model, "a")))
        #expect(!table.isDisabled(ComponentID(.model, "b")) && !table.isDisabled(ComponentID(.model, "c")))
        #expect(!table.isDisabled(ComponentID(.tool, "a")))
        #expect(table.odds(of: Self.question(["a", "b", "c"])).candidates.map(\.id) == ["b", "c"])
        #expect(table.odds(of: Self.question(["a"])).candidates.isEmpty)
    }

    @Test("Whether something is disabled follows every record")
    func disabledFollows() throws {
        let table = PolicyTable()
        let a = ComponentID(.model, "a")
        let key = Array("model/a".utf8)
        func take(_ availability: ComponentAvailability) throws {
            try table.take(key: key, value: Self.snapshot("a", availability: availability).encode(source: "", time: 0).value)
        }
        for availability in [ComponentAvailability.disabled, .disabled, .enabled, .disabled, .probing, .disabled] {
            try take(availability)
            #expect(table.isDisabled(a) == (availability == .disabled))
        }
        #expect(throws: WireError.self) { try table.take(key: key, value: Array("{".utf8)) }
        let other = Self.snapshot("b", availability: .enabled).encode(source: "", time: 0).value
        #expect(throws: WireError.self) { try table.take(key: key, value: other) }
        #expect(table.isDisabled(a) && table.count == 1, "a broken record, or one under another's key, changes nothing")
        #expect(try table.take(key: key, value: nil) == a)
        #expect(!table.isDisabled(a) && table.count == 0)
        // Were the count wrong by now, this one would not be heeded.
        try table.take(key: key, value: nil)
        try take(.disabled)
        #expect(table.isDisabled(a) && table.count == 1)
    }

    @Test("A key that names no component is passed over", arguments: ["", "model", "model/", "colour/green", "/a"])
    func keys(key: String) throws {
        #expect(try PolicyTable().take(key: Array(key.utf8), value: Array("x".utf8)) == nil)
    }

    @Test("Read and written at the same time, it answers from one snapshot or the other")
    func concurrency() async throws {
        let table = PolicyTable()
        let learners = try [0.0, 1.0].map { try Self.stored(Self.learner(.linTS, reward: $0)) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for version in 0..<500 {
                    for id in ["a", "b"] { table.take(Self.snapshot(id, version: Int64(version), learners: learners[version % 2])) }
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    for _ in 0..<300 {
                        let odds = table.odds(of: Self.question(["a", "b", "c"]))
                        #expect(abs(odds.candidates.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
                    }
                }
            }
        }
    }
}
