import FleetTestKit
import JSON
import Orchestration
import Synchronization
import Testing

@Suite("Orchestrator harness", .timeLimit(.minutes(1)))
struct OrchestratorHarnessTests {
    /// An orchestrator made of a closure.
    private struct Closure: Orchestrator {
        let name: String
        let layer = OrchestrationLayer.domain
        let body: @Sendable (OrchestrationContext, Arguments) async throws -> StepResult

        init(_ name: String, _ body: @escaping @Sendable (OrchestrationContext, Arguments) async throws -> StepResult) {
            self.name = name
            self.body = body
        }

        func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
            try await self.body(context, arguments)
        }
    }

    private final class Shutdowns: Orchestrator {
        let name: String
        let layer = OrchestrationLayer.domain
        private let calls = Atomic<Int>(0)
        var count: Int { self.calls.load(ordering: .relaxed) }

        init(_ name: String) { self.name = name }

        func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult { .ok() }
        func shutdown() async { self.calls.add(1, ordering: .relaxed) }
    }

    @Test("shows the orchestrator the request, and the test the result")
    func request() async throws {
        let harness = try OrchestratorHarness(
            Closure("look") { context, arguments in
                .ok([
                    "tenant": .string(context.tenantID), "request": .string(context.requestID), "metadata": .object(context.metadata),
                    "attempt": .integer(Int64(context.attempt)), "arguments": .object(arguments.object),
                    "deadline": .bool(context.deadline != nil),
                ])
            }
        )
        let plain = await harness.run()
        #expect(plain.result.success)
        #expect(
            plain.result.data == [
                "tenant": "test-tenant", "request": "test-request", "metadata": [:], "attempt": 1, "arguments": [:], "deadline": false,
            ]
        )
        let full = await harness.run(
            ["n": 1],
            tenantID: "acme",
            requestID: "r",
            metadata: ["m": true],
            deadline: .seconds(60),
            attempt: 3
        )
        #expect(
            full.result.data == [
                "tenant": "acme", "request": "r", "metadata": ["m": true], "attempt": 3, "arguments": ["n": 1], "deadline": true,
            ]
        )
    }

    @Test("keeps signals and progress in their order, without the signals that are invalid")
    func recorded() async throws {
        let harness = try OrchestratorHarness(
            Closure("talk") { context, _ in
                for (number, reward) in [0.1, 7, 0.2].enumerated() {
                    context.report(Progress(stage: "s", step: number + 1, total: 3))
                    context.emit(FeedbackSignal(source: .toolExecution, componentType: .tool, componentID: "\(number)", reward: reward))
                }
                return .ok()
            }
        )
        let outcome = await harness.run()
        #expect(outcome.progress.map(\.step) == [1, 2, 3])
        #expect(outcome.signals.map(\.componentID) == ["0", "2"])
        let again = await harness.run()
        #expect(again.signals.count == 2, "a run begins with nothing recorded")
    }

    @Test("turns a thrown error into a failure, as a worker does")
    func failure() async throws {
        struct Broken: Error {}
        let outcome = await (try OrchestratorHarness(Closure("broken") { _, _ in throw Broken() })).run()
        #expect(!outcome.result.success && outcome.result.errorCategory == .processing)
    }

    @Test("ends a run whose deadline passes on the clock that it was given")
    func deadline() async throws {
        let clock = ManualClock()
        let harness = try OrchestratorHarness(
            Closure("wait") { context, _ in
                try await context.clock.sleep(.seconds(1 << 40))
                return .ok()
            },
            clock: clock.clock
        )
        let run = Task { await harness.run(deadline: .seconds(60)) }
        // The handler, and the deadline.
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(60))
        let result = await run.value.result
        #expect(!result.success && result.errorCategory == .timeout)
    }

    @Test("does not run what is late from the start")
    func late() async throws {
        let harness = try OrchestratorHarness(Closure("never") { _, _ in .ok(["ran": true]) }, clock: ManualClock().clock)
        let result = await harness.run(deadline: .zero).result
        #expect(!result.success && result.errorCategory == .timeout && result.data["ran"] == nil)
    }

    @Test("refuses two orchestrators of one name")
    func names() {
        #expect(throws: OrchestrationError.self) {
            try OrchestratorHarness(Closure("same") { _, _ in .ok() }, with: [Closure("same") { _, _ in .ok() }])
        }
    }

    @Test("shuts every orchestrator down")
    func shutdown() async throws {
        let one = Shutdowns("one")
        let other = Shutdowns("other")
        let harness = try OrchestratorHarness(one, with: [other])
        #expect(await harness.run().result.success)
        #expect(one.count == 0)
        await harness.shutdown()
        #expect(one.count == 1 && other.count == 1)
    }
}
