import JSON
import Orchestration
import Testing
import Wire

@testable import Feedback

/// A shard behind a reference, so that its events can stand in expectations.
@dynamicMemberLookup
final class TestShard {
    var value: FeedbackShard

    init(partition: Int32 = 0, of count: Int32 = 1, settings: FeedbackSettings = FeedbackSettings()) {
        self.value = FeedbackShard(partition: partition, of: count, settings: settings)
    }

    subscript<T>(dynamicMember path: KeyPath<FeedbackShard, T>) -> T { self.value[keyPath: path] }
    func take(_ signal: FeedbackSignal, at offset: Int64, now: Double) -> FeedbackShard.Outcome {
        self.value.take(signal, at: offset, now: now)
    }
    func take(_ decision: Decision, at offset: Int64, now: Double) -> FeedbackShard.Outcome {
        self.value.take(decision, at: offset, now: now)
    }
    func obey(_ command: FeedbackShard.Command, about component: ComponentID, time: Int64, now: Double) -> Bool {
        self.value.obey(command, about: component, time: time, now: now)
    }
    func expire(now: Double) -> Int { self.value.expire(now: now) }
    func judgeHealth(now: Double) -> [ComponentID] { self.value.judgeHealth(now: now) }
    func restore(key: [UInt8]?, value: [UInt8]?) -> FeedbackShard.Restored { self.value.restore(key: key, value: value) }
    func lessons(_ id: String = "a", _ type: ComponentType = .model) -> Int64 {
        self.value.components[ComponentID(type, id)]?.lessons ?? 0
    }
}

/// One partition's worth of components: what is counted, learned, stored and restored.
@Suite("A feedback shard")
struct FeedbackShardTests {
    /// A state topic with one partition, as the broker keeps it.
    struct Log {
        var records: [(key: [UInt8], value: [UInt8]?)] = []

        mutating func write(_ shard: TestShard, now: Double = 0) -> [PolicySnapshot] {
            let changes = shard.value.changes(now: now, worker: "w")
            self.records += changes.state
            shard.value.saved()
            return changes.policies.compactMap(\.snapshot)
        }

        /// A write of which the shard does not know whether it succeeded.
        mutating func append(_ shard: TestShard) { self.records += shard.value.changes(now: 0, worker: "w").state }

        func restored(_ settings: FeedbackSettings = FeedbackSettings(), upTo count: Int? = nil, now: Double = 0) -> TestShard {
            let shard = TestShard(settings: settings)
            for record in self.records.prefix(count ?? self.records.count) {
                #expect(shard.restore(key: record.key, value: record.value) == .fine)
            }
            shard.value.restored(now: now)
            return shard
        }
    }

    static func signal(
        _ id: String,
        _ reward: Double,
        component: String = "a",
        type: ComponentType = .model,
        version: Int = 1,
        decision: String? = nil,
        propensity: Double? = nil
    ) -> FeedbackSignal {
        var signal = FeedbackSignal(source: .agentTask, componentType: type, componentID: component, reward: reward, confidence: 1)
        signal.signalID = id
        signal.version = version
        if let decision { signal.metadata["decision_id"] = .string(decision) }
        if let propensity { signal.metadata["propensity"] = .number(propensity) }
        return signal
    }

    static func decision(_ id: String, _ component: String = "a", propensity: Double = 0.5) -> Decision {
        Decision(
            id: id,
            chosen: ComponentID(.model, component),
            candidates: ["a", "b"],
            propensity: propensity,
            situation: ["task_type": "summarization"],
            scopeID: "r",
            requestID: "r",
            rootID: "r",
            decidedAt: 100
        )
    }

    @Test("counts each signal once, whatever comes again")
    func once() {
        let shard = TestShard()
        #expect(shard.take(Self.signal("1", 1), at: 0, now: 1) == .taken)
        #expect(shard.take(Self.signal("2", 0), at: 1, now: 2) == .taken)
        // Read again after a crash, sent again by a producer, sent again about another component.
        #expect(shard.take(Self.signal("2", 0), at: 1, now: 3) == .replayed)
        #expect(shard.take(Self.signal("1", 1), at: 2, now: 4) == .duplicate)
        #expect(shard.take(Self.signal("1", 1, component: "b"), at: 3, now: 5) == .duplicate)
        var log = Log()
        let snapshots = log.write(shard)
        #expect(snapshots.map(\.signals) == [2] && snapshots.map(\.meanReward) == [0.5])
        #expect(snapshots.first?.bySource == [.agentTask: 2] && shard.lessons() == 2)
        #expect(shard.positions == [.signals(.model): 4] && !shard.isChanged)
    }

