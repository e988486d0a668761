import Feedback
import Testing

@Suite("Routing scores and capabilities")
struct RoutingTests {
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

    @Test("a tool fits by health, category and all of its capabilities")
    func tools() {
        let tool = ToolCapability(id: "t", category: "content_analysis", capabilities: ["text", "video"])
        #expect(tool.matches())
        #expect(tool.matches(taskType: "analysis", required: ["text"], health: 0.3))
        #expect(!tool.matches(taskType: "verification"))
        #expect(!tool.matches(required: ["text", "audio"]))
        #expect(!tool.matches(health: 0.29))
    }

    @Test("an agent fits by health, load, type and any specialization; general fits all")
    func agents() {
        let agent = AgentCapability(id: "a", type: "analysis", specializations: ["claims", "narrative"])
        #expect(agent.matches())
        #expect(agent.matches(taskType: "", specializations: ["claims", "strategy"], load: 2, health: 0.4))
        #expect(!agent.matches(taskType: "acquisition"))
        #expect(!agent.matches(specializations: ["strategy"]))
        #expect(!agent.matches(load: 3))
        #expect(!agent.matches(health: 0.39))
        #expect(AgentCapability.standard.count { $0.matches(taskType: "general") } == 4)
        #expect(AgentCapability.standard.filter { $0.matches(taskType: "analysis") }.map(\.id) == ["deep_content_analyst"])
        #expect(AgentCapability.type(inRole: "Senior Fact Checker") == "verification")
        #expect(AgentCapability.type(inRole: "Tracking officer") == "monitoring")
        #expect(AgentCapability.type(inRole: "poet") == "general")
    }
}
