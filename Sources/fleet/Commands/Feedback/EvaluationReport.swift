import Feedback
import JSON
import Orchestration
import Wire

/// Candidates judged by one log.
struct EvaluationReport: Sendable {
    struct Row: Sendable {
        let policy: String
        let result: Result<OffPolicyEvaluation, EvaluationRefusal>
    }

    let type: ComponentType
    /// Decisions of this type, with or without a reward.
    let decisions: Int
    /// Decisions that learners learned from, the earlier ones.
    let trained: Int
    /// Decisions that candidates were judged by.
    let judged: Int
    let logged: Estimate?
    let confidence: Double
    let promoteAt: Double
    let rows: [Row]

    /// Judges candidates.
    ///
    /// - Parameters:
    ///   - candidates: none stands for the usual ones: uniform, the ten arms that were chosen most, and the algorithm that learns about the type.
    ///   - trainShare: the share of the log, its earlier part, that learners learn from; nobody is judged by it if there is a learner.
    init(
        _ entries: [RewardLog.Entry],
        of type: ComponentType,
        decisions: Int,
        candidates: [PolicyName],
        trainShare: Double,
        promoteAt: Double = 0.05,
        settings: OffPolicyEvaluation.Settings
    ) {
        let candidates = candidates.isEmpty ? Self.usual(entries, type) : candidates
        let log = entries.map(\.decision)
        let split = candidates.contains(where: \.learns) ? Int(Double(log.count) * trainShare) : 0
        let judged = Array(log[split...])
        self.type = type
        self.decisions = decisions
        self.trained = split
        self.judged = judged.count
        self.confidence = settings.confidence
        self.promoteAt = promoteAt
        self.rows = candidates.map { name in
            Row(
                policy: name.description,
                result: Result { () throws(EvaluationRefusal) in
                    try name.judged(trainedOn: log[..<split], by: judged, settings: settings)
                }
            )
        }
        self.logged = self.rows.lazy.compactMap { try? $0.result.get().logged }.first
    }

    private static func usual(_ entries: [RewardLog.Entry], _ type: ComponentType) -> [PolicyName] {
        let counts = Dictionary(entries.map { ($0.chosen.id, 1) }, uniquingKeysWith: +)
        let arms = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(10).map { PolicyName.arm($0.key) }
        return [.uniform] + arms + [.algorithm(LearnerAlgorithm.standard(for: type))]
    }

    // MARK: Showing

    /// For people: what was judged, a table, and a sentence for each candidate.
    var lines: [String] {
        guard self.judged > 0 else {
            return ["\(self.type.rawValue): none of \(self.decisions) decisions has a reward yet, so nothing can be judged"]
        }
        var lines = ["\(self.type.rawValue): \(self.trained + self.judged) of \(self.decisions) decisions have a reward"]
        if self.trained > 0 {
            lines[0] += "; learners learned from the earlier \(self.trained), all are judged by the later \(self.judged)"
        }
        let percent = decimals(self.confidence * 100, self.confidence * 100 == (self.confidence * 100).rounded() ? 0 : 1)
        var table = TextTable([
            .init(title: "POLICY"), .init(title: "REWARD", isNumber: true), .init(title: "\(percent) % INTERVAL", isNumber: true),
            .init(title: "CHANGE", isNumber: true), .init(title: "IPS", isNumber: true), .init(title: "SNIPS", isNumber: true),
            .init(title: "ESS", isNumber: true), .init(title: "CLIPPED", isNumber: true), .init(title: "INTERVALS"),
        ])
        if let logged {
            table.add([
                "(as logged)", decimals(logged.value, 3), Self.interval(logged), "-", "-", "-", "\(self.judged)", "-",
                logged.method.rawValue,
            ])
        }
        for case .success(let evaluation) in self.rows.map(\.result) {
            table.add([
                evaluation.policy, decimals(evaluation.doublyRobust.value, 3), Self.interval(evaluation.doublyRobust),
                Self.percent(evaluation.improvement), decimals(evaluation.inversePropensity.value, 3),
                decimals(evaluation.selfNormalized.value, 3), decimals(evaluation.effectiveSize, 0),
                "\(decimals(evaluation.clippedShare * 100, 1)) %", evaluation.doublyRobust.method.rawValue,
            ])
        }
        if !table.rows.isEmpty { lines += [""] + table.lines }
        return lines + [""] + self.rows.map { DeadLetterText.escaped(self.sentence($0)) }
    }

    private func sentence(_ row: Row) -> String {
        switch row.result {
        case .success(let evaluation): evaluation.sentence(promoteAt: self.promoteAt)
        case .failure(let refusal): refusal.description
        }
    }

    static func interval(_ estimate: Estimate) -> String { "\(decimals(estimate.low, 3)) … \(decimals(estimate.high, 3))" }

    static func percent(_ share: Double) -> String {
        share.isFinite ? "\(share >= 0 ? "+" : "")\(decimals(share * 100, 1)) %" : decimals(share, 0)
    }

    var json: JSONObject {
        [
            "component_type": .string(self.type.rawValue), "decisions": .integer(Int64(self.decisions)),
            "trained": .integer(Int64(self.trained)), "judged": .integer(Int64(self.judged)), "confidence": .number(self.confidence),
            "logged": self.logged.map { .object(Self.json($0)) } ?? .null,
            "candidates": .array(self.rows.map { .object(self.json($0)) }),
        ]
    }

