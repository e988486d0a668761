/// An experiment under way: who gets what, what came of it, and when it is decided; a pure state machine without clock or random source.
///
/// In the shadow phase everybody gets the control, and what the variants would have chosen is judged from the log
/// (``judge(_:by:)``). After enough rewards of the control it is active: variants get their shares. A variant that is enough better than the
/// control is promoted and ends the experiment; one that is enough worse is rolled back, and when all are, so is the experiment.
///
/// Both may be looked for after every reward: the intervals that they need hold at all times together (Robbins 1970; Waudby-Smith et al. 2021,
/// asymptotic confidence sequences). A rollback needs less certainty (``ExperimentDefinition/rollBackConfidence``): harm is to end early, and what
/// was unlucky can be tried again.
public struct Experiment: Sendable, Hashable {
    /// Where an experiment stands; the raw value is the text on the wire.
    public enum Phase: String, CaseIterable, Sendable, Hashable {
        /// Everybody gets the control. Next: `active`, `rolled_back`.
        case shadow
        /// Variants get their shares. Next: `promoted`, `rolled_back`.
        case active
        /// Everybody gets the variant that won. The end.
        case promoted
        /// Everybody gets the control. The end.
        case rolledBack = "rolled_back"

        /// Whether nothing can follow.
        public var isEnd: Bool { self == .promoted || self == .rolledBack }
    }

    /// What changed.
    public enum Event: Sendable, Hashable {
        /// The shadow phase is over.
        case activated
        /// A variant is better, and everybody gets it.
        case promoted(String)
        /// A variant is worse, and nobody gets it any more.
        case rolledBack(String)
        /// No variant is left.
        case ended
    }

    /// What a scope gets.
    public struct Assignment: Sendable, Hashable {
        /// The variant that chooses: ``ExperimentDefinition/control`` or the name of another.
        public let variant: String
        /// The variant that would have chosen, were the experiment active; that of the log's shadow.
        public let drawn: String
    }

    /// Its name, unique in the fleet.
    public let name: String
    /// What it compares.
    public let definition: ExperimentDefinition
    /// Where it stands.
    public internal(set) var phase: Phase
    /// The variant that won; nil before the end, and without one.
    public internal(set) var winner: String?
    /// What came of the control and of every variant, by their names.
    public internal(set) var arms: [String: ExperimentArm]

    /// Begins an experiment.
    public init(name: String, definition: ExperimentDefinition) {
        self.name = name
        self.definition = definition
        self.phase = definition.startsActive ? .active : .shadow
        self.arms = [ExperimentDefinition.control: ExperimentArm()]
        for variant in definition.variants { self.arms[variant.name] = ExperimentArm() }
    }

    // MARK: Allocation

    /// A number within 0 … 1 from a key: the first eight bytes of its SHA-256 digest, divided by 2⁶⁴ − 1 (spec §5.18).
    public static func share(of key: String) -> Double { Double(SHA256.prefix(Array(key.utf8))) / Double(UInt64.max) }

    /// What a scope gets: always the same in the same phase, and drawn independently of other experiments.
    ///
    /// - Parameter scope: the identity of the request, tree or session that the choice is drawn for.
    public func assignment(for scope: String) -> Assignment {
        let drawn = self.drawn(Self.share(of: "\(self.name)/\(scope)"))
        switch self.phase {
        case .shadow, .rolledBack: return Assignment(variant: ExperimentDefinition.control, drawn: drawn)
        case .promoted: return Assignment(variant: self.winner ?? ExperimentDefinition.control, drawn: drawn)
        case .active:
            let isOut = self.arms[drawn]?.isRolledBack ?? true
            return Assignment(variant: isOut ? ExperimentDefinition.control : drawn, drawn: drawn)
        }
    }

    /// The variant whose part of 0 … 1 holds a number; what is left behind the last is the control's.
    func drawn(_ share: Double) -> String {
        var sum = 0.0
        for variant in self.definition.variants {
            sum += variant.fraction
            if share < sum { return variant.name }
        }
        return ExperimentDefinition.control
    }

    // MARK: Rewards

    /// Counts a reward of a variant that was given, or of the control.
    ///
    /// After the end rewards are counted and change nothing else.
    /// - Returns: what changed by it.
    /// - Throws: a variant that is not known, a reward that is not finite or beyond ±10⁶; nothing is counted then.
    @discardableResult
    public mutating func record(_ reward: Double, of variant: String) throws(ExperimentError) -> [Event] {
        guard abs(reward) <= LearnerLimits.magnitude else {
            throw ExperimentError("A reward is within ±\(LearnerLimits.magnitude), not \(reward).")
        }
        guard var arm = self.arms[variant] else {
            throw ExperimentError("The experiment \(self.name) has no variant \"\(variant.prefix(40))\".")
        }
        arm.add(reward, baseline: self.baseline.pulls > 0 ? self.baseline.mean : nil)
        self.arms[variant] = arm
        switch self.phase {
        case .shadow:
            guard self.baseline.pulls >= self.definition.autoActivateAfter else { return [] }
            self.phase = .active
            return [.activated]
        case .active: return self.decide()
        case .promoted, .rolledBack: return []
        }
    }

    /// What came of the control.
    public var baseline: ExperimentArm { self.arms[ExperimentDefinition.control] ?? ExperimentArm() }

    /// How a variant does, compared with the control; nil before both have a reward.
    public func comparison(of variant: String) -> ExperimentComparison? {
        guard let arm = self.arms[variant], variant != ExperimentDefinition.control else { return nil }
        return ExperimentComparison(of: arm, with: self.baseline, definition: self.definition)
    }

    /// Decides over the variants in their order.
    private mutating func decide() -> [Event] {
        var events: [Event] = []
        for variant in self.definition.variants where self.arms[variant.name]?.isRolledBack == false {
            guard let comparison = self.comparison(of: variant.name), comparison.isJudged else { continue }
            if comparison.improvement >= self.definition.promoteAt, comparison.low > 0 {
                self.phase = .promoted
                self.winner = variant.name
                return events + [.promoted(variant.name)]
            }
            if comparison.improvement <= self.definition.rollBackAt, comparison.rollBackHigh < 0 { events += self.rollBack(variant.name) }
        }
        return events
    }

    private mutating func rollBack(_ variant: String) -> [Event] {
        self.arms[variant]?.isRolledBack = true
        guard self.definition.variants.allSatisfy({ self.arms[$0.name]?.isRolledBack == true }) else { return [.rolledBack(variant)] }
        self.phase = .rolledBack
        return [.rolledBack(variant), .ended]
    }

    // MARK: The shadow

    /// Takes in what the log says of a variant in the shadow phase; ignored in the others.
    ///
    /// One that is worse by as much as rolls a variant back, and surely worse than what was done, never gets its share. One that cannot be
    /// judged stays: the active phase measures it.
    /// - Returns: what changed by it.
    @discardableResult
    public mutating func judge(_ variant: String, by outcome: Result<OffPolicyEvaluation, EvaluationRefusal>) -> [Event] {
        guard self.phase == .shadow, self.definition.variant(variant) != nil, self.arms[variant]?.isRolledBack == false else { return [] }
        switch outcome {
        case .failure(let refusal):
            self.arms[variant]?.shadow = ShadowJudgement(refusal: refusal.description)
            return []
        case .success(let evaluation):
            self.arms[variant]?.shadow = ShadowJudgement(evaluation)
            guard evaluation.improvement <= self.definition.rollBackAt, evaluation.difference.high < 0 else { return [] }
            return self.rollBack(variant)
        }
    }
}
