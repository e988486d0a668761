import JSON
import Orchestration
import Testing
import Wire

@testable import Feedback

/// What is believed of components before their first reward, and which parameters their learners have.
@Suite("Priors of new components")
struct PriorTests {
    private let settings = FeedbackSettings(priors: [
        "model": ColdStartPrior(mean: 0.6), "model/gpt-4": ColdStartPrior(mean: 0.9, variance: 0.01, confidence: 0.8),
        "tool/": ColdStartPrior(mean: 0.2),
    ])

    @Test("a name's own prior counts as it is, a family's is inherited, the longest name counts")
    func names() {
        func prior(_ type: ComponentType, _ id: String) -> ColdStartPrior? { self.settings.prior(of: ComponentID(type, id)) }
        #expect(prior(.model, "llama") == ColdStartPrior(mean: 0.6))
        #expect(prior(.model, "gpt-4") == ColdStartPrior(mean: 0.9, variance: 0.01, confidence: 0.8))
        #expect(prior(.model, "gpt-4-turbo") == ColdStartPrior(mean: 0.9, variance: 0.01, confidence: 0.8).inherited)
        #expect(prior(.tool, "search") == ColdStartPrior(mean: 0.2).inherited)
        #expect(prior(.agent, "a") == nil)
        #expect(FeedbackSettings().prior(of: ComponentID(.model, "gpt-4")) == nil)
    }

    @Test(
        "a new member of a family is expected to be nearly as good before its first reward, by every learner",
        arguments: LearnerAlgorithm.allCases
    )
    func expected(_ algorithm: LearnerAlgorithm) throws {
        guard algorithm != .ucb2 else { return }
        let settings = FeedbackSettings(
            learners: [.model: [algorithm]],
            priors: ["model/good": ColdStartPrior(mean: 0.95, variance: 0.01), "model/bad": ColdStartPrior(mean: 0.05, variance: 0.01)]
        )
        let arms = ["good-2", "bad-2"].map { OwnedComponent(ComponentID(.model, $0), settings).learners.first }
        let features = algorithm.isContextual ? [1] + [Double](repeating: 0, count: FeatureVector.count(.model) - 1) : []
        let probabilities = try algorithm.probabilities(of: arms, features: features)
        #expect(probabilities[0] > 0.9, "\(probabilities)")
        if let expected = arms[0]?.expectedReward(ofArm: 0, features: features) { #expect(abs(expected - 0.86) < 0.03, "\(expected)") }
    }

    @Test("the first snapshot has it, a reset goes back to it, and a restored component keeps what it learned")
    func shard() throws {
        let id = ComponentID(.model, "gpt-4-turbo")
        func expected(_ snapshot: PolicySnapshot?) -> Double {
            let table = PolicyTable()
            if let snapshot { table.take(snapshot) }
            return table.expectedReward(of: id, in: [:]) ?? -1
        }
        let shard = TestShard(settings: self.settings)
        let signal = FeedbackSignal(signalID: "s", source: .trajectory, componentType: .model, componentID: id.id, reward: 0, confidence: 1)
        _ = shard.take(signal, at: 0, now: 0)
        var log = FeedbackShardTests.Log()
        let told = expected(log.write(shard).first)
        // Most of what its situation holds was never seen before, so that the first reward counts much there.
        #expect(told > 0.1 && told < 0.82, "\(told)")
        let plain = TestShard()
        _ = plain.take(signal, at: 0, now: 0)
        var other = FeedbackShardTests.Log()
        #expect(expected(other.write(plain).first) == 0)
        let restored = log.restored(self.settings)
        #expect(
            restored.value.components[id]?.nextSnapshot(now: 0, worker: "w").learners
                == shard.value.components[id]?.nextSnapshot(now: 0, worker: "w").learners
        )
        // Another learner than the stored one begins with the prior.
        var others = self.settings
        others.learners[.model] = [.thompson]
        let thompson = log.restored(others).value.components[id]?.learners.first
        #expect(abs((thompson?.expectedReward(ofArm: 0, features: []) ?? 0) - 0.81) < 0.01)
        #expect(shard.obey(.reset, about: id, time: 1, now: 0))
        let learner = shard.value.components[id]?.learners.first
        #expect((learner?.expectedReward(ofArm: 0, features: FeatureVector.make(.model, [:])) ?? 0) > told)
    }

