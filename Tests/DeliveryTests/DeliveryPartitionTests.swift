import Testing

@testable import Delivery

/// A partition's way through the machine, and its commits.
@Suite struct DeliveryPartitionTests {
    private func machine(records: Int = 8, ordering: Ordering = .key) -> DeliveryMachine {
        DeliveryMachine(limits: DeliveryLimits(records: records, bytes: 1_000, window: 100), ordering: ordering)
    }

    /// The points of a commit as text, for comparing.
    private func points(_ points: [(partition: DeliveryMachine.Partition, offset: Int64)]) -> [String] {
        points.map { "\($0.partition)@\($0.offset)" }
    }

    /// Takes a record in, runs it, and finishes it.
    private func finish(_ machine: inout DeliveryMachine, _ partition: DeliveryMachine.Partition, offset: Int64) {
        guard case .start(let slot) = machine.received(partition, offset: offset, keyHash: 0, bytes: 1) else {
            Issue.record("offset \(offset) did not start")
            return
        }
        #expect(machine.handled(slot, outputs: 0).publish)
    }

    // MARK: Leaving

    @Test func revokingGivesUpWhatWaitsAboveWhatHasBegun() {
        var machine = self.machine()
        let p = machine.assigned()
        let q = machine.assigned()
        _ = machine.received(p, offset: 0, keyHash: 4, bytes: 10)
        for offset in 1..<4 as Range<Int64> { _ = machine.received(p, offset: offset, keyHash: 3, bytes: 10) }
        for offset in 0..<2 as Range<Int64> { _ = machine.received(q, offset: offset, keyHash: 2, bytes: 10) }
        _ = machine.handled(0, outputs: 1)
        // Slots: p publishes 0, runs 1, holds back 2 and 3; q runs 4, holds back 5.
        #expect(machine.revoking(p, notBegun: []) == .init(givenUp: [2, 3], goOn: []))
        #expect(machine.revoking(p, notBegun: []) == .init(givenUp: [], goOn: []), "told twice")
        #expect(machine.active(in: p) == 2)
        #expect(machine.recordsInFlight == 4)
        #expect(machine.bytesInFlight == 40)
        #expect(machine.capacity(of: p) == 0)
        #expect(machine.received(p, offset: 4, keyHash: 0, bytes: 1) == .drop, "nothing new of it starts")
        #expect(machine.handled(1, outputs: 0) == .init(publish: true, next: nil), "what runs may end")
        #expect(machine.acknowledged(0) == true)
        #expect(machine.active(in: p) == 0)
        #expect(self.points(machine.beginCommit()) == ["\(p)@2"])
        #expect(machine.handled(4, outputs: 0) == .init(publish: true, next: 5), "the other partition goes on")
    }

    @Test func revokingFinishesWhatLiesBelowWhatHasBegun() {
        var machine = self.machine()
        let p = machine.assigned()
        for (offset, key) in [(0, 1), (1, 1), (2, 2), (3, 3), (4, 1), (5, 4)] as [(Int64, UInt64)] {
            _ = machine.received(p, offset: offset, keyHash: key, bytes: 1)
        }
        _ = machine.handled(3, outputs: 0)
        // 0 and 2 were started and not begun, 3 is finished; 1 and 4 wait behind 0, 5 was started and not begun.
        #expect(machine.revoking(p, notBegun: [5, 2, 0]) == .init(givenUp: [4, 5], goOn: [0, 2]))
        #expect(machine.handled(0, outputs: 0) == .init(publish: true, next: 1))
        _ = machine.handled(2, outputs: 0)
        #expect(self.points(machine.beginCommit()) == ["\(p)@1"])
        #expect(machine.handled(1, outputs: 0) == .init(publish: true, next: nil), "4 was given up")
        #expect(self.points(machine.beginCommit()) == ["\(p)@4"], "nothing finished runs again")
        #expect(machine.finishedAboveBase(of: p) == [])
        #expect(machine.recordsInFlight == 0)
    }

