import Testing

@testable import Delivery

/// A process whose session was lost leaves the same behind as one that has ended, until it shows up again.
@Suite struct DeliveryTestimonyTests {
    private typealias Started = CommitMetadata.Started

    private func machine(_ identity: UInt32 = 9) -> DeliveryMachine {
        DeliveryMachine(limits: DeliveryLimits(records: 256, window: 1_000), identity: identity)
    }

    private func crash(of owner: UInt32, _ started: [CommitMetadata.Started] = []) -> CommitMetadata {
        CommitMetadata(isOpen: true, owner: owner, started: started)
    }

    @Test func anOwnerThatComesBackIsNotSuspectedByItself() throws {
        var machine = self.machine(9)
        let started = [Started(offset: 0), Started(offset: 1, starts: 3, isAlone: true)]
        let p = machine.assigned(committed: 0, metadata: self.crash(of: 9, started), end: 5)
        #expect(machine.accused(of: p) == [])
        let slots = try machine.take(p, 0..<2)
        #expect(machine.turn() == [.init(slot: slots[0], attempt: DeliveryAttempt())])
        _ = machine.handled(slots[0], outputs: 0)
        #expect(machine.turn() == [.init(slot: slots[1], attempt: DeliveryAttempt(crashes: 2))], "what happened before it stands")
    }

    @Test func nobodyStartsBeforeACommitNamesThisProcess() throws {
        var machine = self.machine(9)
        let p = machine.assigned(committed: 0, metadata: self.crash(of: 7), end: 0)
        let slot = try machine.take(p, 0)
        #expect(machine.startedSlots() == [])
        let commit = try #require(machine.beginCommit().first)
        #expect(commit.decoded == self.crash(of: 9))
        #expect(machine.end(commit) == [])
        #expect(machine.startedSlots() == [slot])
    }

    @Test func aSuspectWaitsUntilTheGroupWasAsked() throws {
        var machine = self.machine()
        let p = machine.assigned(committed: 0, metadata: self.crash(of: 7, [Started(offset: 0, starts: 1)]), end: 1)
        #expect(machine.accused(of: p) == [7])
        let slot = try machine.take(p, 0)
        #expect(machine.turnSlots() == [])
        machine.heard(p, alive: [], isLast: false)
        #expect(machine.accused(of: p) == [7], "it may still come")
        #expect(machine.turn() == [.init(slot: slot, attempt: DeliveryAttempt(crashes: 1))])
        #expect(machine.isGateClosed == true)
    }

    @Test func poisonIsJudgedWhenTheAccusedHaveHadTheirTime() throws {
        var machine = self.machine()
        let started = [Started(offset: 0, starts: 3, isAlone: true, accused: [5, 6])]
        let p = machine.assigned(committed: 0, metadata: self.crash(of: 7, started), end: 1)
        #expect(machine.accused(of: p) == [5, 6, 7])
        let slot = try machine.take(p, 0)
        machine.heard(p, alive: [1, 2], isLast: false)
        #expect(machine.turnSlots() == [])
        machine.heard(p, alive: [1, 2], isLast: true)
        #expect(machine.accused(of: p) == [])
        #expect(machine.turn() == [.init(slot: slot, attempt: DeliveryAttempt(crashes: 3, isPoison: true))])
    }

    @Test(arguments: [(5, 2), (6, 2), (7, 2)] as [(UInt32, Int)]) func oneOfThemThatLivesIsEnoughToClearIt(
        _ alive: UInt32,
        _ crashes: Int
    ) throws {
        var machine = self.machine()
        let started = [Started(offset: 0, starts: 3, isAlone: true, accused: [5, 6])]
        let p = machine.assigned(committed: 0, metadata: self.crash(of: 7, started), end: 1)
        let slot = try machine.take(p, 0)
        machine.heard(p, alive: [alive], isLast: true)
        #expect(machine.turn() == [.init(slot: slot, attempt: DeliveryAttempt(crashes: crashes))])
    }

