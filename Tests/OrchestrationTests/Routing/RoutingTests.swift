import FleetTestKit
import Foundation
import JSON
import Observability
import Orchestration
import Testing

/// Routes through an orchestrator's context, by what policies tell.
@Suite("Routing")
struct RoutingTests {
    private static let hour: Int64 = 3_600_000

    private func sick(_ score: Double, samples: Int = 20, lastSignalAt: Double = 0) -> ComponentKnowledge {
        ComponentKnowledge(health: ComponentHealth(sampleSize: samples, score: score), lastSignalAt: lastSignalAt)
    }

    private func route<Candidate: RoutingCandidate>(
        _ candidates: [Candidate],
        _ task: RoutingTask = RoutingTask(),
        _ policies: TestPolicies = TestPolicies(),
        now: Int64 = 0
    ) throws -> Route<Candidate> {
        let context = OrchestrationContext(
            tenantID: "t",
            requestID: "r",
            logger: makeTestLogger(level: .critical).logger,
            chooser: ComponentChooser(policies: policies),
            clock: OrchestrationClock(now: { now }, sleep: { _ in })
        )
        return try context.route(among: candidates, for: task)
    }

    @Test("the example of the document: a mismatch is left out, the fallback does the work, the answer tells what was expected")
    func example() async throws {
        let policies = TestPolicies(["subtitles": 1e9])
        policies.change { $0.rewards = [ComponentID(.tool, "subtitles"): 0.9, ComponentID(.tool, "whisper"): 0.4] }
        let outcome = try await OrchestratorHarness(Transcription(), policies: policies).run()
        #expect(outcome.result.data["text"] == "Hello." && outcome.result.data["tool"] == "whisper")
        let route = outcome.result.data["route"]
        #expect(route?["id"] == "subtitles" && route?["expected_reward"] == 0.9 && route?["estimated_latency_ms"] == .number(300))
        #expect(route?["excluded"] == ["search": "mismatch"])
        #expect(route?["fallbacks"]?.arrayValue?.map { $0["id"] } == ["whisper"])
        #expect(abs((route?["fallbacks"]?[0]?["score"]?.doubleValue ?? 0) - 0.4 * 0.95) < 1e-12)
        // .5 + (.9 − .4) · .95 / 2
        #expect(abs((route?["confidence"]?.doubleValue ?? 0) - 0.7375) < 1e-12)
        #expect(outcome.decisions.map(\.candidates) == [["whisper", "subtitles"]])
        #expect(outcome.signals.map(\.reward) == [0, 1])
        #expect(outcome.signals[0].metadata["decision_id"] == route?["decision_id"], "the chosen one's signal is joined with the decision")
    }

    @Test("deploy/docs/learning.md shows the example that is compiled here")
    func document() throws {
        let here = URL(filePath: #filePath).deletingLastPathComponent()
        let source = try String(contentsOf: here.appending(path: "Transcription.swift"), encoding: .utf8)
        let text = try String(contentsOf: here.appending(path: "../../../deploy/docs/learning.md"), encoding: .utf8)
        #expect(text.contains("```swift\n\(source)```"))
    }

    @Test("an unhealthy one is left out, once enough rewards say so, and tried again after an hour without a signal")
    func unhealthy() throws {
        let tools = [ToolCapability(id: "a"), ToolCapability(id: "b")]
        let component = ComponentID(.tool, "a")
        let policies = TestPolicies(["a": 1e9])
        policies.change { $0.known = [component: self.sick(0.29)] }
        let route = try self.route(tools, RoutingTask(), policies)
        #expect(route.chosen.id == "b" && route.excluded == ["a": .unhealthy] && route.fallbacks.isEmpty)
        #expect(route.confidence == 0.9, "the only one that is left")
        #expect(try self.route(tools, RoutingTask(), policies, now: Self.hour).chosen.id == "a")
        for known in [self.sick(0.3), self.sick(0.1, samples: 10)] {
            policies.change { $0.known = [component: known] }
            #expect(try self.route(tools, RoutingTask(), policies).chosen.id == "a")
        }
        // An agent needs more health than a tool.
        policies.change { $0.known = [ComponentID(.agent, "a"): self.sick(0.39)] }
        #expect(try self.route([AgentCapability(id: "a"), AgentCapability(id: "b")], RoutingTask(), policies).chosen.id == "b")
    }

    @Test("a disabled one is neither chosen nor a fallback; all of them disabled is what a choice says")
    func disabled() throws {
        let tools = ["a", "b", "c"].map { ToolCapability(id: $0) }
        let policies = TestPolicies(["a": 1e9], disabled: [ComponentID(.tool, "a")])
        let route = try self.route(tools, RoutingTask(), policies)
        #expect(route.chosen.id != "a" && route.excluded == ["a": .disabled] && route.fallbacks.count == 1)
        policies.change { $0.disabled = Set(tools.map { ComponentID(.tool, $0.id) }) }
        #expect(self.code { try self.route(tools, RoutingTask(), policies) } == .componentDisabled)
    }

    @Test("nothing that fits is a failure that says what was asked for")
    func noneSuitable() async throws {
        let orchestrator = TestOrchestrator { context, _ in
            _ = try context.route(
                among: [ToolCapability(id: "a", category: "memory")],
                for: RoutingTask("analysis", requiring: ["x", "b"])
            )
            return .ok()
        }
        let outcome = try await OrchestratorHarness(orchestrator).run()
        #expect(outcome.result.error == "No tools available for task_type=analysis, capabilities=[b, x]")
        #expect(outcome.decisions.isEmpty)
        #expect(self.code { try self.route([ToolCapability]()) } == .noneSuitable)
        let crowd = (0...256).map { ToolCapability(id: "\($0)") }
        #expect(self.code { try self.route(crowd) } == .invalidCandidates)
        #expect(self.code { try self.route([ToolCapability(id: "a"), ToolCapability(id: "a")]) } == .invalidCandidates)
    }

    @Test("a model: what was learned counts before what is said of it; the next two are fallbacks; a trial is half sure")
    func models() throws {
        let task = RoutingTask(situation: ["token_estimate": 2_000])
        let policies = TestPolicies(["gpt-3.5-turbo": 1e9])
        let plain = try self.route(ModelCapability.standard, task, policies)
        #expect(plain.chosen.id == "gpt-3.5-turbo")
        #expect(plain.fallbacks.map(\.candidate.id) == ["claude-3-opus", "gpt-4"])
        #expect(plain.confidence == 0.5)
        #expect(plain.estimatedCost == 0.004 && plain.estimatedLatency == 1_000)
        #expect(abs(plain.expectedReward - (0.4 * 0.85 + 0.3 * 0.95 + 0.1)) < 1e-9)
        policies.change { $0.rewards = [ComponentID(.model, "gpt-3.5-turbo"): 0.95] }
        let learned = try self.route(ModelCapability.standard, task, policies)
        #expect(learned.expectedReward == 0.95 && learned.confidence > 0.5)
    }

    @Test("a threshold configuration is routed to like a model")
    func thresholds() throws {
        let strict = ThresholdConfiguration(id: "strict", wordCountMinimum: 900)
        let route = try self.route([ThresholdConfiguration(), strict], RoutingTask(), TestPolicies(["strict": 1e9]))
        #expect(route.chosen.wordCountMinimum == 900 && route.decision.chosen == ComponentID(.threshold, "strict"))
        #expect(ThresholdConfiguration().wordCountMinimum == 500 && ThresholdConfiguration().overallQualityMinimum == 0.65)
    }

    private func code<T>(_ body: () throws -> T) -> OrchestrationError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? OrchestrationError)?.code
        }
    }
}
