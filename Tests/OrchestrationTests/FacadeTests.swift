import JSON
import Observability
import Orchestration
import Synchronization
import Testing

@Suite("Facade: every path is a result", .timeLimit(.minutes(1)))
struct FacadeTests {
    struct Boom: Error, CustomStringConvertible {
        var description = "boom"
    }

    @Test func skipsWhatTheOrchestratorDoesNotTake() async throws {
        let orchestrator = TestOrchestrator("picky", can: { false })
        let result = await (try makeFacade(orchestrator)).orchestrate("picky", makeContext(), [:])
        #expect(result.isSkipped)
        #expect(result.success)
        #expect(result.data["reason"] == "Orchestrator 'picky' cannot handle this request")
        #expect(orchestrator.calls == .init(can: 1, orchestrate: 0, finish: 1, shutdown: 0))
    }

    @Test func aThrowingCanOrchestrateIsARetryableFailure() async throws {
        let orchestrator = TestOrchestrator(can: { throw Boom() })
        let result = await (try makeFacade(orchestrator)).orchestrate("test", makeContext(), [:])
        #expect(result == .fail("Orchestration failed: boom", category: .processing, retryable: true))
        #expect(orchestrator.calls == .init(can: 1, orchestrate: 0, finish: 1, shutdown: 0))
    }

    @Test func aThrowingFinishIsLoggedAndTheResultStands() async throws {
        let (handler, logger) = makeTestLogger(level: .warning)
        let orchestrator = TestOrchestrator(finish: { throw Boom(description: "mail to a@b.example") }) { _, _ in .ok(["a": 1]) }
        let result = await (try makeFacade(orchestrator)).orchestrate("test", makeContext(logger: logger), [:])
        #expect(result == .ok(["a": 1]))
        #expect(handler.entries.map(\.message) == ["orchestrator_finish_failed"])
        #expect(handler.entries.first?.metadata["error"] == "mail to [EMAIL]")
    }

    @Test func aReturnedFailureIsReturnedAsItIs() async throws {
        let failure = StepResult.fail("no", category: .policyViolation, metadata: ["m": 1], data: ["d": 2])
        let orchestrator = TestOrchestrator { _, _ in failure }
        let result = await (try makeFacade(orchestrator)).orchestrate("test", makeContext(), [:])
        #expect(result == failure)
        #expect(orchestrator.calls.finish == 1)
    }

    @Test func aThrownCancellationIsCancelled() async throws {
        let orchestrator = TestOrchestrator { _, _ in throw CancellationError() }
        let result = await (try makeFacade(orchestrator)).orchestrate("test", makeContext(), [:])
        #expect(result.isCancelled)
        #expect(result.status == "cancelled")
        #expect(!result.success && !result.retryable && result.errorCategory == nil)
        #expect(orchestrator.calls.finish == 1)
    }

    @Test func anyErrorInACancelledTaskIsCancelled() async throws {
        let started = Gate()
        let orchestrator = TestOrchestrator { _, _ in
            started.open()
            do { try await Gate().waitUnlessCancelled() } catch { throw Boom() }
            return .ok()
        }
        let facade = try makeFacade(orchestrator)
        let task = Task { await facade.orchestrate("test", makeContext(), [:]) }
        await started.wait()
        task.cancel()
        #expect(await task.value.isCancelled)
        #expect(orchestrator.calls.finish == 1)
    }

    @Test func aResultReturnedInACancelledTaskStands() async throws {
        let started = Gate()
        let orchestrator = TestOrchestrator { _, _ in
            started.open()
            try? await Gate().waitUnlessCancelled()
            return .ok(["partial": true])
        }
        let facade = try makeFacade(orchestrator)
        let task = Task { await facade.orchestrate("test", makeContext(), [:]) }
        await started.wait()
        task.cancel()
        #expect(await task.value == .ok(["partial": true]))
    }

    @Test func nothingIsCalledInATaskCancelledBefore() async throws {
        let orchestrator = TestOrchestrator()
        let facade = try makeFacade(orchestrator)
        let gate = Gate()
        let task = Task {
            await gate.wait()
            return await facade.orchestrate("test", makeContext(), [:])
        }
        task.cancel()
        gate.open()
        #expect(await task.value.isCancelled)
        #expect(orchestrator.calls == .init())
    }

