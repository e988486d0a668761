import Testing

@testable import Delivery

/// What begins, and when: open partitions and told starts.
@Suite struct DeliveryStartsTests {
    private typealias Started = CommitMetadata.Started

    private func machine(records: Int = 256, window: Int = 1_000) -> DeliveryMachine {
        DeliveryMachine(limits: DeliveryLimits(records: records, window: window))
    }

    // MARK: Open partitions

    @Test func nothingStartsBeforeACommitHasOpenedThePartition() throws {
        var machine = self.machine()
        let p = machine.assigned()
        #expect(machine.hasUncommitted == false, "an idle partition is not opened")
        _ = try machine.take(p, 7)
        #expect(machine.startedSlots() == [])
        #expect(machine.hasUncommitted == true)
        #expect(machine.isCommitUrgent == true)
        let failing = try #require(machine.beginCommit().first)
        #expect(failing.offset == 7)
        #expect(failing.decoded == CommitMetadata(isOpen: true))
        #expect(machine.isCommitUrgent == false, "it is under way")
        #expect(machine.startedSlots() == [])
        #expect(machine.end(failing, succeeded: false) == [])
        #expect(machine.startedSlots() == [], "nobody knows")
        #expect(machine.isCommitUrgent == true)
        let commit = try #require(machine.beginCommit().first)
        #expect(machine.end(commit) == [], "opening tells of no start")
        #expect(machine.starts() == [.init(slot: 0, attempt: DeliveryAttempt())])
        #expect(machine.hasUncommitted == false)
    }

    @Test func everyPartitionIsOpenedByACommitOfItsOwn() throws {
        var machine = self.machine()
        let p = machine.assigned()
        let q = machine.assigned(committed: 5)
        _ = try machine.take(p, 0)
        _ = try machine.take(q, 5)
        let commits = machine.beginCommit()
        try #require(commits.map(\.point) == ["\(p)@0", "\(q)@5"])
        _ = machine.end(commits[1])
        #expect(machine.startedSlots() == [1])
        _ = machine.end(commits[0])
        #expect(machine.startedSlots() == [0])
    }

    @Test func anOpenPartitionStaysOpen() throws {
        var machine = self.machine()
        let p = machine.assigned()
        try machine.finish(p, 0..<3)
        machine.commit()
        #expect(machine.isCommitUrgent == false)
        let slot = try machine.take(p, 3)
        #expect(machine.isCommitUrgent == false)
        #expect(machine.startedSlots() == [slot])
    }

    // MARK: Told starts

