import Testing

@testable import Delivery

/// What a partition's next owner knows of it.
@Suite struct DeliveryRestoreTests {
    private func machine(records: Int = 64, window: Int = 100) -> DeliveryMachine {
        DeliveryMachine(limits: DeliveryLimits(records: records, window: window))
    }

    // MARK: What an owner before has finished

    @Test func whatIsFinishedAboveTheBaseIsNotRunAgain() throws {
        var machine = self.machine()
        let p = machine.assigned(committed: 10, metadata: CommitMetadata(isOpen: false, finished: [11..<13, 14..<15]))
        #expect(machine.finishedAboveBase(of: p) == [11..<13, 14..<15])
        let first = try machine.take(p, 10)
        #expect(machine.received(p, offset: 11, keyHash: 3, bytes: 5) == .finishedBefore)
        #expect(machine.received(p, offset: 11, keyHash: 3, bytes: 5) == .drop, "told twice")
        #expect(machine.received(p, offset: 12, keyHash: 3, bytes: 5) == .finishedBefore)
        let second = try machine.take(p, 13)
        #expect(machine.recordsInFlight == 2)
        #expect(machine.bytesInFlight == 2)
        #expect(machine.turnSlots() == [first, second])
        _ = machine.handled(first, outputs: 0)
        let middle = try #require(machine.beginCommit().first)
        #expect(middle.offset == 13)
        #expect(middle.decoded?.finished == [14..<15], "nobody has read 14 again")
        _ = machine.end(middle)
        _ = machine.handled(second, outputs: 0)
        #expect(machine.beginCommit().map(\.offset) == [15], "nor has to")
    }

    @Test func whatWasFinishedBeforeIsNewsForACommit() throws {
        var machine = self.machine()
        let p = machine.assigned(committed: 10, metadata: CommitMetadata(isOpen: false, finished: [11..<13]))
        #expect(machine.received(p, offset: 11, keyHash: 0, bytes: 1) == .finishedBefore, "there is no 10 any more")
        #expect(machine.hasUncommitted == true)
        #expect(machine.beginCommit().map(\.offset) == [13])
        #expect(machine.recordsInFlight == 0)
    }

    @Test func metadataWithoutAnOffsetIsNobodys() throws {
        var machine = self.machine()
        let started = [CommitMetadata.Started(offset: 0, starts: 5, isAlone: true)]
        let p = machine.assigned(metadata: CommitMetadata(isOpen: true, finished: [1..<9], started: started))
        let slots = try machine.take(p, 0..<2)
        machine.commit()
        #expect(machine.starts() == slots.map { .init(slot: $0, attempt: DeliveryAttempt()) })
    }

    // MARK: Logs that changed

    @Test func aLogThatBeginsBelowTheCommittedOffsetIsAnother() throws {
        let metadata = CommitMetadata(
            isOpen: true,
            finished: [1_002..<1_005],
            started: [.init(offset: 1_000, starts: 3, isAlone: true), .init(offset: 1_005, starts: 2)]
        )
        var machine = self.machine(window: 10)
        let p = machine.assigned(committed: 1_000, metadata: metadata, end: 4)
        let slots = try machine.take(p, 2..<4)
        #expect(machine.startedSlots() == [], "the mark is the old log's")
        #expect(machine.capacity(of: p) == 8, "the window is counted from here")
        let opening = try #require(machine.beginCommit().first)
        #expect(opening.offset == 2)
        #expect(opening.decoded == CommitMetadata(isOpen: true))
        _ = machine.end(opening)
        #expect(machine.starts() == slots.map { .init(slot: $0, attempt: DeliveryAttempt()) })
        for slot in slots { _ = machine.handled(slot, outputs: 0) }
        #expect(machine.beginCommit().map(\.offset) == [4])
        machine.commit(last: true)
        #expect(machine.capacity(of: p) == 10)
        for base in stride(from: 4, to: 1_010, by: 10) as StrideTo<Int64> {
            try machine.finish(p, base..<base + 10)
            machine.commit()
        }
        #expect(machine.finishedAboveBase(of: p) == [])
        let slot = try machine.take(p, 1_014)
        #expect(machine.starts() == [.init(slot: slot, attempt: DeliveryAttempt())])
    }

    @Test func aRecordOfAnotherLogIsNotTakenForTheSuspectOfItsOffset() throws {
        var machine = self.machine()
        let p = machine.assignedAfterCrash(at: 10, started: [.init(offset: 11, starts: 3, isAlone: true)], end: 12)
        let slots = try machine.take(p, 9..<12)
        #expect(machine.turn() == slots.map { .init(slot: $0, attempt: DeliveryAttempt()) })
    }

    @Test func aLogThatLostItsBeginningIsReadFromWhereItBegins() throws {
        var machine = self.machine(window: 10)
        let p = machine.assigned(committed: 0, metadata: CommitMetadata(isOpen: false, finished: [5..<7, 99..<102]))
        #expect(machine.received(p, offset: 100, keyHash: 0, bytes: 1) == .finishedBefore)
        #expect(machine.capacity(of: p) == 0, "far from the committed base")
        #expect(machine.isCommitUrgent == true)
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.offset == 102)
        #expect(commit.decoded == CommitMetadata(isOpen: true))
        _ = machine.end(commit)
        #expect(machine.capacity(of: p) == 10)
    }
}
