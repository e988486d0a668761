/// How often a feedback orchestrator does what; all in milliseconds (spec §5.1, §5.2).
public struct FeedbackSchedule: Sendable, Hashable {
    /// What was learned is written and published within this time; 1,000 by default.
    ///
    /// It comes earlier when writing is cheap: as soon as twice as long as the last write took have passed, nine times when there is more to read
    /// than can be read at once, so that at most a tenth of a busy loop's time goes into writing; after a quiet time at once. Not so early that more
    /// than 2 MiB a second are written.
    public var processingInterval: Int64
    /// Health is looked at; 300,000 by default.
    public var healthInterval: Int64
    /// Memory is looked through for what should be consolidated; 3,600,000 by default.
    public var consolidationInterval: Int64

    /// Makes a schedule; the defaults are those of the specification.
    public init(processingInterval: Int64 = 1_000, healthInterval: Int64 = 300_000, consolidationInterval: Int64 = 3_600_000) {
        self.processingInterval = processingInterval
        self.healthInterval = healthInterval
        self.consolidationInterval = consolidationInterval
    }

    /// Every mistake, a sentence each.
    func mistakes() -> [String] {
        var mistakes: [String] = []
        for (name, value) in [
            ("processing-interval", self.processingInterval), ("health-interval", self.healthInterval),
            ("consolidation-interval", self.consolidationInterval),
        ] where !(1...604_800_000).contains(value) {
            mistakes.append("\(name) must be 1 ms to 604,800,000 ms (a week), found \(value)")
        }
        return mistakes
    }
}
