import Testing

@testable import Delivery

/// The first partition of a machine.
private let p: DeliveryMachine.Partition = 0

/// A record's way through the machine.
@Suite struct DeliveryMachineTests {
    /// A machine that has the partition.
    private func machine(
        records: Int = 8,
        bytes: Int = 1_000,
        window: Int = 100,
        ordering: Ordering = .key
    ) -> DeliveryMachine {
        var machine = DeliveryMachine(limits: DeliveryLimits(records: records, bytes: bytes, window: window), ordering: ordering)
        #expect(machine.assigned() == p)
        return machine
    }

    // MARK: Order

    @Test func recordsOfAKeyRunOneAfterAnother() throws {
        var machine = self.machine()
        #expect(try machine.take(p, 0, key: 1) == 0)
        #expect(try machine.take(p, 1, key: 1) == 1)
        #expect(try machine.take(p, 2, key: 2) == 2)
        #expect(try machine.take(p, 3, key: 1) == 3)
        #expect(machine.active(in: p) == 0, "nobody has begun")
        #expect(machine.turnSlots() == [0, 2])
        #expect(machine.active(in: p) == 2)
        #expect(machine.handled(2, outputs: 0) == true)
        #expect(machine.turnSlots() == [])
        #expect(machine.handled(0, outputs: 0) == true)
        #expect(machine.startedSlots() == [1])
        #expect(machine.startedSlots() == [], "told once")
        #expect(machine.handled(1, outputs: 0) == true)
        #expect(machine.startedSlots() == [3])
        #expect(machine.active(in: p) == 1)
        #expect(machine.handled(3, outputs: 0) == true)
        #expect(machine.startedSlots() == [])
        #expect(machine.active(in: p) == 0)
        #expect(machine.recordsInFlight == 0)
        #expect(machine.beginCommit().map(\.offset) == [4])
    }

    @Test func aLaneGoesOnBeforeOutputsAreAcknowledged() throws {
        var machine = self.machine()
        _ = try machine.take(p, 0..<2, key: 1)
        #expect(machine.turnSlots() == [0])
        #expect(machine.handled(0, outputs: 2) == true)
        #expect(machine.startedSlots() == [1])
        #expect(machine.handled(1, outputs: 1) == true)
        #expect(try machine.take(p, 2, key: 1) == 2)
        #expect(machine.startedSlots() == [2], "nobody of the key runs, though two publish")
        #expect(machine.active(in: p) == 3)
        #expect(machine.acknowledged(1) == true)
        #expect(machine.finishedAboveBase(of: p) == [1..<2], "the first record still publishes")
        #expect(machine.acknowledged(0) == false)
        #expect(machine.acknowledged(0) == true)
        #expect(machine.beginCommit().map(\.offset) == [2])
        #expect(machine.active(in: p) == 1)
    }

    @Test func recordsBeginInTheOrderInWhichTheyWereRead() throws {
        var machine = self.machine()
        let slots = try machine.take(p, 0..<5)
        #expect(machine.turnSlots() == slots)
    }

