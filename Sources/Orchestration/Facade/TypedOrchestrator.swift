/// An orchestrator whose arguments are a type.
///
/// Arguments that do not fit the type never reach it: the request fails with category `validation` and a text that says which argument,
/// what was expected and what was found.
public protocol TypedOrchestrator: Orchestrator {
    associatedtype Input: Decodable & Sendable

    /// Does the job; see `Orchestrator.orchestrate(_:_:)`.
    func orchestrate(_ context: OrchestrationContext, input: Input) async throws -> StepResult
}

extension TypedOrchestrator {
    /// Decodes the arguments and does the job; arguments that do not fit are answered with a `validation` failure.
    public func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        let input: Input
        do {
            input = try arguments.decode(Input.self)
        } catch {
            return error.stepResult
        }
        return try await self.orchestrate(context, input: input)
    }
}
