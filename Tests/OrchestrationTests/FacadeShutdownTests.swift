import FleetTestKit
import Observability
import Orchestration
import Testing

@Suite("Facade: shutdown", .timeLimit(.minutes(1)))
struct FacadeShutdownTests {
    @Test func everyOrchestratorIsShutDownOnce() async throws {
        let first = TestOrchestrator("a")
        let second = TestOrchestrator("b", layer: .infrastructure)
        let facade = try makeFacade(first, second)
        await withDiscardingTaskGroup { group in
            for _ in 0..<10 { group.addTask { await facade.shutdown() } }
        }
        await facade.shutdown()
        #expect(first.calls.shutdown == 1)
        #expect(second.calls.shutdown == 1)
    }

    @Test func requestsDoNotShutDown() async throws {
        let orchestrator = TestOrchestrator()
        let facade = try makeFacade(orchestrator)
        for _ in 0..<3 { _ = await facade.orchestrate("test", makeContext(), [:]) }
        #expect(orchestrator.calls == .init(can: 3, orchestrate: 3, finish: 3, shutdown: 0))
    }

    @Test func afterwardsNothingIsTaken() async throws {
        let orchestrator = TestOrchestrator()
        let facade = try makeFacade(orchestrator)
        await facade.shutdown()
        let result = await facade.orchestrate("test", makeContext(), [:])
        #expect(result.errorCategory == .serviceUnavailable)
        #expect(result.retryable)
        #expect(orchestrator.calls.can == 0)
        let error = #expect(throws: OrchestrationError.self) { try facade.register(TestOrchestrator("late")) }
        #expect(error?.code == .facadeIsShutDown)
    }

    @Test func oneThatHangsIsLeftBehindAfterFiveSeconds() async throws {
        let time = ManualClock()
        let (handler, logger) = makeTestLogger(level: .warning)
        let started = Gate()
        let release = Gate()
        let hanging = TestOrchestrator(
            "hanging",
            shutdown: {
                started.open()
                await release.wait()
            }
        )
        let quick = TestOrchestrator("quick")
        let facade = try makeFacade(hanging, quick, logger: logger, clock: time.clock)
        let task = Task { await facade.shutdown() }
        await started.wait()
        await time.waitForSleepers(1)
        time.advance(by: .milliseconds(5_000))
        await task.value
        #expect(quick.calls.shutdown == 1)
        #expect(handler.entries.map(\.message) == ["orchestrator_shutdown_timed_out"])
        #expect(handler.entries.first?.metadata["orchestrator"] == "hanging")
        release.open()
    }
}
