import JSON
import Orchestration
import Testing

@testable import Feedback

@Suite("Experiments")
struct ExperimentTests {
    private static func definition(
        _ fractions: KeyValuePairs<String, Double> = ["b": 0.5],
        active: Bool = true,
        after: Int = 10,
        minimum: Int = 50
    ) throws -> ExperimentDefinition {
        try ExperimentDefinition(
            componentType: .model,
            variants: fractions.map { .init(name: $0.key, policy: .arm($0.key), fraction: $0.value) },
            startsActive: active,
            autoActivateAfter: after,
            minimumSamples: minimum
        )
    }

    // MARK: Allocation

    @Test(
        "SHA-256 of the standard's examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (String(repeating: "a", count: 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
            (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
            (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ]
    )
    func hash(message: String, digest: String) {
        let hex = SHA256.digest(Array(message.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(hex == digest)
        #expect(String(SHA256.prefix(Array(message.utf8)), radix: 16) == String(digest.prefix(16).drop { $0 == "0" }))
    }

    @Test("a scope always gets the same, in any process, and every variant its share")
    func allocation() throws {
        let experiment = Experiment(name: "e", definition: try Self.definition(["c": 0.2, "b": 0.1]))
        // Counted with: int.from_bytes(hashlib.sha256(b"e/42").digest()[:8], "big") / (2**64 - 1)
        #expect(abs(Experiment.share(of: "e/42") - 0.093_306_447_413_338_49) < 1e-15)
        var counts: [String: Int] = [:]
        for scope in 0..<10_000 {
            let assignment = experiment.assignment(for: "\(scope)")
            #expect(assignment == experiment.assignment(for: "\(scope)") && assignment.drawn == assignment.variant)
            counts[assignment.variant, default: 0] += 1
        }
        #expect(abs((counts["b"] ?? 0) - 1_000) < 120 && abs((counts["c"] ?? 0) - 2_000) < 160)
        #expect(counts["control", default: 0] == 10_000 - (counts["b"] ?? 0) - (counts["c"] ?? 0))
        // The order of the names decides, not that of the definition.
        #expect(experiment.drawn(0.099) == "b" && experiment.drawn(0.101) == "c" && experiment.drawn(0.301) == "control")
        #expect(experiment.drawn(0) == "b" && experiment.drawn(1) == "control")
    }

    @Test("two experiments draw independently")
    func independence() throws {
        let one = Experiment(name: "one", definition: try Self.definition())
        let two = Experiment(name: "two", definition: try Self.definition())
        let both = (0..<4_000).count { one.assignment(for: "\($0)").variant == "b" && two.assignment(for: "\($0)").variant == "b" }
        #expect(abs(both - 1_000) < 120)
    }

    // MARK: Phases

    @Test("in the shadow everybody gets the control, and it ends after enough rewards of the control")
    func shadow() throws {
        var experiment = Experiment(name: "e", definition: try Self.definition(active: false, after: 3))
        let scope = try #require((0..<100).first { experiment.assignment(for: "\($0)").drawn == "b" })
        #expect(experiment.assignment(for: "\(scope)").variant == "control")
        #expect(try experiment.record(0.5, of: "control") == [])
        #expect(try experiment.record(0.5, of: "control") == [])
        #expect(experiment.phase == .shadow)
        #expect(try experiment.record(0.5, of: "control") == [.activated])
        #expect(experiment.phase == .active && experiment.assignment(for: "\(scope)").variant == "b")
    }

    @Test("a variant that is better is promoted, as soon as that is sure and not before")
    func promotion() throws {
        var experiment = Experiment(name: "e", definition: try Self.definition())
        var generator = SeededGenerator(seed: 1)
        var round = 0
        while experiment.phase == .active, round < 20_000 {
            let variant = experiment.assignment(for: "\(round)").variant
            let mean = variant == "b" ? 0.65 : 0.5
            let events = try experiment.record(Double.random(in: 0..<1, using: &generator) < mean ? 1 : 0, of: variant)
            if let comparison = experiment.comparison(of: "b"), experiment.phase == .active {
                #expect(!(comparison.isJudged && comparison.improvement >= 0.05 && comparison.low > 0))
            }
            if !events.isEmpty { #expect(events == [.promoted("b")]) }
            round += 1
        }
        #expect(experiment.phase == .promoted && experiment.winner == "b" && round < 3_000)
        #expect((0..<50).allSatisfy { experiment.assignment(for: "\($0)").variant == "b" })
        // Late rewards are counted and decide nothing.
        let pulls = experiment.baseline.pulls
        for _ in 0..<500 { #expect(try experiment.record(1, of: "control") == []) }
        #expect(experiment.phase == .promoted && experiment.baseline.pulls == pulls + 500)
    }

    @Test("a small improvement is not promoted, however sure")
    func smallImprovement() throws {
        var experiment = Experiment(name: "e", definition: try Self.definition())
        for _ in 0..<5_000 {
            try experiment.record(0.5, of: "control")
            try experiment.record(0.52, of: "b")
        }
        #expect(experiment.phase == .active && (experiment.comparison(of: "b")?.low ?? 0) > 0)
    }

    @Test("a variant that is a little worse is not rolled back, however sure that is")
    func littleWorse() throws {
        var experiment = Experiment(name: "e", definition: try Self.definition())
        for _ in 0..<5_000 {
            try experiment.record(0.5, of: "control")
            try experiment.record(0.46, of: "b")
        }
        #expect(experiment.phase == .active && (experiment.comparison(of: "b")?.rollBackHigh ?? 0) < 0)
    }

    @Test("a variant that is worse is rolled back when both have enough rewards; the others go on until none is left")
    func rollback() throws {
        var experiment = Experiment(name: "e", definition: try Self.definition(["b": 0.3, "c": 0.3]))
        var events: [Experiment.Event] = []
        for _ in 0..<49 {
            events += try experiment.record(0.6, of: "control")
            events += try experiment.record(0.5, of: "b")
            events += try experiment.record(0.58, of: "c")
        }
        #expect(events.isEmpty)
        events += try experiment.record(0.5, of: "b")
        #expect(events.isEmpty)
        #expect(try experiment.record(0.6, of: "control") == [.rolledBack("b")])
        let scopes = (0..<200).map { "\($0)" }
        let drawn = scopes.filter { experiment.assignment(for: $0).drawn == "b" }
        #expect(!drawn.isEmpty && drawn.allSatisfy { experiment.assignment(for: $0).variant == "control" })
        #expect(scopes.contains { experiment.assignment(for: $0).variant == "c" })
        events = []
        for _ in 0..<60 { events += try experiment.record(0.3, of: "c") }
        #expect(events == [.rolledBack("c"), .ended] && experiment.phase == .rolledBack)
        #expect(scopes.allSatisfy { experiment.assignment(for: $0).variant == "control" })
    }

    @Test("looking after every reward promotes one of equal variants in fewer than one experiment of twenty")
    func falsePromotions() throws {
        let rounds = 200
        var promoted = 0
        // No rollback ends them early.
        let definition = try ExperimentDefinition(
            componentType: .model,
            variants: [.init(name: "b", policy: .uniform, fraction: 0.5)],
            startsActive: true,
            promoteAt: 0,
            rollBackAt: -100
        )
        for seed in 0..<rounds {
            var generator = SeededGenerator(seed: UInt64(seed))
            var experiment = Experiment(name: "e", definition: definition)
            for index in 0..<2_000 where experiment.phase == .active {
                let reward: Double = Double.random(in: 0..<1, using: &generator) < 0.4 ? 1 : 0
                try experiment.record(reward, of: index.isMultiple(of: 2) ? "b" : "control")
            }
            promoted += experiment.phase == .promoted ? 1 : 0
        }
        #expect(promoted <= rounds / 20)
    }

    // MARK: Regret

    @Test("regret is what the control's mean at that time was missed by")
    func regret() throws {
        var experiment = Experiment(name: "e", definition: try Self.definition())
        // Nothing to compare with yet.
        try experiment.record(0.2, of: "b")
        try experiment.record(0.8, of: "control")
        try experiment.record(0.5, of: "b")
        try experiment.record(0.9, of: "b")
        try experiment.record(0.4, of: "control")
        let arm = try #require(experiment.arms["b"])
        #expect(arm.pulls == 3 && arm.lastReward == 0.9 && abs(arm.rewardSum - 1.6) < 1e-9)
        #expect(abs(arm.regretSum - 0.3) < 1e-9 && abs(experiment.baseline.regretSum - 0.4) < 1e-9)
        #expect(abs((arm.regretPercent(of: experiment.baseline) ?? 0) - 100 * 0.1 / 0.6) < 1e-9)
        #expect(abs((arm.performanceRatio(to: experiment.baseline) ?? 0) - (1.6 / 3) / 0.6) < 1e-9)
        #expect(ExperimentArm().performanceRatio(to: experiment.baseline) == nil && arm.regretPercent(of: ExperimentArm()) == nil)
        #expect(abs(arm.variance - 0.123_333_333) < 1e-6)
        for reward in [Double.nan, .infinity, 1e7] { #expect(throws: ExperimentError.self) { try experiment.record(reward, of: "b") } }
        #expect(throws: ExperimentError.self) { try experiment.record(1, of: "x") }
        #expect(experiment.arms["b"] == arm)
        // A control that earns nothing.
        var poor = Experiment(name: "e", definition: try Self.definition())
        try poor.record(0, of: "control")
        try poor.record(0, of: "b")
        #expect(poor.comparison(of: "b")?.improvement == 0)
        try poor.record(0.5, of: "b")
        #expect(poor.comparison(of: "b")?.improvement == .infinity && poor.comparison(of: "control") == nil)
    }

    // MARK: The shadow's judgement

    @Test("what the log says of a variant is kept, and one that is surely worse never gets its share")
    func judgement() throws {
        let log = try LoggedWorld.log(2_000, seed: 7)
        var experiment = Experiment(name: "e", definition: try Self.definition(["a": 0.2, "best": 0.2, "x": 0.2], active: false))
        func judge(_ variant: String, _ policy: some CandidatePolicy) -> [Experiment.Event] {
            experiment.judge(variant, by: Result { () throws(EvaluationRefusal) in try OffPolicyEvaluation(of: policy, on: log) })
        }
        struct Worst: CandidatePolicy {
            let name = "worst"
            func probabilities(features: [Double], among candidates: [String]) -> [Double] {
                ThresholdPolicy().probabilities(features: features, among: candidates).map { 1 - $0 }
            }
        }
        #expect(judge("best", ThresholdPolicy()) == [])
        #expect(judge("x", FixedArm("x")) == [])
        #expect(judge("a", Worst()) == [.rolledBack("a")] && judge("a", Worst()) == [])
        #expect((experiment.arms["best"]?.shadow?.improvement ?? 0) > 0.05 && experiment.arms["best"]?.shadow?.refusal == nil)
        #expect(experiment.arms["x"]?.shadow?.refusal?.contains("none of the candidates") == true)
        #expect(experiment.arms["a"]?.isRolledBack == true && experiment.phase == .shadow)
        #expect(judge("nobody", Worst()) == [] && judge("control", Worst()) == [])
        for _ in 0..<10 { try experiment.record(0.5, of: "control") }
        #expect(experiment.phase == .active && judge("best", Worst()) == [])
        #expect(!(0..<500).contains { experiment.assignment(for: "\($0)").variant == "a" })
        #expect(try Experiment(state: experiment.state) == experiment)
    }

    @Test("the log of the shadow rolls back what is worse by enough and surely so, and nothing else")
    func shadowRollback() throws {
        /// Two arms by turns, of which the second earns less.
        func phase(_ count: Int, _ reward: (Int, String) -> Double) throws -> [Experiment.Event] {
            let log = try (0..<count).map { number in
                let arm = number.isMultiple(of: 2) ? "a" : "b"
                return try LoggedDecision(candidates: ["a", "b"], chosen: arm, propensity: 0.5, reward: reward(number / 2, arm))
            }
            var experiment = Experiment(name: "e", definition: try Self.definition(active: false))
            let evaluation = try OffPolicyEvaluation(of: FixedArm("b"), on: log)
            #expect(evaluation.difference.value < 0)
            return experiment.judge("b", by: .success(evaluation))
        }
        #expect(try phase(2_000) { $1 == "a" ? 0.5 : 0.2 } == [.rolledBack("b"), .ended])
        // Surely, but by 2 %.
        #expect(try phase(2_000) { $1 == "a" ? 0.5 : 0.48 } == [])
        // By 12 %, but of few decisions.
        #expect(try phase(160) { $0 % 20 < ($1 == "a" ? 10 : 8) ? 1 : 0 } == [])
    }

    @Test("a variant with fewer rewards than a decision needs is not decided about")
    func fewRewards() throws {
        for reward in [0.1, 0.9] {
            var experiment = Experiment(name: "e", definition: try Self.definition())
            for _ in 0..<500 { try experiment.record(0.5, of: "control") }
            for _ in 0..<49 { #expect(try experiment.record(reward, of: "b") == []) }
            #expect(try !experiment.record(reward, of: "b").isEmpty)
        }
    }

    @Test("variants share what is left of a promotion's confidence, and each counts for itself in a rollback")
    func sharedConfidence() throws {
        func comparison(_ fractions: KeyValuePairs<String, Double>) throws -> ExperimentComparison {
            var experiment = Experiment(name: "e", definition: try Self.definition(fractions))
            for number in 0..<20 {
                try experiment.record(number.isMultiple(of: 2) ? 1 : 0, of: "control")
                try experiment.record(number.isMultiple(of: 3) ? 1 : 0, of: "b")
            }
            return try #require(experiment.comparison(of: "b"))
        }
        let (alone, among) = (try comparison(["b": 0.5]), try comparison(["b": 0.1, "c": 0.1, "d": 0.1]))
        #expect(among.low < alone.low && among.high > alone.high && among.rollBackHigh == alone.rollBackHigh)
    }

    // MARK: Whatever comes

    @Test("whatever comes in whatever order, the invariants hold and a restored experiment is the same", arguments: 0..<40 as Range<UInt64>)
    func interleavings(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...4, using: &generator)
        let names = (0..<count).map { "v\($0)" }
        let definition = try ExperimentDefinition(
            componentType: .tool,
            variants: names.map { .init(name: $0, policy: .arm($0), fraction: 1 / Double(count + 1)) },
            startsActive: Bool.random(using: &generator),
            autoActivateAfter: Int.random(in: 1...50, using: &generator),
            minimumSamples: Int.random(in: 2...20, using: &generator),
            rollBackAt: Double.random(in: -0.5 ... -0.05, using: &generator)
        )
        let means = Dictionary(uniqueKeysWithValues: (names + ["control"]).map { ($0, Double.random(in: 0...1, using: &generator)) })
        var experiment = Experiment(name: "e\(seed)", definition: definition)
        var counted: [String: (pulls: Int, sum: Double)] = [:]
        for step in 0..<600 {
            let before = experiment
            let variant =
                Bool.random(using: &generator)
                ? experiment.assignment(for: "\(step)").variant : (names + ["control"]).randomElement(using: &generator) ?? "control"
            let reward = min(max((means[variant] ?? 0) + Double.random(in: -0.3...0.3, using: &generator), 0), 1)
            let events = try experiment.record(reward, of: variant)
            counted[variant, default: (0, 0)].pulls += 1
            counted[variant, default: (0, 0)].sum += reward

            // Phases only go forward.
            let order: [Experiment.Phase] = [.shadow, .active, .promoted]
            if before.phase.isEnd {
                #expect(experiment.phase == before.phase && experiment.winner == before.winner && events.isEmpty)
            } else if experiment.phase != .rolledBack {
                let places = [before, experiment].compactMap { order.firstIndex(of: $0.phase) }
                #expect(places[1] - places[0] <= 1 && places[0] <= places[1])
            }
            #expect((experiment.winner != nil) == (experiment.phase == .promoted))
            #expect(experiment.winner.map { experiment.arms[$0]?.isRolledBack == false } ?? true)
            #expect((experiment.phase == .rolledBack) == names.allSatisfy { experiment.arms[$0]?.isRolledBack == true })
            #expect(events.contains(.activated) == (before.phase == .shadow && experiment.phase == .active))
            #expect((experiment.phase == before.phase) || !events.isEmpty)
            for (name, arm) in experiment.arms {
                let expected = counted[name] ?? (0, 0)
                #expect(arm.pulls == expected.pulls && abs(arm.rewardSum - expected.sum) < 1e-6)
                #expect(arm.regretSum >= (before.arms[name]?.regretSum ?? 0) && arm.deviations >= 0)
                #expect(arm.isRolledBack || before.arms[name]?.isRolledBack == false)
            }
            // Nobody gets what was rolled back, and in the shadow nobody gets a variant.
            let given = experiment.assignment(for: "\(seed).\(step)").variant
            switch experiment.phase {
            case .shadow, .rolledBack: #expect(given == "control")
            case .active: #expect(given == "control" || experiment.arms[given]?.isRolledBack == false)
            case .promoted: #expect(given == experiment.winner)
            }
            if step.isMultiple(of: 37) {
                let text = JSONValue.object(experiment.state).serialized()
                let object = try #require(try JSONValue(parsing: text).objectValue)
                let restored = try Experiment(state: object)
                #expect(restored.state == experiment.state)
                experiment = restored
            }
        }
    }

    @Test("the largest numbers that a state may have can be counted on with")
    func largestNumbers() throws {
        var experiment = Experiment(name: "e", definition: try Self.definition())
        let arm: JSONObject = [
            "pulls": .integer(1 << 53), "mean": -1e6, "deviations": 3.9e27, "regret_sum": 1.7e22, "last_reward": 1e300,
            "rolled_back": false,
        ]
        var state = experiment.state
        state["arms"] = ["control": .object(arm), "b": .object(arm)]
        experiment = try Experiment(state: state)
        #expect(experiment.baseline.lastReward == nil)
        for _ in 0..<100 {
            try experiment.record(1e6, of: "control")
            try experiment.record(-1e6, of: "b")
        }
        let comparison = try #require(experiment.comparison(of: "b"))
        #expect(comparison.low.isFinite && comparison.high.isFinite && comparison.rollBackHigh.isFinite)
    }

    @Test("a state that does not fit together is refused")
    func states() throws {
        var experiment = Experiment(name: "e", definition: try Self.definition())
        try experiment.record(0.5, of: "control")
        func refuses(_ change: (inout JSONObject) -> Void) -> Bool {
            var state = experiment.state
            change(&state)
            do throws(ExperimentError) {
                _ = try Experiment(state: state)
                return false
            } catch {
                return true
            }
        }
        #expect(!refuses { _ in })
        #expect(refuses { $0["version"] = 2 })
        #expect(refuses { $0["name"] = nil })
        #expect(refuses { $0["definition"] = ["component_type": "model"] })
        #expect(refuses { $0["phase"] = "done" })
        #expect(refuses { $0["phase"] = "promoted" })
        #expect(refuses { $0["winner"] = "b" })
        let won = { (isRolledBack: Bool) in
            refuses { state in
                var arms = state["arms"]?.objectValue ?? [:]
                var arm = arms["b"]?.objectValue ?? [:]
                arm["rolled_back"] = .bool(isRolledBack)
                arms["b"] = .object(arm)
                (state["arms"], state["winner"], state["phase"]) = (.object(arms), "b", "promoted")
            }
        }
        #expect(!won(false) && won(true))
        #expect(refuses { $0["arms"] = ["control": [:]] })
        let broken: [(String, JSONValue)] = [
            ("pulls", -1), ("pulls", .integer(.max)), ("mean", 1e9), ("deviations", -1), ("deviations", 1e300), ("regret_sum", "x"),
            ("regret_sum", 1e300),
        ]
        for (name, value) in broken {
            #expect(
                refuses { state in
                    var arms = state["arms"]?.objectValue ?? [:]
                    var arm = arms["b"]?.objectValue ?? [:]
                    arm[name] = value
                    arms["b"] = .object(arm)
                    state["arms"] = .object(arms)
                },
                "\(name)"
            )
        }
    }
}

@Suite("Definitions of experiments")
struct ExperimentDefinitionTests {
    private static func read(_ json: JSONObject, strictly: Bool = true) throws(ExperimentError) -> ExperimentDefinition {
        try ExperimentDefinition(json: json, strictly: strictly)
    }

    private static func refusal(_ json: JSONObject) -> String? {
        do throws(ExperimentError) {
            _ = try Self.read(json)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("what is not said is the specification's default, and a number stands for an arm's fraction")
    func defaults() throws {
        let definition = try Self.read([
            "component_type": "model", "variants": ["gpt-4": 0.1, "a": ["fraction": 0.2, "policy": "uniform"]],
        ])
        #expect(definition.control == .current && definition.autoActivateAfter == 500 && definition.minimumSamples == 50)
        #expect(definition.promoteAt == 0.05 && definition.rollBackAt == -0.1 && definition.confidence == 0.95 && !definition.startsActive)
        #expect(definition.variants.map(\.name) == ["a", "gpt-4"])
        #expect(definition.policy(of: "gpt-4") == .arm("gpt-4") && definition.policy(of: "a") == .uniform)
        #expect(definition.policy(of: "control") == .current && definition.policy(of: "x") == nil)
        #expect(try Self.read(definition.json) == definition)
    }

    @Test("everything that is said counts")
    func everything() throws {
        let json: JSONObject = [
            "component_type": "prompt", "control": "arm:p1", "variants": ["x": ["policy": "algorithm:lin_ts", "fraction": 1.0]],
            "phase": "active",
            "auto_activate_after": 7, "minimum_samples": 9, "promote_at": 0.01, "roll_back_at": -0.5, "confidence": 0.9,
        ]
        let definition = try Self.read(json)
        #expect(definition.startsActive && definition.variants == [.init(name: "x", policy: .algorithm(.linTS), fraction: 1)])
        #expect(definition.json == json)
    }

    @Test(
        "what is wrong is named by its path",
        arguments: [
            ([:], "component_type is required"), (["component_type": "robot"], "component_type must be one of model, tool"),
            (["component_type": 7], "component_type must be a string, found integer"),
            (["component_type": "model"], "variants is required"), (["component_type": "model", "variants": [:]], "variants: 1 to 16"),
            (["component_type": "model", "variants": ["b": true]], "variants.b must be an object"),
            (["component_type": "model", "variants": ["b": [:]]], "variants.b.fraction is required"),
            (["component_type": "model", "variants": ["b": 0]], "variants.b.fraction must be above 0"),
            (["component_type": "model", "variants": ["b": 1.5]], "variants.b.fraction must be above 0"),
            (["component_type": "model", "variants": ["b": 0.6, "c": 0.6]], "the fractions sum to 1.2"),
            (["component_type": "model", "variants": ["control": 0.6]], "a name has 1 to 64 bytes and is not control"),
            (["component_type": "model", "variants": ["": 0.6]], "a name has 1 to 64 bytes"),
            (["component_type": "model", "variants": ["b": ["policy": "best", "fraction": 0.1]]], "variants.b.policy must be current"),
            (["component_type": "model", "variants": ["b": ["policy": "current", "fraction": 0.1]]], "there is nothing to compare"),
            (["component_type": "model", "variants": ["b": ["share": 0.1, "fraction": 0.1]]], "variants.b.share is not known"),
            (["component_type": "model", "variants": ["b": 0.1], "phase": "promoted"], "phase must be shadow or active"),
            (["component_type": "model", "variants": ["b": 0.1], "auto_activate": 5], "auto_activate is not known"),
            (["component_type": "model", "variants": ["b": 0.1], "auto_activate_after": 0], "auto_activate_after must be 1"),
            (["component_type": "model", "variants": ["b": 0.1], "minimum_samples": 1], "minimum_samples must be at least 2"),
            (["component_type": "model", "variants": ["b": 0.1], "minimum_samples": 2.5], "minimum_samples must be an integer"),
            (["component_type": "model", "variants": ["b": 0.1], "promote_at": -1], "promote_at must be 0"),
            (["component_type": "model", "variants": ["b": 0.1], "roll_back_at": 0], "roll_back_at must be below 0"),
            (["component_type": "model", "variants": ["b": 0.1], "confidence": 1], "confidence must be"),
        ] as [(JSONObject, String)]
    )
    func mistakes(json: JSONObject, sentence: String) throws {
        let refusal = try #require(Self.refusal(json))
        #expect(refusal.contains(sentence), "\(refusal)")
    }

    @Test("a reader of the topic leaves aside what it does not know")
    func later() throws {
        let json: JSONObject = ["component_type": "model", "variants": ["b": ["fraction": 0.1, "colour": "red"]], "later": 1]
        #expect(try Self.read(json, strictly: false).variants.count == 1)
        let many = JSONObject((0..<17).map { ("v\($0)", 0.01) })
        #expect(throws: ExperimentError.self) { try Self.read(["component_type": "model", "variants": .object(many)], strictly: false) }
    }
}
