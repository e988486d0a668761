import Testing

@testable import Delivery

@Suite struct AttemptLedgerTests {
    private typealias Started = CommitMetadata.Started

    /// What a commit tells of everything.
    private func told(_ ledger: AttemptLedger, isFarewell: Bool = false) -> [CommitMetadata.Started] {
        ledger.started(from: 0, isFarewell: isFarewell)
    }

    @Test func aRecordWithoutAHistoryHasNoEntry() {
        var ledger = AttemptLedger()
        #expect(ledger.isSuspect(3) == false)
        #expect(ledger.attempt(3, limit: 3) == DeliveryAttempt())
        #expect(ledger.survived(3) == false)
        ledger.notBegun(3)
        ledger.notAlone(3)
        ledger.finished(3)
        #expect(self.told(ledger) == [])
        ledger.failed(4)
        #expect(ledger.survived(3) == false)
        ledger.notBegun(3)
        ledger.notAlone(3)
        #expect(ledger.isSuspect(3) == false)
        #expect(ledger.attempt(3, limit: 3) == DeliveryAttempt())
        #expect(self.told(ledger).map(\.offset) == [4])
    }

    @Test func aFirstStartIsToldAsTheSecond() {
        // It may have been running when the owner before crashed.
        var ledger = AttemptLedger()
        ledger.starting(3, alone: false)
        #expect(self.told(ledger) == [Started(offset: 3, starts: 2)])
        #expect(ledger.isSuspect(3) == false, "that is only assumed")
        #expect(ledger.attempt(3, limit: 3) == DeliveryAttempt())
        ledger.notBegun(3)
        #expect(self.told(ledger) == [], "and forgotten")
    }

    @Test func startsWithoutAnEndAreCountedFromOwnerToOwner() {
        var ledger = AttemptLedger()
        ledger.starting(3, alone: false)
        ledger = AttemptLedger(self.told(ledger))
        #expect(ledger.isSuspect(3) == true)
        #expect(ledger.attempt(3, limit: 3) == DeliveryAttempt(crashes: 2))
        ledger.starting(3, alone: true)
        #expect(ledger.isSuspect(3) == true)
        #expect(ledger.attempt(3, limit: 3) == DeliveryAttempt(crashes: 2), "its own start does not count")
        #expect(self.told(ledger) == [Started(offset: 3, starts: 3, isAlone: true)])
        ledger = AttemptLedger(self.told(ledger))
        #expect(ledger.attempt(3, limit: 3) == DeliveryAttempt(crashes: 3, isPoison: true))
        #expect(ledger.attempt(3, limit: 4) == DeliveryAttempt(crashes: 3))
        #expect(self.told(ledger) == [Started(offset: 3, starts: 3, isAlone: true, isRunning: false)], "nothing was tried since")
    }

    @Test func onlyWhoRanAloneTheLastTimeIsPoison() {
        var ledger = AttemptLedger([Started(offset: 3, starts: 3, isAlone: true)])
        ledger.starting(3, alone: false)
        #expect(self.told(ledger) == [Started(offset: 3, starts: 4)])
        ledger = AttemptLedger(self.told(ledger))
        #expect(ledger.attempt(3, limit: 3).isPoison == false)
    }

    @Test func whoNeverRanAloneIsPoisonAfterThreeTimesAsMany() {
        #expect(AttemptLedger([Started(offset: 3, starts: 8)]).attempt(3, limit: 3).isPoison == false)
        #expect(AttemptLedger([Started(offset: 3, starts: 9)]).attempt(3, limit: 3) == DeliveryAttempt(crashes: 9, isPoison: true))
        #expect(AttemptLedger([Started(offset: 3, starts: 9)]).attempt(3, limit: 4).isPoison == false)
    }

    @Test func whoRunsBesideOthersIsNotAlone() {
        var ledger = AttemptLedger([Started(offset: 3, starts: 2)])
        ledger.starting(3, alone: true)
        ledger.notAlone(3)
        #expect(self.told(ledger) == [Started(offset: 3, starts: 3)])
    }

    @Test func whatHasNotBegunIsAsItWas() {
        let before = [Started(offset: 3, starts: 2, isAlone: true, isRunning: false), Started(offset: 4, starts: 0, failures: 2)]
        var ledger = AttemptLedger(before)
        ledger.starting(3, alone: false)
        ledger.starting(4, alone: false)
        #expect(self.told(ledger) == [Started(offset: 3, starts: 3), Started(offset: 4, starts: 2, failures: 2)])
        ledger.notBegun(3)
        ledger.notBegun(4)
        #expect(self.told(ledger) == before)
        #expect(ledger.isSuspect(3) == true)
        #expect(ledger.isSuspect(4) == false)
    }

    @Test func anEndClearsARecord() {
        var ledger = AttemptLedger([Started(offset: 3, starts: 3, isAlone: true), Started(offset: 4, starts: 2, failures: 1)])
        ledger.starting(3, alone: true)
        ledger.starting(4, alone: true)
        #expect(ledger.survived(3) == true)
        #expect(ledger.survived(4) == true)
        #expect(ledger.isSuspect(3) == false)
        #expect(ledger.isSuspect(4) == false)
        #expect(ledger.attempt(4, limit: 3) == DeliveryAttempt(failures: 1))
        #expect(self.told(ledger) == [Started(offset: 4, starts: 0, failures: 1)])
        #expect(ledger.survived(4) == false, "nothing of it was told")
        ledger.finished(4)
        #expect(self.told(ledger) == [])
    }

    @Test func aFailureIsAnEnd() {
        var ledger = AttemptLedger([Started(offset: 3, starts: 2)])
        ledger.starting(3, alone: true)
        ledger.failed(3)
        #expect(ledger.isSuspect(3) == false)
        #expect(ledger.attempt(3, limit: 3) == DeliveryAttempt(failures: 1))
        ledger.failed(3)
        #expect(self.told(ledger) == [Started(offset: 3, starts: 0, failures: 2)])
        ledger.starting(3, alone: false)
        #expect(self.told(ledger) == [Started(offset: 3, starts: 2, failures: 2)])
        #expect(ledger.attempt(3, limit: 3) == DeliveryAttempt(failures: 2))
    }

    @Test func aFarewellCountsNoRun() {
        var ledger = AttemptLedger([Started(offset: 1, starts: 2, isAlone: true), Started(offset: 2, starts: 0, failures: 3)])
        for offset in 0..<3 as Range<Int64> { ledger.starting(offset, alone: false) }
        #expect(self.told(ledger).map(\.starts) == [2, 3, 2])
        let farewell = [Started(offset: 1, starts: 2, isAlone: true, isRunning: false), Started(offset: 2, starts: 0, failures: 3)]
        #expect(self.told(ledger, isFarewell: true) == farewell)
    }

    @Test func recordsAreToldInOrderFromTheBaseOn() {
        var ledger = AttemptLedger()
        for offset in [9, 2, 7, 4] as [Int64] { ledger.failed(offset) }
        #expect(ledger.started(from: 4, isFarewell: false).map(\.offset) == [4, 7, 9])
        #expect(ledger.started(from: 10, isFarewell: false) == [])
    }
}
