import Testing

@testable import Delivery

/// What is committed, and when.
@Suite struct DeliveryCommitTests {
    private func machine(records: Int = 64, window: Int = 100) -> DeliveryMachine {
        DeliveryMachine(limits: DeliveryLimits(records: records, window: window))
    }

    // MARK: One at a time

    @Test func nothingIsCommittedBeforeSomethingIsRead() throws {
        var machine = self.machine()
        let p = machine.assigned()
        let q = machine.assigned(committed: 5)
        #expect(machine.hasUncommitted == false)
        #expect(machine.isCommitUrgent == false)
        #expect(machine.beginCommit().isEmpty)
        #expect(machine.beginCommit(last: true).isEmpty)
        for partition in [p, q] { #expect(machine.revoking(partition, notBegun: []) == []) }
        #expect(machine.hasUncommitted == false, "nobody was told that it is at work")
        #expect(machine.beginCommit(last: true).isEmpty)
    }

    @Test func aCommitUnderWayIsNotBegunAgain() throws {
        var machine = self.machine()
        let p = machine.assigned()
        let q = machine.assigned()
        try machine.finish(p, 0..<1)
        try machine.finish(q, 5..<6)
        machine.commit()
        try machine.finish(p, 1..<2)
        try machine.finish(q, 6..<7)
        let first = machine.beginCommit()
        try #require(first.map(\.point) == ["\(p)@2", "\(q)@7"])
        #expect(machine.beginCommit().isEmpty)
        #expect(machine.hasUncommitted == false, "what there is to say is being said")
        try machine.finish(p, 2..<3)
        #expect(machine.beginCommit().isEmpty, "one of a partition at a time")
        #expect(machine.end(first[1]) == [])
        #expect(machine.beginCommit().isEmpty)
        #expect(machine.end(first[0]) == [])
        #expect(machine.hasUncommitted == true)
        let second = machine.beginCommit()
        try #require(second.map(\.point) == ["\(p)@3"])
        #expect(Set((first + second).map(\.number)).count == 3)
        #expect(machine.end(second[0]) == [])
        #expect(machine.hasUncommitted == false)
        #expect(machine.beginCommit().isEmpty)
        #expect(machine.beginCommit(last: true).isEmpty, "it is certain")
    }

    @Test func aFailedCommitIsSaidAgain() throws {
        var machine = self.machine()
        let p = machine.assigned()
        try machine.finish(p, 0..<1)
        for _ in 0..<3 {
            let commit = try #require(machine.beginCommit().first)
            #expect(commit.offset == 1)
            _ = machine.end(commit, succeeded: false)
            #expect(machine.hasUncommitted == true)
        }
        try machine.finish(p, 1..<2)
        #expect(machine.beginCommit().map(\.point) == ["\(p)@2"])
    }

    @Test func whoMustBeCertainSaysAgainWhatIsUnderWay() throws {
        var machine = self.machine()
        let p = machine.assigned()
        try machine.finish(p, 0..<1)
        let first = try #require(machine.beginCommit().first)
        let second = try #require(machine.beginCommit(last: true).first)
        #expect(second.offset == 1)
        #expect(second.number != first.number)
        _ = machine.end(first)
        #expect(machine.beginCommit(last: true).map(\.offset) == [1], "an earlier answer says nothing")
        _ = machine.end(second)
        let third = try #require(machine.beginCommit(last: true).first)
        _ = machine.end(third, succeeded: false)
        #expect(machine.hasUncommitted == true)
        machine.commit()
        #expect(machine.hasUncommitted == false)
        #expect(machine.beginCommit(last: true).isEmpty)
    }

    @Test func whatAnEarlierCommitWasToTellTheNewOneTells() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash()
        let running = try machine.take(p, 0)
        machine.turn()
        let slots = try machine.take(p, 1..<3)
        #expect(machine.startedSlots() == [])
        let first = try #require(machine.beginCommit().first)
        _ = machine.handled(running, outputs: 0)
        let late = try machine.take(p, 3)
        #expect(machine.startedSlots() == [])
        let second = try #require(machine.beginCommit(last: true).first)
        #expect(second.decoded?.started.map(\.offset) == [1, 2, 3])
        #expect(machine.end(first) == [], "an earlier answer says nothing")
        #expect(machine.end(second).map(\.slot) == slots + [late])
    }

    @Test func answersAboutPartitionsThatLeftChangeNothing() throws {
        var machine = self.machine()
        let p = machine.assigned()
        try machine.finish(p, 0..<1)
        let commit = try #require(machine.beginCommit().first)
        #expect(machine.retired(p, notBegun: []) == [])
        let again = machine.assigned()
        #expect(again == p)
        try machine.finish(again, 0..<1)
        #expect(machine.hasUncommitted == true)
        for partition in [p, 99, -1] {
            machine.commitEnded(partition, number: commit.number, succeeded: true) { _ in Issue.record("nothing begins") }
            machine.commitEnded(partition, number: .max, succeeded: true) { _ in Issue.record("nothing begins") }
        }
        #expect(machine.hasUncommitted == true)
        #expect(machine.beginCommit().map(\.point) == ["\(again)@1"])
    }

