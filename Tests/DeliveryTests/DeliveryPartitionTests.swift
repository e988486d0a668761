import Testing

@testable import Delivery

/// A partition's way through the machine.
@Suite struct DeliveryPartitionTests {
    private func machine(records: Int = 8) -> DeliveryMachine {
        DeliveryMachine(limits: DeliveryLimits(records: records, bytes: 1_000, window: 100))
    }

    @Test func revokingGivesUpWhatHasNotBegun() throws {
        var machine = self.machine()
        let p = machine.assigned()
        let q = machine.assigned()
        _ = try machine.take(p, 0, key: 4, bytes: 10)
        for offset in 1..<4 as Range<Int64> { _ = try machine.take(p, offset, key: 3, bytes: 10) }
        for offset in 0..<2 as Range<Int64> { _ = try machine.take(q, offset, key: 2, bytes: 10) }
        machine.turn()
        _ = machine.handled(0, outputs: 1)
        // Slots: p publishes 0, runs 1, holds back 2 and 3; q runs 4, holds back 5.
        #expect(machine.revoking(p, notBegun: []) == [2, 3])
        #expect(machine.revoking(p, notBegun: []) == [], "told twice")
        #expect(machine.active(in: p) == 2)
        #expect(machine.recordsInFlight == 4)
        #expect(machine.bytesInFlight == 40)
        #expect(machine.capacity(of: p) == 0)
        #expect(machine.received(p, offset: 4, keyHash: 0, bytes: 1) == .drop, "nothing new of it is taken in")
        #expect(machine.handled(1, outputs: 0) == true, "what runs may end")
        #expect(machine.startedSlots() == [], "who waited was given up")
        #expect(machine.acknowledged(0) == true)
        #expect(machine.active(in: p) == 0)
        #expect(machine.beginCommit().map(\.point) == ["\(p)@2"])
        #expect(machine.handled(4, outputs: 0) == true)
        #expect(machine.startedSlots() == [5], "the other partition goes on")
    }

    @Test func whatIsFinishedAboveSomethingGivenUpIsToldToTheNextOwner() throws {
        var machine = self.machine()
        let p = machine.assigned()
        _ = try machine.take(p, 0..<5)
        machine.turn()
        for slot in [1, 3] as [Int32] { _ = machine.handled(slot, outputs: 0) }
        #expect(machine.revoking(p, notBegun: [0, 2]).sorted() == [0, 2], "taken back before a runner had them")
        _ = machine.handled(4, outputs: 0)
        let commit = try #require(machine.beginCommit(last: true).first)
        #expect(commit.offset == 0)
        #expect(machine.retired(p, notBegun: []) == [])

        var next = self.machine()
        let again = next.assigned(after: commit)
        let receptions = (0..<5).map { next.received(again, offset: $0, keyHash: 0, bytes: 1) }
        #expect(receptions == [.taken(0), .finishedBefore, .taken(1), .finishedBefore, .finishedBefore])
        #expect(next.turnSlots() == [0, 1])
        for slot in [0, 1] as [Int32] { _ = next.handled(slot, outputs: 0) }
        #expect(next.beginCommit().map(\.offset) == [5])
    }

    @Test func aPartitionThatNothingHasBegunOfIsGivenUpWhole() throws {
        var machine = self.machine()
        let p = machine.assigned()
        _ = try machine.take(p, 0..<2, key: 1)
        _ = try machine.take(p, 2)
        #expect(machine.revoking(p, notBegun: []).sorted() == [0, 1, 2], "its first commit was not made")
        #expect(machine.recordsInFlight == 0)
        #expect(machine.bytesInFlight == 0)
        #expect(machine.turnSlots() == [])
    }

    @Test func whatIsTakenBackIsNotRunAndFreesItsKey() throws {
        var machine = self.machine()
        let p = machine.assigned(place: 3)
        let q = machine.assigned(place: 4)
        _ = try machine.take(p, 0, key: 1)
        _ = try machine.take(q, 0, key: 1)
        #expect(machine.turnSlots() == [0, 1])
        #expect(machine.revoking(p, notBegun: [0, 0, 1]) == [0], "1 is another partition's, and told twice is once")
        #expect(machine.active(in: p) == 0)
        #expect(machine.active(in: q) == 1)
        #expect(machine.handled(0, outputs: 0) == false)
        #expect(machine.retired(p, notBegun: [0, 1]) == [])
        #expect(machine.active(in: q) == 1)
        let again = machine.assigned(place: 3)
        #expect(again == p)
        let slot = try machine.take(again, 0, key: 1)
        #expect(machine.turnSlots() == [slot], "nobody of the key is left")
        #expect(machine.staleCompletions == 0)
    }