    @Test func whoRanAloneWhenNobodyDiedHasNotRunAlone() throws {
        var machine = self.machine()
        let started = [Started(offset: 0, starts: 4, isAlone: true, accused: [4, 5, 6])]
        let p = machine.assigned(committed: 0, metadata: self.crash(of: 7, started), end: 1)
        let slot = try machine.take(p, 0)
        machine.heard(p, alive: [7], isLast: true)
        #expect(machine.turn() == [.init(slot: slot, attempt: DeliveryAttempt(crashes: 3))], "three, and the last not alone")
    }

    @Test func aSuspectThatIsClearedLetsTheOthersGo() throws {
        var machine = self.machine()
        let q = machine.assigned()
        let p = machine.assigned(committed: 0, metadata: self.crash(of: 7, [Started(offset: 0, starts: 1)]), end: 1)
        let running = try machine.take(q, 0)
        #expect(machine.turnSlots() == [running])
        machine.heard(p, alive: [], isLast: false)
        let slot = try machine.take(p, 0)
        #expect(machine.turnSlots() == [] && machine.suspect == slot, "it waits for the one that runs")
        let other = try machine.take(q, 1)
        #expect(machine.turnSlots() == [])
        machine.heard(p, alive: [7], isLast: false)
        #expect(machine.suspect == nil)
        #expect(machine.turnSlots().sorted() == [slot, other].sorted())
        #expect(machine.turnSlots() == [])
    }

    @Test func whereTheOwnerLivesStartsAreNotTold() throws {
        var machine = self.machine()
        let p = machine.assigned(committed: 0, metadata: self.crash(of: 7), end: 100)
        machine.heard(p, alive: [7], isLast: false)
        _ = try machine.take(p, 0..<2)
        machine.commit()
        #expect(machine.startedSlots().count == 2)
        #expect(machine.beginCommit().first?.decoded?.started ?? [] == [])
    }

    @Test func theNextOwnerLearnsWhoIsAccused() throws {
        var machine = self.machine(9)
        let p = machine.assigned(committed: 0, metadata: self.crash(of: 7, [Started(offset: 3, starts: 2, accused: [6])]), end: 5)
        machine.heard(p, alive: [], isLast: false)
        let slots = try machine.take(p, 0..<1)
        machine.commit()
        #expect(machine.startedSlots() == [])
        let telling = try #require(machine.beginCommit().first)
        let suspect = Started(offset: 3, starts: 2, isRunning: false, accused: [6, 7])
        #expect(telling.decoded == self.crash(of: 9, [Started(offset: 0, starts: 2, accused: [7]), suspect]), "it may have run before")
        #expect(machine.end(telling).map(\.slot) == slots)

        _ = machine.revoking(p, notBegun: slots)
        let goodbye = try #require(machine.beginCommit(last: true).first)
        #expect(goodbye.decoded == self.crash(of: 7, [suspect]), "the suspicion against the first goes on")
    }

    @Test func anAssumedCrashIsTakenBackToo() throws {
        // The first owner crashed, as it seemed; the second told a start, and crashed, as it seemed. Both live.
        var machine = self.machine()
        let p = machine.assigned(committed: 0, metadata: self.crash(of: 8, [Started(offset: 0, starts: 2, accused: [7])]), end: 1)
        let slot = try machine.take(p, 0)
        machine.heard(p, alive: [7, 8], isLast: false)
        #expect(machine.turn() == [.init(slot: slot, attempt: DeliveryAttempt())])
    }

    @Test func withoutANumberEveryLossIsACrash() throws {
        var machine = self.machine(0)
        let p = machine.assigned(committed: 0, metadata: self.crash(of: 0, [Started(offset: 0, starts: 3, isAlone: true)]), end: 1)
        #expect(machine.accused(of: p) == [])
        let slot = try machine.take(p, 0)
        #expect(machine.turn() == [.init(slot: slot, attempt: DeliveryAttempt(crashes: 3, isPoison: true))])
    }
}