    @Test("has the health of the specification")
    func health() {
        let shard = TestShard()
        for (offset, reward) in [1, 0.5, 0.2, 0.9].enumerated() {
            _ = shard.take(Self.signal("\(offset)", reward), at: Int64(offset), now: 1)
        }
        let health = shard.components[ComponentID(.model, "a")]?.statistics.health
        let mean = 0.65
        let deviation = ((0.35 * 0.35 + 0.15 * 0.15 + 0.45 * 0.45 + 0.25 * 0.25) / 4).squareRoot()
        #expect(abs((health?.averageReward ?? 0) - mean) < 1e-12 && abs((health?.rewardDeviation ?? 0) - deviation) < 1e-12)
        #expect(health?.errorRate == 0.25 && health?.sampleSize == 4)
        #expect(abs((health?.score ?? 0) - mean * 0.75 * (1 - deviation)) < 1e-12)
        // 1, then 0.9 · old + 0.1 · reward.
        #expect(abs((health?.runningReward ?? 0) - (((1 * 0.9 + 0.05) * 0.9 + 0.02) * 0.9 + 0.09)) < 1e-12)
    }

    @Test("puts a correction in the place of what it corrects")
    func correction() {
        let shard = TestShard()
        _ = shard.take(Self.signal("1", 0), at: 0, now: 1)
        #expect(shard.take(Self.signal("1", 1, version: 2), at: 1, now: 1) == .corrected)
        #expect(shard.take(Self.signal("1", 0.5, version: 2), at: 2, now: 1) == .duplicate)
        let statistics = shard.components[ComponentID(.model, "a")]?.statistics
        #expect(statistics?.signals == 1 && statistics?.meanReward == 1 && statistics?.health.averageReward == 1)
    }

    @Test("comes back as it was written, and reads on where it was")
    func restore() throws {
        let shard = TestShard()
        var log = Log()
        for number in 0..<700 {
            _ = shard.take(
                Self.signal("s\(number)", Double(number % 10) / 10, component: "c\(number % 7)"),
                at: Int64(number),
                now: Double(number)
            )
            if number % 50 == 0 { _ = log.write(shard) }
        }
        _ = shard.take(Self.decision("d1"), at: 0, now: 700)
        _ = shard.take(Self.signal("early", 1, decision: "d2"), at: 700, now: 700)
        _ = log.write(shard, now: 701)
        let restored = log.restored()
        #expect(restored.components.count == 8 && restored.positions == shard.positions && restored.waitingCount == 2)
        for (id, owned) in shard.components {
            let other = try #require(restored.components[id])
            #expect(other.statistics.health == owned.statistics.health && other.statistics.signals == owned.statistics.signals)
            #expect(other.version == owned.version && other.lessons == owned.lessons)
            #expect(other.nextSnapshot(now: 0, worker: "w") == owned.nextSnapshot(now: 0, worker: "w"))
        }
        // What it had seen is seen, and what waited waits.
        #expect(restored.take(Self.signal("s3", 1), at: 701, now: 702) == .duplicate)
        #expect(restored.take(Self.signal("s699", 1), at: 699, now: 702) == .replayed)
        #expect(restored.take(Self.decision("d2", propensity: 0.25), at: 1, now: 702) == .taken)
        #expect(restored.take(Self.signal("late-1", 1, decision: "d1"), at: 702, now: 702) == .taken)
        #expect(restored.waitingCount == 0)
        _ = log.write(restored)
        #expect(log.restored().waitingCount == 0)
    }

    @Test("does not believe a write that was never finished")
    func unfinishedWrite() {
        let shard = TestShard()
        var log = Log()
        _ = shard.take(Self.signal("1", 1), at: 0, now: 1)
        _ = shard.take(Self.signal("2", 1, component: "b"), at: 1, now: 1)
        _ = log.write(shard)
        let complete = log.records.count
        _ = shard.take(Self.signal("3", 1), at: 2, now: 1)
        _ = shard.take(Self.signal("4", 1, component: "new"), at: 3, now: 1)
        _ = log.write(shard)
        for cut in complete..<log.records.count {
            let restored = log.restored(upTo: cut)
            #expect(restored.positions == [.signals(.model): 2])
            #expect(restored.take(Self.signal("3", 1), at: 2, now: 1) == .taken)
            #expect(restored.take(Self.signal("4", 1, component: "new"), at: 3, now: 1) == .taken)
            #expect(restored.components.values.map(\.statistics.signals).reduce(0, +) == 4)
        }
    }

