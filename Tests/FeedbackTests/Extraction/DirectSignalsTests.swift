import Feedback
import JSON
import Orchestration
import Testing

@Suite("Direct signals")
struct DirectSignalsTests {
    private func near(_ value: Double, _ expected: Double) -> Bool { abs(value - expected) < 1e-12 }

    @Test("a tool without a latency: its quality, or whether it succeeded (spec §5.3)")
    func plainTool() {
        #expect(DirectSignals.toolReward(success: true, latency: nil, quality: nil) == 1)
        #expect(DirectSignals.toolReward(success: false, latency: nil, quality: nil) == 0)
        #expect(DirectSignals.toolReward(success: true, latency: nil, quality: 0.3) == 0.3)
        #expect(DirectSignals.toolReward(success: true, latency: nil, quality: 7) == 1)
    }

    @Test("a tool with a latency: the router's formula (spec §5.6)")
    func routedTool() {
        #expect(DirectSignals.toolReward(success: false, latency: 1, quality: 1) == 0)
        #expect(self.near(DirectSignals.toolReward(success: true, latency: 5_000, quality: 0.5), 0.8))
        #expect(self.near(DirectSignals.toolReward(success: true, latency: 7_000, quality: 0.5), 0.8 - 0.2 * 0.2))
        #expect(self.near(DirectSignals.toolReward(success: true, latency: 1e9, quality: 0), 0.6 - 0.1))
        #expect(DirectSignals.toolReward(success: true, latency: 10, quality: nil) == 1)
    }

    @Test("an agent: quality or success; with a duration the router's formula (spec §5.7)")
    func agent() {
        #expect(DirectSignals.agentReward(success: true, duration: nil, quality: 0.4) == 0.4)
        #expect(DirectSignals.agentReward(success: false, duration: nil, quality: nil) == 0)
        #expect(DirectSignals.agentReward(success: false, duration: 5, quality: 1) == 0)
        #expect(self.near(DirectSignals.agentReward(success: true, duration: 120, quality: 0.4), 0.7))
        #expect(self.near(DirectSignals.agentReward(success: true, duration: 121, quality: 0.4), 0.5))
        #expect(self.near(DirectSignals.agentReward(success: true, duration: 121, quality: nil, expected: 100), 1))
    }

    @Test("signals carry what they were told")
    func signals() {
        let tool = DirectSignals.tool("t", success: true, latency: 9, quality: 0.5, context: ["task_type": "x"], metadata: ["k": 1])
        #expect(tool.source == .toolExecution)
        #expect(tool.componentType == .tool)
        #expect(tool.context == ["task_type": "x", "success": true, "latency_ms": .number(9)])
        #expect(tool.metadata == ["k": 1, "quality_score": .number(0.5)])
        #expect(tool.confidence == 0.8)
        let agent = DirectSignals.agent("a", success: false, duration: 3, confidence: 0.2)
        #expect(agent.source == .agentTask)
        #expect(agent.context == ["success": false, "duration_s": .number(3)])
        #expect(agent.metadata.isEmpty)
        #expect(agent.confidence == 0.2)
        let memory = DirectSignals.retrieval("q", relevance: 1.7, latency: 12, results: 3)
        #expect(memory.source == .ragRetrieval)
        #expect(memory.componentType == .memory)
        #expect(memory.reward == 1)
        #expect(memory.context == ["retrieval_latency_ms": .number(12), "num_results": 3])
    }
}
