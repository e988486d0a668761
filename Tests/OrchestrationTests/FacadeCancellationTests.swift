import FleetTestKit
import JSON
import Orchestration
import Synchronization
import Testing

/// Whom a facade tells the results of handlers that do not return.
private final class Owner: RunOwner {
    private let results = Mutex<[StepResult]>([])
    let hasResult = Gate()

    var all: [StepResult] { self.results.withLock { $0 } }

    func gaveUp(with result: StepResult) {
        self.results.withLock { $0.append(result) }
        self.hasResult.open()
    }
}

/// A run that somebody else ends.
@Suite("Facade: cancellation from outside", .timeLimit(.minutes(1)))
struct FacadeCancellationTests {
    private let time = ManualClock(now: 1_000_000)
    private let cancelled = StepResult.cancelled(reason: "no longer wanted")

    private func context(deadlineIn milliseconds: Int64? = nil) -> OrchestrationContext {
        makeContext(
            deadline: milliseconds.map { Deadline(millisecondsSince1970: self.time.now + $0) },
            clock: self.time.clock
        )
    }

    @Test(arguments: [nil, 1_000] as [Int64?])
    func aCancelledRequestIsNotBegun(deadline: Int64?) async throws {
        let orchestrator = TestOrchestrator()
        let cancellation = RunCancellation()
        #expect(cancellation.cancel(self.cancelled))
        #expect(!cancellation.cancel(.cancelled(reason: "again")))
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let result = await facade.orchestrate("test", self.context(deadlineIn: deadline), [:], cancelledBy: cancellation)
        #expect(result == self.cancelled)
        #expect(orchestrator.calls == .init())
    }

    @Test(arguments: [nil, 1_000] as [Int64?])
    func withoutACancellationTheResultStands(deadline: Int64?) async throws {
        let orchestrator = TestOrchestrator { _, _ in
            await Task.yield()
            return .ok(["as": "ever"])
        }
        let cancellation = RunCancellation()
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let result = await facade.orchestrate("test", self.context(deadlineIn: deadline), [:], cancelledBy: cancellation)
        #expect(result == .ok(["as": "ever"]))
        #expect(orchestrator.calls == .init(can: 1, orchestrate: 1, finish: 1, shutdown: 0))
        // Too late.
        #expect(cancellation.cancel(self.cancelled))
        #expect(facade.stuckHandlers.total == 0)
    }

    @Test(arguments: [nil, 1_000] as [Int64?])
    func aRunningHandlerIsCancelled(deadline: Int64?) async throws {
        let started = Gate()
        let orchestrator = TestOrchestrator { _, _ in
            started.open()
            try await Gate().waitUnlessCancelled()
            return .ok()
        }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let cancellation = RunCancellation()
        let context = self.context(deadlineIn: deadline)
        let task = Task { await facade.orchestrate("test", context, [:], cancelledBy: cancellation) }
        await started.wait()
        #expect(cancellation.cancel(self.cancelled))
        #expect(await task.value == self.cancelled)
        #expect(orchestrator.calls.finish == 1)
        #expect(facade.stuckHandlers == StuckHandlers(total: 0, running: 0))
    }

    @Test(arguments: [StepResult.ok(["late": true]), .networkError()])
    func whateverACancelledHandlerReturnsItWasCancelled(late: StepResult) async throws {
        let started = Gate()
        let orchestrator = TestOrchestrator { _, _ in
            started.open()
            try? await Gate().waitUnlessCancelled()
            return late
        }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let cancellation = RunCancellation()
        let context = self.context()
        let task = Task { await facade.orchestrate("test", context, [:], cancelledBy: cancellation) }
        await started.wait()
        cancellation.cancel(self.cancelled)
        #expect(await task.value == self.cancelled)
    }

    /// A handler that computes without suspending hears of its cancellation too, although it runs on its caller's thread.
    @Test func aHandlerThatOnlyLooksIsCancelled() async throws {
        let isRunning = Atomic<Bool>(false)
        let orchestrator = TestOrchestrator { _, _ in
            isRunning.store(true, ordering: .releasing)
            while !Task.isCancelled {}
            throw CancellationError()
        }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let cancellation = RunCancellation()
        let context = self.context()
        async let result = facade.orchestrate("test", context, [:], cancelledBy: cancellation)
        while !isRunning.load(ordering: .acquiring) { await Task.yield() }
        cancellation.cancel(self.cancelled)
        #expect(await result == self.cancelled)
    }