    @Test("finds out that there was another number of partitions")
    func otherPartitionCount() {
        let shard = TestShard(of: 3)
        _ = shard.take(Self.signal("1", 1), at: 0, now: 1)
        var log = Log()
        _ = log.write(shard)
        let other = TestShard(of: 4)
        var found = FeedbackShard.Restored.fine
        for record in log.records { found = other.restore(key: record.key, value: record.value) }
        #expect(found == .otherPartitionCount(3))
    }

    @Test("disables what is unhealthy, tries it again after its time, and judges it by what comes then")
    func disabling() {
        let shard = TestShard()
        var offset: Int64 = 0
        func send(_ reward: Double, _ count: Int) {
            for _ in 0..<count {
                _ = shard.take(Self.signal("\(offset)", reward), at: offset, now: 10)
                offset += 1
            }
        }
        func availability() -> ComponentAvailability? { shard.components[ComponentID(.model, "a")]?.availability.availability }
        send(0, 10)
        #expect(shard.judgeHealth(now: 10) == [])
        send(0, 1)
        #expect(shard.judgeHealth(now: 20) == [ComponentID(.model, "a")] && availability() == .disabled)
        #expect(shard.judgeHealth(now: 3_619) == [] && availability() == .disabled)
        #expect(shard.judgeHealth(now: 3_620) == [] && availability() == .probing)
        // Too little is known of the new time; then it is neither bad nor good enough; then it is good.
        send(1, 10)
        _ = shard.judgeHealth(now: 3_700)
        #expect(availability() == .probing)
        send(1, 1)
        _ = shard.judgeHealth(now: 3_701)
        #expect(availability() == .enabled)
        send(0, 100)
        #expect(shard.judgeHealth(now: 3_800).count == 1)
    }

    @Test("counts its looks at health, and tells that it looked even when nothing changed")
    func healthChecks() {
        let shard = TestShard()
        var log = Log()
        _ = log.write(shard)
        #expect(shard.judgeHealth(now: 10) == [] && shard.isChanged)
        _ = log.write(shard)
        _ = shard.judgeHealth(now: 20)
        _ = log.write(shard)
        #expect(!shard.isChanged && log.restored().value.healthChecks == 2)
    }

    @Test("obeys each command once, and its health has no say then")
    func commands() {
        var shard = TestShard()
        let component = ComponentID(.tool, "x")
        var log = Log()
        func availability() -> ComponentAvailability? { shard.components[component]?.availability.availability }
        #expect(shard.obey(.disable(reason: "costs too much"), about: component, time: 100, now: 1))
        #expect(!shard.obey(.disable(reason: "costs too much"), about: component, time: 100, now: 2))
        #expect(availability() == .disabled)
        _ = shard.judgeHealth(now: 1e9)
        #expect(availability() == .disabled)
        let told = log.write(shard)
        #expect(told.first?.reason == "costs too much")
        shard = log.restored()
        #expect(!shard.obey(.enable, about: component, time: 99, now: 3) && availability() == .disabled)
        #expect(shard.obey(.enable, about: component, time: 101, now: 3) && availability() == .enabled)
        _ = shard.take(Self.signal("1", 1, component: "x", type: .tool), at: 0, now: 4)
        #expect(shard.obey(.reset, about: component, time: 102, now: 5))
        #expect(shard.components[component]?.statistics.signals == 0 && shard.lessons("x", .tool) == 0)
        #expect(shard.take(Self.signal("1", 1, component: "x", type: .tool), at: 1, now: 4) == .duplicate)
    }

