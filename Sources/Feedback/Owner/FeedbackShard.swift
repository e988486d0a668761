import JSON
public import Orchestration
public import Wire

/// What is read of a shard's partition.
public enum FeedbackInput: Sendable, Hashable {
    /// Signals about components of a type.
    case signals(ComponentType)
    /// Decisions about components of all types.
    case decisions

    /// All of them, decisions first: a reward finds more when they have been read.
    public static let all: [FeedbackInput] = [.decisions] + ComponentType.allCases.map { .signals($0) }

    /// Its name in the stored state.
    var name: String {
        switch self {
        case .signals(let type): type.rawValue
        case .decisions: "decisions"
        }
    }
}

/// What a feedback orchestrator knows of the components of one partition: a pure state machine without clock, threads or Kafka.
///
/// Records come in with their offsets; ``changes(now:worker:)`` tells what is to be written, all at once or not at all, and ``saved()`` that it
/// was. The state it writes says how far it has read, so a record that comes again after a crash changes nothing. All times are seconds since 1970.
public struct FeedbackShard: Sendable {
    /// What became of a record.
    public enum Outcome: Sendable, Hashable {
        /// It changed what is known.
        case taken
        /// It waits for its decision or its reward.
        case waits
        /// It had been read before a crash or a hand-over.
        case replayed
        /// A signal with the same id and version was counted before.
        case duplicate
        /// A higher version of a signal that was counted before: the statistics have its reward now, what was learned stays.
        case corrected
        /// It came after its decision had been learned, and counts for the statistics only.
        case late
    }

    /// Records to write: of the state under their keys, and snapshots of components; nil is a tombstone.
    public struct Changes: Sendable {
        /// Keys and values in the order in which they must be written.
        public var state: [(key: [UInt8], value: [UInt8]?)] = []
        /// Components with their snapshots; nil for one that was forgotten.
        public var policies: [(component: ComponentID, snapshot: PolicySnapshot?)] = []
    }

    /// A command about a component.
    public enum Command: Sendable, Hashable {
        /// It must not be chosen.
        case disable(reason: String)
        /// It may be chosen again.
        case enable
        /// A command to disable it counts no longer.
        case withdraw
        /// What was learned about it is forgotten.
        case reset

        /// The word for it, without what somebody said beside it.
        public var name: String {
            switch self {
            case .disable: "disable"
            case .enable: "enable"
            case .withdraw: "withdraw"
            case .reset: "reset"
            }
        }
    }

    /// The partition's number.
    public let partition: Int32
    /// How many partitions there are.
    public let partitionCount: Int32
    var settings: FeedbackSettings
    var components: [ComponentID: OwnedComponent] = [:]
    var seen = SeenSignals()
    var join: RewardJoin
    /// The next offset of each input; what is below has been taken.
    public internal(set) var positions: [FeedbackInput: Int64] = [:]
    /// Looks at the health of all components, since the state began.
    public internal(set) var healthChecks: Int64 = 0
    var dirty: Set<ComponentID> = []
    var forgotten: Set<ComponentID> = []
    var hasMoved = false
    /// The keys and values of a write that no checkpoint has ended yet, while restoring.
    var unended: [(key: [UInt8], value: [UInt8]?)] = []

    /// Makes a shard that knows nothing.
    public init(partition: Int32, of partitionCount: Int32, settings: FeedbackSettings = FeedbackSettings()) {
        self.partition = partition
        self.partitionCount = partitionCount
        self.settings = settings
        self.join = RewardJoin(settings.rewards)
    }

    /// Components known.
    public var componentCount: Int { self.components.count }
    /// Decisions and rewards that wait for each other.
    public var waitingCount: Int { self.join.count }
    /// Components and waiting decisions that are to be written.
    public var changeCount: Int { self.dirty.count + self.forgotten.count + self.join.changeCount }
    /// Whether there is anything to write.
    public var isChanged: Bool {
        self.hasMoved || !self.dirty.isEmpty || !self.forgotten.isEmpty || self.join.isChanged
    }

    // MARK: Events

    /// A signal was read.
    ///
    /// - Parameter offset: its place; what is below the position of its input was read before.
    public mutating func take(_ signal: FeedbackSignal, at offset: Int64, now: Double) -> Outcome {
        guard self.advance(.signals(signal.componentType), offset) else { return .replayed }
        var signal = signal
        // Clocks differ a little; what claims to be of the future would stay the newest for ever.
        signal.timestamp = signal.timestamp.map { min($0, now + 60) }
        let id = IDHash.hash(signal.signalID ?? "")
        let component = ComponentID(signal.componentType, signal.componentID)
        guard self.seen.insert(id) else {
            guard signal.version > 1, self.components[component]?.statistics.correct(signal, id: id) == true else { return .duplicate }
            self.touch(component)
            if let decision = signal.decisionID { self.join.correct(signal, id: id, about: decision) }
            return .corrected
        }
        self.makeRoom(for: component)
        self.components[component, default: OwnedComponent(component, self.settings)].count(signal, id: id, now: now)
        self.touch(component)
        guard let decision = signal.decisionID else {
            self.learn(
                Lesson(
                    component: component,
                    situation: signal.context,
                    reward: signal.reward,
                    propensity: 1,
                    weight: signal.confidence
                )
            )
            return .taken
        }
        return self.learn(self.join.take(signal, id: id, about: decision, resolved: &self.seen, now: now))
    }

