import JSON
import Orchestration
import Testing
import Wire

@testable import Feedback

/// Rewards find their decisions, in whatever order they come.
@Suite("Joining rewards to decisions")
struct RewardJoinTests {
    private typealias Make = FeedbackShardTests

    private func shard(_ rule: RewardRule) -> TestShard { TestShard(settings: FeedbackSettings(rewards: rule)) }

    @Test("waits for a decision that comes after its reward, and learns once")
    func rewardFirst() {
        let shard = self.shard(RewardRule())
        #expect(shard.take(Make.signal("1", 1, decision: "d"), at: 0, now: 0) == .waits)
        #expect(shard.lessons() == 0 && shard.waitingCount == 1)
        #expect(shard.take(Make.decision("d"), at: 0, now: 1) == .taken)
        #expect(shard.lessons() == 1 && shard.waitingCount == 0)
        #expect(shard.take(Make.signal("2", 1, decision: "d"), at: 1, now: 2) == .late)
        #expect(shard.take(Make.decision("d"), at: 1, now: 2) == .late)
        #expect(shard.lessons() == 1)
        // The statistics count late rewards too.
        #expect(shard.components[ComponentID(.model, "a")]?.statistics.signals == 2)
    }

    @Test("learns at once from a reward that carries its propensity; its decision is late then")
    func stamped() {
        let shard = self.shard(RewardRule())
        #expect(shard.take(Make.signal("1", 1, decision: "d", propensity: 0.25), at: 0, now: 0) == .taken)
        #expect(shard.take(Make.decision("d"), at: 0, now: 1) == .late)
        #expect(shard.lessons() == 1 && shard.waitingCount == 0)
    }

    @Test("gives up a decision without reward after the wait, or learns the default")
    func defaultReward() {
        let without = self.shard(RewardRule(wait: 10))
        _ = without.take(Make.decision("d"), at: 0, now: 0)
        #expect(without.expire(now: 9.9) == 0 && without.waitingCount == 1)
        #expect(without.expire(now: 10) == 1 && without.waitingCount == 0 && without.lessons() == 0)
        #expect(without.take(Make.signal("1", 1, decision: "d"), at: 0, now: 11) == .late)
        let with = self.shard(RewardRule(wait: 10, defaultReward: 0))
        _ = with.take(Make.decision("d"), at: 0, now: 0)
        #expect(with.expire(now: 10) == 0 && with.lessons() == 1)
    }

    @Test("learns a reward whose decision never comes from its own context")
    func orphan() {
        let shard = self.shard(RewardRule(wait: 10))
        _ = shard.take(Make.signal("1", 1, decision: "lost"), at: 0, now: 0)
        #expect(shard.expire(now: 10) == 0 && shard.lessons() == 1)
    }

    @Test("does not credit a component with a decision for another one")
    func otherComponent() {
        let shard = self.shard(RewardRule())
        _ = shard.take(Make.decision("d", "a"), at: 0, now: 0)
        #expect(shard.take(Make.signal("1", 1, component: "b", decision: "d"), at: 0, now: 1) == .taken)
        #expect(shard.lessons("a") == 0 && shard.lessons("b") == 1 && shard.waitingCount == 1)
    }

    @Test("combines rewards, negative ones too", arguments: RewardAggregation.allCases)
    func combine(_ aggregation: RewardAggregation) {
        #expect(aggregation.combine([]) == nil)
        let wanted: [RewardAggregation: Double] = [.first: -3, .last: -2, .sum: -6, .mean: -2, .min: -3, .max: -1]
        #expect(aggregation.combine([-3, -1, -2]) == wanted[aggregation])
    }

    @Test("takes all rewards within the wait, corrections in the place of what they correct", arguments: RewardAggregation.allCases)
    func aggregation(_ aggregation: RewardAggregation) {
        var join = RewardJoin(RewardRule(wait: 10, aggregation: aggregation))
        var resolved = SeenSignals()
        func take(_ id: UInt64, _ reward: Double, version: Int = 1) -> RewardJoin.Verdict {
            let signal = Make.signal("\(id)", reward, version: version, decision: "d")
            guard version == 1 else {
                join.correct(signal, id: id, about: "d")
                return .waits
            }
            return join.take(signal, id: id, about: "d", resolved: &resolved, now: 1)
        }
        guard aggregation != .first else { return }
        var verdicts = [join.take(Make.decision("d"), resolved: &resolved, now: 0) { _ in }, take(1, 0.5), take(2, 0.1), take(3, 0.6)]
        verdicts += [take(2, 0.3, version: 3), take(2, 0.9, version: 2)]
        let early = join.expire(now: 9, resolved: &resolved)
        #expect(verdicts.allSatisfy { $0 == .waits } && early == [])
        let lesson = join.expire(now: 10, resolved: &resolved).first ?? nil
        let wanted: [RewardAggregation: Double] = [.last: 0.6, .sum: 1.4, .mean: 1.4 / 3, .min: 0.3, .max: 0.6]
        #expect(abs((lesson?.reward ?? -1) - (wanted[aggregation] ?? 9)) < 1e-12 && lesson?.propensity == 0.5)
    }

