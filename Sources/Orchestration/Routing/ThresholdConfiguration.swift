/// From where on content is worth being processed (spec §5.10): a setting that is chosen like a model.
public struct ThresholdConfiguration: RoutingCandidate, Hashable {
    /// Thresholds.
    public static let componentType = ComponentType.threshold
    /// Left out below the health of the feedback orchestrators (.3).
    public static let rule = RoutingRule(minimumHealth: 0.3, fallbacks: 1, single: 0.5, most: 0.95)

    /// Its id, which is the component's.
    public var id: String
    /// Words of a text, at least.
    public var wordCountMinimum: Int
    /// Sentences of a text, at least.
    public var sentenceCountMinimum: Int
    /// 0 … 1.
    public var coherenceMinimum: Double
    /// 0 … 1.
    public var overallQualityMinimum: Double

    /// Makes a configuration; the defaults are those of the specification.
    public init(
        id: String = "default",
        wordCountMinimum: Int = 500,
        sentenceCountMinimum: Int = 10,
        coherenceMinimum: Double = 0.6,
        overallQualityMinimum: Double = 0.65
    ) {
        self.id = id
        self.wordCountMinimum = wordCountMinimum
        self.sentenceCountMinimum = sentenceCountMinimum
        self.coherenceMinimum = coherenceMinimum
        self.overallQualityMinimum = overallQualityMinimum
    }

    /// Every one fits every task.
    public func fits(_ task: RoutingTask) -> Bool { true }

    /// What the feedback orchestrators are confident of (.6 · min(pulls/50, 1) + .4 · mean reward), .5 when nothing is known.
    public func presumedReward(for task: RoutingTask, _ known: ComponentKnowledge?) -> Double { known?.share("confidence") ?? 0.5 }

    /// 1: what is learned of it says it all.
    public func factor(_ known: ComponentKnowledge?) -> Double { 1 }
}