    /// A decision was read.
    public mutating func take(_ decision: Decision, at offset: Int64, now: Double) -> Outcome {
        guard self.advance(.decisions, offset) else { return .replayed }
        var strayed: Lesson?
        let verdict = self.join.take(decision, resolved: &self.seen, now: now) { strayed = $0 }
        if let strayed { self.learn(strayed) }
        if self.settings.countsDecisions(about: decision.chosen) { self.count(decision) }
        return self.learn(verdict)
    }

    /// An input begins at 0 again: its topic was made anew.
    public mutating func rewind(_ input: FeedbackInput) { self.positions[input] = nil }

    /// A record was read that says nothing; it is not read again.
    public mutating func skip(_ input: FeedbackInput, at offset: Int64) { _ = self.advance(input, offset) }

    /// Somebody commanded something; an older command than the last one, or the same again, changes nothing.
    ///
    /// - Parameter time: milliseconds since 1970 of the command.
    /// - Returns: whether it changed something.
    public mutating func obey(_ command: Command, about component: ComponentID, time: Int64, now: Double) -> Bool {
        guard time > self.components[component]?.commandedAt ?? 0 else { return false }
        self.makeRoom(for: component)
        var owned = self.components[component] ?? OwnedComponent(component, self.settings)
        owned.commandedAt = time
        switch command {
        case .disable(let reason): owned.availability.disable(reason, now: now)
        case .withdraw where !owned.availability.isCommanded: break
        case .enable, .withdraw:
            owned.availability.enable(now: now)
            owned.statistics.beginAnew()
        case .reset: owned.reset(self.settings)
        }
        self.components[component] = owned
        self.touch(component)
        return true
    }

    /// Time has passed: what waited long enough is learned or given up.
    ///
    /// - Returns: decisions that nobody rewarded.
    public mutating func expire(now: Double) -> Int {
        var unrewarded = 0
        for lesson in self.join.expire(now: now, resolved: &self.seen) {
            if let lesson { self.learn(lesson) } else { unrewarded += 1 }
        }
        return unrewarded
    }

    /// Looks at the health of all components, and disables or tries again.
    ///
    /// - Returns: the components that were disabled.
    public mutating func judgeHealth(now: Double) -> [ComponentID] {
        var disabled: [ComponentID] = []
        self.healthChecks += 1
        self.hasMoved = true
        for component in self.components.keys {
            guard var owned = self.components[component] else { continue }
            guard let change = owned.availability.judge(owned.statistics.health, self.settings.health, now: now) else { continue }
            if change == .probing { owned.statistics.beginAnew() }
            if change == .disabled { disabled.append(component) }
            self.components[component] = owned
            self.dirty.insert(component)
        }
        return disabled
    }

    /// Looks which memories need consolidation, and consolidates.
    ///
    /// - Returns: what was done, by component.
    public mutating func consolidate(now: Double) -> [ComponentID: Consolidation] {
        var done: [ComponentID: Consolidation] = [:]
        for component in self.components.keys where component.type == .memory {
            guard case .memory(var memory)? = self.components[component]?.details, let consolidation = memory.consolidate(now: now) else {
                continue
            }
            self.components[component]?.details = .memory(memory)
            self.dirty.insert(component)
            done[component] = consolidation
        }
        return done
    }

    // MARK: Inside

    private mutating func advance(_ input: FeedbackInput, _ offset: Int64) -> Bool {
        guard offset >= self.positions[input] ?? 0 else { return false }
        self.positions[input] = offset + 1
        self.hasMoved = true
        return true
    }

    /// Counts a decision by itself, once however often it comes.
    private mutating func count(_ decision: Decision) {
        // Its own seed: the join remembers decisions whose rewards were learned.
        guard self.seen.insert(IDHash.hash(decision.id, seed: 0xc0_0417)) else { return }
        if self.components[decision.chosen] == nil {
            // Room is made for components with rewards only.
            guard self.components.count < self.settings.capacity else { return }
            self.components[decision.chosen] = OwnedComponent(decision.chosen, self.settings)
        }
        self.components[decision.chosen]?.countDecision()
        self.touch(decision.chosen)
    }

    private mutating func touch(_ component: ComponentID) {
        self.dirty.insert(component)
    }

    @discardableResult
    private mutating func learn(_ verdict: RewardJoin.Verdict) -> Outcome {
        switch verdict {
        case .learn(let lesson):
            self.learn(lesson)
            return .taken
        case .waits: return .waits
        case .late: return .late
        }
    }

    private mutating func learn(_ lesson: Lesson) {
        self.makeRoom(for: lesson.component)
        self.components[lesson.component, default: OwnedComponent(lesson.component, self.settings)].learn(lesson)
        self.touch(lesson.component)
    }

    /// Forgets a tenth of the components, when there is no room for another.
    ///
    /// Those go that least is known of, and of these the ones that were quiet for longest. So ids that come once push nobody out that was learned about,
    /// and what was found unhealthy stays known as such for as long as can be.
    private mutating func makeRoom(for component: ComponentID) {
        guard self.components.count >= max(10, self.settings.capacity), self.components[component] == nil else { return }
        func worth(_ owned: OwnedComponent) -> Int {
            owned.availability.availability == .enabled ? owned.statistics.signals < 10 ? 0 : 1 : 2
        }
        let byWorth = self.components.values.filter { !$0.availability.isCommanded }.sorted {
            (worth($0), $0.statistics.lastSignalAt) < (worth($1), $1.statistics.lastSignalAt)
        }
        for owned in byWorth.prefix(max(1, self.settings.capacity / 10)) {
            self.components[owned.id] = nil
            self.dirty.remove(owned.id)
            self.forgotten.insert(owned.id)
        }
    }
}
