import Testing

@testable import Delivery

/// Records whose handler has failed and that are handled once more.
@Suite struct DeliveryRetryTests {
    /// The first partition of a machine.
    private let p: DeliveryMachine.Partition = 0

    private func machine(records: Int = 8) -> DeliveryMachine {
        var machine = DeliveryMachine(limits: DeliveryLimits(records: records, bytes: 1_000, window: 100))
        #expect(machine.assigned(place: 0) == self.p)
        return machine
    }

    @Test func aFailedRecordBeginsAgainWhenItsRetryIsDue() throws {
        var machine = self.machine()
        let slot = try machine.take(p, 0)
        #expect(machine.turn() == [.init(slot: slot, attempt: DeliveryAttempt())])
        let token = try machine.park(slot)
        #expect(token != 0)
        #expect(machine.active(in: p) == 0, "it does not run")
        #expect(machine.recordsInFlight == 1, "but is in flight")
        #expect(machine.bytesInFlight == 1)
        #expect(machine.turnSlots() == [])
        #expect(machine.failed(slot) == nil, "it is parked")
        #expect(machine.handled(slot, outputs: 0) == false, "it is parked")
        #expect(machine.acknowledged(slot) == false, "it is parked")
        #expect(machine.output(token) == nil, "it has no outputs")
        machine.retryDue(token)
        #expect(machine.starts() == [.init(slot: slot, attempt: DeliveryAttempt(failures: 1))])
        machine.retryDue(token)
        #expect(machine.startedSlots() == [], "it runs")
        #expect(machine.active(in: p) == 1)
        machine.retryDue(try machine.park(slot))
        #expect(machine.starts() == [.init(slot: slot, attempt: DeliveryAttempt(failures: 2))])
        #expect(machine.handled(slot, outputs: 0) == true)
        #expect(machine.recordsInFlight == 0)
        #expect(machine.active(in: p) == 0)
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.offset == 1)
        #expect(commit.decoded?.started == [], "it is done")
    }

    @Test func aPostponedRecordBeginsAgainAndNoAttemptIsCounted() throws {
        var machine = self.machine()
        let slots = try machine.take(p, 0..<2, key: 1)
        #expect(machine.turnSlots() == [slots[0]])
        for _ in 0..<3 {
            let token = try machine.postpone(slots[0])
            #expect(machine.active(in: p) == 0 && machine.recordsInFlight == 2 && machine.startedSlots() == [], "its key waits for it")
            #expect(machine.postponed(slots[0]) == nil, "it is parked")
            machine.retryDue(token)
            #expect(machine.starts() == [.init(slot: slots[0], attempt: DeliveryAttempt())])
        }
        machine.retryDue(try machine.park(slots[0]))
        #expect(machine.starts() == [.init(slot: slots[0], attempt: DeliveryAttempt(failures: 1))])
        let token = try machine.postpone(slots[0])
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.decoded?.started.map(\.failures) == [1] && commit.decoded?.started.map(\.starts) == [0], "a failure stays one")
        machine.retryDue(token)
        #expect(machine.starts() == [.init(slot: slots[0], attempt: DeliveryAttempt(failures: 1))])
        #expect(machine.handled(slots[0], outputs: 2) == true)
        #expect(machine.pendingOutputs(of: slots[0]) == 2)
        #expect(machine.acknowledged(slots[0]) == false && machine.pendingOutputs(of: slots[0]) == 1)
        #expect(machine.acknowledged(slots[0]) == true && machine.pendingOutputs(of: slots[0]) == 0)
        #expect(machine.startedSlots() == [slots[1]])
    }

    @Test func whatIsPostponedLeavesWithItsPartition() throws {
        var machine = self.machine()
        let slots = try machine.take(p, 0..<2)
        #expect(machine.turnSlots() == slots)
        let token = try machine.postpone(slots[0])
        #expect(machine.revoking(p, notBegun: []) == [slots[0]])
        #expect(machine.postponed(slots[1]) == nil, "nothing of a partition that leaves is kept")
        machine.retryDue(token)
        #expect(machine.startedSlots() == [] && machine.recordsInFlight == 0 && machine.active(in: p) == 0)
    }

    @Test func theKeyWaitsAndOthersGoOn() throws {
        var machine = self.machine()
        let slots = try machine.take(p, 0..<3, key: 1)
        let others = try machine.take(p, 3..<5, key: 2)
        #expect(machine.turnSlots() == [slots[0], others[0]])
        let token = try machine.park(slots[0])
        #expect(machine.startedSlots() == [], "those behind it wait")
        #expect(machine.handled(others[0], outputs: 0) == true)
        #expect(machine.startedSlots() == [others[1]])
        let late = try machine.take(p, 5, key: 1)
        #expect(machine.startedSlots() == [], "it waits too")
        machine.retryDue(token)
        #expect(machine.startedSlots() == [slots[0]])
        #expect(machine.handled(slots[0], outputs: 0) == true)
        for slot in [slots[1], slots[2], late] {
            #expect(machine.startedSlots() == [slot])
            #expect(machine.handled(slot, outputs: 0) == true)
        }
    }

    @Test func theBaseStaysBelowAParkedRecord() throws {
        var machine = self.machine()
        let slots = try machine.take(p, 0..<3)
        machine.turn()
        _ = try machine.park(slots[0])
        for slot in slots[1...] { #expect(machine.handled(slot, outputs: 0) == true) }
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.offset == 0)
        #expect(commit.decoded == CommitMetadata(isOpen: true, finished: [1..<3], started: [.init(offset: 0, starts: 0, failures: 1)]))
    }

    @Test func everyFailureIsNewsForACommit() throws {
        var machine = self.machine()
        let slot = try machine.take(p, 0)
        machine.turn()
        for failures in 1...3 {
            #expect(machine.hasUncommitted == false)
            machine.retryDue(try machine.park(slot))
            #expect(machine.hasUncommitted == true)
            let commit = try #require(machine.beginCommit().first)
            #expect(commit.decoded?.started == [.init(offset: 0, starts: 0, failures: failures)])
            _ = machine.end(commit)
            #expect(machine.startedSlots() == [slot])
        }
    }

    @Test func aTokenOfAWaitIsLateWhenTheSlotWasGivenAway() throws {
        var machine = self.machine(records: 1)
        let token = try { machine throws(NotParked) in
            _ = machine.received(p, offset: 0, keyHash: 0, bytes: 1)
            machine.turn()
            return try machine.park(0)
        }(&machine)
        #expect(machine.retired(p, notBegun: []) == [0])
        machine.retryDue(token)
        #expect(machine.startedSlots() == [], "its partition has left")
        #expect(machine.assigned(place: 0) == p)
        #expect(try machine.take(p, 0) == 0)
        machine.turn()
        let newer = try machine.park(0)
        #expect(newer != token)
        machine.retryDue(token)
        #expect(machine.startedSlots() == [], "another record waits there")
        machine.retryDue(newer)
        #expect(machine.startedSlots() == [0])
    }

    // MARK: Leaving

    @Test func aParkedRecordIsGivenUpWithItsPartitionAndItsFailuresAreKept() throws {
        var machine = self.machine()
        let slots = try machine.take(p, 0..<2, key: 1)
        machine.turn()
        let token = try machine.park(slots[0])
        #expect(machine.revoking(p, notBegun: []).sorted() == slots)
        machine.retryDue(token)
        #expect(machine.startedSlots() == [])
        #expect(machine.recordsInFlight == 0)
        #expect(machine.active(in: p) == 0)
        let goodbye = try #require(machine.beginCommit().first)
        #expect(goodbye.decoded == CommitMetadata(isOpen: false, started: [.init(offset: 0, starts: 0, failures: 1)]))
        #expect(machine.retired(p, notBegun: []) == [])

        let again = machine.assigned(after: goodbye, place: 0)
        let newSlots = try machine.take(again, 0..<2, key: 1)
        #expect(machine.turn() == [.init(slot: newSlots[0], attempt: DeliveryAttempt(failures: 1))])
        #expect(machine.suspect == nil)
    }

    @Test func aFailureInALeavingPartitionIsLeftToTheNextOwner() throws {
        var machine = self.machine()
        let slot = try machine.take(p, 0, key: 1)
        machine.turn()
        _ = machine.revoking(p, notBegun: [])
        #expect(machine.failed(slot) == nil)
        #expect(machine.recordsInFlight == 0)
        #expect(machine.bytesInFlight == 0)
        #expect(machine.active(in: p) == 0)
        #expect(machine.lanes.count == 0)
        #expect(machine.staleCompletions == 0)
        #expect(machine.startedSlots() == [])
        let goodbye = try #require(machine.beginCommit().first)
        #expect(goodbye.offset == 0)
        #expect(goodbye.decoded == CommitMetadata(isOpen: false, started: [.init(offset: 0, starts: 0, failures: 1)]))
    }

    @Test func failuresSurviveACrash() throws {
        var machine = self.machine()
        let slots = try machine.take(p, 0..<2)
        machine.turn()
        machine.retryDue(try machine.park(slots[1]))
        machine.turn()
        _ = try machine.park(slots[1])
        let commit = try #require(machine.beginCommit().first)

        var next = DeliveryMachine()
        let again = next.assigned(after: commit)
        let newSlots = try next.take(again, 0..<2)
        #expect(next.turn().map(\.attempt) == [DeliveryAttempt(), DeliveryAttempt(failures: 2)])
        #expect(next.handled(newSlots[1], outputs: 0) == true)
        #expect(next.beginCommit().first?.decoded?.started == [.init(offset: 0, starts: 2)])
    }

    // MARK: Suspects

    @Test func aSuspectThatFailsIsCleared() throws {
        var machine = DeliveryMachine()
        let p = machine.assignedAfterCrash(started: [.init(offset: 0, starts: 2)], end: 0)
        let slots = try machine.take(p, 0..<2)
        #expect(machine.turnSlots() == [slots[0]])
        let token = try machine.park(slots[0])
        #expect(machine.suspect == nil)
        #expect(machine.turnSlots() == [slots[1]], "the gate is open")
        machine.retryDue(token)
        #expect(machine.turn() == [.init(slot: slots[0], attempt: DeliveryAttempt(failures: 1))], "it runs beside the others now")
    }

    @Test func aToldRecordIsToldAgainWhenItIsRetried() throws {
        var machine = DeliveryMachine()
        let p = machine.assignedAfterCrash()
        let slot = try machine.take(p, 0)
        machine.turn()
        machine.retryDue(try machine.park(slot))
        machine.commit()
        #expect(machine.startedSlots() == [])
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.decoded?.started == [.init(offset: 0, starts: 2, failures: 1)])
        #expect(machine.end(commit) == [.init(slot: slot, attempt: DeliveryAttempt(failures: 1))])
    }
}
