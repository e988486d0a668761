public import Orchestration
import Synchronization
public import Wire

/// The newest policy snapshot of every component, as the compacted policies topic tells it, and what follows from them for a choice; readable
/// from any thread.
public final class PolicyTable: ComponentPolicies {
    private let entries = Mutex<[ComponentID: PolicyEntry]>([:])
    /// How many components are disabled: who asks need not lock while there are none.
    private let disabledCount = Atomic<Int>(0)
    private let algorithms: [ComponentType: LearnerAlgorithm]
    private let minimumExploration: Double
    private let board = ExperimentBoard()
    private let standings = Mutex<[Int32: PartitionStanding]>([:])
    private let priors = Mutex<[ComponentType: [LearnerAlgorithm: any Learner]]>([:])

    /// The share of choices that is uniform unless something else is asked for: it keeps every propensity above 0, so that what was logged can
    /// tell what another policy would have earned.
    public static let minimumExploration = 0.02

    /// Creates a table that knows no component.
    ///
    /// - Parameters:
    ///   - algorithms: by which learner components of a type are chosen; for those not named, by the first one in the newest of the candidates'
    ///     snapshots. By one that cannot be put together from arms (``LearnerAlgorithm/ucb2``), all candidates are alike.
    ///   - minimumExploration: the share of choices that is uniform whatever the learners think, moved into 0 … 1.
    public init(
        algorithms: [ComponentType: LearnerAlgorithm] = [:],
        minimumExploration: Double = PolicyTable.minimumExploration
    ) {
        self.algorithms = algorithms
        self.minimumExploration = minimumExploration.isNaN ? Self.minimumExploration : min(max(minimumExploration, 0), 1)
    }

    /// Takes a record of the policies topic: a component's snapshot, how an experiment stands, or how the learning loop stands in a
    /// partition; a null value forgets it.
    ///
    /// - Returns: the component; nil for a key that names none.
    /// - Throws: what breaks the contract; then nothing changes.
    @discardableResult
    public func take(key: [UInt8], value: [UInt8]?) throws(WireError) -> ComponentID? {
        if let name = ExperimentStanding.name(of: key) {
            let standing = try value.map { (value) throws(WireError) in try ExperimentStanding(decoding: value) }
            if let standing, standing.experiment.name != name { throw WireError(.invalid, "the key names another experiment") }
            self.board.take(name, standing)
            return nil
        }
        if let partition = PartitionStanding.partition(of: key) {
            let standing = try value.map { (value) throws(WireError) in try PartitionStanding(decoding: value) }
            if let standing, standing.partition != partition { throw WireError(.invalid, "the key names another partition") }
            self.standings.withLock { $0[partition] = standing }
            return nil
        }
        guard let text = String(validating: key, as: UTF8.self), let component = ComponentID(text) else { return nil }
        if let value {
            let snapshot = try PolicySnapshot(decoding: value)
            guard snapshot.component == component else { throw WireError(.invalid, "the key names another component") }
            self.take(snapshot)
        } else {
            self.replace(component, with: nil)
        }
        return component
    }

    /// Takes a snapshot; a later one of the same component replaces it.
    public func take(_ snapshot: PolicySnapshot) { self.replace(snapshot.component, with: PolicyEntry(snapshot)) }

    private func replace(_ component: ComponentID, with entry: PolicyEntry?) {
        self.entries.withLock { entries in
            let change = (entry?.isDisabled == true ? 1 : 0) - (entries[component]?.isDisabled == true ? 1 : 0)
            entries[component] = entry
            self.disabledCount.add(change, ordering: .releasing)
        }
    }

    /// What is known of a component; nil when nothing is.
    public func snapshot(of component: ComponentID) -> PolicySnapshot? { self.entries.withLock { $0[component]?.snapshot } }

    /// The experiments that are under way or decided, by their names.
    public var experiments: [ExperimentStanding] { self.board.standings }

    /// How the learning loop stands in each partition that is heard of, in order.
    public var partitions: [PartitionStanding] { self.standings.withLock { $0.values.sorted { $0.partition < $1.partition } } }

    /// What is known of all components, in no order.
    public var snapshots: [PolicySnapshot] { self.entries.withLock { $0.values.map(\.snapshot) } }

    /// How many components something is known of.
    public var count: Int { self.entries.withLock { $0.count } }

    // MARK: Choosing

    /// Whether a snapshot says so; an atomic load when no component is disabled.
    public func isDisabled(_ component: ComponentID) -> Bool {
        guard self.disabledCount.load(ordering: .acquiring) > 0 else { return false }
        return self.entries.withLock { $0[component]?.isDisabled ?? false }
    }

    /// The candidates that are not disabled, as probable as an experiment's variant, or else the table's algorithm for them, says.
    public func odds(of question: ComponentQuestion) -> ComponentOdds {
        self.board.odds(of: question) { self.candidates(of: question, by: $0) } ?? self.usualOdds(of: question)
    }

