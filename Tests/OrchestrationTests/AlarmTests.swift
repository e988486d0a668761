import FleetTestKit
import Synchronization
import Testing

@testable import Orchestration

@Suite("Alarm", .timeLimit(.minutes(1)))
struct AlarmTests {
    private let time = ManualClock(now: 0)

    /// Remembers what rang, and lets a test wait for it.
    private final class Bell: Sendable {
        private let rung = Mutex<[String]>([])
        let gate = Gate()

        func action(_ name: String, opensGate: Bool = false) -> Alarm.Action {
            {
                self.rung.withLock { $0.append(name) }
                if opensGate { self.gate.open() }
            }
        }

        var names: [String] { self.rung.withLock { $0 } }
    }

    @Test func ringsWhatIsDueAndNothingElse() async {
        let alarm = Alarm(clock: self.time.clock)
        let bell = Bell()
        _ = alarm.schedule(at: 500, bell.action("late"))
        let cancelled = alarm.schedule(at: 100, bell.action("cancelled"))
        _ = alarm.schedule(at: 200, bell.action("early", opensGate: true))
        alarm.cancel(cancelled)
        #expect(alarm.count == 2)
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(100))
        await self.time.waitForSleepers(1)
        self.time.advance(by: .milliseconds(100))
        await bell.gate.wait()
        #expect(bell.names == ["early"])
        #expect(alarm.count == 1)
    }

    @Test func anEarlierMomentWakesTheSleeperEarlier() async {
        let alarm = Alarm(clock: self.time.clock)
        let bell = Bell()
        _ = alarm.schedule(at: 900, bell.action("late"))
        await self.time.waitForSleepers(1)
        _ = alarm.schedule(at: 10, bell.action("early", opensGate: true))
        // The new sleeper may be asleep before or after time moves: either way the moment has come.
        self.time.advance(by: .milliseconds(10))
        await bell.gate.wait()
        #expect(bell.names == ["early"])
    }

    @Test func aPastMomentRingsAtOnce() async {
        let alarm = Alarm(clock: self.time.clock)
        let bell = Bell()
        _ = alarm.schedule(at: .min, bell.action("past", opensGate: true))
        await bell.gate.wait()
        #expect(alarm.count == 0)
    }

    @Test func momentsBeyondAllTimeCanBeScheduledAndCancelled() async {
        let alarm = Alarm(clock: self.time.clock)
        let bell = Bell()
        let never = alarm.schedule(at: .max, bell.action("never"))
        _ = alarm.schedule(at: 1, bell.action("soon", opensGate: true))
        self.time.advance(by: .milliseconds(1))
        await bell.gate.wait()
        #expect(alarm.count == 1)
        alarm.cancel(never)
        #expect(alarm.count == 0)
        #expect(bell.names == ["soon"])
    }

    @Test func itCanBeUsedAgainAfterItRanOutOfEntries() async {
        let alarm = Alarm(clock: self.time.clock)
        for round in 1...3 {
            let bell = Bell()
            _ = alarm.schedule(at: self.time.now + 5, bell.action("round \(round)", opensGate: true))
            self.time.advance(by: .milliseconds(5))
            await bell.gate.wait()
            #expect(bell.names == ["round \(round)"])
        }
    }

    @Test func anActionMayScheduleAnother() async {
        let alarm = Alarm(clock: self.time.clock)
        let bell = Bell()
        _ = alarm.schedule(at: 0) { _ = alarm.schedule(at: 0, bell.action("second", opensGate: true)) }
        await bell.gate.wait()
        #expect(bell.names == ["second"])
    }
}