    @Test("gives the oldest up when too many wait")
    func capacity() {
        let shard = self.shard(RewardRule(wait: 1_000, capacity: 10))
        for number in 0..<25 { _ = shard.take(Make.decision("d\(number)"), at: Int64(number), now: Double(number)) }
        #expect(shard.expire(now: 30) == 15 && shard.waitingCount == 10)
        #expect(shard.take(Make.signal("1", 1, decision: "d20"), at: 0, now: 31) == .taken)
        // Of those that had to make room, a reward that tells its propensity tells enough.
        #expect(shard.take(Make.signal("2", 1, decision: "d3", propensity: 0.5), at: 1, now: 31) == .taken)
        #expect(shard.lessons() == 2)
    }

    @Test("a reward that came before its decision, and turns out to be about another component, is that one's")
    func strayed() {
        let shard = self.shard(RewardRule())
        #expect(shard.take(Make.signal("1", 1, component: "b", decision: "d"), at: 0, now: 0) == .waits)
        #expect(shard.take(Make.decision("d", "a"), at: 0, now: 1) == .waits)
        #expect(shard.lessons("a") == 0 && shard.lessons("b") == 1)
        #expect(shard.take(Make.signal("2", 1, component: "a", decision: "d"), at: 1, now: 2) == .taken)
        #expect(shard.lessons("a") == 1 && shard.lessons("b") == 1)
    }

    @Test("a correction is learned only where its signal still waits")
    func corrections() {
        let shard = self.shard(RewardRule(aggregation: .last))
        _ = shard.take(Make.decision("d", "a"), at: 0, now: 0)
        #expect(shard.take(Make.signal("1", 1, component: "b", decision: "d"), at: 0, now: 1) == .taken)
        for version in 2...4 {
            let signal = Make.signal("1", 0, component: "b", version: version, decision: "d")
            #expect(shard.take(signal, at: Int64(version), now: 2) == .corrected)
        }
        #expect(shard.lessons("b") == 1 && shard.waitingCount == 1)
    }

    @Test("what waited while nobody ran has its whole time again, as its reward may stand in the log")
    func longStop() {
        let rule = RewardRule(wait: 600, defaultReward: 0)
        let shard = self.shard(rule)
        var log = FeedbackShardTests.Log()
        _ = shard.take(Make.decision("d"), at: 0, now: 0)
        _ = log.write(shard)
        let restored = log.restored(FeedbackSettings(rewards: rule), now: 5_000)
        #expect(restored.expire(now: 5_001) == 0 && restored.lessons() == 0 && restored.waitingCount == 1)
        #expect(restored.take(Make.signal("1", 1, decision: "d"), at: 0, now: 5_002) == .taken)
        #expect(restored.lessons() == 1)
    }

    @Test("what may have been stored by a write that failed is taken back when it is over")
    func failedWrite() {
        let shard = self.shard(RewardRule())
        var log = FeedbackShardTests.Log()
        _ = shard.take(Make.signal("1", 1, decision: "d"), at: 0, now: 0)
        log.append(shard)
        shard.value.maybeSaved()
        _ = shard.take(Make.decision("d"), at: 0, now: 1)
        _ = log.write(shard)
        #expect(log.restored().waitingCount == 0)
    }

    @Test("keeps little of what waits, whatever is sent")
    func bounded() throws {
        let shard = self.shard(RewardRule())
        var signal = Make.signal("1", 1, decision: "d")
        signal.context = ["noise": .string(String(repeating: "x", count: 1_000_000)), "task_type": "summarization"]
        #expect(shard.take(signal, at: 0, now: 0) == .waits)
        var decision = Make.decision("d2")
        decision.situation = signal.context
        #expect(shard.take(decision, at: 0, now: 0) == .waits)
        // No id of a decision is as long as this.
        #expect(shard.take(Make.signal("2", 1, decision: String(repeating: "d", count: 300)), at: 1, now: 0) == .taken)
        let stored = shard.value.changes(now: 0, worker: "w").state.filter { $0.key.starts(with: "waiting/".utf8) }
        #expect(stored.count == 2 && stored.allSatisfy { ($0.value?.count ?? .max) < 6_000 })
        #expect(stored.allSatisfy { String(decoding: $0.value ?? [], as: UTF8.self).contains("summarization") })
    }
}

@Suite("Signals that were seen")
struct SeenSignalsTests {
    @Test("are known until so many others came, also after being stored")
    func window() {
        var seen = SeenSignals(capacity: 2_000)
        var stored: [Int: [UInt8]] = [:]
        for number in 0..<10_000 as Range<UInt64> {
            let hash = IDHash.hash("\(number)")
            let isNew = seen.insert(hash)
            let isAgain = seen.insert(hash)
            #expect(isNew && !isAgain)
            if number % 333 == 0 {
                for slot in seen.changed { stored[slot] = seen.bytes(ofSlot: slot) }
                seen.saved()
            }
        }
        for slot in seen.changed { stored[slot] = seen.bytes(ofSlot: slot) }
        var restored = SeenSignals(capacity: 2_000)
        for bytes in stored.values.shuffled() {
            let isRead = restored.restore(bytes)
            #expect(isRead)
        }
        #expect(restored.count == seen.count && seen.count <= 2_000 + 2 * SeenSignals.slotSize)
        for number in 8_000..<10_000 as Range<UInt64> { #expect(restored.contains(IDHash.hash("\(number)"))) }
        // Goes on in the slot where it was.
        let isNew = restored.insert(1)
        #expect(isNew && restored.changed.count == 1)
        for bytes in [[1, 2], [], [2] + Array(repeating: 0, count: 16)] as [[UInt8]] {
            let isRead = restored.restore(bytes)
            #expect(!isRead)
        }
    }
}