    @Test func recordsWithoutAKeyNeverWait() throws {
        var machine = self.machine()
        _ = try machine.take(p, 0..<4)
        #expect(machine.turnSlots() == [0, 1, 2, 3])
        for slot in [2, 0, 3, 1] as [Int32] { #expect(machine.handled(slot, outputs: 0) == true) }
        #expect(machine.startedSlots() == [])
    }

    @Test func withoutOrderNothingWaits() throws {
        var machine = self.machine(ordering: .none)
        _ = try machine.take(p, 0..<4, key: 9)
        #expect(machine.turnSlots() == [0, 1, 2, 3])
    }

    @Test func aPartitionInOrderRunsOneRecordAtATime() throws {
        var machine = self.machine(ordering: .partition)
        let q = machine.assigned()
        _ = try machine.take(p, 0)
        _ = try machine.take(p, 1, key: 7)
        _ = try machine.take(q, 0, key: 7)
        #expect(machine.turnSlots() == [0, 2], "another partition has its own order")
        #expect(machine.handled(0, outputs: 1) == true)
        #expect(machine.startedSlots() == [1])
    }

    @Test func everyKeyHashHasALane() throws {
        // 1 << 63 and the hashes that mix to 0 or equal a partition's number are keys like all others.
        for hash in [1, 2, 3, 1 << 32, 1 << 44, 1 << 63, .max] as [UInt64] {
            var machine = self.machine()
            let q = machine.assigned()
            _ = try machine.take(p, 0..<2, key: hash)
            _ = try machine.take(q, 0..<2, key: hash)
            #expect(machine.turnSlots() == [0, 2], "hash \(hash)")
        }
    }

    @Test func partitionsNeverShareALane() throws {
        var machine = DeliveryMachine(limits: DeliveryLimits(records: 4_096))
        for _ in 0..<16 {
            let partition = machine.assigned()
            // Hashes that meet those of other partitions when the number is mixed in carelessly.
            for (offset, hash) in (16..<256 as Range<UInt64>).enumerated() { _ = try machine.take(partition, Int64(offset), key: hash) }
        }
        #expect(machine.turnSlots().count == 16 * 240)
    }

    // MARK: Room

    @Test func slotsLimitWhatIsTakenIn() throws {
        var machine = self.machine(records: 2)
        #expect(machine.capacity(of: p) == 2)
        _ = try machine.take(p, 0)
        #expect(machine.capacity(of: p) == 1)
        _ = try machine.take(p, 1)
        #expect(machine.capacity(of: p) == 0)
        machine.turn()
        _ = machine.handled(0, outputs: 1)
        #expect(machine.capacity(of: p) == 0, "what publishes still holds its slot")
        machine.acknowledged(0)
        #expect(machine.capacity(of: p) == 1)
    }

    @Test func bytesStopReading() throws {
        var machine = self.machine(bytes: 10)
        let q = machine.assigned()
        _ = try machine.take(p, 0, bytes: 9)
        #expect(machine.capacity(of: p) == 7, "a record of any size may follow below the limit")
        _ = try machine.take(p, 1, bytes: 5)
        #expect(machine.bytesInFlight == 14)
        #expect(machine.capacity(of: p) == 0)
        #expect(machine.capacity(of: q) == 0, "the limit is of all partitions together")
        machine.turn()
        _ = machine.handled(0, outputs: 0)
        #expect(machine.bytesInFlight == 5)
        #expect(machine.capacity(of: q) == 7)
    }

    @Test func oneMayHoldFourTimesWhatIsFree() throws {
        var machine = self.machine(records: 10)
        let q = machine.assigned()
        _ = try machine.take(p, 0..<7)
        #expect(machine.capacity(of: p) == 3)
        #expect(machine.capacity(of: q) == 3)
        _ = try machine.take(p, 7)
        #expect(machine.capacity(of: p) == 0, "it holds 8, and 2 are free")
        #expect(machine.capacity(of: q) == 2)
        _ = try machine.take(q, 0)
        #expect(machine.capacity(of: q) == 1)
        machine.turn()
        for slot in 0..<6 as Range<Int32> { _ = machine.handled(slot, outputs: 0) }
        #expect(machine.capacity(of: p) == 7, "it holds 2, and 7 are free")
    }

    @Test func aRecordThatFindsNoRoomIsNeverPassed() throws {
        var machine = self.machine(records: 2)
        let q = machine.assigned()
        _ = try machine.take(p, 0)
        _ = try machine.take(q, 0)
        machine.turn()
        #expect(machine.received(p, offset: 1, keyHash: 0, bytes: 1) == .full)
        #expect(machine.received(p, offset: 2, keyHash: 0, bytes: 1) == .full)
        _ = machine.handled(0, outputs: 0)
        #expect(machine.capacity(of: p) == 0, "what was refused comes first")
        #expect(machine.capacity(of: q) == 1)
        #expect(machine.received(p, offset: 2, keyHash: 0, bytes: 1) == .full, "there is room, but 1 was not seen")
        #expect(machine.received(p, offset: 0, keyHash: 0, bytes: 1) == .drop, "taken in before")
        #expect(machine.received(p, offset: 1, keyHash: 0, bytes: 1) == .taken(0))
        _ = machine.handled(1, outputs: 0)
        #expect(machine.received(p, offset: 2, keyHash: 0, bytes: 1) == .taken(1))
        #expect(machine.received(p, offset: 3, keyHash: 0, bytes: 1) == .full)
        #expect(machine.retired(p, notBegun: []) == [0, 1])
        let again = machine.assigned()
        #expect(again == p)
        #expect(machine.capacity(of: again) == 2, "a new assignment refused nothing yet")
        #expect(try machine.take(again, 3) == 1)
    }

    @Test func limitsAreMadePossible() {
        #expect(DeliveryLimits(records: 0, bytes: -1, window: 0, starts: 0) == DeliveryLimits(records: 1, bytes: 1, window: 1, starts: 3))
        #expect(DeliveryLimits(records: .max).records == 1 << 23, "a slot has 24 bits in a token")
        #expect(DeliveryLimits(starts: .max).starts == 100, "what metadata can count")
    }

    // MARK: What comes twice, or too late

    @Test func whatWasTakenInBeforeIsDropped() throws {
        var machine = self.machine()
        _ = try machine.take(p, 5, key: 1)
        for offset in [-1, 0, 4, 5, .max] as [Int64] { #expect(machine.received(p, offset: offset, keyHash: 1, bytes: 1) == .drop) }
        #expect(machine.recordsInFlight == 1)
        #expect(machine.bytesInFlight == 1)
        machine.turn()
        _ = machine.handled(0, outputs: 0)
        #expect(machine.received(p, offset: 5, keyHash: 1, bytes: 1) == .drop, "its first delivery was finished")
        #expect(machine.recordsInFlight == 0)
    }

    @Test func eventsThatDoNotFitAStateChangeNothing() throws {
        var machine = self.machine()
        _ = try machine.take(p, 0..<2, key: 1)
        #expect(machine.handled(0, outputs: 0) == false, "it has not begun")
        #expect(machine.failed(0) == nil, "it has not begun")
        machine.turn()
        #expect(machine.handled(1, outputs: 0) == false, "it waits")
        #expect(machine.failed(1) == nil, "it waits")
        #expect(machine.handled(7, outputs: 0) == false, "it is free")
        #expect(machine.failed(7) == nil, "it is free")
        #expect(machine.acknowledged(0) == false, "it runs")
        #expect(machine.acknowledged(7) == false, "it is free")
        machine.retryDue(machine.token(of: 0, output: 0))
        _ = machine.handled(0, outputs: 1)
        #expect(machine.handled(0, outputs: 0) == false, "it publishes")
        #expect(machine.failed(0) == nil, "it publishes")
        machine.retryDue(machine.token(of: 0, output: 0))
        #expect(machine.startedSlots() == [1])
        #expect(machine.acknowledged(0) == true)
        #expect(machine.acknowledged(0) == false, "it is free")
        #expect(machine.recordsInFlight == 1)
        #expect(machine.active(in: p) == 1)
        #expect(machine.staleCompletions == 0)
        #expect(machine.hasUncommitted == true)
    }

    // MARK: Tokens

    @Test func aTokenNamesAnOutputWhileItsRecordPublishes() throws {
        var machine = self.machine()
        _ = try machine.take(p, 0)
        machine.turn()
        #expect(machine.output(machine.token(of: 0, output: 0)) == nil, "it runs")
        _ = machine.handled(0, outputs: 3)
        let tokens = (0..<3).map { machine.token(of: 0, output: $0) }
        #expect(Set(tokens).count == 3)
        #expect(!tokens.contains(0))
        for (index, token) in tokens.enumerated() { #expect(machine.output(token)?.output == index) }
        #expect(machine.acknowledged(0) == false)
        #expect(machine.acknowledged(0) == false)
        #expect(machine.output(tokens[2])?.slot == 0)
        #expect(machine.acknowledged(0) == true)
        for token in tokens { #expect(machine.output(token) == nil) }
    }

    @Test func aTokenOfAReusedSlotIsLate() throws {
        var machine = self.machine(records: 1)
        var old: [DeliveryMachine.OutputToken] = []
        for offset in 0..<100 as Range<Int64> {
            #expect(try machine.take(p, offset, key: 1) == 0)
            machine.turn()
            _ = machine.handled(0, outputs: 1)
            for token in old { #expect(machine.output(token) == nil) }
            let token = machine.token(of: 0, output: 0)
            #expect(machine.output(token)?.slot == 0)
            old.append(token)
            machine.acknowledged(0)
        }
    }

    @Test func tokensThatNobodyMadeNameNothing() throws {
        var machine = self.machine()
        _ = try machine.take(p, 0)
        machine.turn()
        _ = machine.handled(0, outputs: 1)
        for token in [0, 9, 0xff_ffff, 1 << 40 | 1, .max] as [DeliveryMachine.OutputToken] {
            #expect(machine.output(token) == nil)
            machine.retryDue(token)
        }
        #expect(machine.startedSlots() == [])
    }

    @Test func aTokenHoldsTheLastSlotAndTheLastOutput() throws {
        var machine = DeliveryMachine(limits: DeliveryLimits(records: 1 << 16, window: 1 << 17), ordering: .none)
        #expect(machine.assigned() == p)
        _ = try machine.take(p, 0..<(1 << 16))
        machine.turn()
        let last = Int32(1 << 16) - 1
        #expect(machine.handled(last, outputs: 1 << 16) == true)
        let place = machine.output(machine.token(of: last, output: 0xffff))
        #expect(place?.slot == last)
        #expect(place?.output == 0xffff)
    }
}
