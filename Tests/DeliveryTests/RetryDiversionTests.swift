import Delivery
import Testing

/// One partition of requests whose failed ones wait in retry topics.
@Suite struct RetryDiversionTests {
    typealias Place = RetryDiversion.Place
    private static let limits = RetryDiversion.Limits(patience: 1_000, held: 8)
    /// Long after whatever is held may wait for.
    private static let far = Place(tier: 2, due: 600_000)

    private var diversion = RetryDiversion(limits: Self.limits)

    @Test func aRequestRunsWhereNothingOfItsKeyWaits() {
        var diversion = self.diversion
        _ = diversion.copied(10, key: 1, place: Self.far, now: 0)
        #expect(diversion.decide(11, key: 2, copy: nil, now: 0) == .run)
        #expect(diversion.decide(12, key: 0, copy: nil, now: 0) == .run, "without a key there is no order")
        #expect(diversion.decide(12, key: 1, copy: nil, now: 0) == .divert(Self.far))
        #expect(diversion.keyCount == 1 && diversion.count == 1)
    }

    @Test func whatHasACopyIsNotRunBesideIt() {
        var diversion = self.diversion
        _ = diversion.copied(10, key: 1, place: Self.far, now: 0)
        #expect(diversion.decide(10, key: 1, copy: nil, now: 0) == .drop)
        #expect(diversion.decide(10, key: 1, copy: Self.far, now: 600_000) == .run)
        #expect(diversion.finished(10, key: 1, now: 600_000).isEmpty && diversion.isEmpty)
        #expect(diversion.decide(10, key: 1, copy: Self.far, now: 600_000) == .drop, "a second copy of what is over")
    }

    @Test func ofTwoCopiesOneRemains() {
        var diversion = self.diversion
        diversion.restored(10, key: 1, place: Place(tier: 0, due: 100))
        diversion.restored(10, key: 1, place: Place(tier: 1, due: 200))
        #expect(diversion.decide(10, key: 1, copy: Place(tier: 0, due: 100), now: 300) == .drop)
        #expect(diversion.decide(10, key: 1, copy: Place(tier: 1, due: 200), now: 300) == .run)
        #expect(diversion.finished(10, key: 1, now: 300).isEmpty && diversion.isEmpty)
    }

    @Test func theEarliestGoesFirstWhereverItIs() {
        var diversion = self.diversion
        diversion.restored(30, key: 1, place: Place(tier: 0, due: 100))
        diversion.restored(10, key: 1, place: Self.far)
        diversion.restored(20, key: 1, place: Place(tier: 1, due: 100))
        #expect(diversion.decide(30, key: 1, copy: Place(tier: 0, due: 100), now: 100) == .divert(Self.far))
        #expect(diversion.decide(5, key: 1, copy: nil, now: 100) == .run, "an earlier request that has no copy")
        #expect(diversion.decide(10, key: 1, copy: Self.far, now: 600_000) == .run)
        #expect(diversion.finished(10, key: 1, now: 600_000).isEmpty)
        #expect(diversion.decide(20, key: 1, copy: Place(tier: 1, due: 100), now: 600_000) == .run)
    }

    @Test func aCopyThatGoesBehindAnotherWaitsAMomentAtLeast() {
        var diversion = self.diversion
        for origin in Int64(0)..<20 { diversion.restored(origin, key: 1, place: Place(tier: 1, due: 100)) }
        // Too many copies of the key for something to be held.
        #expect(diversion.decide(25, key: 1, copy: nil, now: 5_000) == .divert(Place(tier: 1, due: 6_000)))
    }