    @Test func keysWhoseHashesMeetDoNotLeaveTogether() throws {
        // 1 in partition 0 and 0 ^ 1 in partition 1 are one number once the partition is mixed in with exclusive or.
        for hash in 2..<64 as Range<UInt64> {
            var machine = self.machine()
            let p = machine.assigned()
            let q = machine.assigned()
            _ = try machine.take(p, 0..<2, key: hash)
            _ = try machine.take(q, 0..<2, key: hash ^ 1)
            #expect(machine.turnSlots() == [0, 2], "hash \(hash)")
            #expect(machine.revoking(p, notBegun: [0]).sorted() == [0, 1])
            #expect(machine.handled(2, outputs: 0) == true)
            #expect(machine.startedSlots() == [3], "hash \(hash)")
        }
    }

    @Test func aRecordThatNobodyRanIsFreeWhenItsPartitionHasLeft() throws {
        var machine = self.machine()
        let p = machine.assigned()
        let q = machine.assigned()
        for offset in 0..<2 as Range<Int64> { _ = try machine.take(p, offset, key: 1, bytes: 5) }
        _ = try machine.take(p, 2, bytes: 5)
        _ = try machine.take(p, 3, bytes: 5)
        _ = try machine.take(q, 0, bytes: 5)
        machine.turn()
        _ = machine.handled(3, outputs: 2)
        // Lost without a word before: p runs 0 and 2 and publishes 3, 1 waits; q runs 4.
        #expect(machine.retired(p, notBegun: [0, 4]).sorted() == [0, 1, 3])
        #expect(machine.retired(p, notBegun: [0]) == [], "told twice")
        #expect(machine.active(in: p) == 1)
        #expect(machine.active(in: q) == 1)
        #expect(machine.bytesInFlight == 10)
        #expect(machine.handled(2, outputs: 1) == false)
        #expect(machine.recordsInFlight == 1)
    }

    @Test func anEndAfterThePartitionHasLeftChangesNothing() throws {
        var machine = self.machine()
        let p = machine.assigned()
        _ = try machine.take(p, 0, key: 1, bytes: 5)
        _ = try machine.take(p, 1, key: 2, bytes: 5)
        machine.turn()
        _ = machine.handled(1, outputs: 2)
        let token = machine.token(of: 1, output: 0)
        #expect(machine.output(token)?.slot == 1)
        _ = machine.revoking(p, notBegun: [])
        #expect(machine.retired(p, notBegun: []) == [1])
        #expect(machine.output(token) == nil)
        #expect(machine.acknowledged(1) == false)
        #expect(machine.recordsInFlight == 1, "its handler has not returned")
        #expect(machine.bytesInFlight == 5)
        let again = machine.assigned()
        #expect(again != p, "a run of its earlier assignment is under way")
        #expect(try machine.take(again, 0, key: 1) == 1)
        #expect(machine.turnSlots() == [1])
        machine.commit()
        #expect(machine.handled(0, outputs: 3) == false)
        #expect(machine.staleCompletions == 1)
        #expect(machine.recordsInFlight == 1)
        #expect(machine.bytesInFlight == 1)
        #expect(machine.active(in: p) == 0)
        #expect(machine.active(in: again) == 1)
        #expect(machine.capacity(of: again) == 7)
        #expect(machine.hasUncommitted == false)
        #expect(machine.assigned() == p, "nothing of it is left")
    }

    @Test func aFailureAfterThePartitionHasLeftChangesNothing() throws {
        var machine = self.machine()
        let p = machine.assigned(place: 1)
        _ = try machine.take(p, 0, key: 1)
        machine.turn()
        _ = machine.retired(p, notBegun: [])
        let again = machine.assigned(place: 1, committed: 0)
        let slot = try machine.take(again, 0, key: 1)
        #expect(machine.turnSlots() == [])
        machine.commit()
        #expect(machine.failed(0) == nil)
        #expect(machine.staleCompletions == 1)
        #expect(machine.active(in: p) == 0)
        #expect(machine.hasUncommitted == false)
        #expect(machine.starts() == [.init(slot: slot, attempt: DeliveryAttempt())], "it was another run that failed")
        #expect(machine.recordsInFlight == 1)
    }

