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

    @Test func recordsOfAKeyRunOneAfterAnother() {
        var machine = self.machine()
        #expect(machine.received(p, offset: 0, keyHash: 1, bytes: 1) == .start(0))
        #expect(machine.received(p, offset: 1, keyHash: 1, bytes: 1) == .wait(1))
        #expect(machine.received(p, offset: 2, keyHash: 2, bytes: 1) == .start(2))
        #expect(machine.received(p, offset: 3, keyHash: 1, bytes: 1) == .wait(3))
        #expect(machine.active(in: p) == 2)
        #expect(machine.handled(2, outputs: 0) == .init(publish: true, next: nil))
        #expect(machine.handled(0, outputs: 0) == .init(publish: true, next: 1))
        #expect(machine.handled(1, outputs: 0) == .init(publish: true, next: 3))
        #expect(machine.active(in: p) == 1)
        #expect(machine.handled(3, outputs: 0) == .init(publish: true, next: nil))
        #expect(machine.recordsInFlight == 0)
        #expect(machine.beginCommit().map(\.offset) == [4])
    }

    @Test func aLaneGoesOnBeforeOutputsAreAcknowledged() {
        var machine = self.machine()
        _ = machine.received(p, offset: 0, keyHash: 1, bytes: 1)
        _ = machine.received(p, offset: 1, keyHash: 1, bytes: 1)
        #expect(machine.handled(0, outputs: 2) == .init(publish: true, next: 1))
        #expect(machine.handled(1, outputs: 1) == .init(publish: true, next: nil))
        #expect(machine.received(p, offset: 2, keyHash: 1, bytes: 1) == .start(2), "nobody of the key runs, though two publish")
        #expect(machine.active(in: p) == 3)
        #expect(machine.acknowledged(1) == true)
        #expect(machine.hasUncommitted == false, "the first record still publishes")
    }

    @Test func recordsWithoutAKeyNeverWait() {
        var machine = self.machine()
        for offset in 0..<4 as Range<Int64> { #expect(machine.received(p, offset: offset, keyHash: 0, bytes: 1) == .start(Int32(offset))) }
        for slot in [2, 0, 3, 1] as [Int32] { #expect(machine.handled(slot, outputs: 0) == .init(publish: true, next: nil)) }
    }

    @Test func withoutOrderNothingWaits() {
        var machine = self.machine(ordering: .none)
        for offset in 0..<4 as Range<Int64> { #expect(machine.received(p, offset: offset, keyHash: 9, bytes: 1) == .start(Int32(offset))) }
        #expect(machine.handled(1, outputs: 0) == .init(publish: true, next: nil))
    }

    @Test func aPartitionInOrderRunsOneRecordAtATime() {
        var machine = self.machine(ordering: .partition)
        let q = machine.assigned()
        #expect(machine.received(p, offset: 0, keyHash: 0, bytes: 1) == .start(0))
        #expect(machine.received(p, offset: 1, keyHash: 7, bytes: 1) == .wait(1))
        #expect(machine.received(q, offset: 0, keyHash: 7, bytes: 1) == .start(2), "another partition has its own order")
        #expect(machine.handled(0, outputs: 1) == .init(publish: true, next: 1))
    }

    @Test func everyKeyHashHasALane() {
        // 1 << 63 and the hashes that mix to 0 or equal a partition's number are keys like all others.
        for hash in [1, 2, 3, 1 << 32, 1 << 44, 1 << 63, .max] as [UInt64] {
            var machine = self.machine()
            let q = machine.assigned()
            for partition in [p, q] {
                guard case .start = machine.received(partition, offset: 0, keyHash: hash, bytes: 1) else {
                    Issue.record("the first record of \(hash) in \(partition) waits")
                    continue
                }
                guard case .wait = machine.received(partition, offset: 1, keyHash: hash, bytes: 1) else {
                    Issue.record("the second record of \(hash) in \(partition) does not wait")
                    continue
                }
            }
        }
    }

    @Test func partitionsNeverShareALane() {
        var machine = DeliveryMachine(limits: DeliveryLimits(records: 4_096))
        let partitions = (0..<16).map { _ in machine.assigned() }
        for partition in partitions {
            // Hashes that meet those of other partitions when the number is mixed in carelessly.
            for (offset, hash) in (16..<256 as Range<UInt64>).enumerated() {
                guard case .start = machine.received(partition, offset: Int64(offset), keyHash: hash, bytes: 1) else {
                    Issue.record("hash \(hash) of partition \(partition) waits for another partition")
                    continue
                }
            }
        }
    }

    // MARK: Room

    @Test func slotsLimitWhatIsTakenIn() {
        var machine = self.machine(records: 2)
        #expect(machine.capacity(of: p) == 2)
        _ = machine.received(p, offset: 0, keyHash: 0, bytes: 1)
        #expect(machine.capacity(of: p) == 1)
        _ = machine.received(p, offset: 1, keyHash: 0, bytes: 1)
        #expect(machine.capacity(of: p) == 0)
        _ = machine.handled(0, outputs: 1)
        #expect(machine.capacity(of: p) == 0, "what publishes still holds its slot")
        machine.acknowledged(0)
        #expect(machine.capacity(of: p) == 1)
    }

    @Test func bytesStopReading() {
        var machine = self.machine(bytes: 10)
        let q = machine.assigned()
        _ = machine.received(p, offset: 0, keyHash: 1, bytes: 9)
        #expect(machine.capacity(of: p) == 7, "a record of any size may follow below the limit")
        _ = machine.received(p, offset: 1, keyHash: 1, bytes: 5)
        #expect(machine.bytesInFlight == 14)
        #expect(machine.capacity(of: p) == 0)
        #expect(machine.capacity(of: q) == 0, "the limit is of all partitions together")
        _ = machine.handled(0, outputs: 0)
        #expect(machine.bytesInFlight == 5)
        #expect(machine.capacity(of: q) == 7)
    }

    @Test func theWindowLimitsWhatAStuckRecordHoldsBack() {
        var machine = self.machine(window: 3)
        let q = machine.assigned()
        for offset in 0..<3 as Range<Int64> { _ = machine.received(p, offset: offset, keyHash: 0, bytes: 1) }
        _ = machine.handled(1, outputs: 0)
        _ = machine.handled(2, outputs: 0)
        #expect(machine.capacity(of: p) == 0, "offset 0 is stuck")
        #expect(machine.finishedAboveBase(of: p) == [1, 2])
        #expect(machine.capacity(of: q) == 3)
        _ = machine.received(p, offset: 3, keyHash: 0, bytes: 1)
        #expect(machine.capacity(of: p) == 0, "never below 0")
        _ = machine.handled(0, outputs: 0)
        #expect(machine.capacity(of: p) == 2)
    }

    @Test func aRecordThatFindsNoRoomIsNeverPassed() {
        var machine = self.machine(records: 2)
        let q = machine.assigned()
        _ = machine.received(p, offset: 0, keyHash: 0, bytes: 1)
        _ = machine.received(q, offset: 0, keyHash: 0, bytes: 1)
        #expect(machine.received(p, offset: 1, keyHash: 0, bytes: 1) == .full)
        #expect(machine.received(p, offset: 2, keyHash: 0, bytes: 1) == .full)
        _ = machine.handled(0, outputs: 0)
        #expect(machine.capacity(of: p) == 0, "what was refused comes first")
        #expect(machine.capacity(of: q) == 1)
        #expect(machine.received(p, offset: 2, keyHash: 0, bytes: 1) == .full, "there is room, but 1 was not seen")
        #expect(machine.received(p, offset: 0, keyHash: 0, bytes: 1) == .drop, "taken in before")
        #expect(machine.received(p, offset: 1, keyHash: 0, bytes: 1) == .start(0))
        _ = machine.handled(1, outputs: 0)
        #expect(machine.received(p, offset: 2, keyHash: 0, bytes: 1) == .start(1))
        #expect(machine.received(p, offset: 3, keyHash: 0, bytes: 1) == .full)
        #expect(machine.retired(p, notBegun: []) == [])
        let again = machine.assigned()
        _ = machine.handled(0, outputs: 0)
        #expect(machine.received(again, offset: 3, keyHash: 0, bytes: 1) == .start(0), "a new assignment refused nothing yet")
    }

    @Test func limitsAreMadePossible() {
        #expect(DeliveryLimits(records: 0, bytes: -1, window: 0) == DeliveryLimits(records: 1, bytes: 1, window: 1))
        #expect(DeliveryLimits(records: .max).records == 1 << 23, "a slot has 24 bits in a token")
    }

    // MARK: What comes twice, or too late

    @Test func whatWasTakenInBeforeIsDropped() {
        var machine = self.machine()
        _ = machine.received(p, offset: 5, keyHash: 1, bytes: 1)
        for offset in [-1, 0, 4, 5, .max] as [Int64] { #expect(machine.received(p, offset: offset, keyHash: 1, bytes: 1) == .drop) }
        #expect(machine.recordsInFlight == 1)
        #expect(machine.bytesInFlight == 1)
        _ = machine.handled(0, outputs: 0)
        #expect(machine.received(p, offset: 5, keyHash: 1, bytes: 1) == .drop, "its first delivery was finished")
        #expect(machine.capacity(of: p) == 8)
    }

    @Test func eventsThatDoNotFitAStateChangeNothing() {
        var machine = self.machine()
        _ = machine.received(p, offset: 0, keyHash: 1, bytes: 1)
        _ = machine.received(p, offset: 1, keyHash: 1, bytes: 1)
        let nothing = DeliveryMachine.Completion(publish: false, next: nil)
        #expect(machine.handled(1, outputs: 0) == nothing, "it waits")
        #expect(machine.handled(7, outputs: 0) == nothing, "it is free")
        #expect(machine.acknowledged(0) == false, "it runs")
        #expect(machine.acknowledged(7) == false, "it is free")
        _ = machine.handled(0, outputs: 1)
        #expect(machine.handled(0, outputs: 0) == nothing, "it publishes")
        #expect(machine.acknowledged(0) == true)
        #expect(machine.acknowledged(0) == false, "it is free")
        #expect(machine.recordsInFlight == 1)
        #expect(machine.active(in: p) == 1)
        #expect(machine.staleCompletions == 0)
    }

    // MARK: Tokens

    @Test func aTokenNamesAnOutputWhileItsRecordPublishes() {
        var machine = self.machine()
        _ = machine.received(p, offset: 0, keyHash: 0, bytes: 1)
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

    @Test func aTokenOfAReusedSlotIsLate() {
        var machine = self.machine(records: 1)
        var old: [DeliveryMachine.OutputToken] = []
        for offset in 0..<100 as Range<Int64> {
            #expect(machine.received(p, offset: offset, keyHash: 1, bytes: 1) == .start(0))
            _ = machine.handled(0, outputs: 1)
            for token in old { #expect(machine.output(token) == nil) }
            let token = machine.token(of: 0, output: 0)
            #expect(machine.output(token)?.slot == 0)
            old.append(token)
            machine.acknowledged(0)
        }
    }

    @Test func tokensThatNobodyMadeNameNothing() {
        var machine = self.machine()
        _ = machine.received(p, offset: 0, keyHash: 0, bytes: 1)
        _ = machine.handled(0, outputs: 1)
        for token in [0, 9, 0xff_ffff, 1 << 40 | 1, .max] as [DeliveryMachine.OutputToken] { #expect(machine.output(token) == nil) }
    }

    @Test func aTokenHoldsTheLastSlotAndTheLastOutput() {
        var machine = DeliveryMachine(limits: DeliveryLimits(records: 1 << 16), ordering: .none)
        #expect(machine.assigned() == p)
        for offset in 0..<(1 << 16) as Range<Int64> { _ = machine.received(p, offset: offset, keyHash: 0, bytes: 1) }
        let last = Int32(1 << 16) - 1
        _ = machine.handled(last, outputs: 1 << 16)
        let place = machine.output(machine.token(of: last, output: 0xffff))
        #expect(place?.slot == last)
        #expect(place?.output == 0xffff)
    }
}