    @Test func keysWhoseHashesMeetDoNotLeaveTogether() {
        // 1 in partition 0 and 0 ^ 1 in partition 1 are one number once the partition is mixed in with exclusive or.
        for hash in 2..<64 as Range<UInt64> {
            var machine = self.machine()
            let p = machine.assigned()
            let q = machine.assigned()
            _ = machine.received(p, offset: 0, keyHash: hash, bytes: 1)
            _ = machine.received(p, offset: 1, keyHash: hash, bytes: 1)
            #expect(machine.received(q, offset: 0, keyHash: hash ^ 1, bytes: 1) == .start(2), "hash \(hash)")
            #expect(machine.received(q, offset: 1, keyHash: hash ^ 1, bytes: 1) == .wait(3))
            #expect(machine.revoking(p, notBegun: [0]) == .init(givenUp: [1, 0], goOn: []))
            #expect(machine.handled(2, outputs: 0) == .init(publish: true, next: 3), "hash \(hash)")
        }
    }

    @Test func aRecordThatNobodyRanIsFreeWhenItsPartitionHasLeft() {
        var machine = self.machine()
        let p = machine.assigned()
        let q = machine.assigned()
        for offset in 0..<2 as Range<Int64> { _ = machine.received(p, offset: offset, keyHash: 1, bytes: 5) }
        _ = machine.received(p, offset: 2, keyHash: 0, bytes: 5)
        _ = machine.received(q, offset: 0, keyHash: 0, bytes: 5)
        #expect(machine.revoking(p, notBegun: [0, 3]) == .init(givenUp: [], goOn: [0]), "2 has begun")
        // The time for it is over.
        #expect(machine.retired(p, notBegun: [0, 3]) == [1, 0])
        #expect(machine.retired(p, notBegun: [0]) == [], "told twice")
        #expect(machine.active(in: p) == 1 && machine.active(in: q) == 1)
        #expect(machine.bytesInFlight == 10)
        #expect(machine.handled(2, outputs: 1) == .init(publish: false, next: nil))
        #expect(machine.recordsInFlight == 1)
    }

    @Test func anEndAfterThePartitionHasLeftChangesNothing() {
        var machine = self.machine()
        let p = machine.assigned()
        _ = machine.received(p, offset: 0, keyHash: 1, bytes: 5)
        _ = machine.received(p, offset: 1, keyHash: 2, bytes: 5)
        _ = machine.handled(1, outputs: 2)
        let token = machine.token(of: 1, output: 0)
        _ = machine.revoking(p, notBegun: [])
        #expect(machine.retired(p, notBegun: []) == [1])
        #expect(machine.output(token) == nil)
        #expect(machine.acknowledged(1) == false)
        #expect(machine.recordsInFlight == 1, "its handler has not returned")
        #expect(machine.bytesInFlight == 5)
        let again = machine.assigned()
        #expect(again != p, "a run of its earlier assignment is under way")
        _ = machine.received(again, offset: 0, keyHash: 1, bytes: 1)
        #expect(machine.handled(0, outputs: 3) == .init(publish: false, next: nil))
        #expect(machine.staleCompletions == 1)
        #expect(machine.recordsInFlight == 1)
        #expect(machine.bytesInFlight == 1)
        #expect(machine.active(in: p) == 0)
        #expect(machine.active(in: again) == 1)
        #expect(machine.hasUncommitted == false)
        #expect(machine.assigned() == p, "nothing of it is left")
    }

    @Test func aRunThatOutlivedItsPartitionHoldsItsKeyBackWhenThePartitionReturns() {
        var machine = self.machine()
        let p = machine.assigned(place: 7)
        _ = machine.received(p, offset: 0, keyHash: 1, bytes: 5)
        #expect(machine.retired(p, notBegun: []) == [], "its handler runs")
        let again = machine.assigned(place: 7)
        #expect(machine.received(again, offset: 0, keyHash: 1, bytes: 5) == .wait(1), "the same record, not yet")
        #expect(machine.received(again, offset: 1, keyHash: 2, bytes: 5) == .start(2))
        #expect(machine.handled(0, outputs: 1) == .init(publish: false, next: 1))
        #expect(machine.handled(1, outputs: 0) == .init(publish: true, next: nil))
        #expect(machine.recordsInFlight == 1)
    }

    @Test func aNewAssignmentKnowsNothingOfTheOld() {
        var machine = self.machine()
        let p = machine.assigned()
        for offset in 10..<13 as Range<Int64> { self.finish(&machine, p, offset: offset) }
        _ = machine.revoking(p, notBegun: [])
        #expect(machine.retired(p, notBegun: []) == [])
        #expect(machine.hasUncommitted == false, "it left")
        #expect(self.points(machine.beginCommit(again: true)) == [])
        let again = machine.assigned()
        #expect(again == p)
        #expect(machine.hasUncommitted == false)
        #expect(machine.capacity(of: again) == 8)
        self.finish(&machine, again, offset: 11)
        #expect(self.points(machine.beginCommit()) == ["\(again)@12"])
    }

