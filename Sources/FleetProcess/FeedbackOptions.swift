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
    /// Learners of all sources count, not only those of the highest.
    public static var mergedOptions: Set<String> { ["learner"] }

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
        for text in self.learner {
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
            rewards: RewardRule(wait: self.rewardWait, defaultReward: self.defaultReward, aggregation: self.rewardAggregation),
            health: HealthRule(disableBelow: self.disableBelow, probeAfter: self.probeAfter)
        )
    }
}

extension RewardAggregation: ExpressibleByArgument {}
