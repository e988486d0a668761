import ApplicationOrchestrators
import Feedback
import JSON
import Orchestration
import Testing
import Wire

@Suite("advanced_bandits")
struct AdvancedBanditsTests {
    private let bench: Bench

    init() throws { self.bench = try Bench { AdvancedBanditsOrchestrator(policies: $0, clock: $1) } }

    private func failure(_ arguments: Arguments, _ location: SourceLocation = #_sourceLocation) async -> String? {
        let outcome = await self.bench.run(arguments)
        #expect(outcome.result.errorCategory == .validation, sourceLocation: location)
        #expect(outcome.signals.isEmpty, sourceLocation: location)
        return outcome.result.error
    }

    private func arm(_ action: String, _ algorithm: String = "doubly_robust", _ domain: String = "model_routing") -> ComponentID {
        ComponentID(.agent, "advanced_bandits/\(algorithm)/\(domain)/\(action)")
    }

    @Test("decides with a propensity, the same again for the same request, and logs it")
    func decide() async throws {
        let arguments: Arguments = ["domain": "model_routing", "features": ["complexity": "simple"]]
        let outcome = await self.bench.run(arguments)
        let decision = try #require(outcome.decisions.first)
        #expect(outcome.decisions.count == 1)
        #expect(decision.candidates.count == 4)
        #expect(decision.candidates[0] == "advanced_bandits/doubly_robust/model_routing/gpt-4-turbo")
        #expect(decision.propensity == 0.25)
        #expect(decision.situation == ["complexity": "simple"])
        #expect(outcome.data["decision_id"]?.stringValue == decision.id)
        #expect(outcome.data["component_id"]?.stringValue == decision.chosen.id)
        #expect(outcome.data["confidence"]?.doubleValue == 0.25)
        #expect(outcome.data["exploration_factor"]?.doubleValue == 0.75)
        #expect(outcome.data["predicted_reward"] == .null)
        #expect(outcome.data["algorithm"] == "doubly_robust")
        let action = try #require(outcome.data["action"]?.stringValue)
        let index = try #require(outcome.data["action_id"]?.stringValue.flatMap { Int($0) })
        #expect(BanditDomain.standard[0].actions[index] == action)
        #expect(try DecisionCodec.decode(#require(outcome.data["decision"]?.objectValue)) == decision)
        #expect(await self.bench.run(arguments).data == outcome.data)
        // Other domains and algorithms of the same request are other decisions.
        let other = await self.bench.run(["operation": "make_decision", "domain": "user_engagement", "algorithm": "offset_tree"])
        #expect(other.decisions.first?.id != decision.id)
        #expect(other.decisions.first?.chosen.id.hasPrefix("advanced_bandits/offset_tree/user_engagement/") == true)
        let tree = await self.bench.run(["domain": "model_routing", "scope": "tree"])
        #expect(tree.decisions.first?.scope == .tree)
    }

