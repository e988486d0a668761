import Testing

@testable import Delivery

/// Records that may have ended a process: they run alone, and are put away when there is no doubt.
@Suite struct DeliverySuspectTests {
    private typealias Started = CommitMetadata.Started

    private func machine(starts: Int = 3) -> DeliveryMachine {
        DeliveryMachine(limits: DeliveryLimits(records: 256, window: 1_000, starts: starts))
    }

    // MARK: Alone

    @Test func aSuspectRunsAlone() throws {
        var machine = self.machine()
        let q = machine.assigned()
        let p = machine.assignedAfterCrash(started: [Started(offset: 1, starts: 2)], end: 0)
        let other = try machine.take(q, 0)
        #expect(machine.turnSlots() == [other])
        let slots = try machine.take(p, 0..<3)
        #expect(machine.suspect == nil)
        #expect(machine.turnSlots() == [slots[0]], "before the suspect in its log")
        #expect(machine.suspect == slots[1])
        #expect(machine.isGateClosed == true)
        let later = try machine.take(q, 1)
        #expect(machine.turnSlots() == [], "the gate is closed to everybody")
        _ = machine.handled(other, outputs: 1)
        #expect(machine.turnSlots() == [], "one still runs")
        _ = machine.handled(slots[0], outputs: 0)
        #expect(machine.startedSlots() == [], "a commit says that it runs alone")
        #expect(machine.isCommitUrgent == true)
        let commit = try #require(machine.beginCommit().first { $0.partition == p })
        #expect(commit.decoded?.started == [Started(offset: 1, starts: 3, isAlone: true)])
        #expect(machine.end(commit) == [.init(slot: slots[1], attempt: DeliveryAttempt(crashes: 2))])
        #expect(machine.turnSlots() == [])
        #expect(machine.active(in: p) == 1)
        _ = machine.handled(slots[1], outputs: 0)
        #expect(machine.suspect == nil)
        #expect(machine.turnSlots() == [slots[2], later])
        #expect(machine.isGateClosed == false)
    }