    @Test func aCommitNeverPassesWhatPublishes() throws {
        var machine = self.machine()
        let p = machine.assigned()
        let slot = try machine.take(p, 0)
        machine.turn()
        _ = machine.handled(slot, outputs: 2)
        try machine.finish(p, 3..<4)
        machine.acknowledged(slot)
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.offset == 0)
        #expect(commit.decoded?.finished == [3..<4])
        _ = machine.end(commit)
        #expect(machine.hasUncommitted == false)
        machine.acknowledged(slot)
        #expect(machine.beginCommit().map(\.offset) == [4])
    }

    // MARK: Urgency

    @Test func aCommitIsUrgentWhenTheBaseHasComeFar() throws {
        var machine = self.machine(window: 20)
        let p = machine.assigned()
        try machine.finish(p, 0..<10)
        #expect(machine.hasUncommitted == true)
        #expect(machine.isCommitUrgent == false)
        try machine.finish(p, 10..<11)
        #expect(machine.isCommitUrgent == true)
        machine.commit()
        #expect(machine.isCommitUrgent == false)
    }

    @Test func aStuckRecordMakesNoCommitUrgent() throws {
        // What is far is not the base: no commit brings it nearer.
        var machine = self.machine(window: 20)
        let p = machine.assigned()
        let stuck = try machine.take(p, 0)
        machine.turn()
        try machine.finish(p, 1..<19)
        #expect(machine.hasUncommitted == true)
        #expect(machine.isCommitUrgent == false)
        _ = machine.handled(stuck, outputs: 0)
        #expect(machine.isCommitUrgent == true)
    }

    // MARK: Goodbye

    @Test func theLastCommitSaysGoodbye() throws {
        var machine = self.machine()
        let p = machine.assigned()
        let q = machine.assigned()
        try machine.finish(q, 0..<1)
        try machine.finish(p, 0..<1)
        machine.commit()
        let slot = try machine.take(p, 1)
        machine.turn()
        #expect(machine.revoking(p, notBegun: []) == [])
        #expect(machine.hasUncommitted == false, "one still runs")
        _ = machine.handled(slot, outputs: 0)
        #expect(machine.isCommitUrgent == false)
        let goodbye = machine.beginCommit()
        #expect(goodbye.map(\.point) == ["\(p)@2"])
        #expect(goodbye.first?.decoded == CommitMetadata(isOpen: false))
        for commit in goodbye { _ = machine.end(commit, succeeded: false) }
        #expect(machine.beginCommit().map(\.decoded) == [CommitMetadata(isOpen: false)], "said again")
        machine.commit(last: true)
        #expect(machine.hasUncommitted == false)
        #expect(machine.beginCommit(last: true).isEmpty, "said once, and the other partition stays open")
    }

    @Test func whoLeavesWhileSomethingRunsSaysGoodbyeOnlyWhenAskedForTheLastWord() throws {
        var machine = self.machine()
        let p = machine.assigned()
        let slot = try machine.take(p, 0)
        machine.turn()
        try machine.finish(p, 1..<2)
        #expect(machine.revoking(p, notBegun: []) == [])
        let early = try #require(machine.beginCommit().first)
        #expect(early.decoded?.isOpen == true)
        let last = try #require(machine.beginCommit(last: true).first)
        #expect(last.decoded == CommitMetadata(isOpen: false, finished: [1..<2]))
        _ = machine.end(last)
        #expect(machine.beginCommit(last: true).isEmpty)
        _ = machine.handled(slot, outputs: 0)
        let better = try #require(machine.beginCommit().first, "it came to its end in time after all")
        #expect(better.offset == 2)
        #expect(better.decoded == CommitMetadata(isOpen: false))
    }

    @Test func goodbyeIsSaidWhenTheOpeningIsUnderWay() throws {
        var machine = self.machine()
        let p = machine.assigned()
        _ = try machine.take(p, 0)
        let opening = try #require(machine.beginCommit().first)
        #expect(opening.decoded?.isOpen == true)
        #expect(machine.revoking(p, notBegun: []).count == 1)
        #expect(machine.beginCommit().isEmpty, "one at a time")
        #expect(machine.beginCommit(last: true).map(\.decoded) == [CommitMetadata(isOpen: false)])
    }

    @Test func aPartitionFoundOpenIsClosedEvenWhenNothingWasRead() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(at: 10, end: 10)
        #expect(machine.hasUncommitted == false)
        #expect(machine.revoking(p, notBegun: []) == [])
        let goodbye = machine.beginCommit(last: true)
        #expect(goodbye.map(\.offset) == [10])
        #expect(goodbye.map(\.decoded) == [CommitMetadata(isOpen: false)])
    }

    @Test func whoLeavesBeforeACrashIsSettledLeavesTheSuspicionToTheNext() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(at: 0, end: 3)
        _ = try machine.take(p, 0..<3)
        machine.turn()
        _ = machine.handled(0, outputs: 0)
        #expect(machine.revoking(p, notBegun: [1, 2]).count == 2)
        let goodbye = try #require(machine.beginCommit().first)
        #expect(goodbye.offset == 1)
        #expect(goodbye.decoded == CommitMetadata(isOpen: true))
        _ = machine.end(goodbye)
        #expect(machine.hasUncommitted == false, "said once")
        #expect(machine.beginCommit(last: true).isEmpty)

        var next = self.machine()
        let again = next.assigned(after: goodbye, end: 3)
        let slots = try next.take(again, 1..<3)
        #expect(next.startedSlots() == [], "their starts are told")
        #expect(next.turnSlots() == slots)
        for slot in slots { _ = next.handled(slot, outputs: 0) }
        _ = next.revoking(again, notBegun: [])
        #expect(next.beginCommit().map(\.decoded) == [CommitMetadata(isOpen: false)], "all of it is settled")
    }
}
