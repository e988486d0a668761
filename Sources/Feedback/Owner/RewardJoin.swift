import JSON
import Orchestration
import Wire

/// How several rewards of one decision become one.
public enum RewardAggregation: String, CaseIterable, Sendable, Hashable {
    /// The first one, learned at once; later ones are late.
    case first
    /// The last one within the reward wait.
    case last
    case sum
    case mean
    case min
    case max

    /// One reward of several, which are in the order they came; nil of none.
    public func combine(_ rewards: [Double]) -> Double? {
        guard let first = rewards.first, let last = rewards.last else { return nil }
        return switch self {
        case .first: first
        case .last: last
        case .sum: rewards.reduce(0, +)
        case .mean: rewards.reduce(0, +) / Double(rewards.count)
        case .min: rewards.reduce(first) { Swift.min($0, $1) }
        case .max: rewards.reduce(first) { Swift.max($0, $1) }
        }
    }
}

/// How rewards find their decisions.
public struct RewardRule: Sendable, Hashable {
    /// Seconds that a decision waits for its reward, and a reward for its decision; 600 by default.
    public var wait: Double
    /// The reward of a decision that none came for; nil, the default, learns nothing of it.
    public var defaultReward: Double?
    /// What several rewards of a decision make; the first by default.
    public var aggregation: RewardAggregation
    /// Decisions and rewards that may wait at the same time, in one partition; 20,000 by default.
    public var capacity: Int

    /// Makes a rule.
    public init(wait: Double = 600, defaultReward: Double? = nil, aggregation: RewardAggregation = .first, capacity: Int = 20_000) {
        self.wait = wait
        self.defaultReward = defaultReward
        self.aggregation = aggregation
        self.capacity = capacity
    }
}

/// What is to be learned about a component.
struct Lesson: Sendable, Hashable {
    var component: ComponentID
    var situation: JSONObject
    var reward: Double
    var propensity: Double
    var weight: Double
}

/// Joins rewards to the decisions they are about: a pure state machine, bounded.
struct RewardJoin: Sendable {
    /// Why nothing is learned of a signal now, or of a decision ever.
    enum Verdict: Sendable, Hashable {
        case learn(Lesson)
        case waits
        /// The decision has been learned already.
        case late
    }

    /// Rewards of a decision that are remembered one by one.
    static let maximumRewards = 64

    private struct Reward: Sendable, Hashable {
        var signal: UInt64
        var version: Int
        var reward: Double
        var confidence: Double
    }

    /// What waits for its other half, or for the end of its time.
    private struct Waiting: Sendable, Hashable {
        var component: ComponentID
        var situation: JSONObject
        /// Nil until it is known.
        var propensity: Double?
        var rewards: [Reward] = []
        /// Seconds since 1970.
        var deadline: Double
        /// It stands in the stored state.
        var isStored = false
    }

    private let rule: RewardRule
    private var waiting: [String: Waiting] = [:]
    /// What was stored and is gone.
    private var removed: Set<String> = []
    private var changed: Set<String> = []

    init(_ rule: RewardRule) { self.rule = rule }

    /// How many decisions wait.
    var count: Int { self.waiting.count }

    // MARK: Events

    /// A signal about a decision came.
    ///
    /// - Parameters:
    ///   - id: the hash of the signal's id.
    ///   - resolved: the decisions that have been learned.
    mutating func take(_ signal: FeedbackSignal, id: UInt64, about decision: String, resolved: inout SeenSignals, now: Double) -> Verdict {
        guard !resolved.contains(Self.hash(decision)) else { return .late }
        let propensity = signal.metadata["propensity"]?.doubleValue.flatMap { $0 > 0 && $0 <= 1 ? $0 : nil }
        let component = ComponentID(signal.componentType, signal.componentID)
        var entry =
            self.waiting[decision]
            ?? Waiting(component: component, situation: signal.context.boundedSituation, deadline: now + self.rule.wait)
        guard entry.component == component else {
            // It names a decision for another component: what it says of its own is true all the same.
            return .learn(
                Lesson(component: component, situation: signal.context, reward: signal.reward, propensity: 1, weight: signal.confidence)
            )
        }
        // Whatever the decision itself says counts more.
        entry.propensity = entry.propensity ?? propensity
        let reward = Reward(signal: id, version: signal.version, reward: signal.reward, confidence: signal.confidence)
        if entry.rewards.count < Self.maximumRewards { entry.rewards.append(reward) }
        if self.rule.aggregation == .first, let propensity = entry.propensity {
            return .learn(self.resolve(decision, entry, propensity, &resolved))
        }
        self.keep(decision, entry)
        return .waits
    }

