import JSON
public import Orchestration

/// An experiment as the feedback orchestrator sees it that counts its rewards: a pure state machine without clock or Kafka.
///
/// Decisions and signals come in any order between each other; of each partition of signals they come in the order of their offsets, and what is
/// below the position was counted before. The first reward of a decision counts, and none after the end. Memory is bounded: of decisions that wait
/// for their reward, and of rewards that came before their decision, the newest are kept, and no id of more than 256 bytes.
public struct ExperimentRun: Sendable {
    /// Decisions that wait, rewards that wait, and decisions that the shadow is judged by, at most.
    public struct Limits: Sendable, Hashable {
        /// 100,000 of each.
        public var waiting: Int
        /// 20,000.
        public var shadow: Int
        /// Bytes of each of the three, about: 64 MiB.
        public var bytes: Int

        /// Makes limits; the defaults are described with the properties.
        public init(waiting: Int = 100_000, shadow: Int = 20_000, bytes: Int = 67_108_864) {
            self.waiting = waiting
            self.shadow = shadow
            self.bytes = bytes
        }

        /// Bytes of a decision's id; decisions and rewards with longer ones are ignored.
        static let id = 256
    }

    private struct Waiting: Sendable {
        let chosen: ComponentID
        let variant: String
        /// Nil outside of the shadow phase, and for a choice that nothing can be judged by.
        let choice: LoggedDecision?

        /// Without the id.
        var bytes: Int { self.chosen.id.utf8.count + self.variant.utf8.count + (self.choice?.bytes ?? 0) }
    }

    /// A reward that came before its decision.
    private struct Early: Sendable {
        let reward: Double
        let place: String
        let offset: Int64
        /// How many decisions had been counted before; 0 for one that is read again, as others behind it were counted by whoever ran it before.
        let counted: Int
    }

    /// How it stands.
    public private(set) var experiment: Experiment
    /// When it was defined: milliseconds since 1970.
    public let definedAt: Int64
    /// The next signal of each partition, by `<component type>/<partition>`.
    public private(set) var positions: [String: Int64]
    /// Whether there is something to publish.
    public private(set) var isChanged = true
    /// Whether it goes on from a standing and reads again what lies behind its positions.
    private var isResumed: Bool
    private let limits: Limits
    private var decisions: Recent<Waiting>
    /// By decision and component.
    private var rewards: Recent<Early>
    /// So that another reward of a decision does not count.
    private var counted: CountedDecisions
    private var shadow: [LoggedDecision] = []
    private var shadowBytes = 0

    /// Begins an experiment.
    public init(name: String, definition: ExperimentDefinition, definedAt: Int64, limits: Limits = Limits()) {
        self.init(
            ExperimentStanding(experiment: Experiment(name: name, definition: definition), definedAt: definedAt, updatedAt: 0, worker: ""),
            limits: limits,
            isChanged: true
        )
    }

    /// Goes on with an experiment whose shadow phase is over; nil for another one, as its judgement needs the decisions from its beginning.
    public init?(_ standing: ExperimentStanding, limits: Limits = Limits()) {
        guard standing.experiment.phase != .shadow else { return nil }
        self.init(standing, limits: limits, isChanged: false)
    }

    private init(_ standing: ExperimentStanding, limits: Limits, isChanged: Bool) {
        self.experiment = standing.experiment
        self.definedAt = standing.definedAt
        self.positions = standing.positions
        self.isChanged = isChanged
        self.isResumed = !isChanged
        self.limits = limits
        self.decisions = Recent(limit: limits.waiting, bytes: limits.bytes)
        self.rewards = Recent(limit: limits.waiting, bytes: limits.bytes)
        self.counted = CountedDecisions(standing.counted, limit: limits.waiting)
    }

    /// The place of a partition of signals in ``positions``.
    public static func place(_ type: ComponentType, _ partition: Int32) -> String { "\(type.rawValue)/\(partition)" }

    /// How many decisions and rewards wait for each other.
    var waiting: Int { self.decisions.count + self.rewards.count }

    /// A decision was read; one that the experiment had no say in, or an older one of its name, is ignored.
    @discardableResult
    public mutating func take(_ decision: Decision) -> [Experiment.Event] {
        guard let share = decision.experiment, share.name == self.experiment.name, !self.experiment.phase.isEnd,
            decision.decidedAt * 1_000 >= Double(self.definedAt), self.experiment.arms[share.variant] != nil,
            decision.id.utf8.count <= Limits.id, self.decisions[decision.id] == nil, !self.counted.contains(decision.id)
        else { return [] }
        let choice = self.experiment.phase == .shadow ? try? LoggedDecision(decision) : nil
        let waiting = Waiting(chosen: decision.chosen, variant: share.variant, choice: choice)
        if let early = self.rewards.remove(Self.key(decision.id, decision.chosen)) { return self.count(early.reward, waiting, decision.id) }
        self.decisions.insert(waiting, decision.id, bytes: waiting.bytes)
        return []
    }

