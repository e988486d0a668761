import Testing

@testable import Feedback

/// A world of two arms and one feature, with a policy that logs: what every candidate earns in it is known.
struct LoggedWorld {
    /// The mean reward of an arm: the first is better for small x, the second for large ones.
    static func mean(_ arm: Int, _ x: Double) -> Double { arm == 0 ? 0.7 - 0.4 * x : 0.3 + 0.4 * x }

    /// The probability of the first arm in the log.
    static func propensity(_ x: Double) -> Double { 0.3 + 0.5 * x }

    static func log(_ count: Int, seed: UInt64) throws -> [LoggedDecision] {
        var generator = SeededGenerator(seed: seed)
        return try (0..<count).map { _ in
            let x = Double.random(in: 0..<1, using: &generator)
            let first = Self.propensity(x)
            let arm = Double.random(in: 0..<1, using: &generator) < first ? 0 : 1
            let reward: Double = Double.random(in: 0..<1, using: &generator) < Self.mean(arm, x) ? 1 : 0
            return try LoggedDecision(
                candidates: ["a", "b"],
                chosen: arm == 0 ? "a" : "b",
                propensity: arm == 0 ? first : 1 - first,
                features: [1, x],
                reward: reward
            )
        }
    }
}

/// The first arm for small x, the second for large ones.
struct ThresholdPolicy: CandidatePolicy {
    let name = "threshold"

    func probabilities(features: [Double], among candidates: [String]) -> [Double] {
        candidates.map { ($0 == "a") == (features[1] < 0.5) ? 1 : 0 }
    }
}

@Suite("Off-policy estimates")
struct OffPolicyTests {
    /// Everything may be judged.
    private static let lenient = OffPolicyEvaluation.Settings(maximumWeight: 1e9, minimumEffectiveSize: 0, tolerance: 1)

    private static func entry(_ chosen: String, _ propensity: Double, _ reward: Double) throws -> LoggedDecision {
        try LoggedDecision(candidates: ["a", "b"], chosen: chosen, propensity: propensity, reward: reward)
    }

