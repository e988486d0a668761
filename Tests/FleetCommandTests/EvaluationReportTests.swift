import Feedback
import JSON
import Orchestration
import Testing
import Wire

@testable import fleet

/// A world in which one model is good for summaries and the other for everything else, with a policy that tries both.
enum ChoiceWorld {
    /// How often a model is right about a task.
    static func mean(_ model: String, _ task: String) -> Double { (model == "brief") == (task == "summarization") ? 0.9 : 0.4 }

    static func situation(_ number: Int) -> JSONObject { ["task_type": number.isMultiple(of: 2) ? "summarization" : "reasoning"] }

    /// Decisions with their rewards, one a second.
    static func decisions(_ count: Int, from time: Double, experiment: String? = nil, seed: UInt64 = 1) -> [(Decision, Double)] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { number in
            let isBrief = Double.random(in: 0..<1, using: &generator) < 0.4
            let model = isBrief ? "brief" : "deep"
            let situation = Self.situation(number)
            let task = situation["task_type"]?.stringValue ?? ""
            let reward: Double = Double.random(in: 0..<1, using: &generator) < Self.mean(model, task) ? 1 : 0
            let decision = Decision(
                id: "d\(number)",
                chosen: ComponentID(.model, model),
                candidates: ["brief", "deep"],
                propensity: isBrief ? 0.4 : 0.6,
                situation: situation,
                scopeID: "\(number)",
                requestID: "r\(number)",
                rootID: "r\(number)",
                decidedAt: time + Double(number),
                experiment: experiment.map { .init(name: $0, variant: isBrief ? "brief" : "control") }
            )
            return (decision, reward)
        }
    }

    static func signal(_ decision: Decision, _ reward: Double) -> FeedbackSignal {
        FeedbackSignal(
            signalID: "s.\(decision.id)",
            source: .userExplicit,
            componentType: .model,
            componentID: decision.chosen.id,
            reward: reward,
            metadata: ["decision_id": .string(decision.id)],
            timestamp: decision.decidedAt + 1
        )
    }

    static func entries(_ decisions: [(Decision, Double)]) -> [RewardLog.Entry] {
        var log = RewardLog { FeatureVector.make($0, $1) }
        for (decision, reward) in decisions {
            log.take(decision)
            log.take(Self.signal(decision, reward))
        }
        return log.entries(of: .model)
    }
}

@Suite("Reports of evaluations")
struct EvaluationReportTests {
    private static func report(_ candidates: [PolicyName] = [], count: Int = 1_200) -> EvaluationReport {
        EvaluationReport(
            ChoiceWorld.entries(ChoiceWorld.decisions(count, from: 0)),
            of: .model,
            decisions: count + 5,
            candidates: candidates,
            trainShare: 0.5,
            settings: OffPolicyEvaluation.Settings()
        )
    }

    @Test("judge the usual candidates by the later part, and find the policy that knows what is good for what")
    func usual() throws {
        let report = Self.report()
        #expect(report.rows.map(\.policy) == ["uniform", "arm:deep", "arm:brief", "algorithm:lin_ts"])
        #expect(report.trained == 600 && report.judged == 600 && report.decisions == 1_205)
        let results = try report.rows.map { try $0.result.get() }
        #expect(abs(results[0].doublyRobust.value - 0.65) < 0.06)
        #expect(results[3].doublyRobust.value > 0.8 && results[3].verdict() == .better)
        #expect(results[..<3].allSatisfy { $0.verdict() == .unclear })
        let lines = report.lines
        #expect(
            lines[0]
                == "model: 1200 of 1205 decisions have a reward; learners learned from the earlier 600, all are judged by the later 600"
        )
        #expect(lines[2].hasPrefix("POLICY") && lines[2].contains("95 % INTERVAL") && lines[3].hasPrefix("(as logged)"))
        #expect(lines.count == 2 + 6 + 1 + 4)
        #expect(lines[12].hasPrefix("algorithm:lin_ts would earn 0.") && lines[12].hasSuffix("worth an experiment."))
        #expect(lines[9].hasPrefix("uniform cannot be told from what was done"))
    }

    @Test("without a learner the whole log judges, and a candidate that it cannot judge is refused in a sentence")
    func refusals() throws {
        let report = Self.report([.arm("nobody"), .arm("brief"), .current])
        #expect(report.trained == 0 && report.judged == 1_200)
        let lines = report.lines
        #expect(lines.contains { $0.hasPrefix("arm:nobody cannot be judged: in 1200 of 1200 decisions") })
        #expect(lines.last == "current is what the log shows: there is nothing to estimate.")
        #expect(lines.count { $0.hasPrefix("arm:nobody") } == 1 && lines.count { $0.hasPrefix("arm:brief") } == 2)
        let json = report.json
        #expect(json["candidates"]?[0]?["refused"]?.stringValue?.hasPrefix("arm:nobody cannot") == true)
        #expect(json["candidates"]?[1]?["verdict"] == "unclear" && json["candidates"]?[1]?["doubly_robust"]?["method"] == "normal")
        #expect(json["logged"]?["value"]?.doubleValue != nil && json["judged"] == 1_200)
        // What a script reads is JSON, whatever the numbers are.
        #expect(try JSONValue(parsing: JSONValue.object(json).serialized()) == .object(json))
        let few = Self.report(count: 20)
        #expect(few.rows.allSatisfy { (try? $0.result.get()) == nil } && few.logged == nil)
        #expect(few.lines.last?.contains("at least 50 are needed") == true)
        #expect(Self.report(count: 0).lines == ["model: none of 5 decisions has a reward yet, so nothing can be judged"])
    }

    @Test("an experiment is replayed from the rewards of those it gave a variant")
    func experiment() throws {
        let definition = try ExperimentDefinition(
            componentType: .model,
            variants: [.init(name: "brief", policy: .arm("brief"), fraction: 0.4)],
            startsActive: true
        )
        // The variant is as good as the control, but for summaries only: all of these are.
        let decisions = ChoiceWorld.decisions(800, from: 1_000, experiment: "e").filter { Int($0.0.decidedAt).isMultiple(of: 2) }
        let entries = ChoiceWorld.entries(decisions)
        let report = ExperimentReport("e", definition, entries, since: 1_000)
        #expect(report.experiment.phase == .promoted && report.experiment.winner == "brief")
        let lines = report.lines
        #expect(lines[0] == "e: promoted" && lines[1].hasPrefix("VARIANT") && lines[2].hasPrefix("control"))
        #expect(lines[3].hasPrefix("brief") && lines[3].hasSuffix("promoted") && lines[3].contains("arm:brief"))
        #expect(lines.last == "brief is better than the control, and promoted.")
        // What belongs to another experiment, or was decided before this one, does not count.
        #expect(ExperimentReport("other", definition, entries, since: 0).lines == ["other: active, no decision under it has a reward yet"])
        #expect(ExperimentReport("e", definition, entries, since: 1e9).experiment.baseline.pulls == 0)
        var few = ExperimentReport("e", definition, Array(entries.prefix(40)), since: 0)
        #expect(few.verdict == "Nothing is decided: 50 rewards each are needed, and brief has fewer.")
        few = ExperimentReport(
            "e",
            try ExperimentDefinition(json: ["component_type": "model", "variants": ["brief": 0.5]]),
            entries,
            since: 0
        )
        #expect(few.verdict.hasPrefix("Everybody gets the control; variants get their shares after 500 rewards of it"))
    }
}
