import Foundation
import JSON
import Orchestration
import Testing
import Wire

@testable import Feedback

@Suite("Experiments in a feedback orchestrator")
struct ExperimentRunTests {
    /// A decision of an experiment and the signal about it.
    private struct Case {
        let decision: Decision
        let signal: FeedbackSignal
        let partition: Int32
        let offset: Int64
    }

    private static func definition(active: Bool = true, after: Int = 100) throws -> ExperimentDefinition {
        try ExperimentDefinition(
            componentType: .model,
            variants: [.init(name: "v", policy: .arm("b"), fraction: 0.5)],
            startsActive: active,
            autoActivateAfter: after,
            minimumSamples: 1_000_000
        )
    }

    private static func run(active: Bool = true, after: Int = 100, limits: ExperimentRun.Limits = .init()) throws -> ExperimentRun {
        ExperimentRun(name: "e", definition: try Self.definition(active: active, after: after), definedAt: 1_000, limits: limits)
    }

    private static func decision(_ id: String, _ arm: String = "a", variant: String = "control", at time: Double = 1) -> Decision {
        Decision(
            id: id,
            chosen: ComponentID(.model, arm),
            candidates: ["a", "b"],
            propensity: 0.5,
            scopeID: id,
            requestID: id,
            rootID: id,
            decidedAt: time,
            experiment: .init(name: "e", variant: variant)
        )
    }

    private static func signal(_ decision: String?, _ reward: Double, arm: String = "a") -> FeedbackSignal {
        FeedbackSignal(
            source: .userExplicit,
            componentType: .model,
            componentID: arm,
            reward: reward,
            metadata: decision.map { ["decision_id": .string($0)] } ?? [:]
        )
    }

    @Test("the first reward of a decision counts, for the variant that was given, in whatever order both come")
    func counts() throws {
        var run = try Self.run()
        run.take(Self.decision("1"))
        run.take(Self.signal("1", 0.25), at: 0, of: 0)
        run.take(Self.signal("1", 1), at: 1, of: 0)
        run.take(Self.signal("2", 0.75, arm: "b"), at: 2, of: 0)
        run.take(Self.decision("2", "b", variant: "v"))
        run.take(Self.decision("2", "b", variant: "v"))
        run.take(Self.decision("1"))
        run.take(Self.signal("1", 1), at: 3, of: 0)
        #expect(run.experiment.baseline.pulls == 1 && run.experiment.baseline.mean == 0.25)
        #expect(run.experiment.arms["v"]?.pulls == 1 && run.experiment.arms["v"]?.mean == 0.75)
        #expect(run.positions == ["model/0": 4] && run.isChanged)
    }

    @Test("what does not belong to the experiment changes nothing")
    func strangers() throws {
        var run = try Self.run()
        run.saved()
        var other = Self.decision("1")
        other.experiment?.name = "other"
        var none = Self.decision("2")
        none.experiment = nil
        let unknown = Self.decision("3", variant: "gone")
        let old = Self.decision("4", at: 0.9)
        for decision in [other, none, unknown, old, Self.decision("5")] { run.take(decision) }
        for (offset, id) in ["1", "2", "3", "4", nil].enumerated() { run.take(Self.signal(id, 1), at: Int64(offset), of: 0) }
        // About another component than the chosen one, before its decision and after it.
        run.take(Self.signal("5", 1, arm: "b"), at: 5, of: 0)
        run.take(Self.signal("6", 1, arm: "b"), at: 6, of: 0)
        run.take(Self.decision("6"))
        #expect(run.experiment.arms.values.allSatisfy { $0.pulls == 0 } && !run.isChanged)
        run.take(Self.signal("5", 1), at: 7, of: 0)
        #expect(run.experiment.baseline.pulls == 1 && run.isChanged)
    }

