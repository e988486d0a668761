import Testing

@testable import Delivery

/// How far a partition may come from its last commit.
@Suite struct DeliveryWindowTests {
    private func machine(records: Int = 64, window: Int = 100) -> DeliveryMachine {
        DeliveryMachine(limits: DeliveryLimits(records: records, window: window))
    }

    @Test func theWindowBeginsAtTheCommittedBase() throws {
        var machine = self.machine(window: 3)
        let p = machine.assigned()
        let q = machine.assigned()
        let slots = try machine.take(p, 0..<3)
        #expect(machine.capacity(of: p) == 0)
        #expect(machine.capacity(of: q) == 3)
        machine.turn()
        for slot in slots[1...] { _ = machine.handled(slot, outputs: 0) }
        #expect(machine.finishedAboveBase(of: p) == [1..<3])
        machine.commit()
        #expect(machine.capacity(of: p) == 0, "offset 0 is stuck")
        _ = machine.handled(slots[0], outputs: 0)
        #expect(machine.capacity(of: p) == 0, "all are finished, but a crash would begin at 0")
        let commit = try #require(machine.beginCommit().first)
        #expect(machine.capacity(of: p) == 0, "nobody knows whether it succeeds")
        _ = machine.end(commit)
        #expect(machine.capacity(of: p) == 3)
        _ = try machine.take(p, 3..<7)
        #expect(machine.capacity(of: p) == 0, "never below 0")
    }

    /// A crash finds who was running only within the window; a gap in the log can be wider than that.
    @Test func nothingBeginsFartherFromTheCommittedBaseThanTheWindow() throws {
        var machine = self.machine(window: 10)
        let p = machine.assigned()
        try machine.finish(p, 0..<2)
        machine.commit()
        let low = try machine.take(p, 2)
        let high = try machine.take(p, 50)
        #expect(machine.startedSlots() == [low])
        _ = machine.handled(low, outputs: 0)
        #expect(machine.startedSlots() == [], "the group stands at 2")
        #expect(machine.isCommitUrgent == true)
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.offset == 50)
        _ = machine.end(commit)
        #expect(machine.startedSlots() == [high])
        _ = machine.handled(high, outputs: 0)
        machine.commit()
        let alone = try machine.take(p, 1_000)
        #expect(machine.turnSlots() == [alone], "with nothing before it that could bring news")
    }

    /// Takes in 2,500 records, finishes every other one, and returns the others: two bytes of metadata each.
    private func almostFill(_ machine: inout DeliveryMachine) throws -> [DeliveryMachine.Slot] {
        let p = machine.assigned()
        #expect(p == 0)
        var unfinished: [DeliveryMachine.Slot] = []
        for number in 0..<1_250 as Range<Int64> {
            unfinished.append(try machine.take(p, number * 40))
            let slot = try machine.take(p, number * 40 + 20)
            machine.turn()
            #expect(machine.handled(slot, outputs: 0) == true)
        }
        return unfinished
    }

    @Test func fullMetadataStopsTheIntakeOfItsPartition() throws {
        var machine = self.machine(records: 8_192, window: 65_536)
        let unfinished = try self.almostFill(&machine)
        let q = machine.assigned()
        #expect(machine.capacity(of: 0) > 0)
        machine.commit()
        #expect(machine.metadataShare >= 0.75)
        #expect(machine.metadataShare < 1)
        #expect(machine.capacity(of: 0) == 0)
        #expect(machine.capacity(of: q) > 0)
        for slot in unfinished[..<200] { _ = machine.handled(slot, outputs: 0) }
        #expect(machine.capacity(of: 0) == 0, "not committed yet")
        machine.commit()
        #expect(machine.metadataShare < 0.75)
        #expect(machine.capacity(of: 0) > 0)
        #expect(machine.retired(0, notBegun: unfinished).count == 1_050)
        #expect(machine.metadataShare == 0, "of those that are here")
    }

    @Test func fullMetadataOfAnOwnerBeforeGoesByReadingOn() throws {
        var machine = self.machine(records: 8_192, window: 65_536)
        _ = try self.almostFill(&machine)
        let commit = try #require(machine.beginCommit().first)
        machine = self.machine(records: 8_192, window: 65_536)
        let p = machine.assigned(after: commit)
        let slot = try machine.take(p, 0)
        #expect(machine.turnSlots() == [slot])
        machine.commit()
        #expect(machine.handled(slot, outputs: 1) == true)
        machine.commit()
        #expect(machine.metadataShare >= 0.75)
        #expect(machine.capacity(of: p) == 0, "its end may make room")
        machine.acknowledged(slot)
        machine.commit()
        #expect(machine.recordsInFlight == 0)
        #expect(machine.metadataShare >= 0.75)
        #expect(machine.capacity(of: p) > 0, "else it would stand for ever")
    }
}
