import JSON
import Orchestration
import Testing

@testable import Feedback

@Suite("Component details")
struct ComponentDetailsTests {
    private func signal(
        _ type: ComponentType,
        reward: Double = 1,
        _ context: JSONObject = [:],
        _ metadata: JSONObject = [:],
        at time: Double? = nil
    ) -> FeedbackSignal {
        FeedbackSignal(
            source: .toolExecution,
            componentType: type,
            componentID: "c",
            reward: reward,
            context: context,
            metadata: metadata,
            timestamp: time
        )
    }

    private func learned(_ signals: [FeedbackSignal], _ type: ComponentType, now: Double = 1_000) -> ComponentDetails {
        var details = ComponentDetails.make(for: type)
        for signal in signals { details.learn(from: signal, now: now) }
        return details
    }

    /// Signals with all there is to read, different from each other.
    private func mixture(_ type: ComponentType, _ count: Int) -> [FeedbackSignal] {
        (0..<count).map { index in
            let number = Double(index)
            return self.signal(
                type,
                reward: (number * 0.37).truncatingRemainder(dividingBy: 1),
                [
                    "success": .bool(index % 3 != 0), "latency_ms": .number(number * 17.3), "cost_usd": .number(number * 0.0013),
                    "duration_s": .number(number * 1.7), "quality_score": .number((number * 0.61).truncatingRemainder(dividingBy: 1)),
                    "accuracy": .number((number * 0.29).truncatingRemainder(dividingBy: 1)), "content_type": .string("type-\(index % 40)"),
                    "bypass_decision": .bool(index % 2 == 0), "cost_saved_usd": .number(0.01), "processing_time_saved_s": .number(1.5),
                    "chunks": [["id": .string("chunk-\(index % 31)"), "relevance": .number(0.5)], ["id": .string("other-\(index)")]],
                ],
                at: 1_000 + number
            )
        }
    }

    @Test("of every type come back from their stored state as they were", arguments: ComponentType.allCases)
    func restored(_ type: ComponentType) throws {
        let details = self.learned(self.mixture(type, 137), type)
        let stored = try JSONValue(parsing: JSONValue.object(details.state).serialized())
        let restored = ComponentDetails.restore(type, stored.objectValue ?? [:])
        #expect(restored == details)
        #expect(restored.type == type)
        #expect(restored.details(now: 5_000) == details.details(now: 5_000))
        #expect(details != ComponentDetails.make(for: type))
        // And what is learned later is the same too.
        var (one, other) = (details, restored)
        for signal in self.mixture(type, 9) {
            one.learn(from: signal, now: 0)
            other.learn(from: signal, now: 0)
        }
        #expect(one == other)
    }

    @Test("survive states and signals that make no sense", arguments: ComponentType.allCases)
    func hostile(_ type: ComponentType) {
        let nonsense: [JSONValue] = [
            .null, .bool(true), .integer(.max), .integer(.min), .number(1e308), .number(-1e308), .number(.nan), .number(.infinity),
            .string("x"),
            .array([.null]), .object(["id": .integer(1)]), .array(Array(repeating: .object(["id": .string("")]), count: 300)),
        ]
        let known = self.learned(self.mixture(type, 3), type).state
        for value in nonsense {
            var state = JSONObject()
            for key in known.keys { state[key] = value }
            var details = ComponentDetails.restore(type, state)
            var context = JSONObject()
            for key in self.mixture(type, 1)[0].context.keys { context[key] = value }
            context["usage_count"] = value
            for reward in [0, 1, Double.nan, -7, 1e300] {
                details.learn(from: self.signal(type, reward: reward, context, context), now: 0)
            }
            // Every number can be written as JSON and read again.
            for object in [details.state, details.details(now: 10)] {
                let text = JSONValue.object(object).serialized()
                #expect((try? JSONValue(parsing: text)) != nil, "\(type) \(value)")
            }
        }
    }

    @Test("ignore signals about another type")
    func otherType() {
        #expect(self.learned([self.signal(.agent)], .tool) == ComponentDetails.make(for: .tool))
    }

