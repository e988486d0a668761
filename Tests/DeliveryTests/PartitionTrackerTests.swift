import Testing

@testable import Delivery

@Suite struct PartitionTrackerTests {
    /// A tracker that has admitted these offsets; ticket n is the nth.
    private func tracker(_ offsets: [Int64], capacity: Int = 64) -> PartitionTracker {
        var tracker = PartitionTracker(capacity: capacity)
        for (index, offset) in offsets.enumerated() { #expect(tracker.admit(offset) == UInt64(index)) }
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
        #expect(tracker.finishedAboveBase == [6, 7])
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
        #expect(tracker.admit(90) == 3)
        #expect(tracker.base == 41)
        tracker.finish(3)
        #expect(tracker.base == 91)
    }

    @Test func whatWasDeliveredBeforeIsRefused() {
        var tracker = self.tracker([3, 10])
        for offset in [-1, 0, 3, 4, 9, 10] as [Int64] { #expect(tracker.admit(offset) == nil) }
        #expect(tracker.windowCount == 2)
        #expect(tracker.admit(11) == 2)
    }

    @Test func offsetsThatNoLogHasAreRefused() {
        var tracker = PartitionTracker()
        #expect(tracker.admit(-1) == nil)
        #expect(tracker.admit(.min) == nil)
        #expect(tracker.admit(.max) == nil, "there is no offset after it to commit")
        #expect(tracker.base == nil)
        #expect(tracker.admit(.max - 1) == 0)
        #expect(tracker.finish(0) == true)
        #expect(tracker.base == .max)
        #expect(tracker.admit(.max) == nil)
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
            let ticket = tracker.admit(offset)
            #expect(ticket == UInt64(offset))
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
            #expect(tracker.admit(offset * 2) == UInt64(offset))
            if offset % 3 == 1 { #expect(tracker.finish(UInt64(offset)) == true) }
        }
        #expect(tracker.windowCount == 297)
        #expect(tracker.base == 6)
        let finished = (3..<300 as Range<Int64>).filter { $0 % 3 == 1 }
        #expect(tracker.finishedAboveBase == finished.map { $0 * 2 })
        for ticket in 3..<300 as Range<UInt64> { #expect(tracker.finish(ticket) == (ticket % 3 != 1)) }
        #expect(tracker.base == 599)
        #expect(tracker.windowCount == 0)
    }

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
                    guard let ticket = tracker.admit(last) else {
                        Issue.record("a rising offset was refused")
                        return
                    }
                    unfinished.append((ticket, last))
                    if ticket == 0 { base = last }
                } else {
                    let (ticket, offset) = unfinished.remove(at: generator.below(unfinished.count))
                    #expect(tracker.finish(ticket) == true)
                    finished.insert(offset)
                    base = unfinished.map(\.offset).min() ?? last + 1
                }
                #expect(tracker.base == base)
                #expect(tracker.finishedAboveBase == finished.filter { $0 > base }.sorted())
                #expect(tracker.windowCount == unfinished.count + finished.count { $0 > base })
            }
        }
    }

    @Test func powersOfTwo() {
        #expect([-1, 0, 1, 2, 3, 4, 5, 1023, 1024, 1025].map(\.nextPowerOfTwo) == [1, 1, 1, 2, 4, 4, 8, 1024, 1024, 2048])
    }
}
