import JSON
import Observability
import Synchronization

extension OrchestrationFacade {
    /// How many handlers had to be given up.
    ///
    /// A worker that collects running ones should end and be started anew.
    public var stuckHandlers: StuckHandlers {
        // Read in this order, a return can only be seen together with its count.
        let returned = self.stuckReturned.load(ordering: .acquiring)
        let total = self.stuckTotal.load(ordering: .acquiring)
        return StuckHandlers(total: total, running: max(total - returned, 0))
    }

    /// Runs the handler on a task of its own, so that it can be cancelled, and left behind if it does not care.
    func run(
        _ orchestrator: any Orchestrator,
        _ context: OrchestrationContext,
        _ arguments: Arguments,
        by deadline: Deadline
    ) async -> StepResult {
        guard !deadline.isExpired(now: self.clock.now()) else {
            context.logger.info("orchestration_expired", metadata: Self.identity(orchestrator, context))
            return Self.timeout("Deadline exceeded before the start", deadline)
        }
        let watch = DeadlineWatch()
        let handler = Task {
            let result = await self.execute(orchestrator, context, arguments)
            watch.run.withLock { $0.resultProduced(result) }
            await self.finish(orchestrator, context)
            switch watch.run.withLock({ $0.handlerEnded() }) {
            case .deliver(let outcome): watch.answer.give((outcome, isStuck: false))
            case .countReturn: self.stuckReturned.add(1, ordering: .acquiringAndReleasing)
            }
        }
        let alarm = self.alarm.schedule(at: deadline.millisecondsSince1970) {
            guard watch.run.withLock({ $0.deadlineReached() }) else { return }
            handler.cancel()
            let graceEnd = Deadline(after: self.cancellationGrace, now: self.clock.now())
            // Not worth cancelling: it is over soon, and does nothing when the caller has its answer.
            _ = self.alarm.schedule(at: graceEnd.millisecondsSince1970) { self.giveUp(watch) }
        }
        let (outcome, isStuck) = await withTaskCancellationHandler {
            await watch.answer.take()
        } onCancel: {
            handler.cancel()
        }
        self.alarm.cancel(alarm)
        if isStuck {
            context.logger.warning("orchestrator_stuck", metadata: Self.identity(orchestrator, context))
        }
        switch outcome {
        case .result(let result): return result
        case .timeout: return Self.timeout("Deadline exceeded", deadline, isStuck: isStuck)
        }
    }

    private func giveUp(_ watch: DeadlineWatch) {
        let outcome = watch.run.withLock { run -> DeadlineRun.Outcome? in
            let outcome = run.graceOver()
            // Counted under the lock, so that the handler's return cannot be counted before.
            if outcome != nil { self.stuckTotal.add(1, ordering: .acquiringAndReleasing) }
            return outcome
        }
        if let outcome { watch.answer.give((outcome, isStuck: true)) }
    }

    private static func timeout(_ error: String, _ deadline: Deadline, isStuck: Bool = false) -> StepResult {
        var result = StepResult.fail(error, category: .timeout, retryable: false)
        result.metadata["deadline_ms"] = .integer(deadline.millisecondsSince1970)
        if isStuck { result.metadata["stuck"] = true }
        return result
    }
}

/// A run under a deadline and the way its outcome goes.
private final class DeadlineWatch: Sendable {
    let run = Mutex(DeadlineRun())
    let answer = OneShot<(DeadlineRun.Outcome, isStuck: Bool)>()
}