    @Test func aRunThatOutlivedItsPartitionHoldsItsKeyBackWhenThePartitionReturns() throws {
        var machine = self.machine()
        let p = machine.assigned(place: 7)
        _ = try machine.take(p, 0, key: 1)
        machine.turn()
        #expect(machine.retired(p, notBegun: []) == [], "its handler runs")
        let again = machine.assigned(place: 7)
        #expect(again != p)
        #expect(try machine.take(again, 0, key: 1) == 1)
        #expect(try machine.take(again, 1, key: 2) == 2)
        #expect(machine.turnSlots() == [2], "the same record not yet")
        #expect(machine.handled(0, outputs: 1) == false)
        #expect(machine.startedSlots() == [1])
        #expect(machine.handled(1, outputs: 0) == true)
        #expect(machine.recordsInFlight == 1)
    }

    @Test func whoWaitsForARunThatOutlivedItsPartitionCanLeaveToo() throws {
        var machine = self.machine()
        let p = machine.assigned(place: 7)
        _ = try machine.take(p, 0, key: 1)
        machine.turn()
        _ = machine.retired(p, notBegun: [])
        let second = machine.assigned(place: 7)
        #expect(try machine.take(second, 0, key: 1) == 1)
        #expect(machine.retired(second, notBegun: []) == [1])
        let third = machine.assigned(place: 7)
        #expect(third == second)
        #expect(try machine.take(third, 0, key: 1) == 1)
        #expect(machine.turnSlots() == [], "the first run still goes on")
        #expect(machine.handled(0, outputs: 0) == false)
        #expect(machine.turnSlots() == [1])
        #expect(machine.active(in: third) == 1)
        #expect(machine.capacity(of: third) == 7)
    }

    @Test func aNewAssignmentKnowsNothingOfTheOld() throws {
        var machine = self.machine()
        let p = machine.assigned()
        try machine.finish(p, 10..<13)
        _ = machine.revoking(p, notBegun: [])
        #expect(machine.retired(p, notBegun: []) == [])
        #expect(machine.hasUncommitted == false, "it left")
        #expect(machine.beginCommit(last: true).isEmpty)
        #expect(machine.revoking(p, notBegun: []) == [], "it left")
        let again = machine.assigned()
        #expect(again == p)
        #expect(machine.hasUncommitted == false)
        #expect(machine.capacity(of: again) == 8)
        let slot = try machine.take(again, 11)
        #expect(machine.startedSlots() == [], "it was open to its old owner")
        #expect(machine.turnSlots() == [slot])
        _ = machine.handled(slot, outputs: 0)
        #expect(machine.beginCommit().map(\.point) == ["\(again)@12"])
    }

    @Test func slotsGoThroughEveryStateAndComeBack() throws {
        // Whatever becomes of a record, its slot, its bytes and its place are given back once.
        var machine = self.machine(records: 6)
        for round in 0..<20 as Range<Int64> {
            let p = machine.assigned(place: 0)
            #expect(p == 0)
            let slots = try machine.take(p, round..<round + 6)
            #expect(machine.turnSlots() == slots)
            _ = machine.handled(slots[0], outputs: 0)
            _ = machine.handled(slots[1], outputs: 2)
            let token = try machine.park(slots[2])
            _ = machine.failed(slots[3])
            machine.retryDue(token)
            // Finished, publishing, ready again, parked, taken back, running.
            #expect(machine.active(in: p) == 3)
            #expect(machine.revoking(p, notBegun: [slots[4]]).count == 3)
            #expect(machine.retired(p, notBegun: []) == [slots[1]])
            #expect(machine.recordsInFlight == 1)
            #expect(machine.handled(slots[5], outputs: 0) == false)
            #expect(machine.recordsInFlight == 0)
            #expect(machine.bytesInFlight == 0)
            #expect(machine.running == 0)
            #expect(machine.active(in: p) == 0)
            #expect(machine.ready.isEmpty)
            #expect(machine.lanes.count == 0)
        }
        #expect(machine.staleCompletions == 20)
    }
}
