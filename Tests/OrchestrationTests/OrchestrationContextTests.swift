import FleetTestKit
import JSON
import Observability
import Orchestration
import Synchronization
import Testing

@Suite("Context")
struct OrchestrationContextTests {
    private let signal = FeedbackSignal(source: .agentTask, componentType: .agent, componentID: "a", reward: 0.5)

    @Test func children() throws {
        let parent = makeContext(metadata: ["a": 1], deadline: Deadline(millisecondsSince1970: 7))
        let child = try parent.child(of: "one").child(of: "two")
        #expect(child.depth == 2)
        #expect(child.parentOrchestrator == "two")
        #expect(child.deadline == parent.deadline)
        #expect(child.attempt == 1)
        #expect(parent.depth == 0 && parent.parentOrchestrator == nil)
    }

    @Test func theDepthIsLimitedToSixteen() throws {
        var context = makeContext()
        for depth in 1...16 {
            context = try context.child(of: "o")
            #expect(context.depth == depth)
        }
        let error = #expect(throws: OrchestrationError.self) { try context.child(of: "o") }
        #expect(error?.code == .depthLimitExceeded)
        #expect(error?.message == "Orchestrator 'o' cannot start another one: the depth limit of 16 is reached")
    }

    @Test(arguments: [0, -3])
    func aLimitOfNothingAllowsNoChild(limit: Int) {
        var context = makeContext()
        context.depthLimit = limit
        #expect(throws: OrchestrationError.self) { try context.child(of: "o") }
    }

    @Test func aDepthFromOutsideCounts() throws {
        #expect(throws: OrchestrationError.self) { try makeContext(depth: 16).child(of: "o") }
        #expect(throws: OrchestrationError.self) { try makeContext(depth: .max).child(of: "o") }
        #expect(try makeContext(depth: 15).child(of: "o").depth == 16)
    }

    @Test func childrenShareTheRecorder() throws {
        let collector = SignalCollector()
        let context = makeContext(recorder: collector)
        context.emit(self.signal)
        try context.child(of: "o").emit(self.signal)
        #expect(collector.signals == [self.signal, self.signal])
    }

    @Test func anInvalidSignalIsDroppedWithAWarning() {
        let collector = SignalCollector()
        let (handler, logger) = makeTestLogger()
        var signal = self.signal
        signal.reward = 1.5
        makeContext(logger: logger, recorder: collector).emit(signal)
        #expect(collector.signals.isEmpty)
        #expect(handler.entries.map(\.message) == ["feedback_signal_dropped"])
        #expect(handler.entries.first?.level == .warning)
        #expect(handler.entries.first?.metadata["reason"] == "Reward must be in [0.0, 1.0], got 1.5")
    }

    @Test func withoutARecorderEverythingIsDropped() {
        let context = makeContext()
        context.emit(self.signal)
        context.report(Progress(stage: "s", step: 1, total: 2))
    }

    @Test func theCollectorIsBounded() {
        let collector = SignalCollector(capacity: 2)
        for _ in 0..<5 { collector.record(self.signal) }
        #expect(collector.signals.count == 2)
        #expect(collector.droppedCount == 3)
    }

    @Test func aClosedCollectorTakesNothing() {
        let reports = Mutex<[Progress]>([])
        let collector = SignalCollector { progress in reports.withLock { $0.append(progress) } }
        let context = makeContext(recorder: collector)
        context.emit(self.signal)
        context.report(Progress(stage: "s", step: 1, total: 2, message: "m", data: ["d": 1]))
        #expect(collector.close() == [self.signal])
        context.emit(self.signal)
        context.report(Progress(stage: "s", step: 2, total: 2))
        #expect(collector.close().isEmpty)
        #expect(collector.droppedCount == 1)
        #expect(reports.withLock { $0 } == [Progress(stage: "s", step: 1, total: 2, message: "m", data: ["d": 1])])
    }

    // MARK: Deadline

    @Test func remainingTimeComesFromTheClock() {
        let time = ManualClock(now: 1_000)
        var context = makeContext(deadline: Deadline(after: .seconds(2), now: 1_000), clock: time.clock)
        #expect(context.remainingTime == .seconds(2))
        time.advance(by: .milliseconds(1_500))
        #expect(context.remainingTime == .milliseconds(500))
        time.advance(by: .milliseconds(1_500))
        #expect(context.remainingTime == .zero)
        context.deadline = nil
        #expect(context.remainingTime == nil)
    }

    @Test func deadlinesAreSafeAtTheEndsOfTime() {
        let never = Deadline(millisecondsSince1970: .max)
        let always = Deadline(millisecondsSince1970: .min)
        #expect(never.remaining(now: .min) > .zero)
        #expect(always.remaining(now: .max) == .zero)
        #expect(!never.isExpired(now: 0) && always.isExpired(now: 0))
        #expect(never.isExpired(now: .max))
        #expect(min(never, always) == always)
        #expect(Deadline(after: .seconds(Int64.max), now: 0) == never)
        #expect(Deadline(after: .seconds(-Int64.max), now: 0) == always)
        #expect(Deadline(after: .milliseconds(5), now: .max) == never)
        #expect(Deadline(after: .microseconds(1_999), now: 10).millisecondsSince1970 == 11)
    }

    @Test func theSystemClockIsInMilliseconds() {
        // 2020-01-01 and 2100-01-01: off by a unit, it would be far outside.
        #expect((1_577_836_800_000...4_102_444_800_000).contains(OrchestrationClock.system.now()))
    }
}