    @Test("of a model: averages begin with the first value and move by a tenth")
    func model() {
        let details = self.learned(
            [
                self.signal(.model, reward: 0.5, ["latency_ms": 1_000, "cost_usd": 0.02, "accuracy": 0.9]),
                self.signal(.model, reward: 0.5, ["latency_ms": 2_000], ["cost_usd": 0.04], at: 77),
            ],
            .model
        )
        let told = details.details(now: 0)
        #expect(told["average_latency_ms"]?.doubleValue == 1_100)
        #expect(abs((told["average_cost_usd"]?.doubleValue ?? 0) - 0.022) < 1e-12)
        #expect(abs((told["accuracy_score"]?.doubleValue ?? 0) - 0.86) < 1e-12)
        #expect(told["usage_count"] == 2)
        #expect(told["last_used"]?.doubleValue == 1_000)
    }

    @Test("of a tool: statistics of spec §5.6")
    func tool() {
        var details = ToolDetails()
        details.learn(from: self.signal(.tool, reward: 0.4, ["success": true, "latency_ms": 2_000]), now: 50)
        #expect(abs(details.successRate - 0.955) < 1e-12)
        #expect(details.averageLatency == 1_100)
        #expect(details.recentPerformance == 0.4)
        #expect(details.lastUsed == 50)
        details.learn(from: self.signal(.tool, reward: 0.9, ["success": false, "latency_ms": 9_000]), now: 40)
        #expect(abs(details.successRate - 0.8595) < 1e-12)
        #expect(details.successLatency == 2_000)
        #expect(abs((details.recentPerformance ?? 0) - 0.5) < 1e-12)
        #expect(details.lastUsed == 50)
        // Without a word about success the reward is the share of successes, and several uses count as many.
        var summed = ToolDetails()
        summed.learn(from: self.signal(.tool, reward: 0.25, ["usage_count": 4]), now: 0)
        #expect(summed.uses == 4)
        #expect(abs(summed.successRate - 0.88) < 1e-12)
    }

    @Test("of a tool: health of spec §5.12, whose errors are those of the last hundred uses")
    func toolHealth() {
        #expect(ToolDetails().health == 1)
        #expect(abs(ToolHealth.score(successRate: 0.5, errorShare: 0.5, latency: 15_000) - (0.35 + 0.1 + 0.05)) < 1e-12)
        #expect(ToolHealth.score(successRate: 0, errorShare: 1, latency: 90_000) < 1e-12)
        #expect([0.8, 0.79, 0.4, 0.39].map { ToolHealth.bucket($0) } == ["healthy", "degraded", "degraded", "unhealthy"])
        var details = ToolDetails()
        for _ in 0..<60 { details.learn(from: self.signal(.tool, ["success": false]), now: 0) }
        #expect(details.health < ToolHealth.disableBelow)
        for _ in 0..<60 { details.learn(from: self.signal(.tool, ["success": true]), now: 0) }
        // 40 of the last 100 failed.
        #expect(abs(details.health - (0.7 * details.successRate + 0.2 * 0.6 + 0.1)) < 1e-12)
        for _ in 0..<40 { details.learn(from: self.signal(.tool, ["success": true]), now: 0) }
        #expect(abs(details.health - (0.7 * details.successRate + 0.3)) < 1e-12)
    }

    @Test("of an agent: statistics of spec §5.7 and its share of free places")
    func agent() {
        var details = AgentDetails()
        details.learn(from: self.signal(.agent, ["success": false, "duration_s": 160], ["quality_score": 0.35]), now: 0)
        #expect(abs(details.successRate - 0.81) < 1e-12)
        #expect(abs(details.quality - 0.8) < 1e-12)
        #expect(abs(details.averageDuration - 70) < 1e-12)
        // What a worker reads of it.
        let known = ComponentKnowledge(health: ComponentHealth(score: 0.5), details: details.details(now: 0))
        #expect(abs(AgentCapability(id: "a", places: 4, load: 1).factor(known) - 0.5 * 0.81 * 0.75) < 1e-12)
        #expect(AgentCapability(id: "a").estimatedLatency(known) == 70_000)
        #expect(details.details(now: 0)["decisions"] == nil && details.details(now: 0)["predictions"] == nil)
    }

