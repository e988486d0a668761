import Testing

@testable import Delivery

/// Owners that crash and their successors, who know of each other only what commits tell.
@Suite struct DeliveryCrashTests {
    private typealias Started = CommitMetadata.Started

    private func machine(window: Int = 1_000) -> DeliveryMachine {
        DeliveryMachine(limits: DeliveryLimits(records: 256, window: window))
    }

    /// Everything that may begin, with the commits that it waits for; keeps the newest commit that succeeded.
    private func run(_ machine: inout DeliveryMachine, keeping last: inout DeliveryMachine.Commit?) -> [DeliveryMachine.Start] {
        var starts = machine.starts()
        for _ in 0..<3 where machine.isCommitUrgent {
            for commit in machine.beginCommit() {
                last = commit
                starts += machine.end(commit)
            }
            starts += machine.starts()
        }
        return starts
    }

    @Test func theRecordThatEndsItsProcessIsFoundAndItsNeighboursAreCleared() throws {
        // Offset 2 ends every process that runs it; all four are read each time.
        var commit: DeliveryMachine.Commit?

        var first = self.machine()
        var p = first.assigned()
        var slots = try first.take(p, 0..<4)
        #expect(self.run(&first, keeping: &commit).map(\.slot) == slots, "nothing is known of them")
        #expect(commit?.decoded == CommitMetadata(isOpen: true))

        // Crash. Nobody knows who was running: all may have been.
        var second = self.machine()
        p = second.assigned(after: try #require(commit), end: 4)
        slots = try second.take(p, 0..<4)
        #expect(self.run(&second, keeping: &commit) == slots.map { .init(slot: $0, attempt: DeliveryAttempt()) })
        #expect(commit?.decoded?.started == (0..<4).map { Started(offset: $0, starts: 2) })

        // Crash. Four suspects, one after another; those that come back are cleared.
        var third = self.machine()
        p = third.assigned(after: try #require(commit), end: 4)
        slots = try third.take(p, 0..<4)
        for index in 0..<2 {
            #expect(self.run(&third, keeping: &commit) == [.init(slot: slots[index], attempt: DeliveryAttempt(crashes: 2))])
            #expect(third.handled(slots[index], outputs: 0) == true)
        }
        #expect(self.run(&third, keeping: &commit) == [.init(slot: slots[2], attempt: DeliveryAttempt(crashes: 2))])
        #expect(commit?.offset == 2)
        let told = [Started(offset: 2, starts: 3, isAlone: true), Started(offset: 3, starts: 2, isRunning: false)]
        #expect(commit?.decoded?.started == told)

        // Crash. There is no doubt; who waited behind it is still to be cleared.
        var fourth = self.machine()
        p = fourth.assigned(after: try #require(commit), end: 5)
        slots = try fourth.take(p, 2..<5)
        let starts = self.run(&fourth, keeping: &commit)
        #expect(starts.first == .init(slot: slots[0], attempt: DeliveryAttempt(crashes: 3, isPoison: true)))
        #expect(fourth.handled(slots[0], outputs: 1) == true, "put away")
        fourth.acknowledged(slots[0])
        var begun = starts.dropFirst().map(\.slot)
        for _ in 0..<4 {
            for slot in begun { #expect(fourth.handled(slot, outputs: 0) == true) }
            begun = self.run(&fourth, keeping: &commit).map(\.slot)
        }
        #expect(fourth.recordsInFlight == 0)
        _ = fourth.revoking(p, notBegun: [])
        let goodbye = try #require(fourth.beginCommit(last: true).first)
        #expect(goodbye.offset == 5)
        #expect(goodbye.decoded == CommitMetadata(isOpen: false))

        // An orderly end: nobody is suspected.
        var fifth = self.machine()
        p = fifth.assigned(after: goodbye)
        let slot = try fifth.take(p, 5)
        fifth.commit()
        #expect(fifth.starts() == [.init(slot: slot, attempt: DeliveryAttempt())])
    }

    @Test func whoWasClearedIsNotCountedAgain() throws {
        // 0 ends the process only while 1 runs beside it: neither is ever poison, and both are done in the end.
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2), Started(offset: 1, starts: 2)])
        let slots = try machine.take(p, 0..<2)
        #expect(machine.turnSlots() == [slots[0]])
        #expect(machine.handled(slots[0], outputs: 1) == true)
        var commit: DeliveryMachine.Commit?
        #expect(self.run(&machine, keeping: &commit).map(\.slot) == [slots[1]])
        #expect(commit?.decoded?.started == [Started(offset: 1, starts: 3, isAlone: true)])
    }

    @Test func aRetriedRecordIsNoSuspect() throws {
        // It has failed, which is an end: the process lived.
        var machine = self.machine()
        var p = machine.assigned()
        let slots = try machine.take(p, 0..<2)
        machine.turn()
        _ = try machine.park(slots[0])
        _ = machine.handled(slots[1], outputs: 0)
        let commit = try #require(machine.beginCommit().first)

        // Crash while it waits for its retry: as unknown as all the others.
        var next = self.machine()
        p = next.assigned(after: commit)
        let slot = try next.take(p, 0)
        #expect(next.received(p, offset: 1, keyHash: 0, bytes: 1) == .finishedBefore)
        #expect(next.turn() == [.init(slot: slot, attempt: DeliveryAttempt(failures: 1))])
        #expect(next.suspect == nil)
    }

    @Test func failuresAndCrashesAreCountedApart() throws {
        var machine = self.machine()
        var p = machine.assignedAfterCrash()
        var slot = try machine.take(p, 0)
        machine.turn()
        machine.retryDue(try machine.park(slot))
        var commit: DeliveryMachine.Commit?
        #expect(self.run(&machine, keeping: &commit) == [.init(slot: slot, attempt: DeliveryAttempt(failures: 1))], "told again")

        // Crash in its second attempt.
        var next = self.machine()
        p = next.assigned(after: try #require(commit))
        slot = try next.take(p, 0)
        #expect(next.turn() == [.init(slot: slot, attempt: DeliveryAttempt(failures: 1, crashes: 2))])
        #expect(next.suspect == slot)
        #expect(try next.park(slot) != 0)
        #expect(next.suspect == nil, "it came back")
        #expect(next.beginCommit().first?.decoded?.started.map(\.failures) == [2])
    }

    @Test func whatRunsAtAnOrderlyEndHasNotEndedAProcess() throws {
        // A suspect takes longer than the partition's owner may wait, again and again.
        var machine = self.machine()
        var p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2)])
        for _ in 0..<3 {
            let slot = try machine.take(p, 0)
            #expect(machine.turn() == [.init(slot: slot, attempt: DeliveryAttempt(crashes: 2))])
            #expect(machine.revoking(p, notBegun: []) == [])
            let goodbye = try #require(machine.beginCommit(last: true).first)
            #expect(goodbye.decoded?.started == [Started(offset: 0, starts: 2, isRunning: false)])
            machine = self.machine()
            p = machine.assigned(after: goodbye)
        }
    }

    @Test func whoseCrashIsOnlyAssumedIsForgottenAtAnOrderlyEnd() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash()
        _ = try machine.take(p, 0..<2)
        machine.turn()
        _ = machine.revoking(p, notBegun: [0])
        let goodbye = try #require(machine.beginCommit(last: true).first)
        #expect(goodbye.decoded?.started == [], "0 was taken back, 1 runs on without its partition")
    }
}
