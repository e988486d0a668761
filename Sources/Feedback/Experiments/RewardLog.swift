public import JSON
public import Orchestration

/// Joins decisions with the rewards that came of them: what off-policy estimates are made from.
///
/// Decisions and signals may come in any order and more than once: of a decision with one id the first counts, of a signal with one id that of the
/// highest version. A signal belongs to the decision that its metadata names under `decision_id`, if it is about the component that was chosen.
/// Memory is bounded by the numbers of decisions and signals that are taken.
public struct RewardLog: Sendable {
    /// A decision with what came of it.
    public struct Entry: Sendable, Hashable {
        /// The decision's id.
        public let id: String
        /// What a candidate policy is judged by.
        public let decision: LoggedDecision
        /// The chosen component.
        public let chosen: ComponentID
        /// Seconds since 1970.
        public let decidedAt: Double
        /// The experiment that had a say, if one had.
        public let experiment: Decision.Experiment?
    }

    /// What was taken, and what became of it.
    public struct Counts: Sendable, Hashable {
        /// Decisions taken.
        public internal(set) var decisions = 0
        /// Decisions that came again.
        public internal(set) var repeated = 0
        /// Decisions that are no choice: without candidates, or with numbers out of range.
        public internal(set) var unusable = 0
        /// Signals that name a decision.
        public internal(set) var signals = 0
        /// Decisions and signals beyond those that may be taken.
        public internal(set) var leftOut = 0
    }

    private struct Pending: Sendable {
        let decision: Decision
        let features: [Double]
    }

    private struct Reward: Sendable {
        let version: Int
        let component: ComponentID
        let reward: Double
    }

    private let limit: Int
    private let features: @Sendable (ComponentType, JSONObject) -> [Double]
    private var decisions: [String: Pending] = [:]
    /// By decision, then by signal.
    private var rewards: [String: [String: Reward]] = [:]
    /// What was taken so far.
    public private(set) var counts = Counts()

    /// Makes a log that is empty.
    ///
    /// - Parameters:
    ///   - limit: decisions and signals that are taken, at most; 500,000 each by default.
    ///   - features: a situation as numbers, as learners see it.
    public init(limit: Int = 500_000, features: @escaping @Sendable (ComponentType, JSONObject) -> [Double]) {
        self.limit = limit
        self.features = features
    }

    /// Takes a decision.
    public mutating func take(_ decision: Decision) {
        guard self.decisions[decision.id] == nil else {
            self.counts.repeated += 1
            return
        }
        guard self.counts.decisions < self.limit else {
            self.counts.leftOut += 1
            return
        }
        self.counts.decisions += 1
        var kept = decision
        // Not read again; the numbers made of it are.
        kept.situation = JSONObject()
        self.decisions[decision.id] = Pending(
            decision: kept,
            features: self.features(decision.chosen.type, decision.situation)
        )
    }

    /// Takes a signal; one that names no decision is ignored.
    public mutating func take(_ signal: FeedbackSignal) {
        guard let decision = signal.metadata["decision_id"]?.stringValue, let id = signal.signalID else { return }
        let component = ComponentID(signal.componentType, signal.componentID)
        let reward = Reward(version: signal.version, component: component, reward: signal.reward)
        if let known = self.rewards[decision]?[id] {
            if known.version < signal.version { self.rewards[decision]?[id] = reward }
            return
        }
        guard self.counts.signals < self.limit else {
            self.counts.leftOut += 1
            return
        }
        self.counts.signals += 1
        self.rewards[decision, default: [:]][id] = reward
    }

    /// Decisions about a type of component that have a reward, the mean of their signals', oldest first.
    public mutating func entries(of type: ComponentType) -> [Entry] {
        var entries: [Entry] = []
        self.counts.unusable = 0
        for (id, pending) in self.decisions where pending.decision.chosen.type == type {
            let decision = pending.decision
            let rewards = (self.rewards[id] ?? [:]).values.filter { $0.component == decision.chosen }.map(\.reward)
            guard !rewards.isEmpty else { continue }
            // In one order, so that sums are the same however the signals came.
            let reward = rewards.sorted().reduce(0, +) / Double(rewards.count)
            guard
                let logged = try? LoggedDecision(
                    candidates: decision.candidates,
                    chosen: decision.chosen.id,
                    propensity: decision.propensity,
                    features: pending.features,
                    reward: reward
                )
            else {
                self.counts.unusable += 1
                continue
            }
            entries.append(
                Entry(id: id, decision: logged, chosen: decision.chosen, decidedAt: decision.decidedAt, experiment: decision.experiment)
            )
        }
        return entries.sorted { ($0.decidedAt, $0.id) < ($1.decidedAt, $1.id) }
    }

    /// How many decisions about a type there are, with or without a reward.
    public func count(of type: ComponentType) -> Int { self.decisions.values.count { $0.decision.chosen.type == type } }

    /// The types that there are decisions about, most of them first.
    public var types: [ComponentType] {
        let counts = Dictionary(self.decisions.values.map { ($0.decision.chosen.type, 1) }, uniquingKeysWith: +)
        return counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map(\.key)
    }
}
