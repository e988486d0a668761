import FleetTestKit
import JSON
import Orchestration
import Testing

@Suite("Facade: deadlines", .timeLimit(.minutes(1)))
struct FacadeDeadlineTests {
    private let time = ManualClock(now: 1_000_000)

    private func context(deadlineIn milliseconds: Int64) -> OrchestrationContext {
        makeContext(deadline: Deadline(millisecondsSince1970: self.time.now + milliseconds), clock: self.time.clock)
    }

    @Test(arguments: [0, -1, Int64.min / 2])
    func aPastDeadlineIsATimeoutBeforeTheStart(offset: Int64) async throws {
        let orchestrator = TestOrchestrator()
        let result = await (try makeFacade(orchestrator, clock: self.time.clock)).orchestrate("test", self.context(deadlineIn: offset), [:])
        #expect(result.error == "Deadline exceeded before the start")
        #expect(result.errorCategory == .timeout)
        #expect(!result.success && !result.retryable)
        #expect(orchestrator.calls == .init())
    }

    @Test func aRunThatEndsInTimeGivesItsResult() async throws {
        let orchestrator = TestOrchestrator { _, _ in .ok(["in": "time"]) }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let result = await facade.orchestrate("test", self.context(deadlineIn: 1_000), [:])
        #expect(result == .ok(["in": "time"]))
        #expect(orchestrator.calls == .init(can: 1, orchestrate: 1, finish: 1, shutdown: 0))
        #expect(facade.stuckHandlers == StuckHandlers(total: 0, running: 0))
    }

    @Test func aFailureInTimeIsThatFailure() async throws {
        let orchestrator = TestOrchestrator(can: { throw TestOrchestrator.Failure(description: "boom") })
        let result = await (try makeFacade(orchestrator, clock: self.time.clock)).orchestrate("test", self.context(deadlineIn: 1_000), [:])
        #expect(result.error == "Orchestration failed: boom")
        #expect(orchestrator.calls.finish == 1)
    }

    @Test func theHandlerIsCancelledAtTheDeadline() async throws {
        let started = Gate()
        let orchestrator = TestOrchestrator { _, _ in
            started.open()
            try await Gate().waitUnlessCancelled()
            return .ok()
        }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let context = self.context(deadlineIn: 1_000)
        let task = Task { await facade.orchestrate("test", context, [:]) }
        await started.wait()
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(1_000))
        let result = await task.value
        #expect(result.error == "Deadline exceeded")
        #expect(result.errorCategory == .timeout)
        #expect(!result.retryable)
        #expect(result.metadata["deadline_ms"] == 1_001_000)
        #expect(result.metadata["stuck"] == nil)
        #expect(orchestrator.calls.finish == 1)
        #expect(facade.stuckHandlers == StuckHandlers(total: 0, running: 0))
    }

    @Test func aResultAfterTheDeadlineIsATimeoutAllTheSame() async throws {
        let started = Gate()
        let orchestrator = TestOrchestrator { _, _ in
            started.open()
            try? await Gate().waitUnlessCancelled()
            return .ok(["late": true])
        }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let context = self.context(deadlineIn: 1_000)
        let task = Task { await facade.orchestrate("test", context, [:]) }
        await started.wait()
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(5_000))
        #expect(await task.value.errorCategory == .timeout)
    }

    @Test func aHandlerThatIgnoresCancellationIsGivenUpAndCounted() async throws {
        let started = Gate()
        let release = Gate()
        let finished = Gate()
        let orchestrator = TestOrchestrator(finish: { finished.open() }) { _, _ in
            started.open()
            await release.wait()
            return .ok()
        }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let context = self.context(deadlineIn: 1_000)
        let task = Task { await facade.orchestrate("test", context, [:]) }
        await started.wait()
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(1_000))
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(999))
        #expect(facade.stuckHandlers.total == 0)
        self.time.advance(by: .milliseconds(1))
        let result = await task.value
        #expect(result.errorCategory == .timeout)
        #expect(result.metadata["stuck"] == true)
        #expect(facade.stuckHandlers == StuckHandlers(total: 1, running: 1))
        #expect(orchestrator.calls.finish == 0)

        release.open()
        await finished.wait()
        while facade.stuckHandlers.running > 0 { await Task.yield() }
        #expect(facade.stuckHandlers == StuckHandlers(total: 1, running: 0))
        #expect(orchestrator.calls.finish == 1)
    }

    @Test func aResultInTimeStandsWhenFinishOutlivesTheDeadline() async throws {
        let finishing = Gate()
        let release = Gate()
        let orchestrator = TestOrchestrator(
            finish: {
                finishing.open()
                await release.wait()
            }
        ) { _, _ in .ok(["in": "time"]) }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let context = self.context(deadlineIn: 1_000)
        let task = Task { await facade.orchestrate("test", context, [:]) }
        await finishing.wait()
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(1_000))
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(1_000))
        #expect(await task.value == .ok(["in": "time"]))
        #expect(facade.stuckHandlers.total == 1)
        release.open()
    }

    @Test func cancellationBeforeTheDeadlineIsCancelled() async throws {
        let started = Gate()
        let orchestrator = TestOrchestrator { _, _ in
            started.open()
            try await Gate().waitUnlessCancelled()
            return .ok()
        }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let context = self.context(deadlineIn: 1_000)
        let task = Task { await facade.orchestrate("test", context, [:]) }
        await started.wait()
        task.cancel()
        #expect(await task.value.isCancelled)
        #expect(orchestrator.calls.finish == 1)
    }

    @Test func theClockIsLookedAtAgainEverySecond() async throws {
        let started = Gate()
        let orchestrator = TestOrchestrator { _, _ in
            started.open()
            try await Gate().waitUnlessCancelled()
            return .ok()
        }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let context = self.context(deadlineIn: 3_600_000)
        let task = Task { await facade.orchestrate("test", context, [:]) }
        await started.wait()
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(1_000))
        await self.time.waitForSleepers(1)
        // Somebody sets the clock: an hour passes at once.
        self.time.advance(by: .milliseconds(3_599_000))
        #expect(await task.value.errorCategory == .timeout)
    }

    @Test func aDeadlineBeyondAllTimeIsHarmless() async throws {
        var context = self.context(deadlineIn: 0)
        context.deadline = Deadline(millisecondsSince1970: .max)
        let result = await (try makeFacade(TestOrchestrator(), clock: self.time.clock)).orchestrate("test", context, [:])
        #expect(result.success)
    }

    @Test func theSystemClockWorksToo() async throws {
        let orchestrator = TestOrchestrator { _, _ in
            try await Gate().waitUnlessCancelled()
            return .ok()
        }
        let deadline = Deadline(after: .milliseconds(5), now: OrchestrationClock.system.now())
        let result = await (try makeFacade(orchestrator)).orchestrate("test", makeContext(deadline: deadline), [:])
        #expect(result.errorCategory == .timeout)
    }
}
