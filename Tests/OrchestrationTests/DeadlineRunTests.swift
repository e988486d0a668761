import JSON
import Testing

@testable import Orchestration

/// Every order in which the events of a run under a deadline can come.
@Suite("Deadline run")
struct DeadlineRunTests {
    private let done = StepResult.ok(["done": true])

    @Test func inTime() {
        var run = DeadlineRun()
        run.resultProduced(self.done)
        #expect(run.handlerEnded() == .deliver(.result(self.done)))
        #expect(run.deadlineReached() == false)
        #expect(run.graceOver() == nil)
    }

    @Test func deadlineBeforeTheResult() {
        var run = DeadlineRun()
        #expect(run.deadlineReached() == true)
        #expect(run.deadlineReached() == false)
        run.resultProduced(self.done)
        #expect(run.handlerEnded() == .deliver(.timeout))
        #expect(run.graceOver() == nil)
    }

    @Test func deadlineBetweenResultAndEnd() {
        var run = DeadlineRun()
        run.resultProduced(self.done)
        #expect(run.deadlineReached() == true)
        #expect(run.handlerEnded() == .deliver(.result(self.done)))
    }

    @Test func givenUp() {
        var run = DeadlineRun()
        #expect(run.deadlineReached() == true)
        #expect(run.graceOver() == .timeout)
        run.resultProduced(self.done)
        #expect(run.handlerEnded() == .countReturn)
        #expect(run.graceOver() == nil)
    }

    @Test func givenUpWhileFinishing() {
        var run = DeadlineRun()
        run.resultProduced(self.done)
        #expect(run.deadlineReached() == true)
        #expect(run.graceOver() == .result(self.done))
        #expect(run.handlerEnded() == .countReturn)
    }

    @Test func cancelledBeforeTheResult() {
        var run = DeadlineRun()
        #expect(run.cancellationRequested() == true)
        #expect(run.cancellationRequested() == false)
        run.resultProduced(self.done)
        #expect(run.handlerEnded() == .deliver(.cancelled))
        #expect(run.graceOver() == nil)
    }

    @Test func whatCutsItOffFirstCounts() {
        var cancelled = DeadlineRun()
        #expect(cancelled.cancellationRequested() == true)
        #expect(cancelled.deadlineReached() == false)
        #expect(cancelled.graceOver() == .cancelled)
        #expect(cancelled.handlerEnded() == .countReturn)
        var late = DeadlineRun()
        #expect(late.deadlineReached() == true)
        #expect(late.cancellationRequested() == false)
        #expect(late.handlerEnded() == .deliver(.timeout))
    }

    @Test func cancelledBetweenResultAndEnd() {
        var run = DeadlineRun()
        run.resultProduced(self.done)
        #expect(run.cancellationRequested() == true)
        #expect(run.graceOver() == .result(self.done))
        #expect(run.cancellationRequested() == false)
    }
}