    @Test func startsAreToldAfterACrashAtMost64AtOnce() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash()
        let slots = try machine.take(p, 0..<100)
        machine.commit()
        #expect(machine.startedSlots() == [], "the partition is open, but nobody was told who starts")
        #expect(machine.isCommitUrgent == true)
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.decoded?.started == (0..<64).map { Started(offset: $0, starts: 2) }, "once by whom crashed, and now")
        #expect(machine.startedSlots() == [], "64 wait for their commit")
        #expect(machine.active(in: p) == 0)
        let starts = machine.end(commit)
        #expect(starts.map(\.slot) == Array(slots[..<64]))
        #expect(starts.allSatisfy { $0.attempt == DeliveryAttempt() }, "nobody knows that they ran")
        #expect(machine.active(in: p) == 64)
        #expect(machine.turnSlots() == [], "64 run")
        #expect(machine.handled(slots[5], outputs: 1) == true)
        #expect(machine.turnSlots() == [], "what publishes counts")
        machine.acknowledged(slots[5])
        #expect(machine.handled(slots[6], outputs: 0) == true)
        #expect(machine.turnSlots() == Array(slots[64..<66]))
        #expect(machine.active(in: p) == 64)
    }

    @Test func toldStartsAreCountedByPartition() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash()
        let q = machine.assignedAfterCrash()
        _ = try machine.take(p, 0..<70)
        let others = try machine.take(q, 0..<3)
        #expect(machine.turnSlots().filter { others.contains($0) } == others)
    }

    @Test func aRecordBehindTheLogsEndAtTheCrashCannotHaveRun() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(at: 10, end: 12)
        let slots = try machine.take(p, 10..<14)
        machine.commit()
        #expect(machine.startedSlots() == [slots[2], slots[3]])
        #expect(machine.turnSlots() == [slots[0], slots[1]])
    }

    @Test func aCrashedOwnerCannotHaveComeFartherThanTheWindow() throws {
        var machine = self.machine(window: 3)
        let p = machine.assignedAfterCrash(at: 10)
        let slots = try machine.take(p, 10..<13)
        machine.commit()
        #expect(machine.startedSlots() == [])
        #expect(machine.turnSlots() == slots)
        for slot in slots { _ = machine.handled(slot, outputs: 0) }
        machine.commit()
        let later = try machine.take(p, 13)
        #expect(machine.startedSlots() == [later])
    }

    @Test func afterAnOrderlyEndStartsAreNotTold() throws {
        for metadata in [CommitMetadata(isOpen: false), nil] {
            var machine = self.machine()
            let p = machine.assigned(committed: 10, metadata: metadata)
            let slots = try machine.take(p, 10..<12)
            machine.commit()
            #expect(machine.startedSlots() == slots)
            #expect(machine.beginCommit().isEmpty)
        }
    }

    @Test func aCommitThatFailsTellsNothing() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash()
        let slots = try machine.take(p, 0..<2)
        machine.commit()
        #expect(machine.startedSlots() == [])
        let failing = try #require(machine.beginCommit().first)
        let late = try machine.take(p, 2)
        #expect(machine.startedSlots() == [])
        #expect(machine.end(failing, succeeded: false) == [])
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.decoded?.started.map(\.offset) == [0, 1, 2])
        #expect(machine.end(failing) == [], "an answer that comes twice")
        #expect(machine.end(commit).map(\.slot) == slots + [late])
        #expect(machine.end(commit) == [])
    }

    @Test func aToldRecordThatEndsIsForgotten() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash()
        let slots = try machine.take(p, 0..<3)
        machine.turn()
        #expect(machine.handled(slots[1], outputs: 0) == true)
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.decoded?.started.map(\.offset) == [0, 2])
        #expect(commit.decoded?.finished == [1..<2])
    }

    /// Its handler came back: if the process ends now, it was not this record.
    @Test func aToldRecordThatPublishesIsCleared() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash()
        let slots = try machine.take(p, 0..<2)
        machine.turn()
        #expect(machine.hasUncommitted == false)
        #expect(machine.handled(slots[0], outputs: 1) == true)
        let commit = try #require(machine.beginCommit().first, "the next commit tells that it survived")
        #expect(commit.decoded?.started.map(\.offset) == [1])
    }

    @Test func aSlotThatWasBeingToldIsNotStartedForItsNextRecord() throws {
        var machine = self.machine(records: 1)
        let p = machine.assignedAfterCrash()
        _ = try machine.take(p, 0)
        machine.commit()
        #expect(machine.startedSlots() == [])
        let telling = try #require(machine.beginCommit().first)
        #expect(machine.retired(p, notBegun: []) == [0])
        let again = machine.assignedAfterCrash()
        #expect(again == p)
        #expect(try machine.take(again, 0) == 0)
        machine.commit()
        #expect(machine.startedSlots() == [], "its start is to be told by a commit of this assignment")
        #expect(machine.end(telling) == [], "a late answer")
        #expect(machine.turnSlots() == [0])
    }
    @Test func aSlotThatWasBeingToldIsNotStartedForARecordOfAnotherPartition() throws {
        var machine = self.machine(records: 2)
        let p = machine.assignedAfterCrash()
        let q = machine.assignedAfterCrash()
        let slot = try machine.take(p, 0)
        #expect(machine.startedSlots() == [])
        let telling = try #require(machine.beginCommit().first)
        #expect(telling.partition == p)
        #expect(machine.revoking(p, notBegun: []) == [slot])
        #expect(try machine.take(q, 0) == slot)
        #expect(machine.startedSlots() == [])
        #expect(machine.end(telling) == [], "nobody has told of this one")
        #expect(machine.turnSlots() == [slot])
    }

    @Test func aToldRecordThatWasTakenBackIsForgottenWhileOthersOfItsPartitionRun() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash()
        let slots = try machine.take(p, 0..<3)
        machine.turn()
        #expect(machine.revoking(p, notBegun: [slots[0]]) == [slots[0]])
        let commit = try #require(machine.beginCommit().first, "it is news")
        #expect(commit.decoded == CommitMetadata(isOpen: true, started: [.init(offset: 1, starts: 2), .init(offset: 2, starts: 2)]))
    }
}