    @Test func whatComesSoonIsWaitedForInMemory() {
        var diversion = self.diversion
        let near = Place(tier: 0, due: 500)
        _ = diversion.copied(10, key: 1, place: near, now: 0)
        #expect(diversion.decide(11, key: 1, copy: nil, now: 0) == .hold)
        diversion.held(11, key: 1, name: 77)
        #expect(diversion.decide(12, key: 1, copy: nil, now: 0) == .hold)
        diversion.held(12, key: 1, name: 78)
        #expect(diversion.decide(10, key: 1, copy: near, now: 500) == .run)
        #expect(diversion.finished(10, key: 1, now: 500) == [77], "one after the other")
        #expect(diversion.decide(11, key: 1, copy: nil, now: 500) == .run)
        #expect(diversion.decide(13, key: 1, copy: nil, now: 500) == .hold, "behind what is held, without a limit")
        #expect(diversion.finished(11, key: 1, now: 500) == [78])
        #expect(diversion.decide(12, key: 1, copy: nil, now: 500) == .run)
        #expect(diversion.finished(12, key: 1, now: 500).isEmpty && diversion.isEmpty && diversion.heldCount == 0)
    }

    @Test func whatIsHeldFollowsWhenItsFirstGoesFar() {
        var diversion = self.diversion
        let near = Place(tier: 0, due: 500)
        _ = diversion.copied(10, key: 1, place: near, now: 0)
        for (origin, name) in [(Int64(11), UInt64(77)), (12, 78)] {
            #expect(diversion.decide(origin, key: 1, copy: nil, now: 0) == .hold)
            diversion.held(origin, key: 1, name: name)
        }
        #expect(diversion.decide(10, key: 1, copy: near, now: 500) == .run)
        #expect(diversion.copied(10, key: 1, place: Self.far, now: 500) == [77, 78])
        for origin in Int64(11)...12 {
            #expect(diversion.decide(origin, key: 1, copy: nil, now: 500) == .divert(Self.far))
            #expect(diversion.copied(origin, key: 1, place: Self.far, now: 500).isEmpty)
        }
        #expect(diversion.heldCount == 0 && diversion.count == 3)
    }

    @Test func whoHasWaitedInMemoryInVainIsDiverted() {
        var diversion = self.diversion
        _ = diversion.copied(10, key: 1, place: Place(tier: 0, due: 500), now: 0)
        #expect(diversion.decide(11, key: 1, copy: nil, now: 0) == .hold)
        diversion.held(11, key: 1, name: 77)
        // Its patience is over, and the copy has not been read.
        #expect(diversion.decide(11, key: 1, copy: nil, now: 5_000) == .divert(Place(tier: 0, due: 6_000)))
        #expect(diversion.heldCount == 0)
    }

    @Test func memoryForWhatIsHeldIsBounded() {
        var diversion = self.diversion
        for key in UInt64(1)...12 { _ = diversion.copied(Int64(key), key: key, place: Place(tier: 0, due: 500), now: 0) }
        let decisions = (UInt64(1)...12).map { key in
            let decision = diversion.decide(Int64(100 + key), key: key, copy: nil, now: 0)
            if decision == .hold { diversion.held(Int64(100 + key), key: key, name: key) }
            return decision
        }
        #expect(decisions.count { $0 == .hold } == 8 && diversion.heldCount == 8)
    }

    @Test func aCopyThatNobodyKnewOfIsRunInItsTurn() {
        var diversion = self.diversion
        #expect(diversion.decide(10, key: 1, copy: Self.far, now: 600_000) == .run)
        #expect(diversion.decide(11, key: 1, copy: nil, now: 600_000) == .hold || diversion.count == 1)
        _ = diversion.finished(10, key: 1, now: 600_000)
        #expect(diversion.isEmpty)
        _ = diversion.finished(10, key: 1, now: 600_000)
    }

    @Test func manyOfOneKeyCostLittle() {
        var diversion = self.diversion
        for origin in Int64(0)..<50_000 { diversion.restored(origin, key: 1, place: Place(tier: 0, due: 0)) }
        for origin in Int64(0)..<50_000 {
            #expect(diversion.decide(origin, key: 1, copy: Place(tier: 0, due: 0), now: 1) == .run)
            _ = diversion.finished(origin, key: 1, now: 1)
        }
        #expect(diversion.isEmpty && diversion.keyCount == 0)
    }
}
