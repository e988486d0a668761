import Testing

@testable import Delivery

@Suite struct PartitionTrackerTests {
    /// A tracker that has admitted these offsets; ticket n is the nth.
    private func tracker(_ offsets: [Int64], capacity: Int = 64) -> PartitionTracker {
        var tracker = PartitionTracker(capacity: capacity)
        for (index, offset) in offsets.enumerated() { #expect(tracker.admit(offset) == .admitted(UInt64(index))) }
        return tracker
    }

    @Test func anEmptyTrackerHasNoBase() {
        var tracker = PartitionTracker()
        #expect(tracker.base == nil)
        #expect(tracker.windowCount == 0)
        #expect(tracker.finishedAboveBase == [])
        #expect(tracker.finish(0) == false, "nothing was admitted")
    }

    @Test func theBaseStandsAtTheLowestUnfinishedRecord() {
        var tracker = self.tracker([5, 6, 7, 8])
        #expect(tracker.base == 5)
        #expect(tracker.finish(2) == true)
        #expect(tracker.finish(1) == true)
        #expect(tracker.base == 5)
        #expect(tracker.finishedAboveBase == [6..<8])
        #expect(tracker.windowCount == 4)
        #expect(tracker.finish(0) == true)
        #expect(tracker.base == 8)
        #expect(tracker.finishedAboveBase == [])
        #expect(tracker.finish(3) == true)
        #expect(tracker.base == 9)
        #expect(tracker.windowCount == 0)
    }

    @Test func gapsAreNoRecords() {
        var tracker = self.tracker([3, 10, 40])
        tracker.finish(0)
        #expect(tracker.base == 10, "nothing stands between 3 and 10")
        tracker.finish(1)
        tracker.finish(2)
        #expect(tracker.base == 41, "what follows the newest record is unknown")
        #expect(tracker.admit(90) == .admitted(3))
        #expect(tracker.base == 90, "there is nothing below it")
        tracker.finish(3)
        #expect(tracker.base == 91)
    }

    @Test func gapsBetweenFinishedRecordsCountAsFinished() {
        var tracker = self.tracker([0, 3, 9, 10, 20])
        for ticket in [1, 2, 4] as [UInt64] { tracker.finish(ticket) }
        #expect(tracker.finishedAboveBase == [3..<10, 20..<21])
    }

    @Test func whatWasDeliveredBeforeIsRefused() {
        var tracker = self.tracker([3, 10])
        for offset in [-1, 0, 3, 4, 9, 10] as [Int64] { #expect(tracker.admit(offset) == .refused) }
        #expect(tracker.windowCount == 2)
        #expect(tracker.admit(11) == .admitted(2))
        #expect(tracker.lastOffset == 11)
    }

    @Test func offsetsThatNoLogHasAreRefused() {
        var tracker = PartitionTracker()
        #expect(tracker.admit(-1) == .refused)
        #expect(tracker.admit(.min) == .refused)
        #expect(tracker.admit(.max) == .refused, "there is no offset after it to commit")
        #expect(tracker.base == nil)
        #expect(tracker.admit(.max - 1) == .admitted(0))
        #expect(tracker.finish(0) == true)
        #expect(tracker.base == .max)
        #expect(tracker.admit(.max) == .refused)
    }

    @Test func aRecordFinishesOnce() {
        var tracker = self.tracker([0, 1, 2])
        #expect(tracker.finish(1) == true)
        #expect(tracker.finish(1) == false, "finished above the base")
        #expect(tracker.finish(0) == true)
        #expect(tracker.finish(0) == false, "left the window")
        #expect(tracker.finish(1) == false, "left the window")
        #expect(tracker.finish(3) == false, "not admitted yet")
        #expect(tracker.finish(.max) == false)
        #expect(tracker.base == 2)
    }

    @Test func aPlaceIsNewWhenTheRingComesRoundAgain() {
        var tracker = PartitionTracker(capacity: 4)
        for offset in 0..<100 as Range<Int64> {
            #expect(tracker.admit(offset) == .admitted(UInt64(offset)))
            #expect(tracker.offset(of: UInt64(offset)) == offset)
            #expect(tracker.base == offset)
            #expect(tracker.finish(UInt64(offset)) == true)
            #expect(tracker.base == offset + 1)
        }
    }

    @Test(arguments: [0, 1, 2, 3, 64]) func aFullWindowGrowsAndKeepsWhatItKnows(capacity: Int) {
        // The ring is somewhere in its middle when it grows.
        var tracker = self.tracker([0, 1, 2], capacity: capacity)
        for ticket in 0..<3 as Range<UInt64> { tracker.finish(ticket) }
        for offset in 3..<300 as Range<Int64> {
            #expect(tracker.admit(offset * 2) == .admitted(UInt64(offset)))
            if offset % 3 == 1 { #expect(tracker.finish(UInt64(offset)) == true) }
        }
        #expect(tracker.windowCount == 297)
        #expect(tracker.base == 6)
        #expect(tracker.finishedAboveBase == (3..<300 as Range<Int64>).filter { $0 % 3 == 1 }.map { $0 * 2..<$0 * 2 + 1 })
        for ticket in 3..<300 as Range<UInt64> {
            #expect(tracker.offset(of: ticket) == Int64(ticket) * 2)
            #expect(tracker.finish(ticket) == (ticket % 3 != 1))
        }
        #expect(tracker.base == 599)
        #expect(tracker.windowCount == 0)
    }

    // MARK: What an owner before has finished

    @Test func theBaseStandsWhereTheGroupStands() {
        var tracker = PartitionTracker(base: 100, restored: [102..<105, 110..<120])
        #expect(tracker.base == 100)
        #expect(tracker.finishedAboveBase == [102..<105, 110..<120], "nothing was read again")
        #expect(tracker.admit(100) == .admitted(0))
        #expect(tracker.base == 100)
    }

    @Test func theBaseMovesOverWhatWasFinishedBefore() {
        var tracker = PartitionTracker(base: 100, restored: [102..<105, 106..<108])
        #expect(tracker.admit(100) == .admitted(0))
        #expect(tracker.admit(101) == .admitted(1))
        for offset in 102..<105 as Range<Int64> { #expect(tracker.admit(offset) == .finishedBefore) }
        #expect(tracker.admit(105) == .admitted(5))
        #expect(tracker.base == 100)
        #expect(tracker.finishedAboveBase == [102..<105, 106..<108])
        tracker.finish(0)
        #expect(tracker.base == 101)
        tracker.finish(1)
        #expect(tracker.base == 105)
        tracker.finish(5)
        #expect(tracker.base == 108, "106 and 107 need not be read again")
        #expect(tracker.finishedAboveBase == [])
        #expect(tracker.windowCount == 0)
        #expect(tracker.admit(106) == .finishedBefore)
        #expect(tracker.base == 108, "never backwards")
        #expect(tracker.admit(107) == .finishedBefore)
        #expect(tracker.admit(108) == .admitted(8))
        #expect(tracker.base == 108)
    }

    @Test func whatWasNotReadAgainIsCarriedOn() {
        var tracker = PartitionTracker(base: 0, restored: [2..<6, 8..<10, 20..<30])
        #expect(tracker.admit(0) == .admitted(0))
        #expect(tracker.admit(1) == .admitted(1))
        tracker.finish(1)
        #expect(tracker.finishedAboveBase == [1..<6, 8..<10, 20..<30], "what touches is one range")
        #expect(tracker.admit(2) == .finishedBefore)
        #expect(tracker.admit(3) == .finishedBefore)
        #expect(tracker.finishedAboveBase == [1..<6, 8..<10, 20..<30], "the rest of a range that is being read")
        #expect(tracker.admit(7) == .admitted(4), "4 to 6 are gone from the log")
        #expect(tracker.finishedAboveBase == [1..<4, 8..<10, 20..<30])
        #expect(tracker.admit(25) == .finishedBefore)
        #expect(tracker.finishedAboveBase == [1..<4, 25..<30])
        tracker.finish(0)
        #expect(tracker.base == 7)
        #expect(tracker.finishedAboveBase == [25..<30])
        tracker.finish(4)
        #expect(tracker.base == 30)
        #expect(tracker.finishedAboveBase == [])
    }

    @Test func theBaseDoesNotJumpOverWhatNobodyFinished() {
        var tracker = PartitionTracker(base: 0, restored: [2..<4])
        #expect(tracker.admit(0) == .admitted(0))
        tracker.finish(0)
        #expect(tracker.base == 1, "1 may be a record")
        #expect(tracker.finishedAboveBase == [2..<4])
        #expect(tracker.admit(1) == .admitted(1))
        tracker.finish(1)
        #expect(tracker.base == 4)
    }

    @Test func aRangeWhoseBeginningIsGoneStillCounts() {
        var tracker = PartitionTracker(base: 0, restored: [5..<10])
        #expect(tracker.admit(7) == .finishedBefore, "0 to 6 are gone")
        #expect(tracker.base == 10)
        #expect(tracker.admit(12) == .admitted(1))
        #expect(tracker.base == 12)
    }

    @Test func aLogThatBeginsBelowTheBaseIsAnother() {
        var tracker = PartitionTracker(base: 100, restored: [101..<105])
        #expect(tracker.admit(3) == .admitted(0))
        #expect(tracker.base == 3)
        #expect(tracker.finishedAboveBase == [])
        tracker.finish(0)
        #expect(tracker.base == 4)
        #expect(tracker.admit(102) == .admitted(1), "nobody has finished this one")
    }

    // MARK: Against a model

    @Test func anyOrderOfEndsGivesWhatASetGives() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<50 {
            var tracker = PartitionTracker(capacity: 2)
            var unfinished: [(ticket: UInt64, offset: Int64)] = []
            var finished: Set<Int64> = []
            var last: Int64 = 100
            var base: Int64 = 101
            for _ in 0..<200 {
                if unfinished.isEmpty || generator.below(5) < 3 {
                    last += Int64(1 + generator.below(3))
                    guard case .admitted(let ticket) = tracker.admit(last) else {
                        Issue.record("a rising offset was refused")
                        return
                    }
                    if unfinished.isEmpty { base = last }
                    unfinished.append((ticket, last))
                } else {
                    let (ticket, offset) = unfinished.remove(at: generator.below(unfinished.count))
                    #expect(tracker.finish(ticket) == true)
                    finished.insert(offset)
                    base = unfinished.map(\.offset).min() ?? last + 1
                }
                let above = finished.filter { $0 > base }
                #expect(tracker.base == base)
                #expect(tracker.windowCount == unfinished.count + above.count)
                let ranges = tracker.finishedAboveBase
                #expect(above.allSatisfy { offset in ranges.contains { $0.contains(offset) } })
                #expect(!unfinished.contains { record in ranges.contains { $0.contains(record.offset) } })
                #expect(ranges.allSatisfy { finished.contains($0.lowerBound) && finished.contains($0.upperBound - 1) })
                #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
            }
        }
    }

    /// An owner reads a part of a log, finishes a part of that, and is followed by another one, again and again.
    @Test func whateverIsHandedOnIsFinishedOnceAndNothingIsPassed() {
        var generator = SeededGenerator(seed: 17)
        for _ in 0..<60 {
            var log: [Int64] = []
            var next: Int64 = 50
            for _ in 0..<150 {
                next += generator.below(4) == 0 ? Int64(2 + generator.below(4)) : 1
                log.append(next)
            }
            var done: Set<Int64> = []
            var base = log[0]
            var restored: [Range<Int64>] = []
            var owners = 0
            while done.count < log.count {
                owners += 1
                guard owners < 1_000 else {
                    Issue.record("it comes to no end")
                    return
                }
                var tracker = PartitionTracker(capacity: 2, base: base, restored: restored)
                var unfinished: [(ticket: UInt64, offset: Int64)] = []
                var lastBase = base
                for offset in log.filter({ $0 >= base }).prefix(1 + generator.below(60)) {
                    switch tracker.admit(offset) {
                    case .admitted(let ticket):
                        #expect(!done.contains(offset), "\(offset) was finished")
                        unfinished.append((ticket, offset))
                    case .finishedBefore: #expect(done.contains(offset), "nobody has finished \(offset)")
                    case .refused: Issue.record("\(offset) was refused")
                    }
                    while !unfinished.isEmpty, generator.below(3) == 0 {
                        let (ticket, offset) = unfinished.remove(at: generator.below(unfinished.count))
                        #expect(tracker.finish(ticket) == true)
                        done.insert(offset)
                    }
                    let nowBase = tracker.base ?? -1
                    #expect(nowBase >= lastBase, "never backwards")
                    lastBase = nowBase
                    #expect(log.allSatisfy { $0 >= nowBase || done.contains($0) }, "the base has passed an unfinished record")
                    let ranges = tracker.finishedAboveBase
                    #expect(log.allSatisfy { offset in !ranges.contains { $0.contains(offset) } || done.contains(offset) })
                    #expect(done.allSatisfy { offset in offset < nowBase || ranges.contains { $0.contains(offset) } })
                    #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
                    #expect(ranges.allSatisfy { !$0.isEmpty && $0.lowerBound > nowBase })
                }
                base = lastBase
                restored = tracker.finishedAboveBase
            }
        }
    }

    @Test func powersOfTwo() {
        #expect([-1, 0, 1, 2, 3, 4, 5, 1023, 1024, 1025].map(\.nextPowerOfTwo) == [1, 1, 1, 2, 4, 4, 8, 1024, 1024, 2048])
    }
}