    /// A later version of a signal that was taken before came: its reward counts, if it still waits.
    mutating func correct(_ signal: FeedbackSignal, id: UInt64, about decision: String) {
        guard var entry = self.waiting[decision],
            let index = entry.rewards.firstIndex(where: { $0.signal == id && $0.version < signal.version })
        else { return }
        entry.rewards[index].version = signal.version
        entry.rewards[index].reward = signal.reward
        entry.rewards[index].confidence = signal.confidence
        self.keep(decision, entry)
    }

    /// A decision came.
    ///
    /// - Parameter strayed: gets what rewards said of another component that had named this decision before it came.
    mutating func take(_ decision: Decision, resolved: inout SeenSignals, now: Double, strayed: (Lesson) -> Void) -> Verdict {
        guard !resolved.contains(Self.hash(decision.id)) else { return .late }
        if let entry = self.waiting[decision.id], entry.component != decision.chosen {
            if !entry.rewards.isEmpty { strayed(self.lesson(of: entry, propensity: 1)) }
            self.remove(decision.id)
        }
        guard var entry = self.waiting[decision.id] else {
            // Counted from now, not from the decision: after a stop, its reward has yet to be read.
            self.keep(
                decision.id,
                Waiting(
                    component: decision.chosen,
                    situation: decision.situation.boundedSituation,
                    propensity: decision.propensity,
                    deadline: now + self.rule.wait
                )
            )
            return .waits
        }
        entry.propensity = decision.propensity
        entry.situation = decision.situation.boundedSituation
        if self.rule.aggregation == .first, !entry.rewards.isEmpty {
            return .learn(self.resolve(decision.id, entry, decision.propensity, &resolved))
        }
        self.keep(decision.id, entry)
        return .waits
    }

    /// What is to be learned because its time is over, or because there is no room for so many; nil stands for a decision without a reward.
    mutating func expire(now: Double, resolved: inout SeenSignals) -> [Lesson?] {
        var due = self.waiting.filter { $0.value.deadline <= now }.map(\.key)
        let excess = self.waiting.count - due.count - self.rule.capacity
        if excess > 0 {
            let rest = self.waiting.filter { $0.value.deadline > now }.sorted { $0.value.deadline < $1.value.deadline }
            due += rest.prefix(excess).map(\.key)
        }
        return due.sorted().map { decision in
            guard let entry = self.waiting[decision] else { return nil }
            guard !entry.rewards.isEmpty || self.rule.defaultReward != nil else {
                self.remove(decision)
                // One that had to make room has had no time: its reward may tell all that there is to learn.
                if entry.deadline <= now { _ = resolved.insert(Self.hash(decision)) }
                return nil
            }
            return self.resolve(decision, entry, entry.propensity ?? 1, &resolved)
        }
    }

    private static func hash(_ decision: String) -> UInt64 { IDHash.hash(decision, seed: 0xdec1_5104) }

    private mutating func keep(_ decision: String, _ entry: Waiting) {
        self.waiting[decision] = entry
        self.changed.insert(decision)
    }

    private mutating func remove(_ decision: String) {
        if self.waiting.removeValue(forKey: decision)?.isStored == true { self.removed.insert(decision) }
        self.changed.remove(decision)
    }