    @Test func anOverlongErrorTextIsCut() async throws {
        let orchestrator = TestOrchestrator { _, _ in throw Boom(description: String(repeating: "ä", count: 100_000)) }
        let result = await (try makeFacade(orchestrator)).orchestrate("test", makeContext(), [:])
        #expect(result.error?.count == "Orchestration failed: ".count + 2_000)
        let unknown = await (try makeFacade()).orchestrate(String(repeating: "x", count: 100_000), makeContext(), [:])
        #expect((unknown.error?.count ?? 0) < 200)
    }

    @Test func aDepthLimitReachedInsideAHandlerIsAConstraintViolation() async throws {
        let facade = try makeFacade()
        try facade.register(
            TestOrchestrator("recursive") { context, arguments in
                await facade.orchestrate("recursive", try context.child(of: "recursive"), arguments)
            }
        )
        let result = await facade.orchestrate("recursive", makeContext(), [:])
        #expect(result.errorCategory == .constraintViolation)
        #expect(result.error == "Orchestrator 'recursive' cannot start another one: the depth limit of 16 is reached")
        #expect(!result.retryable)
    }

    @Test func withoutADeadlineEverythingRunsOnTheCallersTask() async throws {
        let seen = Mutex<[Int?]>([])
        let orchestrator = TestOrchestrator(
            can: {
                seen.withLock { $0.append(taskIdentity()) }
                return true
            },
            finish: { seen.withLock { $0.append(taskIdentity()) } },
            orchestrate: { _, _ in
                seen.withLock { $0.append(taskIdentity()) }
                return .ok()
            }
        )
        let caller = taskIdentity()
        _ = await (try makeFacade(orchestrator)).orchestrate("test", makeContext(), [:])
        #expect(seen.withLock { $0 } == [caller, caller, caller])
        #expect(caller != nil)
    }

    // MARK: Logging

    @Test func startAndEndAreLoggedWithTheNamesOfTheArgumentsOnly() async throws {
        let (handler, logger) = makeTestLogger(level: .debug)
        let facade = try makeFacade(TestOrchestrator())
        _ = await facade.orchestrate(
            "test",
            makeContext(depth: 2, logger: logger),
            ["orchestrator": "collides", "tenant_id": "collides", "password": "hunter2", "mail-me@b.example": "x"]
        )
        #expect(handler.entries.map(\.message) == ["orchestration_started", "orchestration_completed"])
        let start = try #require(handler.entries.first)
        #expect(start.metadata["params"] == .array(["orchestrator", "tenant_id", "password", "[EMAIL]"]))
        #expect(start.metadata["orchestrator"] == "test")
        #expect(start.metadata["tenant_id"] == "acme")
        #expect(start.metadata["request_id"] == "request-1")
        #expect(start.metadata["layer"] == "domain")
        #expect(start.metadata["depth"] == "2")
        #expect(handler.entries.last?.metadata["success"] == "true")
        #expect(handler.entries.last?.metadata["status"] == "success")
        #expect(!handler.entries.contains { "\($0.metadata)".contains("hunter2") })
    }

    @Test func failuresAreLoggedWithoutPersonalData() async throws {
        let (handler, logger) = makeTestLogger(level: .info)
        let facade = try makeFacade(TestOrchestrator { _, _ in throw Boom(description: "mail to a@b.example failed") })
        _ = await facade.orchestrate("test", makeContext(logger: logger), [:])
        _ = await facade.orchestrate("nobody", makeContext(logger: logger), [:])
        #expect(handler.entries.map(\.message) == ["orchestration_failed", "orchestrator_not_found"])
        #expect(handler.entries.first?.metadata["error"] == "Orchestration failed: mail to [EMAIL] failed")
    }

    // MARK: Concurrency

    @Test func registrationAndRequestsMayOverlap() async throws {
        let facade = try makeFacade(TestOrchestrator("steady"))
        let results = await withTaskGroup(of: StepResult.self) { group in
            for index in 0..<50 {
                group.addTask {
                    try? facade.register(TestOrchestrator("o\(index)"))
                    return await facade.orchestrate(index.isMultiple(of: 2) ? "steady" : "o\(index)", makeContext(), [:])
                }
            }
            var results: [StepResult] = []
            for await result in group { results.append(result) }
            return results
        }
        #expect(results.filter(\.success).count == 50)
        #expect(facade.list().count == 51)
    }
}

/// The identity of the running task.
private func taskIdentity() -> Int? {
    withUnsafeCurrentTask { $0?.hashValue }
}