    /// The candidates that are not disabled, as a policy has them; nil for a policy that cannot be followed now.
    private func candidates(of question: ComponentQuestion, by policy: PolicyName) -> [ComponentOdds.Candidate]? {
        switch policy {
        case .current: return self.usualOdds(of: question).candidates
        case .uniform: return UniformPolicies().odds(of: self.withoutDisabled(question)).candidates
        case .algorithm(let algorithm): return try? self.odds(of: question, by: algorithm).candidates
        case .arm(let arm):
            let open = self.withoutDisabled(question).candidates
            guard open.contains(arm) else { return nil }
            let probabilities = open.map { $0 == arm ? 1.0 : 0 }.mixed(minimumExploration: self.minimumExploration)
            return zip(open, probabilities).map { id, probability in
                let version = self.snapshot(of: ComponentID(question.type, id))?.policyVersion ?? 0
                return ComponentOdds.Candidate(id: id, probability: probability, policyVersion: version)
            }
        }
    }

    private func usualOdds(of question: ComponentQuestion) -> ComponentOdds {
        do {
            return try self.odds(of: question, by: self.algorithm(for: question))
        } catch {
            return UniformPolicies().odds(of: self.withoutDisabled(question))
        }
    }

    /// What their owner has put first, as the newest of their snapshots says.
    private func algorithm(for question: ComponentQuestion) -> LearnerAlgorithm {
        if let algorithm = self.algorithms[question.type] { return algorithm }
        let newest = self.entries.withLock { entries in
            question.candidates.compactMap { entries[ComponentID(question.type, $0)] }.filter { $0.first != nil }
                .max { $0.snapshot.updatedAt < $1.snapshot.updatedAt }
        }
        return newest?.first ?? .standard(for: question.type)
    }

    /// The candidates that are not disabled, as probable as an algorithm says.
    ///
    /// Components that nothing is known of, or by other algorithms only, count as its prior.
    /// - Throws: ``LearnerError/separate(_:)`` for ``LearnerAlgorithm/ucb2``; ``LearnerError/arms(_:)`` for more candidates than a learner has arms.
    public func odds(of question: ComponentQuestion, by algorithm: LearnerAlgorithm) throws(LearnerError) -> ComponentOdds {
        let known = self.entries.withLock { entries in question.candidates.map { entries[ComponentID(question.type, $0)] } }
        let open = zip(question.candidates, known).filter { $0.1?.isDisabled != true }
        guard !open.isEmpty else { return ComponentOdds(candidates: []) }
        let prior = try self.prior(algorithm, question.type)
        let probabilities = try algorithm.probabilities(
            of: open.map { $0.1?.learner(algorithm) ?? prior },
            features: algorithm.isContextual ? FeatureVector.make(question.type, question.situation) : [],
            minimumExploration: self.minimumExploration
        )
        return ComponentOdds(
            candidates: zip(open, probabilities).map { candidate, probability in
                ComponentOdds.Candidate(
                    id: candidate.0,
                    probability: probability,
                    policyVersion: candidate.1?.snapshot.policyVersion ?? 0
                )
            }
        )
    }

    private func withoutDisabled(_ question: ComponentQuestion) -> ComponentQuestion {
        var question = question
        question.candidates.removeAll { self.isDisabled(ComponentID(question.type, $0)) }
        return question
    }

    /// Made once for each type and algorithm.
    private func prior(_ algorithm: LearnerAlgorithm, _ type: ComponentType) throws(LearnerError) -> any Learner {
        if let prior = self.priors.withLock({ $0[type]?[algorithm] }) { return prior }
        let prior = try algorithm.prior(features: FeatureVector.count(type))
        self.priors.withLock { $0[type, default: [:]][algorithm] = prior }
        return prior
    }
}

/// A snapshot and its learners, each decoded when it is first asked for.
private final class PolicyEntry: Sendable {
    let snapshot: PolicySnapshot
    let isDisabled: Bool
    /// The learner that its owner has put first; nil when there is none that is known here.
    let first: LearnerAlgorithm?
    /// Nil inside for what is not there or cannot be read.
    private let learners = Mutex<[LearnerAlgorithm: (any Learner)?]>([:])

    init(_ snapshot: PolicySnapshot) {
        self.snapshot = snapshot
        self.isDisabled = snapshot.availability == .disabled
        self.first = snapshot.learners.keys.first.flatMap { LearnerAlgorithm(rawValue: $0) }
    }

    func learner(_ algorithm: LearnerAlgorithm) -> (any Learner)? {
        self.learners.withLock { learners in
            if let known = learners[algorithm] { return known }
            let learner = self.snapshot.learners[algorithm.rawValue].flatMap { try? LearnerState.decode($0) }
            learners.updateValue(learner, forKey: algorithm)
            return learner
        }
    }
}
