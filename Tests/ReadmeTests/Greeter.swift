import Orchestration

struct Greeter: TypedOrchestrator {
    struct Input: Decodable, Sendable {
        var name: String
        var times: Int?
    }

    let name = "greeter"
    let layer = OrchestrationLayer.domain

    func orchestrate(_ context: OrchestrationContext, input: Input) async throws -> StepResult {
        guard !input.name.isEmpty else { return .fail("name is empty", category: .validation) }
        let greeting = Array(repeating: "Hello, \(input.name)!", count: input.times ?? 1).joined(separator: " ")
        context.report(Progress(stage: "greeting", step: 1, total: 1, message: "greeting \(input.name)"))
        context.emit(FeedbackSignal(source: .agentTask, componentType: .prompt, componentID: "greeting-v1", reward: 0.9))
        return .ok(["greeting": .string(greeting), "tenant": .string(context.tenantID)])
    }
}
