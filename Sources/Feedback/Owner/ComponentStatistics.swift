import JSON
import Orchestration

/// Rewards of one component: all of them as sums, the last 100 one by one (spec §5.3).
struct ComponentStatistics: Sendable, Hashable {
    /// Rewards that are kept one by one.
    static let memory = 100
    /// A reward below is an error (spec §5.3).
    static let errorBelow = 0.3

    /// A reward with the signal that brought it, so that a correction finds it.
    struct Sample: Sendable, Hashable {
        var signal: UInt64
        var version: Int
        var reward: Double
    }

    /// Distinct signals.
    private(set) var signals: Int64 = 0
    private(set) var bySource: [FeedbackSource: Int64] = [:]
    private(set) var firstSignalAt = 0.0
    private(set) var lastSignalAt = 0.0
    private var rewards = 0.0
    private var running = 0.0
    private var samples: [Sample] = []
    /// The place in `samples` that the next one takes when it is full.
    private var next = 0

    /// The mean of all rewards; 0 without any.
    var meanReward: Double { self.signals > 0 ? self.rewards / Double(self.signals) : 0 }

    /// Counts a reward.
    ///
    /// - Parameters:
    ///   - time: seconds since 1970.
    ///   - id: the hash of the signal's id.
    mutating func add(_ signal: FeedbackSignal, id: UInt64, at time: Double) {
        self.firstSignalAt = self.signals == 0 ? time : min(self.firstSignalAt, time)
        self.lastSignalAt = max(self.lastSignalAt, time)
        self.running = self.signals == 0 ? signal.reward : 0.9 * self.running + 0.1 * signal.reward
        self.signals += 1
        self.rewards += signal.reward
        self.bySource[signal.source, default: 0] += 1
        let sample = Sample(signal: id, version: signal.version, reward: signal.reward)
        if self.samples.count < Self.memory {
            self.samples.append(sample)
        } else {
            self.samples[self.next] = sample
            self.next = (self.next + 1) % Self.memory
        }
    }

    /// Puts a later version's reward in the place of an earlier one's that is still kept.
    ///
    /// - Returns: whether that was so.
    mutating func correct(_ signal: FeedbackSignal, id: UInt64) -> Bool {
        guard let index = self.samples.firstIndex(where: { $0.signal == id && $0.version < signal.version }) else { return false }
        self.rewards += signal.reward - self.samples[index].reward
        self.samples[index].reward = signal.reward
        self.samples[index].version = signal.version
        return true
    }

    /// Forgets the rewards that are kept one by one, so that health is judged by those to come.
    mutating func beginAnew() {
        self.samples = []
        self.next = 0
    }

    /// What the kept rewards say.
    var health: ComponentHealth {
        guard !self.samples.isEmpty else { return ComponentHealth(runningReward: self.running) }
        let count = Double(self.samples.count)
        var (sum, errors) = (0.0, 0)
        for sample in self.samples {
            sum += sample.reward
            if sample.reward < Self.errorBelow { errors += 1 }
        }
        let mean = sum / count
        let variance = self.samples.reduce(0) { $0 + ($1.reward - mean) * ($1.reward - mean) } / count
        let deviation = self.samples.count > 1 ? variance.squareRoot() : 0
        let errorRate = Double(errors) / count
        return ComponentHealth(
            averageReward: mean,
            rewardDeviation: deviation,
            errorRate: errorRate,
            sampleSize: self.samples.count,
            runningReward: self.running,
            score: min(max(mean * (1 - errorRate) * (1 - min(deviation, 0.5)), 0), 1)
        )
    }

    // MARK: State

    init() {}

    /// The statistics of a stored component; what is missing or of the wrong kind counts as nothing.
    init(state: JSONObject) {
        self.signals = state.tally("signals")
        self.rewards = state["rewards"]?.doubleValue ?? 0
        self.running = state["running"]?.doubleValue ?? 0
        self.firstSignalAt = state["first"]?.doubleValue ?? 0
        self.lastSignalAt = state["last"]?.doubleValue ?? 0
        let bySource = state["by_source"]?.objectValue ?? [:]
        for source in FeedbackSource.allCases where bySource[source.rawValue] != nil {
            self.bySource[source] = bySource.tally(source.rawValue)
        }
        // Oldest first: three numbers a sample, the signal's hash in two halves that JSON numbers hold exactly.
        let numbers = state["samples"]?.arrayValue ?? []
        for start in stride(from: 0, to: numbers.count - 3, by: 4).prefix(Self.memory) {
            let parts = numbers[start..<start + 4].map { $0.doubleValue ?? 0 }
            guard parts.allSatisfy({ $0 >= 0 && $0 <= 4_294_967_295 }) else { continue }
            self.samples.append(
                Sample(signal: UInt64(parts[0]) << 32 | UInt64(parts[1]), version: Int(parts[2]), reward: parts[3])
            )
        }
    }

    /// As ``init(state:)`` reads it.
    var state: JSONObject {
        var bySource = JSONObject()
        for source in FeedbackSource.allCases { bySource[source.rawValue] = self.bySource[source].map { .integer($0) } }
        var numbers: [JSONValue] = []
        numbers.reserveCapacity(self.samples.count * 4)
        for sample in self.samples[self.next...] + self.samples[..<self.next] {
            numbers.append(.integer(Int64(sample.signal >> 32)))
            numbers.append(.integer(Int64(sample.signal & 0xffff_ffff)))
            numbers.append(.integer(Int64(clamping: sample.version)))
            numbers.append(.number(sample.reward))
        }
        return [
            "signals": .integer(self.signals), "rewards": .number(self.rewards), "running": .number(self.running),
            "first": .number(self.firstSignalAt), "last": .number(self.lastSignalAt), "by_source": .object(bySource),
            "samples": .array(numbers),
        ]
    }
}
