import JSON
import Observability

extension OrchestrationFacade {
    /// Runs an orchestrator and always returns a result (spec §2.5).
    ///
    /// | what happens | result |
    /// | --- | --- |
    /// | no orchestrator of this name | failure `processing`, not retryable |
    /// | the component `agent/<name>` is disabled | skipped, reason `component_disabled`; nothing is called |
    /// | `canOrchestrate` says no | skipped, with a reason |
    /// | `canOrchestrate` or `orchestrate` throws | failure `processing`, retryable |
    /// | … an `ArgumentsError` | failure `validation`, not retryable |
    /// | … an `OrchestrationError` | failure `constraint_violation`, not retryable |
    /// | … one with the code `componentDisabled` | skipped, reason `component_disabled` |
    /// | … a `CancellationError`, or anything in a cancelled task | `cancelled` |
    /// | `finish` throws | logged; the result stands |
    /// | the task was cancelled before | `cancelled`, nothing is called |
    /// | the deadline has passed before | failure `timeout`, not retryable, nothing is called |
    /// | the deadline passes during the run | the handler is cancelled; failure `timeout`, not retryable |
    /// | … and the handler does not return within the grace | the same with `metadata.stuck`; the handler is left behind and counted |
    /// | the facade is shut down | failure `service_unavailable`, retryable |
    ///
    /// Without a deadline everything runs on the caller's task.
    public func orchestrate(_ name: String, _ context: OrchestrationContext, _ arguments: Arguments) async -> StepResult {
        await self.orchestrate(name, context, arguments, cancelledBy: nil)
    }

    /// The same with a cancellation that comes from outside of the caller's task.
    ///
    /// | what happens | result |
    /// | --- | --- |
    /// | cancelled before | the cancellation's, nothing is called |
    /// | cancelled during the run | the handler is cancelled; the cancellation's, whatever the handler returns then |
    /// | … and the handler does not return within the grace | the same with `metadata.stuck`; the handler is left behind and counted |
    package func orchestrate(
        _ name: String,
        _ context: OrchestrationContext,
        _ arguments: Arguments,
        cancelledBy cancellation: RunCancellation?
    ) async -> StepResult {
        switch self.admit(name, context) {
        case .refused(let result): return result
        case .admitted(let orchestrator):
            if context.deadline != nil || cancellation != nil {
                return await self.run(orchestrator, context, arguments, by: context.deadline, cancelledBy: cancellation)
            }
            let result = await self.execute(orchestrator, context, arguments)
            await self.finish(orchestrator, context)
            return result
        }
    }

    /// The same for a caller whose task may be cancelled with the run: what runs without a deadline needs no task of its own then.
    ///
    /// - Parameter owner: has the result when the handler was cancelled and does not return within the grace.
    /// - Returns: nil when the owner has the result.
    package func orchestrate(
        _ name: String,
        _ context: OrchestrationContext,
        _ arguments: Arguments,
        cancelledBy cancellation: RunCancellation,
        for owner: any RunOwner
    ) async -> StepResult? {
        switch self.admit(name, context) {
        case .refused(let result): return result
        case .admitted(let orchestrator):
            if context.deadline != nil {
                return await self.run(orchestrator, context, arguments, by: context.deadline, cancelledBy: cancellation)
            }
            return await self.run(orchestrator, context, arguments, cancelledBy: cancellation, for: owner)
        }
    }

    private enum Admission {
        case admitted(any Orchestrator)
        case refused(StepResult)
    }

    /// Whether a request is run at all.
    private func admit(_ name: String, _ context: OrchestrationContext) -> Admission {
        let (orchestrator, isShutDown) = self.lookUp(name)
        if isShutDown { return .refused(.serviceUnavailable("The worker is shutting down")) }
        guard let orchestrator else {
            let shown = name.prefix(128)
            context.logger.info("orchestrator_not_found", metadata: ["orchestrator": "\(shown)", "request_id": "\(context.requestID)"])
            return .refused(.fail("Orchestrator '\(shown)' not found", category: .processing))
        }
        if Task.isCancelled { return .refused(.cancelled(reason: "Cancelled before the start")) }
        if context.isDisabled(ComponentID(.agent, name)) {
            context.logger.debug("orchestrator_disabled", metadata: Self.identity(orchestrator, context))
            return .refused(Self.disabled("Orchestrator '\(name)' is disabled"))
        }
        return .admitted(orchestrator)
    }

    /// Asks, and runs if the answer is yes.
    func execute(_ orchestrator: any Orchestrator, _ context: OrchestrationContext, _ arguments: Arguments) async -> StepResult {
        do {
            guard try await orchestrator.canOrchestrate(context, arguments) else {
                context.logger.debug("orchestrator_cannot_handle", metadata: Self.identity(orchestrator, context))
                return .skip(reason: "Orchestrator '\(orchestrator.name)' cannot handle this request")
            }
            context.logger.debug(
                "orchestration_started",
                metadata: Self.identity(orchestrator, context, ["params": Self.names(of: arguments)])
            )
            let result = try await orchestrator.orchestrate(context, arguments)
            context.logger.debug(
                "orchestration_completed",
                metadata: Self.identity(orchestrator, context, ["success": "\(result.success)", "status": "\(result.status)"])
            )
            return result
        } catch {
            let result = Self.result(of: error)
            context.logger.info(
                result.isCancelled ? "orchestration_cancelled" : "orchestration_failed",
                metadata: Self.identity(orchestrator, context, ["error": "\(Redaction.redact(result.error ?? ""))"])
            )
            return result
        }
    }

    /// Lets the orchestrator finish up; an error there changes nothing.
    func finish(_ orchestrator: any Orchestrator, _ context: OrchestrationContext) async {
        do {
            try await orchestrator.finish(context)
        } catch {
            context.logger.warning(
                "orchestrator_finish_failed",
                metadata: Self.identity(orchestrator, context, ["error": "\(Redaction.redact(Self.text(of: error)))"])
            )
        }
    }

    private static func result(of error: any Error) -> StepResult {
        if error is CancellationError || Task.isCancelled {
            return .cancelled(reason: "Orchestration was cancelled")
        }
        switch error {
        case let error as ArgumentsError: return error.stepResult
        case let error as OrchestrationError where error.code == .componentDisabled: return Self.disabled(error.message)
        case let error as OrchestrationError: return .fail(error.message, category: .constraintViolation)
        default: return .fail("Orchestration failed: \(Self.text(of: error))", category: .processing, retryable: true)
        }
    }

    private static func disabled(_ message: String) -> StepResult {
        .skip(reason: "component_disabled", ["message": .string(message)])
    }

    /// At most 2,000 characters: the text goes into replies and logs.
    private static func text(of error: any Error) -> String {
        String(String(describing: error).prefix(2_000))
    }

    static func identity(
        _ orchestrator: any Orchestrator,
        _ context: OrchestrationContext,
        _ more: Logger.Metadata = [:]
    ) -> Logger.Metadata {
        let identity: Logger.Metadata = [
            "orchestrator": "\(orchestrator.name)", "layer": "\(orchestrator.layer.rawValue)",
            "tenant_id": "\(context.tenantID)", "request_id": "\(context.requestID)", "depth": "\(context.depth)",
        ]
        return identity.merging(more) { $1 }
    }

    /// Only names, as values may be secret; at most 32, each at most 64 characters.
    private static func names(of arguments: Arguments) -> Logger.MetadataValue {
        .array(arguments.object.keys.prefix(32).map { .string(Redaction.redact(String($0.prefix(64)))) })
    }
}
