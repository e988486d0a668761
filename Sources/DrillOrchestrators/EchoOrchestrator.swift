public import Orchestration

/// Replies with its arguments; for first steps and for measuring.
public struct EchoOrchestrator: Orchestrator {
    /// Requests address it as `echo`.
    public let name = "echo"
    /// The layer that it is registered on.
    public let layer: OrchestrationLayer
    private let delay: Duration

    /// Creates an echo.
    ///
    /// - Parameters:
    ///   - layer: the layer it is registered on.
    ///   - delay: how long it waits before it answers; zero, the default, does not wait at all.
    public init(layer: OrchestrationLayer, delay: Duration = .zero) {
        self.layer = layer
        self.delay = delay
    }

    /// Succeeds with the arguments as data, after the delay; throws only when it is cancelled during that.
    public func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        if self.delay > .zero { try await context.clock.sleep(self.delay) }
        return .ok(arguments.object)
    }
}
