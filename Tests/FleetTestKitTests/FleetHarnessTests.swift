import FleetTestKit
import JSON
import KafkaClient
import Orchestration
import Synchronization
import Testing
import Wire
import WorkerRuntime

/// Greets, tells how far it is, and judges the tool that it used.
private struct Greeter: Orchestrator {
    let name = "greeter"
    let layer = OrchestrationLayer.application

    func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        guard let name = arguments["name"]?.stringValue else { return .fail("kwargs.name: expected a string", category: .validation) }
        context.report(Progress(stage: "greet", step: 1, total: 1, message: "greeting \(name)"))
        context.emit(FeedbackSignal(source: .toolExecution, componentType: .tool, componentID: "dictionary", reward: 0.75))
        return .ok(["greeting": "Hello, \(name)!", "tenant": .string(context.tenantID)])
    }
}

@Suite("Fleet harness", .serialized, .timeLimit(.minutes(1)))
struct FleetHarnessTests {
    @Test("runs a whole worker on the embedded broker")
    func wholeWorker() async throws {
        let greeting = try await FleetHarness.run([Greeter()], layer: .application, partitions: 2) { fleet in
            let names = fleet.names
            #expect(fleet.layer == .application && fleet.broker?.bootstrapServers == fleet.bootstrapServers)

            let reply = try await fleet.submit("greeter", ["name": "Ada"], key: "k", tenantID: "acme")
            #expect(reply.result.success && reply.result.data["tenant"] == "acme")
            #expect(reply.worker == "test-worker" && reply.layer == .application)
            let results = fleet.records(on: names.results(.application))
            #expect(results.count == 1 && results.first?.key == Array("k".utf8))

            let progress = try await fleet.record(on: names.progress(.application)) { _ in true }
            let notice = try ProgressNotice(decoding: progress.value ?? [])
            #expect(notice.requestID == reply.requestID && notice.progress.message == "greeting Ada")
            let signal = try await fleet.record(on: names.signals(.tool)) { _ in true }
            #expect(try signal.withView { try SignalCodec.decode($0) }.componentID == "dictionary")
            let own = try await fleet.record(on: names.signals(.agent)) { _ in true }
            #expect(try own.withView { try SignalCodec.decode($0) }.componentID == "greeter")

            let failure = try await fleet.submit("greeter")
            #expect(!failure.result.success && failure.result.errorCategory == .validation)

            try fleet.produce(Array("no request".utf8), key: "bad")
            let letter = try await fleet.record(on: names.deadLetters(.application)) { $0.key == Array("bad".utf8) }
            #expect(letter.headers["x-dlq-reason"] == "undecodable")
            try fleet.produce(nil)
            _ = try await fleet.record(on: names.deadLetters(.application)) { $0.key == nil }
            #expect(fleet.records(on: names.deadLetters(.application)).count == 2)

            // What is past is found again, and what does not come ends the wait.
            _ = try await fleet.record(on: names.progress(.application)) { $0.offset == 0 }
            await #expect(throws: FleetHarness.TimedOut.self) {
                _ = try await fleet.record(on: names.progress(.application), timeout: .milliseconds(20)) { _ in false }
            }
            let waiting = Task { try await fleet.record(on: names.progress(.application), timeout: .seconds(3_600)) { _ in false } }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { _ = try await waiting.value }

            // A node that goes away and comes back loses nothing.
            fleet.broker?.setReachable(false)
            async let late = fleet.submit("greeter", ["name": "Grace"])
            fleet.broker?.setReachable(true)
            #expect(try await late.result.data["greeting"] == "Hello, Grace!")
            return reply.result.data["greeting"]
        }
        #expect(greeting == "Hello, Ada!")
    }

    @Test("drains the worker and throws on what the test threw")
    func failingTest() async throws {
        final class Ending: Orchestrator {
            let name = "ending"
            let layer = OrchestrationLayer.domain
            private let ended = Atomic<Bool>(false)
            var isOver: Bool { self.ended.load(ordering: .relaxed) }
            func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult { .ok() }
            func shutdown() async { self.ended.store(true, ordering: .relaxed) }
        }
        struct Unhappy: Error {}
        let ending = Ending()
        await #expect(throws: Unhappy.self) {
            try await FleetHarness.run([ending], partitions: 1) { _ in throw Unhappy() }
        }
        #expect(ending.isOver)
    }

    @Test("says why a worker does not start, and does not begin the test")
    func badConfiguration() async throws {
        let hasBegun = Mutex(false)
        let error = await #expect(throws: WorkerError.self) {
            try await FleetHarness.run([Greeter()], configure: { $0.concurrency = 0 }) { _ in hasBegun.withLock { $0 = true } }
        }
        #expect(error?.code == .configuration && error?.message.contains("concurrency") == true)
        #expect(!hasBegun.withLock { $0 })
    }

    @Test("refuses two orchestrators of one name before anything runs")
    func names() async {
        await #expect(throws: OrchestrationError.self) {
            try await FleetHarness.run([Greeter(), Greeter()]) { _ in }
        }
    }
}
