import JSON
public import Orchestration

/// An experiment as the feedback orchestrator sees it that counts its rewards: a pure state machine without clock or Kafka.
///
/// Decisions and signals come in any order between each other; of each partition of signals they come in the order of their offsets, and what is
/// below the position was counted before. The first reward of a decision counts. Memory is bounded: of decisions that wait for their reward, and of
/// rewards that came before their decision, the newest are kept.
public struct ExperimentRun: Sendable {
    /// Decisions that wait, rewards that wait, and decisions that the shadow is judged by, at most.
    public struct Limits: Sendable, Hashable {
        /// 100,000 of each.
        public var waiting: Int
        /// 20,000.
        public var shadow: Int

        /// Makes limits; the defaults are described with the properties.
        public init(waiting: Int = 100_000, shadow: Int = 20_000) {
            self.waiting = waiting
            self.shadow = shadow
        }
    }

    private struct Waiting: Sendable {
        let chosen: ComponentID
        let variant: String
        /// Nil outside of the shadow phase.
        let decision: Decision?
    }

    private struct Early: Sendable {
        let component: ComponentID
        let reward: Double
    }

    /// How it stands.
    public private(set) var experiment: Experiment
    /// When it was defined: milliseconds since 1970.
    public let definedAt: Int64
    /// The next signal of each partition, by `<component type>/<partition>`.
    public private(set) var positions: [String: Int64]
    /// Whether there is something to publish.
    public private(set) var isChanged = true
    private let limits: Limits
    private var decisions: Recent<Waiting>
    private var rewards: Recent<Early>
    /// Decisions that have been counted, so that another reward of them is not.
    private var counted: Recent<Bool>
    private var shadow: [LoggedDecision] = []

    /// Begins an experiment.
    public init(name: String, definition: ExperimentDefinition, definedAt: Int64, limits: Limits = Limits()) {
        self.init(Experiment(name: name, definition: definition), definedAt, [:], limits)
    }

    /// Goes on with an experiment whose shadow phase is over; nil for another one, as its judgement needs the decisions from its beginning.
    public init?(_ standing: ExperimentStanding, limits: Limits = Limits()) {
        guard standing.experiment.phase != .shadow else { return nil }
        self.init(standing.experiment, standing.definedAt, standing.positions, limits)
        self.isChanged = false
    }

    private init(_ experiment: Experiment, _ definedAt: Int64, _ positions: [String: Int64], _ limits: Limits) {
        self.experiment = experiment
        self.definedAt = definedAt
        self.positions = positions
        self.limits = limits
        self.decisions = Recent(limit: limits.waiting)
        self.rewards = Recent(limit: limits.waiting)
        self.counted = Recent(limit: limits.waiting)
    }

    /// The place of a partition of signals in ``positions``.
    public static func place(_ type: ComponentType, _ partition: Int32) -> String { "\(type.rawValue)/\(partition)" }

    /// A decision was read; one that the experiment had no say in, or an older one of its name, is ignored.
    @discardableResult
    public mutating func take(_ decision: Decision) -> [Experiment.Event] {
        guard let share = decision.experiment, share.name == self.experiment.name,
            decision.decidedAt * 1_000 >= Double(self.definedAt), self.experiment.arms[share.variant] != nil,
            self.counted[decision.id] == nil, self.decisions[decision.id] == nil
        else { return [] }
        let isShadow = self.experiment.phase == .shadow
        let waiting = Waiting(chosen: decision.chosen, variant: share.variant, decision: isShadow ? decision : nil)
        if let early = self.rewards.remove(decision.id), early.component == decision.chosen {
            return self.count(early.reward, waiting, decision.id)
        }
        self.decisions.insert(waiting, decision.id)
        return []
    }

    /// A signal was read.
    ///
    /// - Parameter offset: its place; what is below the partition's position was counted before.
    @discardableResult
    public mutating func take(_ signal: FeedbackSignal, at offset: Int64, of partition: Int32) -> [Experiment.Event] {
        let place = Self.place(signal.componentType, partition)
        guard offset >= self.positions[place] ?? 0 else { return [] }
        self.positions[place] = offset + 1
        guard let id = signal.metadata["decision_id"]?.stringValue, self.counted[id] == nil else { return [] }
        let component = ComponentID(signal.componentType, signal.componentID)
        guard let waiting = self.decisions[id] else {
            if self.rewards[id] == nil { self.rewards.insert(Early(component: component, reward: signal.reward), id) }
            return []
        }
        guard waiting.chosen == component else { return [] }
        self.decisions.remove(id)
        return self.count(signal.reward, waiting, id)
    }

    private mutating func count(_ reward: Double, _ waiting: Waiting, _ id: String) -> [Experiment.Event] {
        self.counted.insert(true, id)
        var events: [Experiment.Event] = []
        if self.experiment.phase == .shadow, let decision = waiting.decision { events += self.look(decision, reward) }
        // Neither an unknown variant nor a reward out of range gets here.
        events += (try? self.experiment.record(reward, of: waiting.variant)) ?? []
        self.isChanged = true
        if self.experiment.phase != .shadow { self.shadow = [] }
        return events
    }

    /// Keeps a decision of the shadow phase, and judges the variants by all of them before the phase ends.
    private mutating func look(_ decision: Decision, _ reward: Double) -> [Experiment.Event] {
        let logged = try? LoggedDecision(
            candidates: decision.candidates,
            chosen: decision.chosen.id,
            propensity: decision.propensity,
            features: FeatureVector.make(decision.chosen.type, decision.situation),
            reward: reward
        )
        if let logged, self.shadow.count < self.limits.shadow { self.shadow.append(logged) }
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

    /// What is to be published.
    public func standing(now: Double, worker: String) -> ExperimentStanding {
        ExperimentStanding(
            experiment: self.experiment,
            definedAt: self.definedAt,
            positions: self.positions,
            updatedAt: now,
            worker: worker
        )
    }

    /// It was published.
    public mutating func saved() { self.isChanged = false }
}

/// Values by id, of which the newest are kept: two generations, the older one is forgotten when the younger one is full.
private struct Recent<Value: Sendable>: Sendable {
    private let limit: Int
    private var young: [String: Value] = [:]
    private var old: [String: Value] = [:]

    init(limit: Int) { self.limit = max(1, limit / 2) }

    subscript(id: String) -> Value? {
        if let value = self.young[id] { return value }
        return self.old.isEmpty ? nil : self.old[id]
    }

    mutating func insert(_ value: Value, _ id: String) {
        if self.young.count >= self.limit {
            self.old = self.young
            self.young = [:]
        }
        self.young[id] = value
    }

    @discardableResult
    mutating func remove(_ id: String) -> Value? {
        if let value = self.young.removeValue(forKey: id) { return value }
        return self.old.removeValue(forKey: id)
    }
}