    private func json(_ row: Row) -> JSONObject {
        var object: JSONObject = ["policy": .string(row.policy)]
        switch row.result {
        case .failure(let refusal): object["refused"] = .string(refusal.description)
        case .success(let evaluation):
            object["doubly_robust"] = .object(Self.json(evaluation.doublyRobust))
            object["ips"] = .object(Self.json(evaluation.inversePropensity))
            object["snips"] = .object(Self.json(evaluation.selfNormalized))
            object["difference"] = .object(Self.json(evaluation.difference))
            object["improvement"] = evaluation.improvement.isFinite ? .number(evaluation.improvement) : .null
            object["effective_size"] = .number(evaluation.effectiveSize)
            object["mean_weight"] = .number(evaluation.meanWeight)
            object["largest_weight"] = .number(evaluation.largestWeight)
            object["maximum_weight"] = .number(evaluation.maximumWeight)
            object["clipped_share"] = .number(evaluation.clippedShare)
            object["verdict"] = .string(evaluation.verdict(promoteAt: self.promoteAt).rawValue)
            object["sentence"] = .string(evaluation.sentence(promoteAt: self.promoteAt))
        }
        return object
    }

    private static func json(_ estimate: Estimate) -> JSONObject {
        [
            "value": .number(estimate.value), "low": .number(estimate.low), "high": .number(estimate.high),
            "method": .string(estimate.method.rawValue),
        ]
    }
}

/// How an experiment stands, by the rewards of those that it gave a variant.
struct ExperimentReport: Sendable {
    let experiment: Experiment

    /// As a feedback orchestrator has counted.
    init(_ standing: ExperimentStanding) { self.experiment = standing.experiment }

    /// Replays the rewards in the order of the decisions, where no feedback orchestrator has counted.
    ///
    /// - Parameter since: seconds since 1970: when it was defined. What was decided before belongs to another one of the same name.
    init(_ name: String, _ definition: ExperimentDefinition, _ entries: [RewardLog.Entry], since: Double) {
        var experiment = Experiment(name: name, definition: definition)
        for entry in entries {
            guard let share = entry.experiment, share.name == name, entry.decidedAt >= since else { continue }
            // A variant of an older definition.
            _ = try? experiment.record(entry.decision.reward, of: share.variant)
        }
        self.experiment = experiment
    }

    var lines: [String] {
        let experiment = self.experiment
        let name = DeadLetterText.escaped(experiment.name, to: 300)
        guard experiment.arms.values.contains(where: { $0.pulls > 0 }) else {
            return ["\(name): \(experiment.phase.rawValue), no decision under it has a reward yet"]
        }
        var table = TextTable([
            .init(title: "VARIANT"), .init(title: "POLICY"), .init(title: "SHARE", isNumber: true), .init(title: "REWARDS", isNumber: true),
            .init(title: "MEAN", isNumber: true), .init(title: "CHANGE", isNumber: true), .init(title: "INTERVAL", isNumber: true),
            .init(title: "REGRET", isNumber: true), .init(title: "RATIO", isNumber: true), .init(title: "STATE"),
        ])
        let rest = 1 - experiment.definition.variants.reduce(0) { $0 + $1.fraction }
        for (name, share) in [(ExperimentDefinition.control, rest)] + experiment.definition.variants.map({ ($0.name, $0.fraction) }) {
            guard let arm = experiment.arms[name] else { continue }
            let comparison = experiment.comparison(of: name)
            table.add([
                name, experiment.definition.policy(of: name)?.description ?? "-", "\(decimals(share * 100, 1)) %", "\(arm.pulls)",
                arm.pulls > 0 ? decimals(arm.mean, 3) : "-", comparison.map { EvaluationReport.percent($0.improvement) } ?? "-",
                comparison.map { "\(decimals($0.low, 3)) … \(decimals($0.high, 3))" } ?? "-",
                arm.regretPercent(of: experiment.baseline).map { "\(decimals($0, 1)) %" } ?? "-",
                arm.performanceRatio(to: experiment.baseline).map { decimals($0, 3) } ?? "-",
                arm.isRolledBack ? "rolled back" : experiment.winner == name ? "promoted" : "",
            ])
        }
        var lines = ["\(name): \(experiment.phase.rawValue)"] + table.lines
        for variant in experiment.definition.variants {
            guard let refusal = experiment.arms[variant.name]?.shadow?.refusal else { continue }
            lines.append("shadow of \(DeadLetterText.escaped(variant.name, to: 64)): \(DeadLetterText.escaped(refusal, to: 400))")
        }
        return lines + ["", self.verdict]
    }

    /// What comes next, as a sentence.
    var verdict: String {
        let experiment = self.experiment
        let definition = experiment.definition
        switch experiment.phase {
        case .shadow:
            return "Everybody gets the control; variants get their shares after \(definition.autoActivateAfter) rewards of it, "
                + "\(experiment.baseline.pulls) have come."
        case .active:
            let few = definition.variants.filter { (experiment.arms[$0.name]?.pulls ?? 0) < definition.minimumSamples }.map(\.name)
            return few.isEmpty
                ? "Nothing is decided: no variant is \(decimals(definition.promoteAt * 100, 1)) % better than the control and surely better, or "
                    + "\(decimals(-definition.rollBackAt * 100, 1)) % worse and probably worse."
                : "Nothing is decided: \(definition.minimumSamples) rewards each are needed, and "
                    + "\(few.map { DeadLetterText.escaped($0, to: 64) }.joined(separator: ", ")) has fewer."
        case .promoted: return "\(DeadLetterText.escaped(experiment.winner ?? "", to: 64)) is better than the control, and promoted."
        case .rolledBack: return "Every variant is worse than the control, and rolled back."
        }
    }
}
