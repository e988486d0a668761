import JSON
import Orchestration
import Testing

@Suite("Feedback")
struct FeedbackTests {
    @Test func vocabulary() {
        #expect(
            FeedbackSource.allCases.map(\.rawValue) == [
                "trajectory", "rag_retrieval", "tool_execution", "agent_task", "governance", "cost_budget", "user_explicit",
            ]
        )
        #expect(ComponentType.allCases.map(\.rawValue) == ["model", "tool", "agent", "threshold", "prompt", "memory"])
        #expect(OrchestrationLayer.allCases.map(\.rawValue) == ["domain", "application", "infrastructure"])
        #expect(
            OrchestrationType.allCases.map(\.rawValue) == [
                "sequential", "parallel", "hierarchical", "adaptive", "feedback", "monitoring", "coordination",
            ]
        )
    }

    @Test func theOlderNameOfToolExecution() {
        #expect(FeedbackSource(name: "tool") == .toolExecution)
        for source in FeedbackSource.allCases { #expect(FeedbackSource(name: source.rawValue) == source) }
        #expect(FeedbackSource(name: "nonsense") == nil)
    }

    @Test func signalDefaults() {
        let signal = FeedbackSignal(source: .trajectory, componentType: .model, componentID: "m", reward: 1)
        #expect(signal.signalID == nil && signal.timestamp == nil)
        #expect(signal.confidence == 0.8)
        #expect(signal.version == 1)
        #expect(signal.context.isEmpty && signal.metadata.isEmpty)
    }

    @Test(
        arguments: [
            (0, 0, nil), (1, 1, nil), (0.5, 0.8, nil),
            (1.5, 0.8, "Reward must be in [0.0, 1.0], got 1.5"), (-0.1, 0.8, "Reward must be in [0.0, 1.0], got -0.1"),
            (.nan, 0.8, "Reward must be in [0.0, 1.0], got nan"), (.infinity, 0.8, "Reward must be in [0.0, 1.0], got inf"),
            (0.5, 2, "Confidence must be in [0.0, 1.0], got 2.0"), (0.5, .nan, "Confidence must be in [0.0, 1.0], got nan"),
            (7, 7, "Reward must be in [0.0, 1.0], got 7.0"),
        ] as [(Double, Double, String?)]
    )
    func validation(reward: Double, confidence: Double, message: String?) {
        let signal = FeedbackSignal(source: .governance, componentType: .prompt, componentID: "p", reward: reward, confidence: confidence)
        do {
            try signal.validate()
            #expect(message == nil)
        } catch {
            #expect(error.code == .invalidSignal)
            #expect(error.message == message)
        }
    }

    @Test func whatCannotBePublishedIsInvalid() {
        func message(_ change: (inout FeedbackSignal) -> Void) -> String? {
            var signal = FeedbackSignal(source: .governance, componentType: .prompt, componentID: "p", reward: 1)
            change(&signal)
            do {
                try signal.validate()
                return nil
            } catch {
                return error.message
            }
        }
        #expect(message { $0.componentID = "" } == "Component id must have 1 to 256 bytes, got 0")
        #expect(message { $0.componentID = String(repeating: "ä", count: 129) } == "Component id must have 1 to 256 bytes, got 258")
        #expect(message { $0.componentID = String(repeating: "ä", count: 128) } == nil)
        #expect(message { $0.signalID = "" } == "Signal id must have 1 to 2048 bytes, got 0")
        #expect(message { $0.version = 0 } == "Version must be 1 to 1000000000, got 0")
        #expect(message { $0.timestamp = -1 } == "Timestamp must be seconds since 1970, got -1.0")
        #expect(message { $0.timestamp = .nan } == "Timestamp must be seconds since 1970, got nan")
    }

    @Test(
        arguments: [
            (true, 0, 1), (true, 1_000, 0.9), (true, 3_000, 0.7), (true, 60_000, 0.7), (true, .infinity, 0.7),
            (true, -5, 1), (true, .nan, 1), (false, 0, 0), (false, 5_000, 0),
        ] as [(Bool, Double, Double)]
    )
    func reward(success: Bool, latency: Double, expected: Double) {
        #expect(abs(ExecutionReward.reward(success: success, latencyMilliseconds: latency) - expected) < 1e-12)
    }

    @Test func theAutomaticSignal() throws {
        let signal = try #require(ExecutionReward.signal(for: .ok(), orchestrator: "o", latencyMilliseconds: 1_000))
        #expect(signal.source == .agentTask && signal.componentType == .agent && signal.componentID == "o")
        #expect(abs(signal.reward - 0.9) < 1e-12)
        #expect(signal.confidence == 0.8)
        #expect(signal.context == ["success": true, "duration_s": 1.0, "status": "success"])
        let failure = try #require(ExecutionReward.signal(for: .fail("f"), orchestrator: "o", latencyMilliseconds: 1))
        #expect(failure.reward == 0 && failure.confidence == 0.8)
        let uncertain = try #require(ExecutionReward.signal(for: .uncertain(), orchestrator: "o", latencyMilliseconds: .infinity))
        #expect(uncertain.confidence == 0.5 && uncertain.context["duration_s"] == 0.0)
        try uncertain.validate()
    }

    @Test(arguments: ErrorCategory.allCases)
    func whatTheInputIsToBlameForGivesNoSignal(category: ErrorCategory) {
        let input: Set<ErrorCategory> = [
            .validation, .invalidFormat, .missingRequiredField, .invalidValue, .typeMismatch, .constraintViolation, .schemaValidation,
        ]
        let signal = ExecutionReward.signal(for: .fail("f", category: category), orchestrator: "o", latencyMilliseconds: 1)
        #expect(category.blamesInput == input.contains(category))
        #expect(signal?.reward == (input.contains(category) ? nil : 0))
    }

    @Test(arguments: [StepResult.skip(reason: "r"), .cancelled(reason: "r"), .inputRequired(prompt: "p")])
    func whatSaysNothingGivesNoSignal(result: StepResult) {
        #expect(ExecutionReward.signal(for: result, orchestrator: "o", latencyMilliseconds: 1) == nil)
    }
}
