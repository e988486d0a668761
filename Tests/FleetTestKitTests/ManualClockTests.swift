import FleetTestKit
import KafkaProcess
import Orchestration
import Synchronization
import Testing

@Suite("Manual clock", .timeLimit(.minutes(1)))
struct ManualClockTests {
    /// What happened, in order.
    private final class Journal: Sendable {
        private let state = Mutex<[String]>([])
        var entries: [String] { self.state.withLock { $0 } }
        func note(_ entry: String) { self.state.withLock { $0.append(entry) } }
    }

    @Test("stands still until it is told to go on")
    func standsStill() {
        let clock = ManualClock(now: 1_000)
        #expect(clock.now == 1_000 && clock.clock.now() == 1_000)
        clock.advance(by: .milliseconds(250))
        #expect(clock.now == 1_250 && clock.clock.now() == 1_250)
        clock.advance(by: .seconds(86_400))
        #expect(clock.now == 86_401_250)
        clock.advance(by: .zero)
        #expect(clock.now == 86_401_250)
    }

    @Test("begins in this decade unless told otherwise")
    func beginning() {
        let clock = ManualClock()
        #expect((1_577_836_800_000..<1_893_456_000_000).contains(clock.now))
    }

    @Test("wakes a sleeper when its time has come, and not before")
    func wakes() async throws {
        let clock = ManualClock()
        let journal = Journal()
        let sleeper = Task {
            try await clock.clock.sleep(.seconds(10))
            journal.note("woken")
        }
        await clock.waitForSleepers()
        clock.advance(by: .milliseconds(9_999))
        // Had the sleeper been woken, nobody would sleep any more, and this would wait for ever.
        await clock.waitForSleepers()
        #expect(journal.entries.isEmpty)
        clock.advance(by: .milliseconds(1))
        try await sleeper.value
        #expect(journal.entries == ["woken"])
    }

    @Test("wakes every sleeper at its own time")
    func severalSleepers() async throws {
        let clock = ManualClock()
        let journal = Journal()
        let sleepers = [3, 1, 2].map { seconds in
            Task {
                try await clock.clock.sleep(.seconds(seconds))
                journal.note("\(seconds)")
            }
        }
        await clock.waitForSleepers(3)
        for (index, woken) in [(1, ["1"]), (2, ["1", "2"]), (0, ["1", "2", "3"])] {
            clock.advance(by: .seconds(1))
            try await sleepers[index].value
            #expect(journal.entries == woken)
        }
    }

    @Test("lets nobody sleep who wants no time")
    func noTime() async throws {
        let clock = ManualClock()
        try await clock.clock.sleep(.zero)
        try await clock.clock.sleep(.seconds(-5))
        #expect(clock.now == ManualClock().now)
    }

    @Test("ends the sleep of a cancelled task at once, and forgets it")
    func cancellation() async throws {
        let clock = ManualClock()
        let sleeper = Task { try await clock.clock.sleep(.seconds(10)) }
        await clock.waitForSleepers()
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        // Nobody is woken a second time.
        clock.advance(by: .seconds(20))
    }

    @Test("does not let a cancelled task fall asleep", arguments: [Duration.seconds(10), .zero])
    func alreadyCancelled(_ duration: Duration) async {
        let clock = ManualClock()
        let (isCancelled, cancelled) = AsyncStream.makeStream(of: Void.self)
        let sleeper = Task {
            // A stream ends for a cancelled task, too.
            for await _ in isCancelled {}
            try await clock.clock.sleep(duration)
        }
        sleeper.cancel()
        cancelled.finish()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }

    @Test("ends every sleep exactly once when time and cancellation come together")
    func race() async {
        for _ in 0..<200 {
            let clock = ManualClock()
            let sleepers = (0..<4).map { number in Task { try await clock.clock.sleep(.seconds(number + 1)) } }
            await clock.waitForSleepers()
            await withDiscardingTaskGroup { group in
                for sleeper in sleepers { group.addTask { sleeper.cancel() } }
                group.addTask { clock.advance(by: .seconds(10)) }
            }
            // A continuation that is resumed twice ends the process; one that never is ends the test by its time limit.
            for sleeper in sleepers { _ = await sleeper.result }
        }
    }

    @Test("tells when somebody sleeps, to everybody who asks")
    func waitForSleepers() async throws {
        let clock = ManualClock()
        let watchers = (0..<3).map { _ in Task { await clock.waitForSleepers() } }
        let sleeper = Task { try await clock.clock.sleep(.seconds(1)) }
        for watcher in watchers { await watcher.value }
        clock.advance(by: .seconds(1))
        try await sleeper.value
    }

    @Test("a moment that came before the sleep began is not waited for")
    func sleepUntil() async throws {
        let clock = ManualClock(now: 1_000)
        try await clock.clock.sleepUntil(1_000)
        let sleeper = Task { try await clock.clock.sleepUntil(1_500) }
        clock.advance(by: .milliseconds(500))
        try await sleeper.value
        #expect(clock.now == 1_500)
    }

    @Test("a cancelled task does not sleep until a moment")
    func sleepUntilCancelled() async {
        let clock = ManualClock()
        let sleeper = Task { try await clock.clock.sleepUntil(.max) }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }
}