    @Test func aSuspectThatIsPostponedStillIsOne() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2, isAlone: true)], end: 0)
        let slots = try machine.take(p, 0..<2)
        for _ in 0..<2 {
            #expect(machine.turn() == [.init(slot: slots[0], attempt: DeliveryAttempt(crashes: 2))])
            let token = try machine.postpone(slots[0])
            // Others go on meanwhile, when a commit has said that it does not run.
            #expect(machine.startedSlots() == [])
            let commit = try #require(machine.beginCommit().first)
            #expect(commit.decoded?.started == [Started(offset: 0, starts: 2, isAlone: true, isRunning: false)])
            _ = machine.end(commit)
            if let neighbour = machine.turnSlots().first { #expect(neighbour == slots[1] && machine.handled(neighbour, outputs: 0)) }
            machine.retryDue(token)
        }
        #expect(machine.startedSlots() == [])
        let start = try #require(machine.beginCommit().first)
        #expect(start.decoded?.started == [Started(offset: 0, starts: 3, isAlone: true)], "it is told again before it starts")
    }

    /// A start that a commit is telling of is as good as a run.
    @Test func aSuspectWaitsForThoseWhoseStartIsBeingTold() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 1, starts: 2)])
        let slots = try machine.take(p, 0..<2)
        machine.commit()
        #expect(machine.startedSlots() == [])
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.decoded?.started == [Started(offset: 0, starts: 2), Started(offset: 1, starts: 2, isRunning: false)])
        #expect(machine.startedSlots() == [])
        #expect(machine.end(commit).map(\.slot) == [slots[0]])
        #expect(machine.turnSlots() == [])
        #expect(machine.suspect == slots[1])
        _ = machine.handled(slots[0], outputs: 0)
        #expect(machine.turnSlots() == [slots[1]])
    }

    @Test func aSuspectDoesNotWaitForATellingThatWasGivenUp() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash()
        let q = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2)], end: 0)
        _ = try machine.take(p, 0..<2)
        #expect(machine.startedSlots() == [], "both are being told")
        let suspect = try machine.take(q, 0)
        #expect(machine.startedSlots() == [])
        #expect(machine.retired(p, notBegun: []).count == 2)
        #expect(machine.turnSlots() == [suspect])
    }

    @Test func suspectsRunOneAfterAnother() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2), Started(offset: 2, starts: 2)], end: 0)
        let q = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2)], end: 0)
        let slots = try machine.take(p, 0..<3)
        let third = try machine.take(q, 0)
        #expect(machine.turnSlots() == [slots[0]])
        _ = machine.handled(slots[0], outputs: 0)
        #expect(machine.turnSlots() == [slots[1]], "nobody's turn yet")
        #expect(machine.suspect == slots[2])
        _ = machine.handled(slots[1], outputs: 0)
        #expect(machine.turnSlots() == [slots[2]])
        _ = machine.handled(slots[2], outputs: 0)
        #expect(machine.turnSlots() == [third])
        #expect(machine.active(in: p) == 0)
        _ = machine.handled(third, outputs: 0)
        machine.turn()
        #expect(machine.suspect == nil)
        #expect(machine.isGateClosed == false)
        #expect(machine.recordsInFlight == 0)
    }

    @Test func aSuspectWaitsForItsKey() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 1, starts: 2)], end: 0)
        let slots = try machine.take(p, 0..<2, key: 1)
        let other = try machine.take(p, 2, key: 2)
        #expect(machine.turnSlots() == [slots[0], other], "it is not the first of its lane: the gate is open")
        #expect(machine.suspect == nil)
        _ = machine.handled(slots[0], outputs: 0)
        #expect(machine.turnSlots() == [])
        #expect(machine.suspect == slots[1])
        _ = machine.handled(other, outputs: 0)
        #expect(machine.turnSlots() == [slots[1]])
    }

    // MARK: The end of patience

    /// The process may end by any of them: the suspect is not said to run alone.
    @Test func openingTheGateLetsASuspectThatWaitsRunBesideTheOthers() throws {
        var machine = self.machine()
        machine.openGate()
        #expect(machine.isGateClosed == false)
        let p = machine.assignedAfterCrash(started: [Started(offset: 1, starts: 2)], end: 0)
        let slots = try machine.take(p, 0..<3)
        #expect(machine.turnSlots() == [slots[0]])
        #expect(machine.isGateClosed == true, "nobody waited when it was opened")
        machine.openGate()
        #expect(machine.isGateClosed == false)
        #expect(machine.suspect == slots[1])
        #expect(machine.startedSlots() == [slots[2]])
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.decoded?.started == [Started(offset: 1, starts: 3)])
        #expect(machine.end(commit).map(\.slot) == [slots[1]])
        _ = machine.handled(slots[1], outputs: 0)
        #expect(machine.suspect == nil)
    }

    @Test func openingTheGateLetsTheOthersRunBesideTheSuspect() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2), Started(offset: 2, starts: 2)], end: 0)
        let slots = try machine.take(p, 0..<3)
        #expect(machine.turnSlots() == [slots[0]])
        machine.openGate()
        #expect(machine.turnSlots() == [slots[1]], "another suspect still waits")
        #expect(machine.isGateClosed == false)
        #expect(machine.suspect == slots[0])
        _ = machine.handled(slots[0], outputs: 0)
        #expect(machine.turnSlots() == [])
        #expect(machine.suspect == slots[2])
        #expect(machine.isGateClosed == true, "it was opened for one suspect")
        _ = machine.handled(slots[1], outputs: 0)
        #expect(machine.turnSlots() == [slots[2]])
    }

    /// The crash of somebody who starts right after it would be blamed on it.
    @Test func theOthersWaitForTheCommitThatClearsASuspect() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2)], end: 0)
        let q = machine.assigned()
        let slots = try machine.take(p, 0..<2)
        let other = try machine.take(q, 0)
        #expect(machine.turnSlots() == [slots[0]])
        #expect(machine.handled(slots[0], outputs: 1) == true)
        #expect(machine.suspect == nil)
        #expect(machine.startedSlots() == [])
        #expect(machine.isGateClosed == true)
        #expect(machine.isCommitUrgent == true)
        let failing = try #require(machine.beginCommit().first)
        #expect(failing.decoded == CommitMetadata(isOpen: true), "its outputs are on their way")
        _ = machine.end(failing, succeeded: false)
        #expect(machine.startedSlots() == [])
        machine.commit()
        #expect(machine.isGateClosed == false)
        #expect(machine.startedSlots() == [slots[1], other])
    }

    @Test func theOthersWaitForTheCommitThatOpensTheGate() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2)], end: 0)
        let slots = try machine.take(p, 0..<2)
        #expect(machine.turnSlots() == [slots[0]])
        machine.openGate()
        #expect(machine.startedSlots() == [])
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.decoded?.started == [Started(offset: 0, starts: 3)], "it is not alone any more")
        _ = machine.end(commit)
        #expect(machine.startedSlots() == [slots[1]])
        machine.openGate()
        #expect(machine.hasUncommitted == false, "it is open")
    }

    @Test func whoWaitsForACommitOfAPartitionThatLeavesWaitsNoLonger() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2)], end: 0)
        let q = machine.assigned()
        let slot = try machine.take(p, 0)
        let other = try machine.take(q, 0)
        #expect(machine.turnSlots() == [slot])
        #expect(machine.handled(slot, outputs: 1) == true)
        #expect(machine.startedSlots() == [])
        #expect(machine.retired(p, notBegun: []) == [slot])
        #expect(machine.startedSlots() == [other])
    }

    // MARK: The verdict

    @Test(arguments: [
        (Started(offset: 0, starts: 2, isAlone: true), false),
        (Started(offset: 0, starts: 3, isAlone: false), false),
        (Started(offset: 0, starts: 3, isAlone: true), true),
        (Started(offset: 0, starts: 8, isAlone: false), false),
        (Started(offset: 0, starts: 9, isAlone: false), true),
    ])
    func aRecordIsPoisonAfterThreeStartsTheLastOneAloneOrAfterNine(started: CommitMetadata.Started, isPoison: Bool) throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [started])
        let slot = try machine.take(p, 0)
        let starts = machine.turn()
        #expect(starts == [.init(slot: slot, attempt: DeliveryAttempt(crashes: started.starts, isPoison: isPoison))])
        #expect((machine.suspect == nil) == isPoison, "what is put away needs no room of its own")
    }

    @Test func moreStartsMayBeAllowed() throws {
        var machine = self.machine(starts: 4)
        let started = [Started(offset: 0, starts: 3, isAlone: true), Started(offset: 1, starts: 4, isAlone: true)]
        let p = machine.assignedAfterCrash(started: started)
        _ = try machine.take(p, 0..<2)
        #expect(machine.turn().map(\.attempt.isPoison) == [true, false])
    }

    @Test func aPoisonousRecordIsPutAwayBesideASuspect() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2), Started(offset: 1, starts: 3, isAlone: true)], end: 0)
        let slots = try machine.take(p, 0..<2)
        machine.commit()
        #expect(machine.starts() == [.init(slot: slots[1], attempt: DeliveryAttempt(crashes: 3, isPoison: true))])
        #expect(machine.handled(slots[1], outputs: 1) == true)
        machine.acknowledged(slots[1])
        #expect(machine.finishedAboveBase(of: p) == [1..<2])
        #expect(machine.turnSlots() == [slots[0]])
    }

    @Test func poisonStaysPoisonUntilItIsPutAway() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 3, isAlone: true)])
        let slots = try machine.take(p, 0..<2)
        #expect(machine.turnSlots() == slots)
        #expect(machine.handled(slots[0], outputs: 1) == true)
        #expect(machine.handled(slots[1], outputs: 0) == true)
        let commit = try #require(machine.beginCommit().first)
        #expect(
            commit.decoded?.started == [Started(offset: 0, starts: 3, isAlone: true, isRunning: false)],
            "its dead letter is not durable"
        )
        _ = machine.end(commit)
        machine.acknowledged(slots[0])
        let last = try #require(machine.beginCommit().first)
        #expect(last.offset == 2)
        #expect(last.decoded?.started == [])
    }

    // MARK: Suspects that leave

    @Test func aWaitingSuspectThatLeavesOpensTheGate() throws {
        var machine = self.machine()
        let q = machine.assigned()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2)], end: 0)
        let running = try machine.take(q, 0)
        machine.turn()
        let slot = try machine.take(p, 0)
        #expect(machine.turnSlots() == [])
        #expect(machine.suspect == slot)
        let other = try machine.take(q, 1)
        #expect(machine.revoking(p, notBegun: []) == [slot])
        #expect(machine.suspect == nil)
        #expect(machine.turnSlots() == [other])
        #expect(machine.handled(running, outputs: 0) == true)
    }

    @Test func aSuspectThatIsBeingToldOpensTheGateWhenItLeaves() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2)], end: 0)
        let slot = try machine.take(p, 0)
        machine.commit()
        #expect(machine.startedSlots() == [])
        let telling = try #require(machine.beginCommit().first)
        #expect(machine.revoking(p, notBegun: []) == [slot])
        #expect(machine.suspect == nil)
        #expect(machine.end(telling) == [], "it was given up")
        let goodbye = try #require(machine.beginCommit(last: true).first)
        #expect(
            goodbye.decoded == CommitMetadata(isOpen: false, started: [Started(offset: 0, starts: 2, isRunning: false)]),
            "it has not begun"
        )
        _ = machine.end(goodbye)
        #expect(machine.retired(p, notBegun: []) == [])
        #expect(machine.recordsInFlight == 0)
        #expect(machine.active(in: p) == 0)
    }

    @Test func aSuspectThatRunsOnAfterItsPartitionHasLeftKeepsTheGateClosedUntilItEnds() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2)], end: 0)
        let q = machine.assigned()
        let slot = try machine.take(p, 0)
        #expect(machine.turnSlots() == [slot])
        let other = try machine.take(q, 0)
        #expect(machine.retired(p, notBegun: []) == [])
        #expect(machine.turnSlots() == [])
        #expect(machine.isGateClosed == true)
        #expect(machine.handled(slot, outputs: 0) == false)
        #expect(machine.turnSlots() == [other])
    }

    @Test func aSuspectThatWasTakenBackIsAsSuspectAsBefore() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(started: [Started(offset: 0, starts: 2)])
        let slots = try machine.take(p, 0..<2)
        #expect(machine.turnSlots() == [slots[0]])
        #expect(machine.revoking(p, notBegun: [slots[0]]).sorted() == slots)
        #expect(machine.suspect == nil)
        let goodbye = try #require(machine.beginCommit(last: true).first)
        #expect(goodbye.decoded?.started == [Started(offset: 0, starts: 2, isRunning: false)])
    }
}
