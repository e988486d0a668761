import JSON
import Orchestration
import Testing

@Suite("Routing scores and capabilities")
struct RoutingScoreTests {
    @Test("a low factor never helps, also where expectations are negative")
    func shifted() {
        for expectations in [[-0.5, -0.5, -0.2], [0.1, 0.4, -0.3], [0.2, 0.9, 0.4]] {
            for index in expectations.indices {
                var factors = [0.9, 0.8, 0.7]
                var scores = RoutingScore.scores(expectations, factors: factors)
                for factor in [0.5, 0.1, 0] {
                    factors[index] = factor
                    let lower = RoutingScore.scores(expectations, factors: factors)
                    #expect(lower[index] <= scores[index])
                    scores = lower
                }
            }
        }
        // In the original the sick one of these two would have won: −.05 is more than −.5.
        let scores = RoutingScore.scores([-0.5, -0.5], factors: [0.1, 1])
        #expect(scores[1] >= scores[0])
        #expect(RoutingScore.scores([.nan, 0.5], factors: [1, .nan]) == [0, 0])
        #expect(RoutingScore.scores([0.5, 0.25], factors: [0.5, 1]) == [0.25, 0.25])
    }

    @Test("confidence grows with the gap to the second best, up to a limit")
    func confidence() {
        #expect(RoutingScore.confidence([], single: 0.9, most: 0.99) == 0)
        #expect(RoutingScore.confidence([0.1], single: 0.9, most: 0.99) == 0.9)
        #expect(RoutingScore.confidence([0.1, 0.5, 0.3], single: 0.9, most: 0.99) == 0.6)
        #expect(RoutingScore.confidence([0, 5], single: 0.85, most: 0.95) == 0.95)
    }

    @Test("a tool fits by category and all of its capabilities; its factor is health · success rate")
    func tools() {
        let tool = ToolCapability(id: "t", category: "content_analysis", capabilities: ["text", "video"])
        #expect(tool.fits(RoutingTask()))
        #expect(tool.fits(RoutingTask("analysis", requiring: ["text"])))
        #expect(!tool.fits(RoutingTask("verification")))
        #expect(!tool.fits(RoutingTask(requiring: ["text", "audio"])))
        #expect(tool.factor(nil) == 0.95)
        let known = ComponentKnowledge(
            health: ComponentHealth(score: 0.2),
            details: ["tool_health": 0.5, "success_rate": 0.8, "average_latency_ms": 70]
        )
        #expect(abs(tool.factor(known) - 0.4) < 1e-12)
        #expect(tool.estimatedLatency(known) == 70 && tool.estimatedLatency(nil) == 1_000)
    }

    @Test("an agent fits by load, type and any specialization; general fits all; its factor sinks with its load")
    func agents() {
        var agent = AgentCapability(id: "a", type: "analysis", specializations: ["claims", "narrative"], places: 4)
        #expect(agent.fits(RoutingTask()))
        #expect(agent.fits(RoutingTask(requiring: ["claims", "strategy"])))
        #expect(!agent.fits(RoutingTask("acquisition")))
        #expect(!agent.fits(RoutingTask(requiring: ["strategy"])))
        agent.load = 1
        #expect(abs(agent.factor(ComponentKnowledge(health: ComponentHealth(score: 0.5))) - 0.5 * 0.9 * 0.75) < 1e-12)
        agent.load = 4
        #expect(!agent.fits(RoutingTask()) && agent.factor(nil) == 0)
        #expect(AgentCapability.standard.count { $0.fits(RoutingTask("general")) } == 4)
        #expect(AgentCapability.standard.filter { $0.fits(RoutingTask("analysis")) }.map(\.id) == ["deep_content_analyst"])
        #expect(AgentCapability.type(inRole: "Senior Fact Checker") == "verification")
        #expect(AgentCapability.type(inRole: "Tracking officer") == "monitoring")
        #expect(AgentCapability.type(inRole: "poet") == "general")
    }

    @Test("a model's expected reward follows accuracy, reliability, latency, cost and the quality asked for")
    func models() {
        let gpt = ModelCapability.standard[0]
        let fast: JSONObject = ["latency_requirement_ms": 1_000, "cost_budget_usd": 0.02, "quality_requirement": 0.9]
        // .4 · .95 + .3 · .98 − .2 · 1 s − .3 · .01/.02 + .1
        #expect(abs(gpt.presumedReward(for: RoutingTask(situation: fast), nil) - 0.424) < 1e-9)
        #expect(abs(gpt.presumedReward(for: RoutingTask(), nil) - 0.774) < 1e-9)
        // Measured: slower by another second, and not accurate enough.
        let known = ComponentKnowledge(details: ["accuracy_score": 0.5, "average_latency_ms": 3_000])
        #expect(abs(gpt.presumedReward(for: RoutingTask(situation: fast), known) - max(0, 0.2 + 0.294 - 0.4 - 0.15)) < 1e-9)
        #expect(gpt.estimatedCost(of: RoutingTask(situation: ["token_estimate": 4_000]), nil) == 0.12)
        #expect(gpt.estimatedLatency(known) == 3_000)
        #expect(!gpt.fits(RoutingTask(situation: ["token_estimate": 8_193])) && gpt.fits(RoutingTask(situation: ["token_estimate": 8_192])))
        #expect(!gpt.fits(RoutingTask(requiring: ["vision"])))
        #expect(gpt.presumedReward(for: RoutingTask(situation: ["latency_requirement_ms": .number(.infinity)]), nil) > 0.7)
    }

    @Test("a chunk's quality ranks results again, .5 where it is not known")
    func rerank() {
        let memory = ComponentKnowledge(details: ["chunk_quality": ["good": 0.9, "odd": 7]])
        #expect(["good", "odd", "unknown"].map { memory.rerankScore(ofChunk: $0) } == [0.9, 1, 0.5])
        #expect(ComponentKnowledge().rerankScore(ofChunk: "good") == 0.5)
    }

    @Test("the normaliser weighs quality, latency and cost against their averages")
    func normalizer() {
        func isNear(_ value: Double, _ expected: Double) -> Bool { abs(value - expected) < 1e-9 }
        var normalizer = RewardNormalizer()
        #expect(isNear(normalizer.reward(quality: 0.8, latency: 100, cost: 2), 0.4 + 0.15 + 0.1))
        // Averages 100 and 2: latency 50 is a quarter of twice, cost 8 is beyond.
        #expect(isNear(normalizer.reward(quality: 1, latency: 50, cost: 8), 0.5 + 0.3 * 0.75))
        #expect(isNear(normalizer.latency ?? 0, 90) && isNear(normalizer.cost ?? 0, 3.2))
        #expect(isNear(normalizer.reward(quality: 5, latency: .nan, cost: nil), 0.75))
        #expect(isNear(normalizer.reward(quality: .nan, latency: 0, cost: -1), 0.3 + 0.1))
    }
}