    private mutating func resolve(
        _ decision: String,
        _ entry: Waiting,
        _ propensity: Double,
        _ resolved: inout SeenSignals
    ) -> Lesson {
        self.remove(decision)
        _ = resolved.insert(Self.hash(decision))
        return self.lesson(of: entry, propensity: propensity)
    }

    private func lesson(of entry: Waiting, propensity: Double) -> Lesson {
        let count = Double(Swift.max(1, entry.rewards.count))
        return Lesson(
            component: entry.component,
            situation: entry.situation,
            reward: self.rule.aggregation.combine(entry.rewards.map(\.reward)) ?? self.rule.defaultReward ?? 0,
            propensity: propensity,
            weight: entry.rewards.isEmpty ? 1 : entry.rewards.reduce(0) { $0 + $1.confidence } / count
        )
    }

    // MARK: State

    /// What is to be stored of the decisions that wait: JSON under the decision's id, nil for what is gone.
    var changes: [(decision: String, value: JSONObject?)] {
        self.removed.sorted().map { ($0, nil) } + self.changed.sorted().map { ($0, self.waiting[$0].map { Self.state(of: $0) }) }
    }

    var changeCount: Int { self.removed.count + self.changed.count }
    var isChanged: Bool { !self.removed.isEmpty || !self.changed.isEmpty }

    /// Whether the changes have been stored is not known: what was among them may have to be taken back.
    mutating func maybeSaved() {
        for decision in self.changed { self.waiting[decision]?.isStored = true }
    }

    /// The changes have been stored.
    mutating func saved() {
        for decision in self.changed { self.waiting[decision]?.isStored = true }
        self.changed.removeAll(keepingCapacity: true)
        self.removed.removeAll(keepingCapacity: true)
    }

    /// Takes back what was stored.
    ///
    /// - Returns: whether it could be read.
    mutating func restore(_ decision: String, _ state: JSONObject) -> Bool {
        guard let component = state["component"]?.stringValue.flatMap({ ComponentID($0) }), let deadline = state["deadline"]?.doubleValue
        else { return false }
        var entry = Waiting(
            component: component,
            situation: (state["situation"]?.objectValue ?? [:]).boundedSituation,
            propensity: state["propensity"]?.doubleValue.flatMap { $0 > 0 && $0 <= 1 ? $0 : nil },
            deadline: deadline,
            isStored: true
        )
        for reward in (state["rewards"]?.arrayValue ?? []).prefix(Self.maximumRewards) {
            let parts = (reward.arrayValue ?? []).compactMap(\.doubleValue)
            guard parts.count == 5, parts.allSatisfy({ abs($0) <= 4_294_967_295 }), parts[0] >= 0, parts[1] >= 0 else { return false }
            entry.rewards.append(
                Reward(
                    signal: UInt64(parts[0]) << 32 | UInt64(parts[1]),
                    version: Int(parts[2]),
                    reward: parts[3],
                    confidence: Swift.min(Swift.max(parts[4], 0), 1)
                )
            )
        }
        self.waiting[decision] = entry
        return true
    }

    /// Everything has been restored: what waits has its whole time again, as its other half may have come meanwhile and is yet to be read.
    mutating func restored(now: Double) {
        for decision in self.waiting.keys {
            guard let deadline = self.waiting[decision]?.deadline, deadline < now + self.rule.wait else { continue }
            self.waiting[decision]?.deadline = now + self.rule.wait
        }
    }

    /// What was stored is gone.
    mutating func forget(_ decision: String) { self.waiting[decision] = nil }

    private static func state(of entry: Waiting) -> JSONObject {
        [
            "component": .string(entry.component.description), "situation": .object(entry.situation),
            "propensity": entry.propensity.map { .number($0) } ?? .null, "deadline": .number(entry.deadline),
            "rewards": .array(
                entry.rewards.map { reward in
                    [
                        .integer(Int64(reward.signal >> 32)), .integer(Int64(reward.signal & 0xffff_ffff)), .integer(Int64(reward.version)),
                        .number(reward.reward), .number(reward.confidence),
                    ]
                }
            ),
        ]
    }
}
