public import ArgumentParser
public import Feedback
import Orchestration
public import WorkerRuntime

/// What a feedback orchestrator learns, and how often; each option is also a variable of the environment and a member of the configuration file.
public struct FeedbackOptions: ConfigurableArguments {
    /// Environment variables begin with `FLEET_`, as those of ``WorkerOptions`` do.
    public static let environmentPrefix = "FLEET_"
    /// The configuration file is JSON.
    public static var configurationSources: ConfigurationSources { .json }
    /// Learners and priors of all sources count, not only those of the highest.
    public static var mergedOptions: Set<String> { ["learner", "prior"] }

    /// Milliseconds within which what was learned is published; 1,000 by default.
    @Option(
        help: ArgumentHelp(
            "What was learned is published within so many milliseconds; earlier when writing is cheap.",
            valueName: "ms"
        )
    )
    public var processingInterval: Int64 = 1_000

    /// Milliseconds between looks at the health of components; 300,000 by default.
    @Option(help: ArgumentHelp("Milliseconds between looks at the health of components.", valueName: "ms"))
    public var healthInterval: Int64 = 300_000

    /// Milliseconds between looks at what memory should consolidate; 3,600,000 by default.
    @Option(help: ArgumentHelp("Milliseconds between looks at what memory should consolidate.", valueName: "ms"))
    public var consolidationInterval: Int64 = 3_600_000

    /// Learners of types of components as `type=algorithm,…`; the default is ``FeedbackSettings/defaultLearners``.
    @Option(
        help: ArgumentHelp(
            "The learners of a type of component, the first one chooses: \(FeedbackOptions.algorithms.map(\.rawValue).joined(separator: ", ")).",
            valueName: "type=algorithm,…"
        )
    )
    public var learner: [String] = []

    /// What is believed of components before their first reward, as `name=mean` or `name=mean:variance:confidence`.
    @Option(
        help: ArgumentHelp(
            "The reward expected of new components of a type (model=0.6), of one component (model/gpt-4=0.8), or with its variance and how sure that is "
                + "(model/gpt-4=0.8:0.05:0.9; .25 and .5 by default). Components whose names only begin so inherit a weaker one; the longest name counts.",
            valueName: "type[/id]=mean:…"
        )
    )
    public var prior: [String] = []

    /// Seconds that a decision waits for its reward; 600 by default.
    @Option(help: ArgumentHelp("Seconds that a decision waits for its reward, and a reward for its decision.", valueName: "seconds"))
    public var rewardWait = 600.0

    /// The reward of a decision that none came for, 0 to 1; nil, the default, learns nothing of it.
    @Option(help: ArgumentHelp("The reward of a decision that none came for, 0 to 1; nothing is learned of it unless this is given."))
    public var defaultReward: Double?

    /// What several rewards of a decision make; the first one by default.
    @Option(help: ArgumentHelp("What several rewards of a decision make: first, last, sum, mean, min or max.", valueName: "rule"))
    public var rewardAggregation: RewardAggregation = .first

    /// The health below which components are disabled, 0 to 1; .3 by default, 0 for never.
    @Option(help: ArgumentHelp("Components are disabled when their health falls below; 0 disables none.", valueName: "health"))
    public var disableBelow = 0.3

    /// Seconds after which a disabled component is tried again; 3,600 by default.
    @Option(help: ArgumentHelp("Seconds after which a disabled component is tried again.", valueName: "seconds"))
    public var probeAfter = 3_600.0

    /// Those that learn arms one by one.
    private static let algorithms = LearnerAlgorithm.allCases.filter { $0 != .ucb2 }

    /// Makes options with their defaults.
    public init() {}

    /// How often what happens.
    public var schedule: FeedbackSchedule {
        FeedbackSchedule(
            processingInterval: self.processingInterval,
            healthInterval: self.healthInterval,
            consolidationInterval: self.consolidationInterval
        )
    }