    @Test("forgets the quietest for want of room, and says so")
    func room() {
        let shard = TestShard(settings: FeedbackSettings(capacity: 50))
        var log = Log()
        for number in 0..<50 {
            _ = shard.take(Self.signal("\(number)", 1, component: "c\(number)"), at: Int64(number), now: Double(number))
        }
        _ = log.write(shard)
        _ = shard.take(Self.signal("again", 1, component: "c0"), at: 50, now: 60)
        _ = shard.take(Self.signal("new", 1, component: "new"), at: 51, now: 61)
        #expect(shard.componentCount == 46 && shard.components[ComponentID(.model, "c0")] != nil)
        #expect(
            shard.value.changes(now: 1, worker: "w").policies.filter { $0.snapshot == nil }.map(\.component.id).sorted()
                == (1...5).map { "c\($0)" }
        )
        _ = log.write(shard)
        #expect(log.restored(FeedbackSettings(capacity: 50)).componentCount == 46)
    }

    @Test("ids that come once push out nobody that was learned about, and nobody that was found unhealthy")
    func flood() {
        let shard = TestShard(settings: FeedbackSettings(capacity: 50))
        var offset: Int64 = 0
        func send(_ component: String, _ reward: Double, _ count: Int, now: Double) {
            for _ in 0..<count {
                _ = shard.take(Self.signal("\(offset)", reward, component: component), at: offset, now: now)
                offset += 1
            }
        }
        send("known", 1, 10, now: 1)
        send("bad", 0, 11, now: 1)
        #expect(shard.judgeHealth(now: 2).map(\.id) == ["bad"])
        for number in 0..<1_000 { send("once-\(number)", 1, 1, now: 100 + Double(number)) }
        #expect(shard.componentCount <= 50)
        #expect(shard.components[ComponentID(.model, "known")] != nil && shard.components[ComponentID(.model, "bad")] != nil)
    }

    @Test("does not believe signals from the future")
    func future() {
        let shard = TestShard()
        var signal = Self.signal("1", 1)
        signal.timestamp = 1e11
        _ = shard.take(signal, at: 0, now: 100)
        var log = Log()
        #expect(log.write(shard).first?.lastSignalAt == 160)
    }

    @Test("survives the greatest numbers in the state topic")
    func greatestNumbers() {
        var generator = SeededGenerator(seed: 9)
        let shard = TestShard()
        for (number, type) in ComponentType.allCases.enumerated() {
            _ = shard.take(Self.signal("\(type)", 0.5, type: type), at: Int64(number), now: 1)
        }
        _ = shard.take(Self.signal("w", 1, decision: "d"), at: 30, now: 1)
        _ = shard.judgeHealth(now: 1)
        var log = Log()
        _ = log.write(shard)
        for _ in 0..<1_000 {
            let restored = TestShard()
            for record in log.records {
                let text = String(decoding: record.value ?? [], as: UTF8.self)
                // One number in five becomes an extreme one.
                var changed = ""
                var number = ""
                for character in text + " " {
                    if character.isNumber || character == "." || character == "-" {
                        number.append(character)
                        continue
                    }
                    let extremes = ["9223372036854775807", "-9223372036854775808", "1e300", "-1e300", "4294967295", "0"]
                    if !number.isEmpty, Int.random(in: 0..<5, using: &generator) == 0 {
                        number = extremes.randomElement(using: &generator) ?? number
                    }
                    changed += number + String(character)
                    number = ""
                }
                _ = restored.restore(key: record.key, value: text.isEmpty ? record.value : Array(changed.utf8))
            }
            restored.value.restored(now: 0)
            for (number, type) in ComponentType.allCases.enumerated() {
                for offset in 100..<102 as Range<Int64> {
                    _ = restored.take(Self.signal("x\(number)-\(offset)", 1, type: type, decision: "d"), at: .max - 1_000 + offset, now: 2)
                }
            }
            _ = restored.judgeHealth(now: 3)
            _ = restored.value.consolidate(now: 3)
            _ = restored.expire(now: 1_000)
            _ = restored.value.changes(now: 4, worker: "w")
            restored.value.saved()
        }
    }

    @Test("survives whatever stands in the state topic")
    func hostileState() {
        var generator = SeededGenerator(seed: 7)
        let shard = TestShard()
        for number in 0..<30 { _ = shard.take(Self.signal("\(number)", 0.5, component: "c\(number % 3)"), at: Int64(number), now: 1) }
        _ = shard.take(Self.signal("w", 1, decision: "d"), at: 30, now: 1)
        var log = Log()
        _ = log.write(shard)
        for _ in 0..<2_000 {
            let restored = TestShard()
            for record in log.records {
                var (key, value) = (record.key, record.value ?? [])
                for _ in 0..<Int.random(in: 0...3, using: &generator) where !value.isEmpty {
                    value[Int.random(in: value.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
                }
                if Int.random(in: 0..<10, using: &generator) == 0 { key[0] ^= 1 }
                _ = restored.restore(key: key, value: value)
            }
            restored.value.restored(now: 0)
            _ = restored.take(Self.signal("x", 1), at: 1_000, now: 2)
            _ = restored.judgeHealth(now: 3)
            _ = restored.value.changes(now: 4, worker: "w")
        }
    }
}