    // MARK: Commits

    @Test func nothingIsCommittedBeforeSomethingIsFinished() {
        var machine = self.machine()
        let p = machine.assigned()
        #expect(machine.hasUncommitted == false)
        #expect(self.points(machine.beginCommit(again: true)) == [])
        _ = machine.received(p, offset: 7, keyHash: 0, bytes: 1)
        #expect(machine.hasUncommitted == false, "the group stands there already")
        #expect(self.points(machine.beginCommit(again: true)) == [])
        _ = machine.handled(0, outputs: 0)
        #expect(machine.hasUncommitted == true)
        #expect(self.points(machine.beginCommit()) == ["\(p)@8"])
    }

    @Test func aCommitUnderWayIsNotBegunAgain() {
        var machine = self.machine()
        let p = machine.assigned()
        let q = machine.assigned()
        self.finish(&machine, p, offset: 0)
        self.finish(&machine, q, offset: 5)
        #expect(self.points(machine.beginCommit()) == ["\(p)@1", "\(q)@6"])
        #expect(self.points(machine.beginCommit()) == [])
        #expect(machine.hasUncommitted == true, "nobody has said that it succeeded")
        self.finish(&machine, p, offset: 1)
        #expect(self.points(machine.beginCommit()) == ["\(p)@2"], "another base is another commit")
        #expect(self.points(machine.beginCommit(again: true)) == ["\(p)@2", "\(q)@6"], "who must be certain asks again")
        machine.commitEnded(q, offset: 6, succeeded: true)
        #expect(self.points(machine.beginCommit(again: true)) == ["\(p)@2"])
        machine.commitEnded(p, offset: 1, succeeded: true)
        #expect(self.points(machine.beginCommit()) == [], "2 is under way")
        machine.commitEnded(p, offset: 2, succeeded: true)
        #expect(machine.hasUncommitted == false)
    }

    @Test func aFailedCommitIsBegunAgain() {
        var machine = self.machine()
        let p = machine.assigned()
        self.finish(&machine, p, offset: 0)
        _ = machine.beginCommit()
        machine.commitEnded(p, offset: 1, succeeded: false)
        #expect(machine.hasUncommitted == true)
        #expect(self.points(machine.beginCommit()) == ["\(p)@1"])
        self.finish(&machine, p, offset: 1)
        #expect(self.points(machine.beginCommit()) == ["\(p)@2"])
        machine.commitEnded(p, offset: 1, succeeded: false)
        #expect(self.points(machine.beginCommit()) == [], "the newer one is still under way")
        machine.commitEnded(p, offset: 2, succeeded: true)
        #expect(machine.hasUncommitted == false)
        machine.commitEnded(p, offset: 1, succeeded: true)
        #expect(machine.hasUncommitted == false, "a late answer does not take it back")
        #expect(self.points(machine.beginCommit()) == [])
    }

    @Test func answersAboutPartitionsThatLeftChangeNothing() {
        var machine = self.machine()
        let p = machine.assigned()
        self.finish(&machine, p, offset: 0)
        _ = machine.beginCommit()
        _ = machine.revoking(p, notBegun: [])
        #expect(self.points(machine.beginCommit(again: true)) == ["\(p)@1"], "a partition that leaves is still committed")
        #expect(machine.retired(p, notBegun: []) == [])
        machine.commitEnded(p, offset: 1, succeeded: true)
        machine.commitEnded(99, offset: 1, succeeded: true)
        machine.commitEnded(-1, offset: 1, succeeded: true)
        #expect(machine.hasUncommitted == false)
        let again = machine.assigned()
        self.finish(&machine, again, offset: 0)
        #expect(self.points(machine.beginCommit()) == ["\(again)@1"])
    }

    @Test func aCommitNeverPassesWhatPublishes() {
        var machine = self.machine()
        let p = machine.assigned()
        _ = machine.received(p, offset: 0, keyHash: 0, bytes: 1)
        _ = machine.handled(0, outputs: 2)
        self.finish(&machine, p, offset: 3)
        machine.acknowledged(0)
        #expect(self.points(machine.beginCommit(again: true)) == [])
        machine.acknowledged(0)
        #expect(self.points(machine.beginCommit()) == ["\(p)@4"])
    }
}