    /// What is learned.
    ///
    /// - Throws: `ValidationError` with every mistake.
    public func settings() throws -> FeedbackSettings {
        var mistakes: [String] = []
        var learners: [ComponentType: [LearnerAlgorithm]] = [:]
        var last: ComponentType?
        for text in self.learner {
            // The environment's lists end at commas: a further algorithm of the type before then stands alone.
            if let last, let algorithm = LearnerAlgorithm(rawValue: text), FeedbackOptions.algorithms.contains(algorithm) {
                learners[last, default: []].append(algorithm)
                continue
            }
            let parts = text.split(separator: "=", maxSplits: 1).map { String($0) }
            guard parts.count == 2, let type = ComponentType(rawValue: parts[0]) else {
                mistakes.append("--learner needs <type>=<algorithm>, such as model=lin_ts, found '\(text)'")
                continue
            }
            var algorithms: [LearnerAlgorithm] = []
            for name in parts[1].split(separator: ",") {
                if let algorithm = LearnerAlgorithm(rawValue: String(name)), FeedbackOptions.algorithms.contains(algorithm) {
                    algorithms.append(algorithm)
                } else {
                    mistakes.append("--learner \(parts[0]): there is no algorithm '\(name)' that learns arms one by one")
                }
            }
            learners[type] = algorithms
            last = type
        }
        var priors: [String: ColdStartPrior] = [:]
        for text in self.prior {
            do throws(PriorMistake) {
                let (name, prior) = try Self.prior(text)
                priors[name] = prior
            } catch {
                mistakes.append(error.message)
            }
        }
        if !(self.rewardWait > 0 && self.rewardWait <= 2_592_000) {
            mistakes.append("--reward-wait must be above 0 and at most 2,592,000 seconds (30 days), found \(self.rewardWait)")
        }
        if let reward = self.defaultReward, !(0...1).contains(reward) {
            mistakes.append("--default-reward must be 0 to 1, found \(reward)")
        }
        if !(0...1).contains(self.disableBelow) { mistakes.append("--disable-below must be 0 to 1, found \(self.disableBelow)") }
        if !(self.probeAfter >= 0 && self.probeAfter <= 2_592_000) {
            mistakes.append("--probe-after must be 0 to 2,592,000 seconds (30 days), found \(self.probeAfter)")
        }
        guard mistakes.isEmpty else { throw ValidationError(mistakes.joined(separator: "\n")) }
        return FeedbackSettings(
            learners: learners,
            priors: priors,
            rewards: RewardRule(wait: self.rewardWait, defaultReward: self.defaultReward, aggregation: self.rewardAggregation),
            health: HealthRule(disableBelow: self.disableBelow, probeAfter: self.probeAfter)
        )
    }
}

/// Priors on the command line.
extension FeedbackOptions {
    private struct PriorMistake: Error { var message: String }

    /// Reads `type[/id]=mean[:variance[:confidence]]`; an id may hold `=`.
    private static func prior(_ text: String) throws(PriorMistake) -> (String, ColdStartPrior) {
        guard let equals = text.lastIndex(of: "=") else {
            throw PriorMistake(message: "--prior needs <type>=<mean> or <type>/<id>=<mean>, such as model/gpt-4=0.8, found '\(text)'")
        }
        let name = String(text[..<equals])
        guard ComponentType(rawValue: name) != nil || ComponentID(name) != nil else {
            throw PriorMistake(message: "--prior \(text): '\(name)' names no component type, and no component as <type>/<id>")
        }
        let parts = text[text.index(after: equals)...].split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Double($0) }
        guard numbers.count == parts.count, (1...3).contains(numbers.count), (0...1).contains(numbers[0]),
            numbers.count < 2 || (0...1).contains(numbers[1]), numbers.count < 3 || (0...1).contains(numbers[2])
        else {
            throw PriorMistake(message: "--prior \(text): mean, variance and confidence must be numbers from 0 to 1, such as 0.8:0.05:0.9")
        }
        return (
            name,
            ColdStartPrior(
                mean: numbers[0],
                variance: numbers.count > 1 ? numbers[1] : 0.25,
                confidence: numbers.count > 2 ? numbers[2] : 0.5
            )
        )
    }
}

extension RewardAggregation: ExpressibleByArgument {}