    @Test(arguments: [nil, 3_600_000] as [Int64?])
    func aHandlerThatIgnoresItIsGivenUpAndCounted(deadline: Int64?) async throws {
        let started = Gate()
        let release = Gate()
        let orchestrator = TestOrchestrator { _, _ in
            started.open()
            await release.wait()
            return .ok()
        }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let cancellation = RunCancellation()
        let context = self.context(deadlineIn: deadline)
        let task = Task { await facade.orchestrate("test", context, [:], cancelledBy: cancellation) }
        await started.wait()
        cancellation.cancel(self.cancelled)
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(999))
        #expect(facade.stuckHandlers.total == 0)
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(1))
        var expected = self.cancelled
        expected.metadata["stuck"] = true
        #expect(await task.value == expected)
        #expect(facade.stuckHandlers == StuckHandlers(total: 1, running: 1))
        release.open()
        while facade.stuckHandlers.running > 0 { await Task.yield() }
        #expect(orchestrator.calls.finish == 1)
    }

    @Test func childrenOfACancelledRunAreCancelledWithIt() async throws {
        let started = Gate()
        let child = TestOrchestrator("child") { _, _ in
            started.open()
            try await Gate().waitUnlessCancelled()
            return .ok()
        }
        let facade = try makeFacade(child, clock: self.time.clock)
        let childResult = Mutex<StepResult?>(nil)
        try facade.register(
            TestOrchestrator("parent") { context, _ in
                let result = await facade.orchestrate("child", try context.child(of: "parent"), [:])
                childResult.withLock { $0 = result }
                return result
            }
        )
        let cancellation = RunCancellation()
        let context = self.context(deadlineIn: 60_000)
        let task = Task { await facade.orchestrate("parent", context, [:], cancelledBy: cancellation) }
        await started.wait()
        cancellation.cancel(self.cancelled)
        #expect(await task.value == self.cancelled)
        #expect(childResult.withLock { $0 }?.isCancelled == true)
    }

    // MARK: On the task of a caller that answers itself for a handler that does not return

    @Test func withAnOwnerTheHandlerIsOnTheCallersTask() async throws {
        let orchestrator = TestOrchestrator { _, _ in
            withUnsafeCurrentTask { .ok(["task": .string("\($0?.hashValue ?? 0)")]) }
        }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let (cancellation, owner) = (RunCancellation(), Owner())
        let result = await facade.orchestrate("test", self.context(), [:], cancelledBy: cancellation, for: owner)
        #expect(result == .ok(["task": .string(withUnsafeCurrentTask { "\($0?.hashValue ?? 0)" })]))
        #expect(orchestrator.calls == .init(can: 1, orchestrate: 1, finish: 1, shutdown: 0))
        // Too late: the task goes on to the next run.
        #expect(cancellation.cancel(self.cancelled))
        #expect(!Task.isCancelled && owner.all.isEmpty)
        let another = await facade.orchestrate("test", self.context(), [:], cancelledBy: cancellation, for: owner)
        #expect(another == self.cancelled && orchestrator.calls.orchestrate == 1)
        #expect(await facade.orchestrate("none", self.context(), [:], cancelledBy: RunCancellation(), for: owner)?.isFailure == true)
    }

    @Test(arguments: [nil, StepResult.ok(["late": true]), .networkError()])
    func withAnOwnerARunningHandlerIsCancelledWithItsTask(late: StepResult?) async throws {
        let started = Gate()
        let orchestrator = TestOrchestrator { _, _ in
            started.open()
            do { try await Gate().waitUnlessCancelled() } catch { if let late { return late } else { throw error } }
            return .ok()
        }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let (cancellation, owner) = (RunCancellation(), Owner())
        let context = self.context()
        let task = Task {
            (await facade.orchestrate("test", context, [:], cancelledBy: cancellation, for: owner), Task.isCancelled)
        }
        await started.wait()
        #expect(cancellation.cancel(self.cancelled))
        #expect(!cancellation.cancel(.cancelled(reason: "again")))
        #expect(await task.value == (self.cancelled, true))
        #expect(orchestrator.calls.finish == 1 && owner.all.isEmpty && facade.stuckHandlers.total == 0)
    }

    @Test func theOwnerHasTheResultOfAHandlerThatDoesNotReturn() async throws {
        let (started, release) = (Gate(), Gate())
        let orchestrator = TestOrchestrator { _, _ in
            started.open()
            await release.wait()
            return .ok()
        }
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let (cancellation, owner) = (RunCancellation(), Owner())
        let context = self.context()
        let task = Task { await facade.orchestrate("test", context, [:], cancelledBy: cancellation, for: owner) }
        await started.wait()
        cancellation.cancel(self.cancelled)
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(999))
        #expect(owner.all.isEmpty && facade.stuckHandlers.total == 0)
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(1))
        await owner.hasResult.wait()
        var expected = self.cancelled
        expected.metadata["stuck"] = true
        #expect(owner.all == [expected] && facade.stuckHandlers == StuckHandlers(total: 1, running: 1))
        release.open()
        #expect(await task.value == nil)
        #expect(owner.all.count == 1 && facade.stuckHandlers == StuckHandlers(total: 1, running: 0))
    }

    @Test func aResultThatWasThereBeforeStandsAlthoughTheHandlerDoesNotFinish() async throws {
        let (finishing, release) = (Gate(), Gate())
        let orchestrator = TestOrchestrator(
            finish: {
                finishing.open()
                await release.wait()
            },
            orchestrate: { _, _ in .ok(["as": "ever"]) }
        )
        let facade = try makeFacade(orchestrator, clock: self.time.clock)
        let (cancellation, owner) = (RunCancellation(), Owner())
        let context = self.context()
        let task = Task { await facade.orchestrate("test", context, [:], cancelledBy: cancellation, for: owner) }
        await finishing.wait()
        cancellation.cancel(self.cancelled)
        await self.time.waitForSleepers(1)
        self.time.advance(by: .seconds(1))
        await owner.hasResult.wait()
        #expect(owner.all == [.ok(["as": "ever"])])
        release.open()
        #expect(await task.value == nil)
    }
}