    private static func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-9 }

    @Test("follow their formulas")
    func formulas() throws {
        // Weights of always a: 2, 0, 4, 0 — and of the rewards 1, 1, .5, 0.
        let log = [try Self.entry("a", 0.5, 1), try Self.entry("b", 0.5, 1), try Self.entry("a", 0.25, 0.5), try Self.entry("b", 0.75, 0)]
        let result = try OffPolicyEvaluation(of: FixedArm("a"), on: log, settings: Self.lenient)
        #expect(result.policy == "arm:a" && result.count == 4)
        #expect(Self.close(result.logged.value, 0.625))
        #expect(Self.close(result.inversePropensity.value, (2 * 1 + 4 * 0.5) / 4.0))
        #expect(Self.close(result.selfNormalized.value, (2 * 1 + 4 * 0.5) / 6.0))
        #expect(Self.close(result.effectiveSize, 36.0 / 20))
        #expect(Self.close(result.meanWeight, 1.5) && result.largestWeight == 4 && result.clippedShare == 0)
        // IPS terms 2, 0, 2, 0: deviation √(4/3), error √(1/3).
        #expect(abs(result.inversePropensity.high - 1 - 1.959_964 * (1.0 / 3).squareRoot()) < 1e-5)
        // The delta method: √(Σ w²(r − v)²)/Σw with v = 2/3.
        let error = (4 * (1.0 / 9) + 16 * (1.0 / 36)).squareRoot() / 6
        #expect(abs(result.selfNormalized.low - (2.0 / 3 - 1.959_964 * error)) < 1e-5)
        #expect(Self.close(result.difference.value, result.doublyRobust.value - 0.625))
    }

    @Test("the doubly robust one adds what the model missed to what it expects")
    func doublyRobust() throws {
        // Five decisions: each is a fold, and the model for it knows the other four.
        let log = [
            try Self.entry("a", 0.5, 1), try Self.entry("a", 0.5, 0), try Self.entry("b", 0.5, 1), try Self.entry("b", 0.5, 0),
            try Self.entry("a", 0.25, 1),
        ]
        func expected(of arm: String, without fold: Int) -> Double {
            let rest = log.enumerated().filter { $0.offset != fold }.map(\.element)
            let overall = rest.map(\.reward).reduce(0, +) / 4
            let own = rest.filter { $0.candidates[$0.chosen] == arm }.map(\.reward)
            return overall + own.map { $0 - overall }.reduce(0, +) / Double(own.count + 1)
        }
        let terms = log.enumerated().map { fold, entry in
            let weight = entry.chosen == 0 ? 1 / entry.propensity : 0
            return expected(of: "a", without: fold) + weight * (entry.reward - expected(of: entry.candidates[entry.chosen], without: fold))
        }
        let result = try OffPolicyEvaluation(of: FixedArm("a"), on: log, settings: Self.lenient)
        #expect(Self.close(result.doublyRobust.value, terms.reduce(0, +) / 5))
    }

    @Test("a candidate that is the log's policy earns what was earned")
    func itself() throws {
        struct Logging: CandidatePolicy {
            let name = "itself"
            func probabilities(features: [Double], among candidates: [String]) -> [Double] {
                [LoggedWorld.propensity(features[1]), 1 - LoggedWorld.propensity(features[1])]
            }
        }
        let result = try OffPolicyEvaluation(of: Logging(), on: LoggedWorld.log(500, seed: 1))
        #expect(Self.close(result.inversePropensity.value, result.logged.value))
        #expect(Self.close(result.selfNormalized.value, result.logged.value))
        #expect(Self.close(result.effectiveSize, 500) && Self.close(result.meanWeight, 1))
        #expect(abs(result.difference.value) < 0.02 && abs(result.improvement) < 0.05)
    }

    @Test("weights above the bound count as the bound, and how many is told")
    func clipping() throws {
        let log = [try Self.entry("a", 0.01, 1), try Self.entry("b", 0.99, 0), try Self.entry("b", 0.99, 0), try Self.entry("b", 0.99, 0)]
        var settings = Self.lenient
        settings.maximumWeight = 20
        let result = try OffPolicyEvaluation(of: FixedArm("a"), on: log, settings: settings)
        #expect(Self.close(result.inversePropensity.value, 5) && result.clippedShare == 0.25 && result.maximumWeight == 20)
        #expect(Self.close(result.largestWeight, 100) && Self.close(result.meanWeight, 25))
        settings.maximumWeight = nil
        // The root of 4 is below 10.
        #expect(try OffPolicyEvaluation(of: FixedArm("a"), on: log, settings: settings).maximumWeight == 10)
        #expect(try OffPolicyEvaluation(of: UniformPolicy(), on: LoggedWorld.log(400, seed: 2)).maximumWeight == 20)
    }

    @Test(
        "95 % of the intervals hold the true value, in a simulation of which it is known",
        arguments: [IntervalMethod.normal, .bootstrap, .bernstein]
    )
    func coverage(method: IntervalMethod) throws {
        // ∫ .7 − .4x over 0 … ½ and ∫ .3 + .4x over ½ … 1.
        let truth = 0.6
        let rounds = method == .bootstrap ? 60 : 300
        var hits = (ips: 0, normalized: 0, robust: 0, difference: 0)
        var sums = (ips: 0.0, normalized: 0.0, robust: 0.0, widths: (ips: 0.0, robust: 0.0))
        let logged = (0..<1_000).reduce(0.0) { sum, step in
            let x = (Double(step) + 0.5) / 1_000
            let first = LoggedWorld.propensity(x)
            return sum + (first * LoggedWorld.mean(0, x) + (1 - first) * LoggedWorld.mean(1, x)) / 1_000
        }
        for seed in 0..<rounds {
            let log = try LoggedWorld.log(method == .bootstrap ? 300 : 400, seed: UInt64(seed))
            let settings = OffPolicyEvaluation.Settings(method: method, seed: UInt64(seed))
            let result = try OffPolicyEvaluation(of: ThresholdPolicy(), on: log, settings: settings)
            func holds(_ estimate: Estimate, _ value: Double) -> Int { estimate.low <= value && value <= estimate.high ? 1 : 0 }
            hits.ips += holds(result.inversePropensity, truth)
            hits.normalized += holds(result.selfNormalized, truth)
            hits.robust += holds(result.doublyRobust, truth)
            hits.difference += holds(result.difference, truth - logged)
            sums.ips += result.inversePropensity.value
            sums.normalized += result.selfNormalized.value
            sums.robust += result.doublyRobust.value
            sums.widths.ips += result.inversePropensity.high - result.inversePropensity.low
            sums.widths.robust += result.doublyRobust.high - result.doublyRobust.low
            #expect(result.doublyRobust.method == method)
            #expect(result.selfNormalized.method == (method == .bernstein ? .normal : method))
        }
        let count = Double(rounds)
        // Three standard errors of a share of 95 % around it; Bernstein's bound promises more than that.
        let error = 3 * (0.95 * 0.05 / count).squareRoot()
        for share in [hits.ips, hits.normalized, hits.robust, hits.difference].map({ Double($0) / count }) {
            #expect(share >= 0.95 - error)
        }
        if method != .bernstein { #expect(Double(hits.ips) / count <= 0.95 + error) }
        for value in [sums.ips, sums.normalized, sums.robust] { #expect(abs(value / count - truth) < 0.02) }
        #expect(sums.widths.robust < sums.widths.ips || method == .bernstein)
    }

    @Test("the model makes doubly robust estimates more exact than the others, and need not be right")
    func exactness() throws {
        var squares = (ips: 0.0, robust: 0.0, blind: 0.0)
        for seed in 0..<100 {
            let log = try LoggedWorld.log(400, seed: UInt64(seed))
            let result = try OffPolicyEvaluation(of: FixedArm("b"), on: log)
            // Without features the model knows nothing but means.
            let blind = try log.map {
                try LoggedDecision(
                    candidates: $0.candidates,
                    chosen: $0.candidates[$0.chosen],
                    propensity: $0.propensity,
                    reward: $0.reward
                )
            }
            let other = try OffPolicyEvaluation(of: FixedArm("b"), on: blind)
            squares.ips += (result.inversePropensity.value - 0.5) * (result.inversePropensity.value - 0.5)
            squares.robust += (result.doublyRobust.value - 0.5) * (result.doublyRobust.value - 0.5)
            squares.blind += (other.doublyRobust.value - 0.5) * (other.doublyRobust.value - 0.5)
        }
        #expect(squares.robust < 0.8 * squares.ips)
        #expect(squares.blind < squares.ips && (squares.blind / 100).squareRoot() < 0.06)
    }
}

@Suite("Candidates that a log cannot judge")
struct SupportTests {
    private static func refusal(_ candidate: some CandidatePolicy, _ log: [LoggedDecision]) -> EvaluationRefusal? {
        do throws(EvaluationRefusal) {
            _ = try OffPolicyEvaluation(of: candidate, on: log)
            return nil
        } catch {
            return error
        }
    }

    @Test("an empty log judges nobody")
    func empty() {
        #expect(Self.refusal(UniformPolicy(), []) == .empty)
    }

    @Test("an arm that was none of the candidates")
    func noCandidate() throws {
        let log = try LoggedWorld.log(1_000, seed: 1)
        let refusal = Self.refusal(FixedArm("c"), log)
        #expect(refusal == .noCandidate(policy: "arm:c", decisions: 1_000, of: 1_000))
        #expect(refusal?.description.hasPrefix("arm:c cannot be judged: in 1000 of 1000 decisions") == true)
        // One of 200 may be.
        let few = try log.enumerated().map { index, entry in
            guard index.isMultiple(of: 200) else { return entry }
            return try LoggedDecision(candidates: ["b"], chosen: "b", propensity: 0.5, features: entry.features, reward: entry.reward)
        }
        #expect(Self.refusal(FixedArm("a"), few) == nil)
    }

    @Test("a policy that was certain leaves the others without support")
    func certain() throws {
        let log = try LoggedWorld.log(1_000, seed: 2).map { entry in
            let chosen = entry.features[1] < 0.5 ? "a" : "b"
            return try LoggedDecision(
                candidates: ["a", "b"],
                chosen: chosen,
                propensity: 1,
                features: entry.features,
                reward: entry.reward
            )
        }
        guard case .noSupport("arm:a", let share, of: 1_000) = Self.refusal(FixedArm("a"), log) else {
            Issue.record("it was judged")
            return
        }
        #expect(abs(share - 0.5) < 0.05)
        #expect(Self.refusal(FixedArm("a"), log)?.description.contains("could not have chosen") == true)
        // What it did itself can be judged.
        #expect(Self.refusal(ThresholdPolicy(), log) == nil)
    }

    @Test("an arm that was never chosen, or too seldom")
    func seldom() throws {
        let log = try LoggedWorld.log(400, seed: 3).map { entry in
            try LoggedDecision(
                candidates: ["a", "b", "c"],
                chosen: entry.candidates[entry.chosen],
                propensity: 0.9 * entry.propensity,
                features: entry.features,
                reward: entry.reward
            )
        }
        #expect(Self.refusal(FixedArm("c"), log) == .fewSamples(policy: "arm:c", effective: 0, minimum: 50, of: 400))
        #expect(
            Self.refusal(FixedArm("c"), log)?.description
                == "arm:c cannot be judged: in none of 400 decisions was chosen what it would choose."
        )
        // A candidate whose choices were half of the time impossible, though the log does not say so: the weights do.
        guard case .neverChosen("uniform", let weight, of: 400) = Self.refusal(UniformPolicy(), log) else {
            Issue.record("it was judged")
            return
        }
        #expect(abs(weight - 2 / 2.7) < 0.1)
        let few = Array(try LoggedWorld.log(60, seed: 4))
        guard case .fewSamples("arm:a", let effective, minimum: 50, of: 60) = Self.refusal(FixedArm("a"), few) else {
            Issue.record("it was judged")
            return
        }
        #expect(effective < 50 && effective > 5)
    }

    @Test("an entry that is no choice is refused with a sentence")
    func entries() {
        func refusal(
            _ candidates: [String],
            _ chosen: String,
            _ propensity: Double,
            _ reward: Double,
            _ features: [Double] = []
        ) -> LearnerError? {
            do throws(LearnerError) {
                _ = try LoggedDecision(candidates: candidates, chosen: chosen, propensity: propensity, features: features, reward: reward)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal(["a"], "a", 1, 0) == nil)
        #expect(refusal(["a"], "b", 1, 0) == .arms("The chosen arm b is none of the 1 candidates."))
        #expect(refusal(["a", "a"], "a", 1, 0) == .arms("One of the candidates stands there twice."))
        #expect(refusal((0..<1_025).map { "\($0)" }, "0", 1, 0) != nil)
        for propensity in [0, -1, 1.01, .nan, .infinity] { #expect(refusal(["a"], "a", propensity, 0) != nil) }
        for number in [Double.nan, .infinity, 1e7] {
            #expect(refusal(["a"], "a", 1, number) != nil && refusal(["a"], "a", 1, 0, [number]) != nil)
        }
        #expect(refusal(["a"], "a", 1, 0, Array(repeating: 0, count: 257)) != nil)
    }
}

@Suite("Candidate policies")
struct CandidatePolicyTests {
    @Test("a learner that learned from the earlier part is judged by the later one, and its value is the true one")
    func learned() throws {
        let log = try LoggedWorld.log(4_000, seed: 5)
        let policy = try LearnedPolicy(.linUCB, trainedOn: log[..<2_000])
        #expect(policy.name == "algorithm:lin_ucb")
        #expect(policy.probabilities(features: [1, 0.05], among: ["a", "b"]) == [1, 0])
        #expect(policy.probabilities(features: [1, 0.95], among: ["a", "b"]) == [0, 1])
        // Whatever it does not know, it does not choose; and nothing where it knows nobody.
        #expect(policy.probabilities(features: [1, 0.05], among: ["x", "b"]) == [0, 1])
        #expect(policy.probabilities(features: [1, 0.05], among: ["x"]) == [0])
        #expect(policy.probabilities(features: [1], among: ["a", "b"]) == [0, 0])
        let result = try OffPolicyEvaluation(of: policy, on: Array(log[2_000...]))
        #expect(result.doublyRobust.low < 0.6 && result.doublyRobust.high > 0.58 && abs(result.doublyRobust.value - 0.6) < 0.04)
        #expect(result.improvement > 0.05)
        let exploring = try LearnedPolicy(.linUCB, trainedOn: log[..<2_000], minimumExploration: 0.2)
        #expect(exploring.probabilities(features: [1, 0.05], among: ["a", "b"]) == [0.9, 0.1])
        #expect(throws: LearnerError.self) { try LearnedPolicy(.linUCB, trainedOn: []) }
        #expect(throws: LearnerError.self) { try LearnedPolicy(.thompson, trainedOn: log, minimumExploration: 2) }
    }

    @Test("names are read as they are written", arguments: ["current", "uniform", "arm:openai/gpt-4", "algorithm:lin_ts", "arm: "])
    func names(text: String) {
        #expect(PolicyName(text)?.description == text)
    }

    @Test("and nothing else is", arguments: ["", "arm:", "arm", "algorithm:lin", "Uniform", "gpt-4"])
    func wrongNames(text: String) {
        #expect(PolicyName(text) == nil)
    }
}