    @Test("refuses what it does not know")
    func unknown() async {
        #expect(await self.failure(["operation": "guess"]) == "Unknown operation: guess")
        #expect(await self.failure([:]) == "Missing required parameter: domain")
        #expect(await self.failure(["domain": "weather"]) == "Unknown domain: weather")
        #expect(await self.failure(["domain": "model_routing", "algorithm": "dice"]) == "Unknown algorithm: dice")
        #expect(
            await self.failure(["domain": "model_routing", "scope": "world"]) == "Unknown scope: world: use request, tree or session"
        )
        #expect(await self.failure(["operation": "switch_default_algorithm"]) == "Missing required parameter: algorithm")
        #expect(await self.failure(["operation": "switch_default_algorithm", "algorithm": "dice"]) == "Unknown algorithm: dice")
        #expect(await self.failure(["operation": "get_domain_comparison", "domain": "weather"]) == "Unknown domain: weather")
        let feedback: JSONObject = ["operation": "provide_feedback", "domain": "model_routing", "action": 1, "reward": 1]
        #expect(await self.failure(Arguments(feedback.merging(["reward": nil]))) == "Missing required parameter: reward")
        #expect(await self.failure(Arguments(feedback.merging(["reward": 2]))) == "Reward must be in [0.0, 1.0], got 2.0")
        #expect(await self.failure(Arguments(feedback.merging(["action": 4]))) == "Unknown action: 4")
        #expect(await self.failure(Arguments(feedback.merging(["action": nil]))) == "Missing required parameter: action")
        #expect(
            await self.failure(Arguments(feedback.merging(["decision": [:]])))?.hasPrefix("Invalid parameter: decision: ") == true
        )
        // Feedback for what is not there any more is no mistake of the caller's.
        for change: JSONObject in [["domain": "weather"], ["algorithm": "dice"]] {
            let outcome = await self.bench.run(Arguments(feedback.merging(change)))
            #expect(outcome.result.success)
            #expect(outcome.data["accepted"] == false)
            #expect(outcome.result.metadata["warnings"]?.arrayValue?.count == 1)
            #expect(outcome.signals.isEmpty)
        }
    }

    @Test("all disabled: skipped")
    func disabled() async {
        for action in BanditDomain.standard[0].actions { self.bench.know(self.arm(action), availability: .disabled) }
        let outcome = await self.bench.run(["domain": "model_routing"])
        #expect(outcome.result.isSkipped)
        #expect(outcome.result.data["reason"] == "component_disabled")
    }

    @Test("feedback is a signal about the action, joined with its decision")
    func feedback() async throws {
        let made = await self.bench.run(["domain": "model_routing", "features": ["urgency": 0.9]], requestID: "r-1")
        let decision = try #require(made.decisions.first)
        let outcome = await self.bench.run(
            ["operation": "provide_feedback", "reward": 0.75, "decision": .object(DecisionCodec.json(decision))],
            requestID: "r-2"
        )
        let signal = try #require(outcome.signals.first)
        #expect(ComponentID(signal.componentType, signal.componentID) == decision.chosen)
        #expect(signal.reward == 0.75)
        #expect(signal.confidence == 1)
        #expect(signal.signalID == "r-2.bandit")
        #expect(signal.context == ["urgency": .number(0.9)])
        #expect(signal.metadata == ["decision_id": .string(decision.id), "propensity": .number(0.25), "policy_version": 0])
        #expect(outcome.data["accepted"] == true)
        let named = await self.bench.run([
            "operation": "provide_feedback", "reward": 1, "domain": "model_routing", "action": "gemini-pro", "algorithm": "offset_tree",
            "decision_id": "d", "features": ["urgency": 1],
        ])
        #expect(named.signals.map(\.componentID) == [self.arm("gemini-pro", "offset_tree").id])
        #expect(named.signals[0].metadata == ["decision_id": "d"])
        let indexed = await self.bench.run(["operation": "provide_feedback", "reward": 1, "domain": "model_routing", "action": 2])
        #expect(indexed.signals.map(\.componentID) == [self.arm("gemini-pro").id])
        // A decision about something else is refused.
        var other = decision
        other.chosen = ComponentID(.model, "gpt-4")
        #expect(
            await self.failure(["operation": "provide_feedback", "reward": 1, "decision": .object(DecisionCodec.json(other))])
                == "Invalid parameter: decision: model/gpt-4 is no action of a bandit"
        )
    }

    @Test("the default algorithm is the one that was switched to last, as the policies tell it")
    func switching() async throws {
        let outcome = await self.bench.run(["operation": "switch_default_algorithm", "algorithm": "offset_tree"], now: 5_000)
        #expect(outcome.data == ["default_algorithm": "offset_tree", "previous_algorithm": "doubly_robust"])
        let signal = try #require(outcome.signals.first)
        #expect(signal.source == .governance)
        func current() async -> String? { await self.bench.run(["domain": "model_routing"]).data["algorithm"]?.stringValue }
        #expect(await current() == "doubly_robust")
        var shard = FeedbackShard(partition: 0, of: 1)
        self.learn(signal, &shard, at: 0)
        #expect(await current() == "offset_tree")
        let back = await self.bench.run(
            ["operation": "switch_default_algorithm", "algorithm": "doubly_robust"],
            requestID: "r",
            now: 6_000
        )
        self.learn(try #require(back.signals.first), &shard, at: 1)
        #expect(await current() == "doubly_robust")
        let summary = await self.bench.run(["operation": "get_performance_summary"]).data
        #expect(summary["global_stats"]?["default_algorithm"] == "doubly_robust")
    }

    private func learn(_ signal: FeedbackSignal, _ shard: inout FeedbackShard, at offset: Int64) {
        _ = shard.take(signal, at: offset, now: 0)
        self.publish(&shard)
    }

    private func publish(_ shard: inout FeedbackShard) {
        for (_, snapshot) in shard.changes(now: 0, worker: "f").policies {
            if let snapshot { self.bench.policies.take(snapshot) }
        }
        shard.saved()
    }

    @Test("sums up feedback by domain and algorithm, and compares")
    func reports() async {
        let empty = await self.bench.run(["operation": "get_performance_summary"], now: 1_002_000).data
        #expect(empty["global_stats"]?["total_feedback"] == 0)
        #expect(empty["uptime_seconds"]?.doubleValue == 2)
        #expect(empty["timestamp"]?.doubleValue == 1_002)
        #expect(abs((empty["domains"]?["model_routing"]?["offset_tree"]?["exploration_rate"]?.doubleValue ?? 0) - 0.75) < 1e-9)
        self.bench.know(self.arm("gemini-pro"), signals: 10, mean: 0.9)
        self.bench.know(self.arm("gpt-4-turbo"), signals: 30, mean: 0.5)
        self.bench.know(self.arm("gpt-4-turbo", "offset_tree"), signals: 20, mean: 0.3)
        self.bench.know(self.arm("1", "offset_tree", "user_engagement"), signals: 5, mean: 1)
        let told = await self.bench.run(["operation": "get_performance_summary"]).data
        #expect(told["global_stats"]?["total_feedback"] == 65)
        #expect(told["global_stats"]?["total_rewards"]?.doubleValue == 35)
        let robust = told["domains"]?["model_routing"]?["doubly_robust"]
        #expect(robust?["feedback"] == 40)
        #expect(robust?["avg_reward"]?.doubleValue == 0.6)
        #expect(robust?["best_action"] == "gemini-pro")
        #expect(robust?["actions"]?["gemini-pro"]?["avg_reward"]?.doubleValue == 0.9)
        let compared = await self.bench.run(["operation": "get_domain_comparison", "domain": "model_routing"]).data
        #expect(compared["model_routing"]?["best_algorithm"] == "doubly_robust")
        #expect(compared["model_routing"]?["doubly_robust"]?["relative_performance"]?.doubleValue == 1)
        #expect(compared["model_routing"]?["offset_tree"]?["relative_performance"]?.doubleValue == 0.5)
        let all = await self.bench.run(["operation": "get_domain_comparison"]).data
        #expect(all.keys == ["model_routing", "content_analysis", "user_engagement"])
        #expect(all["content_analysis"]?["best_algorithm"] == .null)
    }

    @Test("counts decisions, and averages predictions over the arms")
    func predictions() async throws {
        let empty = await self.bench.run(["operation": "get_performance_summary"]).data
        #expect(empty["global_stats"]?["total_decisions"] == 0)
        #expect(empty["domains"]?["model_routing"]?["doubly_robust"]?["avg_prediction"] == .null)
        self.bench.know(
            self.arm("gemini-pro"),
            details: ["decisions": 7, "predictions": 300, "avg_prediction": 0.8, "prediction_accuracy": 0.9]
        )
        self.bench.know(
            self.arm("gpt-4-turbo"),
            signals: 0,
            details: ["decisions": 3, "predictions": 50, "avg_prediction": 0.2, "prediction_accuracy": 0.6]
        )
        let told = await self.bench.run(["operation": "get_performance_summary"]).data
        #expect(told["global_stats"]?["total_decisions"] == 10 && told["global_stats"]?["total_feedback"] == 1)
        let robust = told["domains"]?["model_routing"]?["doubly_robust"]
        #expect(robust?["total_decisions"] == 10 && robust?["actions"]?["gemini-pro"]?["decisions"] == 7)
        #expect(abs((robust?["avg_prediction"]?.doubleValue ?? 0) - 0.6) < 1e-9)
        #expect(abs((robust?["prediction_accuracy"]?.doubleValue ?? 0) - 0.8) < 1e-9)
    }

    @Test("feedback tells what was predicted: what the requester says, else what the policies say")
    func predicted() async throws {
        let feedback: JSONObject = ["operation": "provide_feedback", "domain": "model_routing", "action": 2, "reward": 1]
        func prediction(_ change: JSONObject) async -> JSONValue? {
            await self.bench.run(Arguments(feedback.merging(change))).signals.first?.metadata["predicted_reward"]
        }
        #expect(await prediction([:]) == nil)
        #expect(await prediction(["predicted_reward": 0.25]) == 0.25)
        #expect(
            await self.failure(Arguments(feedback.merging(["predicted_reward": 2]))) == "Predicted reward must be in [0.0, 1.0], got 2.0"
        )
        self.bench.know(self.arm("gemini-pro"), health: ComponentHealth(runningReward: 0.625))
        #expect(await prediction([:]) == 0.625)
        // The arm's learner knows the situation; the running mean does not.
        var learner = try DoublyRobust(arms: 1, features: FeatureVector.count(.agent))
        for round in 0..<200 {
            let urgency = Double(round % 2)
            let features = FeatureVector.make(.agent, ["urgency": .number(urgency)])
            try learner.learn(Observation(features: features, arm: 0, reward: 0.2 + 0.6 * urgency))
        }
        self.bench.know(
            self.arm("gemini-pro"),
            health: ComponentHealth(runningReward: 0.625),
            learners: ["doubly_robust": try LearnerState.encode(learner)]
        )
        for (urgency, reward) in [(0.0, 0.2), (1, 0.8)] {
            let told = await prediction(["features": ["urgency": .number(urgency)]])
            #expect(abs((told?.doubleValue ?? 0) - reward) < 0.05, "\(urgency)")
        }
        self.bench.know(self.arm("gemini-pro"), signals: 0)
        #expect(await prediction([:]) == nil, "an arm that was only chosen so far predicts nothing")
    }

    /// One action is right for urgent tasks, another for the rest.
    @Test("learns through the whole loop which action is right for which features", arguments: ["doubly_robust", "offset_tree"])
    func learns(_ algorithm: String) async throws {
        var shard = FeedbackShard(partition: 0, of: 1)
        var right = 0
        let (rounds, counted) = (1_000, 200)
        for round in 0..<rounds {
            let isUrgent = round % 2 == 0
            let features: JSONObject = ["urgency": .number(isUrgent ? 1 : 0)]
            let made = await self.bench.run(
                ["domain": "user_engagement", "algorithm": .string(algorithm), "features": .object(features)],
                requestID: "r\(round)"
            )
            let decision = try #require(made.decisions.first)
            let isRight = made.data["action"]?.stringValue == (isUrgent ? "3" : "1")
            if round >= rounds - counted, isRight { right += 1 }
            let told = await self.bench.run(
                [
                    "operation": "provide_feedback", "reward": .number(isRight ? 0.9 : 0.1),
                    "decision": .object(DecisionCodec.json(decision)),
                ],
                requestID: "f\(round)"
            )
            _ = shard.take(decision, at: Int64(round), now: 0)
            _ = shard.take(try #require(told.signals.first), at: Int64(round), now: 0)
            self.publish(&shard)
        }
        #expect(Double(right) / Double(counted) > 0.85, "\(right) of \(counted)")
        let stats = await self.bench.run(["operation": "get_performance_summary"]).data
        let told = stats["domains"]?["user_engagement"]?[algorithm]
        #expect(told?["feedback"] == .integer(Int64(rounds)))
        #expect(told?["total_decisions"] == .integer(Int64(rounds)))
        #expect(stats["global_stats"]?["total_decisions"] == .integer(Int64(rounds)))
        let accuracy = told?["prediction_accuracy"]?.doubleValue ?? 0
        // The tree's arms tell their running means, which are right as long as the arm is chosen where it is good.
        #expect(accuracy > (algorithm == "doubly_robust" ? 0.9 : 0.6), "\(accuracy)")
        #expect((told?["avg_prediction"]?.doubleValue ?? 0) > 0.5)
        // What is predicted is predicted of the situation.
        guard algorithm == "doubly_robust" else { return }
        for (round, urgency) in [(0, 1.0), (1, 0)] {
            let made = await self.bench.run(
                ["domain": "user_engagement", "algorithm": "doubly_robust", "features": ["urgency": .number(urgency)]],
                requestID: "last\(round)"
            )
            let isRight = made.data["action"] == (urgency == 1 ? "3" : "1")
            #expect(abs((made.data["predicted_reward"]?.doubleValue ?? 0) - (isRight ? 0.9 : 0.1)) < 0.15, "\(made.data)")
        }
    }
}
