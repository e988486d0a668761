import JSON
import Orchestration
import Wire

/// Everything that is known of one component: its rewards, what was learned, whether it may be chosen.
struct OwnedComponent: Sendable {
    let id: ComponentID
    var statistics = ComponentStatistics()
    var availability = ComponentSwitch()
    /// What is known beyond rewards.
    var details: ComponentDetails
    /// Learners whose only arm the component is.
    private(set) var learners: [any Learner] = []
    /// Rises with every snapshot.
    private(set) var version: Int64 = 0
    /// Milliseconds since 1970 of the last command that was obeyed.
    var commandedAt: Int64 = 0
    /// Observations that the learners have learned.
    private(set) var lessons: Int64 = 0

    init(_ id: ComponentID, _ settings: FeedbackSettings) {
        self.id = id
        self.details = .make(for: id.type)
        self.learners = settings.freshLearners(of: id)
    }

    /// Counts a signal about the component.
    ///
    /// - Parameter id: the hash of its id.
    mutating func count(_ signal: FeedbackSignal, id: UInt64, now: Double) {
        self.statistics.add(signal, id: id, at: signal.timestamp ?? now)
        self.details.learn(from: signal, now: now)
    }

    /// Counts a decision for the component, if its type's details do.
    mutating func countDecision() {
        guard case .agent(var details) = self.details else { return }
        details.countDecision()
        self.details = .agent(details)
    }

    /// Learns what came of a choice; an observation that a learner does not take changes nothing.
    mutating func learn(_ lesson: Lesson) {
        guard !self.learners.isEmpty else { return }
        let observation = Observation(
            features: FeatureVector.make(self.id.type, lesson.situation),
            arm: 0,
            reward: lesson.reward,
            propensity: lesson.propensity,
            weight: lesson.weight
        )
        self.lessons += 1
        for index in self.learners.indices { try? self.learners[index].learn(observation) }
    }

    /// Forgets what was learned and counted; the version goes on, and whether it may be chosen stays.
    mutating func reset(_ settings: FeedbackSettings) {
        self.statistics = ComponentStatistics()
        self.details = .make(for: self.id.type)
        self.lessons = 0
        self.learners = settings.freshLearners(of: self.id)
    }

    /// The next snapshot; stored together with the state that ``nextState()`` tells.
    ///
    /// - Parameter now: seconds since 1970.
    func nextSnapshot(now: Double, worker: String) -> PolicySnapshot {
        PolicySnapshot(
            policyVersion: self.version + 1,
            componentType: self.id.type,
            componentID: self.id.id,
            signals: self.statistics.signals,
            meanReward: self.statistics.meanReward,
            bySource: self.statistics.bySource,
            availability: self.availability.availability,
            reason: self.availability.reason,
            health: self.statistics.health,
            learners: self.stored(self.learners.map { $0.forChoosing() }),
            details: self.details.details(now: now),
            firstSignalAt: self.statistics.firstSignalAt,
            lastSignalAt: self.statistics.lastSignalAt,
            updatedAt: now,
            worker: worker
        )
    }

    /// The snapshot was published.
    mutating func saved() { self.version += 1 }

    private func stored(_ learners: [any Learner]) -> JSONObject {
        var object = JSONObject()
        for learner in learners { object[learner.algorithm.rawValue] = try? LearnerState.encode(learner) }
        return object
    }

    // MARK: State

    /// What is stored once the next snapshot is published.
    ///
    /// - Parameter published: the snapshot's learners.
    func nextState(_ published: JSONObject) -> JSONObject {
        // Mostly what is published is all that there is, and need not be made again.
        let isAll = self.learners.allSatisfy { !$0.remembersMoreThanItChoosesBy }
        return [
            "v": 1, "learners": .object(isAll ? published : self.stored(self.learners)),
            "version": .integer(self.version + 1), "statistics": .object(self.statistics.state),
            "availability": .object(self.availability.state), "details": .object(self.details.state),
            "commanded_at": .integer(self.commandedAt), "lessons": .integer(self.lessons),
        ]
    }

    /// The component of a stored state; learners that cannot be read, or are no longer asked for, begin anew.
    ///
    /// - Returns: nil for a state of a later format.
    init?(_ id: ComponentID, state: JSONObject, _ settings: FeedbackSettings) {
        guard state["v"]?.integerValue == 1 else { return nil }
        self.id = id
        self.version = state.tally("version")
        self.statistics = ComponentStatistics(state: state["statistics"]?.objectValue ?? [:])
        self.availability = ComponentSwitch(state: state["availability"]?.objectValue ?? [:])
        self.details = .restore(id.type, state["details"]?.objectValue ?? [:])
        self.commandedAt = state["commanded_at"]?.integerValue ?? 0
        self.lessons = state.tally("lessons")
        let count = FeatureVector.count(id.type)
        self.learners = settings.learners(of: id).compactMap { algorithm in
            let stored = state["learners"]?[algorithm.rawValue].flatMap { try? LearnerState.decode($0) }
            if let stored, stored.algorithm == algorithm, stored.armCount == 1, [0, count].contains(stored.featureCount) { return stored }
            return settings.fresh(algorithm, id)
        }
    }
}