    @Test("whoever goes on from what was published counts every reward once, wherever it was stopped", arguments: 0..<20 as Range<UInt64>)
    func goingOn(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var offsets: [Int32: Int64] = [:]
        let cases = (0..<300).map { number in
            let isVariant = Bool.random(using: &generator)
            let arm = isVariant ? "b" : "a"
            let partition = Int32.random(in: 0..<3, using: &generator)
            defer { offsets[partition, default: 0] += 1 }
            return Case(
                decision: Self.decision("\(number)", arm, variant: isVariant ? "v" : "control"),
                signal: Self.signal("\(number)", Double.random(in: 0...1, using: &generator), arm: arm),
                partition: partition,
                offset: offsets[partition] ?? 0
            )
        }
        var whole = try Self.run()
        for each in cases {
            whole.take(each.decision)
            whole.take(each.signal, at: each.offset, of: each.partition)
        }
        // Decisions come up to ten records before their signal or after it.
        let order = cases.indices.map { (case: $0, at: $0 + Int.random(in: -10...10, using: &generator)) }.sorted { $0.at < $1.at }.map(
            \.case
        )
        var run = try Self.run()
        var published: ExperimentStanding?
        var next = (decision: 0, signal: 0)
        while next.decision < cases.count || next.signal < cases.count {
            if next.decision < cases.count, next.decision <= next.signal + Int.random(in: 0...1, using: &generator) {
                run.take(cases[order[next.decision]].decision)
                next.decision += 1
            } else {
                let each = cases[next.signal]
                run.take(each.signal, at: each.offset, of: each.partition)
                next.signal += 1
            }
            if Int.random(in: 0..<10, using: &generator) == 0 {
                let bytes = run.standing(now: 5, worker: "w").encode(source: "/test", time: 5).value
                published = try ExperimentStanding(decoding: bytes)
                run.saved()
            }
            // A crash: the next one reads signals from the positions on, or from before, and decisions from far enough back.
            if Int.random(in: 0..<50, using: &generator) == 0 {
                let begun = try Self.run()
                run = published.flatMap { ExperimentRun($0) } ?? begun
                let first = cases.firstIndex { $0.offset >= published?.positions["model/\($0.partition)"] ?? 0 } ?? cases.count
                next.signal = max(0, first - Int.random(in: 0...30, using: &generator))
                next.decision = max(0, min(next.decision, next.signal) - 30)
            }
        }
        for name in ["control", "v"] {
            let (one, other) = (try #require(run.experiment.arms[name]), try #require(whole.experiment.arms[name]))
            #expect(one.pulls == other.pulls && abs(one.rewardSum - other.rewardSum) < 1e-9)
        }
        #expect(run.positions == whole.positions)
    }

    @Test("at the end of the shadow phase the variants are judged by its log, and one that is surely worse stays out")
    func shadow() throws {
        let definition = try ExperimentDefinition(
            componentType: .model,
            variants: [
                .init(name: "bad", policy: .arm("b"), fraction: 0.2), .init(name: "good", policy: .arm("a"), fraction: 0.2),
                .init(name: "learned", policy: .algorithm(.thompson), fraction: 0.2),
                .init(name: "stranger", policy: .arm("x"), fraction: 0.2),
            ],
            autoActivateAfter: 400
        )
        var run = ExperimentRun(name: "e", definition: definition, definedAt: 0)
        var generator = SeededGenerator(seed: 3)
        var events: [Experiment.Event] = []
        for number in 0..<400 {
            #expect(events.isEmpty && run.experiment.phase == .shadow)
            let arm = Bool.random(using: &generator) ? "a" : "b"
            let reward: Double = Double.random(in: 0..<1, using: &generator) < (arm == "a" ? 0.9 : 0.3) ? 1 : 0
            events += run.take(Self.decision("\(number)", arm))
            events += run.take(Self.signal("\(number)", reward, arm: arm), at: Int64(number), of: 0)
        }
        #expect(events == [.rolledBack("bad"), .activated])
        #expect((run.experiment.arms["good"]?.shadow?.improvement ?? 0) > 0.2)
        #expect((run.experiment.arms["learned"]?.shadow?.improvement ?? 0) > 0.2)
        #expect(run.experiment.arms["stranger"]?.shadow?.refusal?.contains("none of the candidates") == true)
        // A shadow phase is not gone on with: its judgement needs all of it.
        let fresh = ExperimentRun(name: "e", definition: definition, definedAt: 0)
        #expect(ExperimentRun(fresh.standing(now: 0, worker: "w")) == nil)
        #expect(ExperimentRun(run.standing(now: 0, worker: "w"))?.experiment == run.experiment)
    }

    @Test("of what waits the newest are kept")
    func bounds() throws {
        var run = try Self.run(limits: .init(waiting: 10, shadow: 5))
        for number in 0..<100 { run.take(Self.decision("d\(number)")) }
        for number in 0..<100 { run.take(Self.signal("s\(number)", 1), at: Int64(number), of: 0) }
        for number in 0..<100 { run.take(Self.signal("d\(number)", 1), at: Int64(100 + number), of: 0) }
        let counted = run.experiment.baseline.pulls
        #expect((5...10).contains(counted))
        run.take(Self.signal("d99", 1), at: 300, of: 0)
        #expect(run.experiment.baseline.pulls == counted)
    }

    @Test("a standing reads back as it was, and a broken one is refused")
    func standings() throws {
        var run = try Self.run()
        run.take(Self.decision("1"))
        run.take(Self.signal("1", 0.25), at: 7, of: 2)
        let standing = run.standing(now: 12.5, worker: "feedback-1")
        let (value, headers) = standing.encode(source: "/f", time: 12_500)
        #expect(try ExperimentStanding(decoding: value) == standing)
        #expect(headers["ce_type"] == ExperimentStanding.type && headers["ce_id"] == "experiment/e.feedback-1.12500")
        #expect(ExperimentStanding.name(of: ExperimentStanding.key(of: "a/b")) == "a/b")
        for key in ["experiment/", "experiment", "model/experiment/x", ""] { #expect(ExperimentStanding.name(of: Array(key.utf8)) == nil) }
        for text in ["{", "[]", "{}", #"{"experiment": {}}"#] {
            #expect(throws: WireError.self) { try ExperimentStanding(decoding: Array(text.utf8)) }
        }
    }

    @Test("a decision that was counted does not count again for whoever goes on, of the newest 4,096")
    func goingOnWithCounted() throws {
        var run = try Self.run()
        for number in 0..<5_000 {
            run.take(Self.decision("\(number)"))
            run.take(Self.signal("\(number)", 0.25), at: Int64(number), of: 0)
        }
        #expect(run.experiment.baseline.pulls == 5_000)
        let (value, _) = run.standing(now: 1, worker: "w").encode(source: "/f", time: 1)
        let standing = try ExperimentStanding(decoding: value)
        #expect(standing.counted.utf8.count == 32_768 && value.count < 34_000)
        // What it writes itself has them, too: another one may follow.
        var next = try #require(ExperimentRun(standing))
        #expect(next.standing(now: 1, worker: "w") == standing)
        for number in 904..<5_000 {
            next.take(Self.decision("\(number)"))
            next.take(Self.signal("\(number)", 1), at: Int64(10_000 + number), of: 0)
        }
        #expect(next.experiment.baseline == run.experiment.baseline)
        next.take(Self.decision("new"))
        next.take(Self.signal("new", 1), at: 20_000, of: 0)
        #expect(next.experiment.baseline.pulls == 5_001)
        var later = try #require(ExperimentRun(next.standing(now: 2, worker: "x")))
        for id in ["new", "4999", "905"] {
            later.take(Self.decision(id))
            later.take(Self.signal(id, 1), at: 30_000, of: 0)
        }
        #expect(later.experiment.baseline.pulls == 5_001)

        // One from before there was such a member.
        let old = try JSONValue(parsing: value).objectValue.map { object in
            var object = object
            object["counted"] = nil
            return JSONValue.object(object).serialized()
        }
        let unknown = try ExperimentStanding(decoding: try #require(old))
        #expect(unknown.counted.isEmpty && unknown.experiment == standing.experiment && unknown.positions == standing.positions)
    }

    @Test("counted decisions are kept as text, the newest in their order, and what is no such text is left out")
    func counted() throws {
        var counted = CountedDecisions(limit: 3)
        #expect(counted.text.isEmpty)
        for id in ["a", "b", "b", "c", "d"] { counted.insert(id) }
        #expect(!counted.contains("a") && ["b", "c", "d"].allSatisfy { counted.contains($0) } && counted.text.utf8.count == 24)
        let b = String(counted.text.prefix(8))
        for text in [counted.text, "????????" + counted.text, "Ä123456" + counted.text, counted.text + "abc"] {
            #expect(CountedDecisions(text, limit: 10).contains("b") && CountedDecisions(text, limit: 10).text.hasSuffix(counted.text))
        }
        counted.insert("e")
        #expect(!counted.text.contains(b))
        let many = String(repeating: "AAAAAAAAAAAAAAAB", count: 100_000)
        #expect(CountedDecisions(many, limit: 10).text == "AAAAAAAAAAAAAAAB")
        var (first, second) = (CountedDecisions(limit: 10_000), CountedDecisions(limit: 10_000))
        for number in 0..<4_096 {
            first.insert("\(number)")
            second.insert("s\(number)")
        }
        #expect(CountedDecisions(first.text + second.text, limit: 10_000).text == first.text)
    }

    @Test("numbers out of range in a standing are moved into it, and nothing overflows")
    func hostileNumbers() throws {
        var run = try Self.run()
        run.take(Self.decision("1"))
        run.take(Self.signal("1", 0.25), at: 7, of: 2)
        func read(_ change: (inout JSONObject) -> Void) throws -> ExperimentStanding {
            let value = run.standing(now: 1, worker: "w").encode(source: "/f", time: 1).value
            var object = try #require(try JSONValue(parsing: value).objectValue)
            change(&object)
            return try ExperimentStanding(decoding: JSONValue.object(object).serialized())
        }
        for (number, expected) in [(1e300, 1e12), (-5, 0), (12.5, 12.5), (1e18, 1e12)] as [(Double, Double)] {
            let standing = try read { $0["updated_at"] = .number(number) }
            #expect(standing.updatedAt == expected)
            for wait in [0, 600_000, Int64.max] { #expect(standing.oldestWaiting(wait) >= standing.definedAt) }
        }
        for (number, expected) in [(.min, 0), (-1, 0), (7, 7), (.max, 1_000_000_000_000_000)] as [(Int64, Int64)] {
            #expect(try read { $0["defined_at"] = .integer(number) }.definedAt == expected)
            #expect(ExperimentStanding.definedAt(number) == expected)
        }
        let positions = try read { $0["positions"] = ["model/0": -1, "model/1": 1e300, "model/2": 8, "model/3": "x"] }
        #expect(positions.positions == ["model/2": 8])
        #expect(try read { $0["counted"] = 7 }.counted.isEmpty)
        // Members that were not read but set.
        for time in [Double.nan, .infinity, -1, 1e300] {
            var standing = positions
            standing.updatedAt = time
            #expect(standing.oldestWaiting(600_000) == standing.definedAt)
        }
    }

    @Test("whoever goes on needs the decisions of the reward wait before the standing, and none from before the definition")
    func oldestWaiting() throws {
        let experiment = Experiment(name: "e", definition: try Self.definition())
        let standing = ExperimentStanding(experiment: experiment, definedAt: 50_000, updatedAt: 1_000, worker: "w")
        #expect(standing.oldestWaiting(600_000) == 400_000)
        #expect(standing.oldestWaiting(900_000) == 100_000)
        #expect(standing.oldestWaiting(2_592_000_000) == 50_000)
    }

    @Test("what waits is bounded in bytes, a situation is not kept, and long ids are ignored")
    func bytes() throws {
        let text = String(repeating: "x", count: 50_000)
        for active in [true, false] {
            var run = try Self.run(active: active, after: 1_000, limits: .init(bytes: 1_000_000))
            for number in 0..<100 {
                var decision = Self.decision("\(number)")
                decision.situation = ["text": .string("\(number)\(text)")]
                run.take(decision)
            }
            #expect(run.waiting == 100)
            for number in 100..<200 {
                var decision = Self.decision("\(number)")
                decision.candidates = ["a", "\(number)\(text)"]
                run.take(decision)
            }
            // Candidates are only needed in the shadow.
            #expect(active ? run.waiting == 200 : (10...20).contains(run.waiting), "\(run.waiting)")
            var signals = try Self.run(active: active, limits: .init(bytes: 1_000_000))
            for number in 0..<100 { signals.take(Self.signal("\(number)", 1, arm: "\(number)\(text)"), at: Int64(number), of: 0) }
            #expect((10...20).contains(signals.waiting), "\(signals.waiting)")
        }
        var run = try Self.run()
        for length in [256, 257] {
            let id = String(repeating: "i", count: length)
            run.take(Self.decision(id))
            #expect(run.waiting == 1)
            run.take(Self.signal(id + "s", 1), at: Int64(length), of: 0)
            #expect(run.waiting == 1)
        }
        // One entry is kept, however big, and the next displaces it.
        var recent = Recent<Int>(limit: 10, bytes: 100)
        for number in 0..<5 { recent.insert(number, "\(number)", bytes: 1_000) }
        #expect(recent.count == 2 && recent["4"] == 4 && recent["3"] == 3)
        // What was taken away needs no room.
        recent = Recent<Int>(limit: 1_000, bytes: 10_000)
        for number in 0..<20 {
            recent.insert(number, "kept \(number)", bytes: 8)
            recent.insert(number, "\(number)", bytes: 1_000)
            recent.remove("\(number)")
        }
        #expect(recent["kept 0"] == 0 && recent.count == 20)
    }

    @Test("the shadow's log is bounded in bytes")
    func shadowBytes() throws {
        var run = try Self.run(active: false, after: 200, limits: .init(bytes: 20_000))
        for number in 0..<200 {
            run.take(Self.decision("\(number)", number.isMultiple(of: 2) ? "a" : "b"))
            run.take(Self.signal("\(number)", 1, arm: number.isMultiple(of: 2) ? "a" : "b"), at: Int64(number), of: 0)
        }
        // Of each 160 bytes and its features.
        let judgement = try #require(run.experiment.arms["v"]?.shadow)
        #expect(run.experiment.phase == .active && judgement.refusal?.contains("decisions count like") == true, "\(judgement)")
    }

    @Test("after the end nothing is counted, and nothing is to be published")
    func end() throws {
        var run = try Self.run()
        run.take(Self.decision("1"))
        run.take(Self.signal("1", 0.25), at: 0, of: 0)
        var standing = run.standing(now: 1, worker: "w")
        #expect(!standing.counted.isEmpty)
        standing.experiment.phase = .rolledBack
        standing.experiment.arms["v"]?.isRolledBack = true
        var ended = try #require(ExperimentRun(standing))
        ended.take(Self.decision("2"))
        ended.take(Self.signal("2", 0.25), at: 1, of: 0)
        #expect(ended.experiment == standing.experiment && ended.positions == ["model/0": 1] && !ended.isChanged && ended.waiting == 0)
        #expect(ended.standing(now: 2, worker: "w").counted.isEmpty)
    }

    @Test("an early reward of another component does not displace that of the chosen one")
    func earlyRewards() throws {
        var run = try Self.run()
        run.take(Self.signal("1", 1, arm: "b"), at: 0, of: 0)
        run.take(Self.signal("1", 0.25), at: 1, of: 0)
        run.take(Self.signal("1", 0.75), at: 2, of: 0)
        run.take(Self.decision("1"))
        #expect(run.experiment.baseline.pulls == 1 && run.experiment.baseline.mean == 0.25)
    }

    @Test("a reward that waits for its decision holds the position until the decision comes", arguments: [1, 4_096, 4_097])
    func earlyRewardsResume(others: Int64) throws {
        var run = try Self.run()
        run.take(Self.signal("early", 0.25), at: 0, of: 0)
        for number in 1...others {
            run.take(Self.decision("\(number)"))
            run.take(Self.signal("\(number)", 0.75), at: number, of: 0)
        }
        let standing = run.standing(now: 1, worker: "w")
        // Who goes on is told of 4,096 that were counted.
        #expect(standing.positions == ["model/0": others <= 4_096 ? 0 : others + 1])
        var next = try #require(ExperimentRun(standing))
        next.take(Self.decision("early"))
        for number in 1...others { next.take(Self.decision("\(number)")) }
        next.take(Self.signal("early", 0.25), at: 0, of: 0)
        for number in 1...others { next.take(Self.signal("\(number)", 0.75), at: number, of: 0) }
        #expect(next.experiment.baseline.pulls == others + (others <= 4_096 ? 1 : 0))

        run.take(Self.decision("early"))
        #expect(run.standing(now: 2, worker: "w").positions == ["model/0": others + 1])
    }

    @Test("a reward that never finds its decision has nothing counted twice, however often others go on")
    func neverMatched() throws {
        var run = try Self.run()
        func count(_ numbers: Range<Int64>) {
            for number in numbers { run.take(Self.decision("\(number)")) }
            for number in numbers { run.take(Self.signal("\(number)", 0.75), at: number, of: 0) }
        }
        count(1..<1_001)
        run.take(Self.signal("of nobody", 0.25), at: 1_001, of: 0)
        count(1_002..<4_001)
        for end in [6_000, 8_000, 10_000] as [Int64] {
            let standing = run.standing(now: 1, worker: "w")
            run = try #require(ExperimentRun(standing))
            let position = standing.positions["model/0"] ?? 0
            if position <= 1_001 { run.take(Self.signal("of nobody", 0.25), at: 1_001, of: 0) }
            for number in 1..<end where number != 1_001 { run.take(Self.decision("\(number)")) }
            for number in max(position, 1)..<end where number != 1_001 { run.take(Self.signal("\(number)", 0.75), at: number, of: 0) }
            run.saved()
            #expect(run.experiment.baseline.pulls == end - 2)
        }
    }

    @Test("what is published has the members of its schema")
    func schema() throws {
        var run = try Self.run(active: false, after: 1)
        run.take(Self.decision("1"))
        run.take(Self.signal("1", 0.25), at: 7, of: 2)
        let written = try JSONValue(parsing: run.standing(now: 1, worker: "w").encode(source: "/f", time: 1).value)
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let schema = try JSONValue(
            parsing: Array(Data(contentsOf: root.appending(path: "deploy/contracts/schemas/experiment.schema.json")))
        )
        func keys(_ value: JSONValue?) -> Set<String> { Set(value?.objectValue?.keys ?? []) }
        let experiment = schema["properties"]?["experiment"]?["properties"]
        #expect(keys(written) == keys(schema["properties"]))
        #expect(keys(written["experiment"]) == keys(experiment))
        #expect(keys(written["experiment"]?["definition"]) == keys(experiment?["definition"]?["properties"]))
        let arm = experiment?["arms"]?["additionalProperties"]?["properties"]
        #expect(keys(written["experiment"]?["arms"]?["control"]) == keys(arm))
        let told = keys(written["experiment"]?["arms"]?["v"]?["shadow"])
        let known = keys(arm?["shadow"]?["properties"])
        #expect(told.isSubset(of: known))
        #expect(written["experiment"]?["arms"]?["v"]?["shadow"]?["refusal"] != nil)
    }
}
