import ArgumentParser
import Feedback
import FleetProcess
import JSON
import Orchestration
import Wire

struct FeedbackExperimentsEvaluate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Estimate from past decisions what other ways to choose would have earned.",
        discussion: """
            Decisions of a time are joined with their rewards, and each candidate is judged by them: REWARD is the doubly robust estimate with its interval,
            beside inverse propensity scoring (IPS) and its self-normalised form (SNIPS). ESS is how many decisions of the candidate's own the log counts
            like. A candidate that the log cannot judge is refused, with the reason. Learners learn from the earlier part of the time, and all are judged by
            the later one. With the NAME of an experiment its variants are the candidates, and what came of those that got one is told, too.

            Examples:
              fleet feedback experiments evaluate --type model --since 1d
              fleet feedback experiments evaluate --type model --policy arm:claude-3-opus --policy algorithm:lin_ucb --intervals bootstrap
              fleet feedback experiments evaluate claude-first --json | jq .experiment.phase

            Exit codes: 0 done, 1 failed, 64 usage.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "An experiment whose variants are judged.")
    var name: String?

    @Option(help: "What is chosen. (default: the experiment's type, or the type with the most decisions)")
    var type: ComponentType?

    @Option(
        help: ArgumentHelp(
            "A candidate: uniform, arm:ID or algorithm:NAME; repeat for more. (default: uniform, the arms, the type's usual algorithm)",
            valueName: "policy"
        )
    )
    var policy: [PolicyName] = []

    @Option(
        help: ArgumentHelp("Decisions of this time or later: RFC 3339, or a duration meaning ago. (default: 1d)", valueName: "time"),
        transform: { try DeadLetterTime.parse($0, now: WireTime.now) }
    )
    var since: Int64?

    @Option(
        help: ArgumentHelp("Decisions before this time; in the same forms. (default: now)", valueName: "time"),
        transform: { try DeadLetterTime.parse($0, now: WireTime.now) }
    )
    var until: Int64?

    @Option(help: ArgumentHelp("The share of decisions, the earlier ones, that learners learn from.", valueName: "share"))
    var trainShare = 0.5

    @Option(help: ArgumentHelp("The share of intervals that hold the true value.", valueName: "share"))
    var confidence = 0.95

    @Option(help: "How intervals are made: normal, bootstrap, or bernstein for rewards within 0 and 1.")
    var intervals: IntervalMethod = .normal

    @Option(
        help: ArgumentHelp("Larger weights count as this. (default: the root of the number of decisions, at least 10)", valueName: "number")
    )
    var maxWeight: Double?

    @Option(help: ArgumentHelp("A candidate with a smaller effective sample size is refused.", valueName: "number"))
    var minEffective = 50.0

    @Option(help: ArgumentHelp("Decisions and signals that are read, at most.", valueName: "number"))
    var max = 200_000

    @Flag(help: "One JSON object.")
    var json = false

    func validate() throws {
        if let name = self.name { try FeedbackExperiments.check(name) }
        if self.name != nil, !self.policy.isEmpty {
            throw ValidationError("--policy goes without a NAME: an experiment's variants are its candidates")
        }
        guard self.trainShare > 0, self.trainShare < 1 else { throw ValidationError("--train-share must be above 0 and below 1") }
        guard self.confidence >= 0.5, self.confidence < 1 else { throw ValidationError("--confidence must be at least 0.5 and below 1") }
        guard self.maxWeight ?? 1 > 0 else { throw ValidationError("--max-weight must be above 0") }
        guard self.minEffective >= 1 else { throw ValidationError("--min-effective must be at least 1") }
        guard (1...10_000_000).contains(self.max) else { throw ValidationError("--max must be 1 to 10000000") }
        if let since = self.since, since >= self.until ?? WireTime.now {
            throw ValidationError("--since must be before --until, and in the past")
        }
    }

    func run() async throws {
        try await feedbackReporting {
            let source = FeedbackTopicsReader(connection: self.connection)
            let experiment = try self.name.map { try self.definition($0, source) }
            let now = WireTime.now
            let until = self.until ?? now + 60_000
            let since = self.since ?? experiment?.time ?? Swift.min(now, until) - 86_400_000
            var log = try source.log(since..<Swift.max(until, since + 1), limit: self.max)
            guard let type = self.type ?? experiment?.definition.componentType ?? log.types.first else {
                throw FeedbackFailure(
                    "there are no decisions since \(WireTime.text(since)) on \(source.names.decisions); orchestrators log them when they choose "
                        + "through their context, look further back with --since"
                )
            }
            let entries = log.entries(of: type)
            if log.counts.leftOut > 0 {
                FleetProcess.complain("fleet: \(log.counts.leftOut) decisions and signals were left out; narrow the time, or raise --max")
            }
            if log.counts.unusable > 0 { FleetProcess.complain("fleet: \(log.counts.unusable) decisions are no choices and were left out") }
            let definition = experiment?.definition
            let report = EvaluationReport(
                entries,
                of: type,
                decisions: log.count(of: type),
                candidates: definition?.variants.map(\.policy).filter { $0 != .current } ?? self.policy,
                trainShare: self.trainShare,
                promoteAt: definition?.promoteAt ?? 0.05,
                settings: OffPolicyEvaluation.Settings(
                    confidence: self.confidence,
                    method: self.intervals,
                    maximumWeight: self.maxWeight,
                    minimumEffectiveSize: self.minEffective
                )
            )
            self.show(report, try experiment.map { try self.standing($0.definition, $0.time, entries, source) })
        }
    }

    /// As it was counted, or else as the log has it.
    private func standing(
        _ definition: ExperimentDefinition,
        _ time: Int64,
        _ entries: [RewardLog.Entry],
        _ source: FeedbackTopicsReader
    ) throws -> ExperimentReport {
        let name = self.name ?? ""
        if let standing = try source.knowledge().standings[name], standing.definedAt == ExperimentStanding.definedAt(time) {
            return ExperimentReport(standing)
        }
        FleetProcess.complain("no feedback orchestrator has taken the experiment up yet: its rewards are counted here")
        return ExperimentReport(name, definition, entries, since: Double(time) / 1_000)
    }

    private func show(_ report: EvaluationReport, _ experiment: ExperimentReport?) {
        if self.json {
            var object = report.json
            if let experiment {
                object["experiment"] = .object(experiment.experiment.state)
                object["experiment_verdict"] = .string(experiment.verdict)
            }
            Console.line(JSONValue.object(object).description)
            return
        }
        for line in experiment?.lines ?? [] { Console.line(line) }
        if experiment != nil { Console.line() }
        for line in report.lines { Console.line(line) }
    }

    /// The experiment's definition, and when it was given, milliseconds since 1970.
    private func definition(_ name: String, _ source: FeedbackTopicsReader) throws -> (definition: ExperimentDefinition, time: Int64) {
        let experiments = try source.experiments()
        guard let command = experiments[name], case .define(_, let object) = command.command.order else {
            throw FeedbackExperiments.explain(
                name,
                experiments.filter { if case .define = $0.value.command.order { true } else { false } }.map(\.key)
            )
        }
        do {
            return (try ExperimentDefinition(json: object), command.time)
        } catch {
            throw FeedbackFailure("the definition of the experiment \(DeadLetterText.escaped(name, to: 300)) is broken: \(error)")
        }
    }
}
