import Feedback
import Orchestration
import Testing
import Wire

@Suite("Signal tally")
struct SignalTallyTests {
    private func signal(
        _ id: String = "echo",
        _ type: ComponentType = .agent,
        source: FeedbackSource = .agentTask,
        reward: Double = 1,
        signalID: String? = nil,
        at timestamp: Double? = nil
    ) -> FeedbackSignal {
        FeedbackSignal(
            signalID: signalID,
            source: source,
            componentType: type,
            componentID: id,
            reward: reward,
            timestamp: timestamp
        )
    }

    private func tally(_ signals: [FeedbackSignal], capacity: Int = 100_000) -> SignalTally {
        var tally = SignalTally(capacity: capacity)
        for signal in signals { tally.record(signal, now: 0) }
        return tally
    }

    /// Everything that changed, by component id.
    private func changes(_ tally: inout SignalTally) -> [String: PolicySnapshot] {
        Dictionary(uniqueKeysWithValues: tally.takeChanges(now: 0, worker: "w").map { ($0.componentID, $0) })
    }

    @Test("counts signals and means rewards per component and source")
    func counts() throws {
        var tally = self.tally([
            self.signal("echo", reward: 1), self.signal("echo", source: .userExplicit, reward: 0.25), self.signal("echo", reward: 0.25),
            self.signal("fallback", source: .governance, reward: 0),
        ])
        #expect(tally.componentCount == 2)
        let changes = self.changes(&tally)
        let echo = try #require(changes["echo"])
        #expect(echo.signals == 3 && echo.meanReward == 0.5)
        #expect(echo.bySource == [.agentTask: 2, .userExplicit: 1])
        let fallback = try #require(changes["fallback"])
        #expect(fallback.signals == 1 && fallback.meanReward == 0)
        #expect(fallback.bySource == [.governance: 1])
    }

    @Test("takes equal ids of different types for different components")
    func types() {
        var tally = self.tally(ComponentType.allCases.map { self.signal("same", $0) })
        let changes = tally.takeChanges(now: 0, worker: "w")
        #expect(tally.componentCount == ComponentType.allCases.count)
        #expect(Set(changes.map(\.componentType)) == Set(ComponentType.allCases))
        #expect(changes.allSatisfy { $0.componentID == "same" && $0.signals == 1 })
    }

    @Test("remembers the earliest and the latest time, in whatever order the signals come")
    func times() throws {
        var tally = SignalTally()
        for time in [20.0, 5, 40, 30] { tally.record(self.signal(at: time), now: 1_000) }
        let known = try #require(self.changes(&tally)["echo"])
        #expect(known.firstSignalAt == 5 && known.lastSignalAt == 40)
        // A signal that names no time came now.
        tally.record(self.signal(), now: 50)
        let later = try #require(self.changes(&tally)["echo"])
        #expect(later.firstSignalAt == 5 && later.lastSignalAt == 50)
    }

    @Test("stamps a snapshot with the caller's time and name")
    func stamp() {
        var tally = self.tally([self.signal()])
        let change = tally.takeChanges(now: 77.5, worker: "learner-1").first
        #expect(change?.updatedAt == 77.5 && change?.worker == "learner-1")
    }

    @Test("tells only what changed, under a version that rises with every telling")
    func versions() {
        var tally = self.tally([self.signal("a"), self.signal("b")])
        #expect(self.changes(&tally).mapValues(\.policyVersion) == ["a": 1, "b": 1])
        #expect(self.changes(&tally).isEmpty)
        tally.record(self.signal("b"), now: 0)
        tally.record(self.signal("b"), now: 0)
        let changes = self.changes(&tally)
        #expect(changes.mapValues(\.policyVersion) == ["b": 2])
        #expect(changes["b"]?.signals == 3, "counts go on where they were")
    }

    @Test("leaves what is over the limit for the next time", arguments: [1, 3, 7, 10, 1_000])
    func limit(_ limit: Int) {
        var tally = self.tally((0..<10).map { self.signal("\($0)") })
        var told: [String] = []
        while true {
            let changes = tally.takeChanges(now: 0, worker: "w", limit: limit)
            #expect(changes.count <= limit)
            if changes.isEmpty { break }
            told += changes.map(\.componentID)
        }
        #expect(told.sorted() == (0..<10).map { "\($0)" })
    }

    @Test("takes nothing when nothing may be taken", arguments: [0, -1, .min])
    func noRoom(_ limit: Int) {
        var tally = self.tally([self.signal()])
        #expect(tally.takeChanges(now: 0, worker: "w", limit: limit).isEmpty)
        #expect(self.changes(&tally).count == 1, "the change is still there")
    }

    @Test("counts a signal that comes again once more, as it remembers no ids")
    func repetition() {
        var tally = self.tally([self.signal(signalID: "job.signal.0"), self.signal(signalID: "job.signal.0")])
        #expect(self.changes(&tally)["echo"]?.signals == 2)
    }

    @Test("forgets the components that were quiet for longest when there is no more room")
    func capacity() {
        var tally = SignalTally(capacity: 100)
        for number in 0..<100 { tally.record(self.signal("\(number)"), now: 0) }
        // What speaks again is not quiet, however old it is.
        for number in 0..<5 { tally.record(self.signal("\(number)"), now: 0) }
        #expect(tally.forgotten == 0)
        tally.record(self.signal("new"), now: 0)
        #expect(tally.forgotten == 10 && tally.componentCount == 91)
        let known = Set(self.changes(&tally).keys)
        #expect(known == Set((0..<5).map { "\($0)" } + (15..<100).map { "\($0)" } + ["new"]))
    }

    @Test("keeps its bound however many components come, and the newest always")
    func bound() {
        var tally = SignalTally(capacity: 50)
        for number in 0..<2_000 {
            tally.record(self.signal("\(number)"), now: 0)
            #expect(tally.componentCount <= 50)
        }
        #expect(tally.componentCount + tally.forgotten == 2_000)
        #expect(self.changes(&tally)["1999"] != nil)
    }

    @Test("begins anew with a component that it had forgotten")
    func comeback() {
        var tally = SignalTally(capacity: 10)
        for _ in 0..<3 { tally.record(self.signal("old"), now: 0) }
        _ = self.changes(&tally)
        for number in 0..<10 { tally.record(self.signal("\(number)"), now: 0) }
        tally.record(self.signal("old"), now: 0)
        let old = self.changes(&tally)["old"]
        #expect(old?.signals == 1 && old?.policyVersion == 1)
    }

    @Test("has room for two at least", arguments: [2, 1, 0, -5, .min])
    func smallest(_ capacity: Int) {
        var tally = self.tally([self.signal("a"), self.signal("b")], capacity: capacity)
        #expect(tally.componentCount == 2 && tally.forgotten == 0)
        tally.record(self.signal("c"), now: 0)
        #expect(Set(self.changes(&tally).keys) == ["b", "c"])
    }

    @Test("keeps two tallies apart, as values are")
    func value() {
        var one = self.tally([self.signal("a")])
        var other = one
        other.record(self.signal("b"), now: 0)
        #expect(self.changes(&one).keys.sorted() == ["a"])
        #expect(self.changes(&other).keys.sorted() == ["a", "b"])
    }
}
