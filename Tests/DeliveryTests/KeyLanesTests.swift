import Testing

@testable import Delivery

/// Lanes with the links that their owner keeps.
private struct LinkedLanes {
    var lanes: KeyLanes
    var links: [Int32: Int32] = [:]

    init(capacity: Int) { self.lanes = KeyLanes(capacity: capacity) }

    /// True when the slot may run at once.
    mutating func enter(_ name: UInt64, _ slot: Int32) -> Bool {
        self.links[slot] = KeyLanes.none
        guard let before = self.lanes.enter(name, slot: slot) else { return true }
        if before != KeyLanes.none { self.links[before] = slot }
        return false
    }

    mutating func leave(_ name: UInt64) -> Int32? {
        self.lanes.leave(name) { self.links[$0] ?? KeyLanes.none }
    }
}

@Suite struct KeyLanesTests {
    @Test func theFirstRunsAndTheOthersFollowInOrder() {
        var lanes = LinkedLanes(capacity: 8)
        #expect(lanes.enter(7, 0) == true)
        #expect(lanes.lanes.count == 1)
        for slot in [3, 1, 2] as [Int32] { #expect(lanes.enter(7, slot) == false) }
        #expect(lanes.leave(7) == 3)
        #expect(lanes.enter(7, 5) == false, "the lane is in use")
        #expect(lanes.leave(7) == 1)
        #expect(lanes.leave(7) == 2)
        #expect(lanes.leave(7) == 5)
        #expect(lanes.lanes.count == 1)
        #expect(lanes.leave(7) == nil)
        #expect(lanes.lanes.count == 0)
        #expect(lanes.enter(7, 4) == true, "the lane is new")
    }

    @Test func whoFollowsTheLastWaitingRecordStillWaits() {
        // The list was emptied by the one that runs now.
        var lanes = LinkedLanes(capacity: 8)
        #expect(lanes.enter(7, 0) == true)
        #expect(lanes.enter(7, 1) == false)
        #expect(lanes.leave(7) == 1)
        #expect(lanes.enter(7, 2) == false)
        #expect(lanes.enter(7, 3) == false)
        #expect(lanes.leave(7) == 2)
        #expect(lanes.leave(7) == 3)
        #expect(lanes.leave(7) == nil)
    }

    @Test func leavingALaneThatIsNotThereChangesNothing() {
        var lanes = LinkedLanes(capacity: 8)
        #expect(lanes.leave(7) == nil)
        #expect(lanes.enter(23, 0) == true, "same home as 7 in a table of 16")
        #expect(lanes.leave(7) == nil)
        lanes.lanes.clearWaiting(7)
        #expect(lanes.lanes.count == 1)
        #expect(lanes.enter(23, 1) == false)
    }

    @Test func clearingSendsTheWaitingAwayAndKeepsTheLane() {
        var lanes = LinkedLanes(capacity: 8)
        for slot in 0..<4 as Range<Int32> { _ = lanes.enter(7, slot) }
        lanes.lanes.clearWaiting(7)
        #expect(lanes.lanes.count == 1)
        #expect(lanes.enter(7, 9) == false, "the running record is still there")
        #expect(lanes.leave(7) == 9)
        #expect(lanes.leave(7) == nil)
        #expect(lanes.lanes.count == 0)
    }

    @Test func aFullTableOfOneHome() {
        // Every name has the same home: the probe runs through all of them and, from the last place, round the table's end.
        for home in [0, 5, 15] as [UInt64] {
            var lanes = LinkedLanes(capacity: 8)
            let names = (1...8).map { UInt64($0) << 32 | home }
            for (slot, name) in names.enumerated() { #expect(lanes.enter(name, Int32(slot)) == true) }
            for (slot, name) in names.enumerated() { #expect(lanes.enter(name, Int32(slot + 8)) == false) }
            for (index, name) in names.enumerated().reversed() where index % 2 == 0 {
                #expect(lanes.leave(name) == Int32(index + 8))
                #expect(lanes.leave(name) == nil)
            }
            #expect(lanes.lanes.count == 4)
            for (index, name) in names.enumerated() where index % 2 == 1 {
                #expect(lanes.leave(name) == Int32(index + 8))
                #expect(lanes.leave(name) == nil)
            }
            #expect(lanes.lanes.count == 0)
        }
    }

    /// Names whose homes are worst: equal, neighbouring, round the table's end, or spread.
    enum Names: CaseIterable {
        case oneHome, neighbours, tableEnd, spread

        func name(_ number: Int, capacity: Int) -> UInt64 {
            let number = UInt64(number + 1)
            let mask = UInt64(max(16, (capacity * 2).nextPowerOfTwo) - 1)
            return switch self {
            case .oneHome: number << 40 | 3
            case .neighbours: number << 40 | (number / 2) & mask
            case .tableEnd: number << 40 | (mask &- number % 3)
            case .spread: number &* 0x9e37_79b9_7f4a_7c15
            }
        }
    }

    @Test(arguments: Names.allCases, [1, 6, 8, 40]) func anySequenceGivesWhatADictionaryGives(names: Names, capacity: Int) {
        var generator = SeededGenerator(seed: 5)
        var lanes = LinkedLanes(capacity: capacity)
        var model: [UInt64: [Int32]] = [:]
        // Slots come back only when nobody holds them, so never more than `capacity` lanes exist.
        var free = (0..<Int32(capacity)).map { $0 }
        var running: [UInt64: Int32] = [:]
        for _ in 0..<6_000 {
            let name = names.name(generator.below(capacity * 2), capacity: capacity)
            switch generator.below(20) {
            case 0..<10:
                guard let slot = free.popLast() else { continue }
                #expect(lanes.enter(name, slot) == (running[name] == nil))
                if running[name] == nil { running[name] = slot } else { model[name, default: []].append(slot) }
            case 10..<19:
                let next = model[name]?.first
                #expect(lanes.leave(name) == next)
                if next != nil { model[name]?.removeFirst() }
                if let slot = running[name] { free.append(slot) }
                running[name] = next
            default:
                lanes.lanes.clearWaiting(name)
                free.append(contentsOf: model[name] ?? [])
                model[name] = nil
            }
            #expect(lanes.lanes.count == running.count)
        }
        // Every lane can still be found, with everyone in it.
        for name in running.keys.sorted() {
            for slot in model[name] ?? [] { #expect(lanes.leave(name) == slot) }
            #expect(lanes.leave(name) == nil)
        }
        #expect(lanes.lanes.count == 0)
    }
}
