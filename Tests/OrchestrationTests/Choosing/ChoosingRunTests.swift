import FleetTestKit
import JSON
import Orchestration
import Testing

/// What becomes of choices in a run.
@Suite("Choices of a run")
struct ChoosingRunTests {
    @Test("A signal about a chosen component is joined with its decision")
    func stamped() async throws {
        let orchestrator = TestOrchestrator { context, _ in
            context.emit(FeedbackSignal(source: .trajectory, componentType: .model, componentID: "m", reward: 0.1))
            let decision = try context.choose(.model, among: ["m"], situation: ["complexity": "simple", "token_estimate": 10])
            context.emit(
                FeedbackSignal(
                    source: .trajectory,
                    componentType: .model,
                    componentID: "m",
                    reward: 0.2,
                    context: ["token_estimate": 20],
                    metadata: ["propensity": 0.25, "note": "n"]
                )
            )
            context.emit(FeedbackSignal(source: .trajectory, componentType: .tool, componentID: "m", reward: 0.3))
            return .ok(["id": .string(decision.id)])
        }
        let outcome = try await OrchestratorHarness(orchestrator).run()
        let decision = try #require(outcome.decisions.first)
        #expect(outcome.decisions.count == 1 && outcome.result.data["id"] == .string(decision.id))
        #expect(outcome.signals.map(\.reward) == [0.1, 0.2, 0.3])
        #expect(outcome.signals[0].metadata.isEmpty, "it was emitted before the choice")
        #expect(
            outcome.signals[1].metadata == ["decision_id": .string(decision.id), "policy_version": 0, "propensity": 0.25, "note": "n"]
        )
        #expect(outcome.signals[1].context == ["complexity": "simple", "token_estimate": 20])
        #expect(outcome.signals[2].metadata.isEmpty, "it is about another component")
    }

    @Test("A signal that names a decision is joined with that one")
    func named() async throws {
        let orchestrator = TestOrchestrator { context, _ in
            let first = try context.choose(.model, among: ["m"], situation: ["complexity": "simple"], named: "first")
            _ = try context.choose(.model, among: ["m"], situation: ["complexity": "critical"], named: "second")
            for id in [.string(first.id), nil, "unknown"] as [JSONValue?] {
                var signal = FeedbackSignal(source: .trajectory, componentType: .model, componentID: "m", reward: 1)
                signal.metadata["decision_id"] = id
                context.emit(signal)
            }
            return .ok()
        }
        let outcome = try await OrchestratorHarness(orchestrator).run()
        #expect(outcome.signals.map { $0.context["complexity"] } == ["simple", "critical", nil])
        #expect(outcome.signals[2].metadata == ["decision_id": "unknown"])
    }

    @Test("A choice that is asked for again is logged once, and at most 256 are")
    func bounded() async throws {
        let orchestrator = TestOrchestrator { context, _ in
            for name in 0..<300 {
                for _ in 0..<2 { _ = try context.choose(.model, among: ["a", "b"], named: "\(name)") }
            }
            return .ok()
        }
        let outcome = try await OrchestratorHarness(orchestrator).run()
        #expect(outcome.result.success)
        #expect(outcome.decisions.count == 256 && Set(outcome.decisions.map(\.id)).count == 256)
    }

    @Test("A test gives its policies and reads the decisions")
    func policies() async throws {
        let orchestrator = TestOrchestrator { context, _ in
            .ok(["model": .string(try context.choose(.model, among: ["small", "large"]).chosen.id)])
        }
        let harness = try OrchestratorHarness(orchestrator, policies: TestPolicies(["large": 1e12], versions: ["large": 3]))
        let outcome = await harness.run(requestID: "r", rootID: "t")
        #expect(outcome.result.data["model"] == "large")
        #expect(outcome.decisions.map(\.policyVersion) == [3] && outcome.decisions.map(\.rootID) == ["t"])
    }

    @Test("When nothing is left to choose from, the request is skipped")
    func skipped() async throws {
        let orchestrator = TestOrchestrator { context, _ in
            _ = try context.choose(.tool, among: ["t"])
            return .ok()
        }
        let harness = try OrchestratorHarness(orchestrator, policies: TestPolicies(disabled: [ComponentID(.tool, "t")]))
        let result = await harness.run().result
        #expect(result.isSkipped && result.data["reason"] == "component_disabled")
        #expect(result.data["message"] == "No tool can be chosen: every candidate is disabled")
    }

    @Test("Nothing to choose from at all is the orchestrator's mistake")
    func mistaken() async throws {
        let orchestrator = TestOrchestrator { context, _ in
            _ = try context.choose(.tool, among: [])
            return .ok()
        }
        let result = try await OrchestratorHarness(orchestrator).run().result
        #expect(result.errorCategory == .constraintViolation && !result.retryable)
    }

    @Test("A disabled orchestrator is skipped, also when another one calls it")
    func disabledOrchestrator() async throws {
        let child = TestOrchestrator("child")
        let facade = try makeFacade(child)
        let policies = TestPolicies(disabled: [ComponentID(.agent, "child")])
        let parent = TestOrchestrator("parent") { context, arguments in
            await facade.orchestrate("child", try context.child(of: "parent"), arguments)
        }
        for orchestrator in [child, parent] {
            let result = try await OrchestratorHarness(orchestrator, policies: policies).run().result
            #expect(result.isSkipped && result.data["reason"] == "component_disabled")
            #expect(result.data["message"] == "Orchestrator 'child' is disabled")
        }
        #expect(child.calls == TestOrchestrator.Calls())
        #expect(parent.calls.orchestrate == 1)
    }

    @Test("A root is the request itself unless it is named, and children keep it")
    func root() throws {
        #expect(makeContext().rootID == "request-1")
        let context = ChooserTests.context(root: "root")
        #expect(try context.rootID == "root" && context.child(of: "a").child(of: "b").rootID == "root")
    }

    @Test("After the reply decisions are made, but not logged")
    func closed() throws {
        let collector = SignalCollector()
        let context = ChooserTests.context(recorder: collector)
        _ = try context.choose(.model, among: ["a"])
        _ = collector.close()
        _ = try context.choose(.model, among: ["a"], named: "late")
        #expect(collector.decisions.count == 1)
    }
}