    /// A signal was read.
    ///
    /// - Parameter offset: its place; what is below the partition's position was counted before.
    @discardableResult
    public mutating func take(_ signal: FeedbackSignal, at offset: Int64, of partition: Int32) -> [Experiment.Event] {
        let place = Self.place(signal.componentType, partition)
        guard !self.experiment.phase.isEnd, offset >= self.positions[place] ?? 0 else { return [] }
        self.positions[place] = offset + 1
        guard let id = signal.metadata["decision_id"]?.stringValue, id.utf8.count <= Limits.id, !self.counted.contains(id)
        else { return [] }
        let component = ComponentID(signal.componentType, signal.componentID)
        guard let waiting = self.decisions[id] else {
            let key = Self.key(id, component)
            if self.rewards[key] == nil {
                let early = Early(reward: signal.reward, place: place, offset: offset, counted: self.isResumed ? 0 : self.counted.total)
                self.rewards.insert(early, key, bytes: 64)
            }
            return []
        }
        guard waiting.chosen == component else { return [] }
        self.decisions.remove(id)
        return self.count(signal.reward, waiting, id)
    }

    /// Of a reward that came before its decision; no two pairs have the same.
    private static func key(_ decision: String, _ component: ComponentID) -> String { "\(decision.utf8.count) \(decision) \(component)" }

    private mutating func count(_ reward: Double, _ waiting: Waiting, _ id: String) -> [Experiment.Event] {
        self.counted.insert(id)
        var events: [Experiment.Event] = []
        if self.experiment.phase == .shadow { events += self.look(waiting.choice?.with(reward: reward)) }
        // Neither an unknown variant nor a reward out of range gets here.
        events += (try? self.experiment.record(reward, of: waiting.variant)) ?? []
        self.isChanged = true
        if self.experiment.phase != .shadow { self.shadow = [] }
        return events
    }

    /// Keeps a decision of the shadow phase, and judges the variants by all of them before the phase ends.
    private mutating func look(_ logged: LoggedDecision?) -> [Experiment.Event] {
        if let logged, self.shadow.count < self.limits.shadow, self.shadowBytes + logged.bytes <= self.limits.bytes {
            self.shadow.append(logged)
            self.shadowBytes += logged.bytes
        }
        guard self.experiment.baseline.pulls + 1 >= self.experiment.definition.autoActivateAfter else { return [] }
        var events: [Experiment.Event] = []
        for variant in self.experiment.definition.variants {
            let split = variant.policy.learns ? self.shadow.count / 2 : 0
            let (earlier, later) = (self.shadow[..<split], Array(self.shadow[split...]))
            let outcome = Result { () throws(EvaluationRefusal) in try variant.policy.judged(trainedOn: earlier, by: later) }
            events += self.experiment.judge(variant.name, by: outcome)
        }
        return events
    }

    /// Where another one goes on: at rewards that wait for their decision, as long as it is told of all that was counted since.
    private var resumable: [String: Int64] {
        guard self.experiment.phase == .active else { return self.positions }
        var positions = self.positions
        for early in self.rewards.values where self.counted.stores(since: early.counted) {
            positions[early.place] = min(positions[early.place] ?? early.offset, early.offset)
        }
        return positions
    }

    /// What is to be published.
    public func standing(now: Double, worker: String) -> ExperimentStanding {
        ExperimentStanding(
            experiment: self.experiment,
            definedAt: self.definedAt,
            positions: self.resumable,
            // Others read nothing again: a shadow from its beginning, an end not at all.
            counted: self.experiment.phase == .active ? self.counted.text : "",
            updatedAt: now,
            worker: worker
        )
    }

    /// It was published, which is done only when everything was read again.
    public mutating func saved() {
        self.isChanged = false
        self.isResumed = false
    }
}

extension LoggedDecision {
    /// A decision without its reward, and of the situation only what learners see.
    fileprivate init(_ decision: Decision) throws(LearnerError) {
        try self.init(
            candidates: decision.candidates,
            chosen: decision.chosen.id,
            propensity: decision.propensity,
            features: FeatureVector.make(decision.chosen.type, decision.situation),
            reward: 0
        )
    }

    /// The same with its reward; nil for one that is out of range.
    fileprivate func with(reward: Double) -> LoggedDecision? {
        try? LoggedDecision(
            candidates: self.candidates,
            chosen: self.candidates[self.chosen],
            propensity: self.propensity,
            features: self.features,
            reward: reward
        )
    }

    /// In memory, about.
    fileprivate var bytes: Int { self.candidates.reduce(96 + 8 * self.features.count) { $0 + 32 + $1.utf8.count } }
}