    @Test("arms of advanced_bandits have the parameters of spec §6.6")
    func bandits() throws {
        let learners = ["doubly_robust", "offset_tree"].flatMap {
            OwnedComponent(ComponentID(.agent, "advanced_bandits/\($0)/model_routing/x"), FeedbackSettings()).learners
        }
        let states = try learners.map { try LearnerState.encode($0)["learner"] }
        #expect(states[0]?["alpha"]?.doubleValue == 1.5)
        #expect(states[1]?["parameters"]?["depth"] == 4 && states[1]?["parameters"]?["minimumSplit"] == 20)
        let agent = OwnedComponent(ComponentID(.agent, "a"), FeedbackSettings(learners: [.agent: [.doublyRobust]])).learners[0]
        #expect(try LearnerState.encode(agent)["learner"]?["alpha"]?.doubleValue == 1)
    }
}

/// Decisions that count by themselves, and what a worker is told of single components.
@Suite("Decisions and knowledge")
struct DecisionCountTests {
    private let arm = ComponentID(.agent, "advanced_bandits/doubly_robust/model_routing/0")

    private func decision(_ id: String, _ component: ComponentID) -> Decision {
        Decision(
            id: id,
            chosen: component,
            candidates: [component.id],
            propensity: 0.5,
            scopeID: "r",
            requestID: "r",
            rootID: "r",
            decidedAt: 0
        )
    }

    @Test("each is counted once, however often it comes and whether it is rewarded or not; those for others are not counted")
    func counted() {
        let shard = TestShard()
        for (offset, id) in ["a", "a", "b", "b", "c"].enumerated() {
            _ = shard.value.take(self.decision(id, self.arm), at: Int64(offset), now: 0)
        }
        #expect(shard.value.take(self.decision("d", self.arm), at: 4, now: 0) == .replayed)
        let other = ComponentID(.agent, "a")
        _ = shard.value.take(self.decision("e", other), at: 5, now: 0)
        #expect(shard.value.components[other] == nil)
        var log = FeedbackShardTests.Log()
        #expect(log.write(shard).map { $0.details["decisions"] } == [3])
        // The reward of a decision counts no decision, and a restored shard goes on counting.
        let restored = log.restored()
        var signal = FeedbackSignal(source: .agentTask, componentType: .agent, componentID: self.arm.id, reward: 1)
        signal.metadata = ["decision_id": "a"]
        _ = restored.take(signal, at: 0, now: 0)
        for (offset, id) in ["c", "f"].enumerated() {
            _ = restored.value.take(self.decision(id, self.arm), at: Int64(10 + offset), now: 0)
        }
        #expect(log.write(restored).map { $0.details["decisions"] } == [4])
    }

    @Test("decisions make no room: a full shard forgets no component with rewards for them")
    func full() {
        let shard = TestShard(settings: FeedbackSettings(capacity: 10))
        for index in 0..<20 {
            let arm = ComponentID(.agent, "advanced_bandits/doubly_robust/model_routing/\(index)")
            _ = shard.value.take(self.decision("\(index)", arm), at: Int64(index), now: 0)
        }
        #expect(shard.componentCount == 10)
    }

    @Test("the table tells health and details, and what the learner expects in a situation")
    func knowledge() throws {
        let table = PolicyTable()
        let id = ComponentID(.tool, "t")
        #expect(table.knowledge(of: id) == nil && table.expectedReward(of: id, in: [:]) == nil)
        let shard = TestShard()
        for index in 0..<200 {
            let isUrgent = index % 2 == 0
            let signal = FeedbackSignal(
                signalID: "\(index)",
                source: .toolExecution,
                componentType: .tool,
                componentID: "t",
                reward: isUrgent ? 0.9 : 0.1,
                confidence: 1,
                context: ["urgency": .number(isUrgent ? 1 : 0), "success": .bool(isUrgent)],
                timestamp: Double(index)
            )
            _ = shard.take(signal, at: Int64(index), now: 200)
        }
        var log = FeedbackShardTests.Log()
        let snapshot = try #require(log.write(shard).first)
        table.take(snapshot)
        let known = try #require(table.knowledge(of: id))
        #expect(known.health == snapshot.health && known.details == snapshot.details && known.signals == 200)
        #expect(known.lastSignalAt == 199 && known.policyVersion == 1 && known.availability == .enabled)
        #expect((table.expectedReward(of: id, in: ["urgency": 1]) ?? 0) > 0.8)
        #expect((table.expectedReward(of: id, in: ["urgency": 0]) ?? 1) < 0.2)
        // A learner that cannot be read, or reads other features, expects nothing.
        for learners: JSONObject in [
            [:], ["lin_ts": 1], ["lin_ts": try LearnerState.encode(LearnerAlgorithm.linTS.make(arms: 1, features: 2))],
        ] {
            var other = snapshot
            other.learners = learners
            table.take(other)
            #expect(table.expectedReward(of: id, in: [:]) == nil)
        }
    }
}