    @Test("of an agent: how well its rewards were predicted")
    func predictions() {
        var details = AgentDetails()
        details.learn(from: self.signal(.agent, reward: 0.5, [:], ["predicted_reward": 0.9]), now: 0)
        details.learn(from: self.signal(.agent, reward: 1, [:], ["predicted_reward": 0.8]), now: 0)
        details.learn(from: self.signal(.agent, reward: 1), now: 0)
        details.countDecision()
        let told = AgentDetails(state: details.state).details(now: 0)
        #expect(told["decisions"] == 1 && told["predictions"] == 2)
        #expect(abs((told["avg_prediction"]?.doubleValue ?? 0) - 0.85) < 1e-12)
        #expect(abs((told["prediction_accuracy"]?.doubleValue ?? 0) - 0.7) < 1e-12)
        // The last hundred count: after long luck, errors show.
        for _ in 0..<1_000 { details.learn(from: self.signal(.agent, reward: 1, [:], ["predicted_reward": 1]), now: 0) }
        for _ in 0..<300 { details.learn(from: self.signal(.agent, reward: 0, [:], ["predicted_reward": 1]), now: 0) }
        #expect(details.predictions.accuracy < 0.06)
    }

    @Test("of a prompt variant: averages of spec §5.9 and the factor of each target")
    func prompt() {
        var details = PromptDetails()
        details.learn(
            from: self.signal(.prompt, reward: 0.2, ["quality_contribution": 1, "latency_ms": 2_000, "cost_usd": 0.06, "success": true]),
            now: 0
        )
        #expect(abs(details.quality - 0.6) < 1e-12)
        #expect(abs(details.averageLatency - 1_200) < 1e-9)
        #expect(abs(details.averageCost - 0.02) < 1e-12)
        #expect(abs(details.successRate - 0.91) < 1e-12)
        #expect(abs(details.routingFactor(.quality) - 0.6 * 0.91) < 1e-12)
        #expect(abs(details.routingFactor(.speed) - 0.91 / 2.2) < 1e-12)
        #expect(abs(details.routingFactor(.cost) - 0.91 / 3) < 1e-12)
        #expect(abs(details.routingFactor(.balanced) - 0.91 * (0.6 * 0.6) * (0.2 / 2.2) * (0.2 / 3)) < 1e-12)
        #expect(abs(PromptTarget.balanced.reward(quality: 0.5, latency: 1_000, cost: 0.01) - (0.3 + 0.1 + 0.1)) < 1e-12)
        #expect(details.details(now: 0)["targets"]?["speed"]?.doubleValue == details.routingFactor(.speed))
    }

    @Test("of a threshold: bypass rates by content type, savings only of a bypass")
    func threshold() {
        #expect([0.69, 0.7, 0.85, 0.95, 3].map { BudgetPressure.pressure(used: $0, limit: 1) } == [0, 0.3, 0.6, 0.9, 0.9])
        #expect(BudgetPressure.pressure(used: 1, limit: 0) == 0)
        var details = ThresholdDetails()
        #expect(details.confidence == 0.5)
        #expect(details.bypassRate("video") == 0.5)
        for bypass in [true, false, false, false] {
            details.learn(
                from: self.signal(
                    .threshold,
                    reward: 0.5,
                    ["content_type": "video", "bypass_decision": .bool(bypass), "cost_saved_usd": 2, "quality_score": 1]
                ),
                now: 0
            )
        }
        #expect(details.bypassRate("video") == 0.25)
        #expect(details.costSaved == 2)
        #expect(abs(details.quality - (1 - 0.8 * 0.8 * 0.8 * 0.8)) < 1e-12)
        #expect(abs(details.confidence - (0.6 * 4 / 50 + 0.4 * 0.5)) < 1e-12)
        // Types beyond the limit are counted together.
        for index in 0..<100 {
            details.learn(from: self.signal(.threshold, ["content_type": .string("t\(index)"), "bypass_decision": true]), now: 0)
        }
        #expect(details.details(now: 0)["bypass_rates"]?.objectValue?.count == ThresholdDetails.typeLimit + 1)
        #expect(details.bypassRate("other") == 1)
        #expect(details.bypassRate("t99") == 0.5)
    }
}
