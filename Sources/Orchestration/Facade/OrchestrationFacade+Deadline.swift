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
    ///
    /// Without a deadline that task begins on the caller's thread, which costs half as much; a handler that blocks it can be left behind only
    /// once it has suspended.
    func run(
        _ orchestrator: any Orchestrator,
        _ context: OrchestrationContext,
        _ arguments: Arguments,
        by deadline: Deadline?,
        cancelledBy cancellation: RunCancellation?
    ) async -> StepResult {
        if let result = cancellation?.result { return result }
        if let deadline, deadline.isExpired(now: self.clock.now()) {
            context.logger.info("orchestration_expired", metadata: Self.identity(orchestrator, context))
            return Self.timeout("Deadline exceeded before the start", deadline)
        }
        let watch = DeadlineWatch()
        let body: @Sendable () async -> Void = {
            await withUnsafeCurrentTask { task in
                watch.began(task)
                cancellation?.watch {
                    guard watch.run.withLock({ $0.cancellationRequested() }) else { return }
                    watch.cancelHandler()
                    self.giveUpLater(watch)
                }
                let result = await self.execute(orchestrator, context, arguments)
                watch.run.withLock { $0.resultProduced(result) }
                await self.finish(orchestrator, context)
                watch.ended()
            }
            switch watch.run.withLock({ $0.handlerEnded() }) {
            case .deliver(let outcome): watch.answer.give((outcome, isStuck: false))
            case .countReturn: self.stuckReturned.add(1, ordering: .acquiringAndReleasing)
            }
        }
        let handler = deadline == nil ? Task.immediate(operation: body) : Task(operation: body)
        if let (outcome, isStuck) = watch.answer.value {
            cancellation?.unwatch()
            return self.result(of: outcome, isStuck: isStuck, orchestrator, context, deadline, cancellation)
        }
        let alarm = deadline.map { deadline in
            self.alarm.schedule(at: deadline.millisecondsSince1970) {
                guard watch.run.withLock({ $0.deadlineReached() }) else { return }
                handler.cancel()
                self.giveUpLater(watch)
            }
        }
        let (outcome, isStuck) = await withTaskCancellationHandler {
            await watch.answer.take()
        } onCancel: {
            handler.cancel()
        }
        if let alarm { self.alarm.cancel(alarm) }
        cancellation?.unwatch()
        return self.result(of: outcome, isStuck: isStuck, orchestrator, context, deadline, cancellation)
    }

    /// Runs the handler on the caller's task, which a cancellation then cancels.
    ///
    /// The owner has the result of a handler that is given up, while the caller still waits for it. So nothing is paid for a cancellation that does not
    /// come, and the task is of no use for another run once it has come.
    ///
    /// - Returns: nil when the owner was told the result.
    func run(
        _ orchestrator: any Orchestrator,
        _ context: OrchestrationContext,
        _ arguments: Arguments,
        cancelledBy cancellation: RunCancellation,
        for owner: any RunOwner
    ) async -> StepResult? {
        let end = await withUnsafeCurrentTask { task -> DeadlineRun.EndAction? in
            guard cancellation.begin(on: task, of: self, for: owner) else { return .deliver(.cancelled) }
            cancellation.produced(await self.execute(orchestrator, context, arguments))
            await self.finish(orchestrator, context)
            return cancellation.ended()
        }
        switch end {
        case .deliver(let outcome): return self.result(of: outcome, isStuck: false, orchestrator, context, nil, cancellation)
        case .countReturn, nil:
            self.stuckReturned.add(1, ordering: .acquiringAndReleasing)
            return nil
        }
    }

    /// Gives a cancelled handler up when the grace is over, and has its owner answer.
    func giveUpLater(_ cancellation: RunCancellation) {
        let graceEnd = Deadline(after: self.cancellationGrace, now: self.clock.now())
        _ = self.alarm.schedule(at: graceEnd.millisecondsSince1970) {
            // Counted under the lock, so that the handler's return cannot be counted before.
            let ended = cancellation.graceOver { self.stuckTotal.add(1, ordering: .acquiringAndReleasing) }
            guard let (outcome, owner) = ended else { return }
            if case .result(let produced) = outcome { return owner.gaveUp(with: produced) }
            var result = cancellation.result ?? .cancelled(reason: "Orchestration was cancelled")
            result.metadata["stuck"] = true
            owner.gaveUp(with: result)
        }
    }

    /// Gives a cancelled handler up when the grace is over.
    private func giveUpLater(_ watch: DeadlineWatch) {
        let graceEnd = Deadline(after: self.cancellationGrace, now: self.clock.now())
        // Not worth cancelling: it is over soon, and does nothing when the caller has its answer.
        _ = self.alarm.schedule(at: graceEnd.millisecondsSince1970) { self.giveUp(watch) }
    }

    private func result(
        of outcome: DeadlineRun.Outcome,
        isStuck: Bool,
        _ orchestrator: any Orchestrator,
        _ context: OrchestrationContext,
        _ deadline: Deadline?,
        _ cancellation: RunCancellation?
    ) -> StepResult {
        if isStuck { context.logger.warning("orchestrator_stuck", metadata: Self.identity(orchestrator, context)) }
        var result: StepResult
        switch outcome {
        case .result(let produced): return produced
        case .timeout: result = Self.timeout("Deadline exceeded", deadline)
        case .cancelled: result = cancellation?.result ?? .cancelled(reason: "Orchestration was cancelled")
        }
        if isStuck { result.metadata["stuck"] = true }
        return result
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

    private static func timeout(_ error: String, _ deadline: Deadline?) -> StepResult {
        var result = StepResult.fail(error, category: .timeout, retryable: false)
        if let deadline { result.metadata["deadline_ms"] = .integer(deadline.millisecondsSince1970) }
        return result
    }
}

/// A run that may be cut off and the way its outcome goes.
private final class DeadlineWatch: Sendable {
    let run = Mutex(DeadlineRun())
    let answer = OneShot<(DeadlineRun.Outcome, isStuck: Bool)>()
    private let handler = Mutex<RunningTask?>(nil)

    /// Called on the handler's task, as the first thing that it does.
    func began(_ task: UnsafeCurrentTask?) { self.handler.withLock { $0 = task.map { RunningTask(task: $0) } } }

    /// Called on the handler's task, as the last thing that it does.
    func ended() { self.handler.withLock { $0 = nil } }

    /// Cancels the handler if it has begun and not ended.
    func cancelHandler() { self.handler.withLock { $0?.task.cancel() } }
}
