/// Learns from rewards which of its arms to choose: a pure value with neither clock nor random source of its own.
///
/// Arms are indices from 0. A learner states the probability of each candidate (``probabilities(features:among:minimumExploration:)``),
/// and a choice is drawn from exactly these: so the propensity that is logged is the probability with which the arm was chosen, also
/// where it has no closed form. Choosing changes nothing; only ``learn(_:)`` does. Equal scores share their probability equally, so that
/// no arm gains by its index.
public protocol Learner: Codable, Sendable {
    /// What this learner is, also in its stored state.
    var algorithm: LearnerAlgorithm { get }
    /// How many arms there are.
    var armCount: Int { get }
    /// How many features a context has; 0 when the learner reads none.
    var featureCount: Int { get }

    /// The probability of each candidate; inputs have been checked. Call ``probabilities(features:among:minimumExploration:)`` instead.
    func distribution(features: [Double], among arms: [Int]) -> [Double]

    /// The probability of each of several arms, each learned by a learner of its own with this one arm: what one learner of all of them
    /// would say. Inputs have been checked. Call ``LearnerAlgorithm/probabilities(of:features:minimumExploration:)`` instead.
    ///
    /// - Throws: ``LearnerError/separate(_:)`` when the algorithm needs all arms in one learner.
    static func distribution(of learners: [Self], features: [Double]) throws(LearnerError) -> [Double]

    /// Learns from an observation that has been checked. Call ``learn(_:)`` instead.
    mutating func absorb(_ observation: Observation)

    /// Adds an arm that nothing is known of, or what `prior` says.
    ///
    /// - Throws: ``LearnerError/size(_:)`` when there is no room for another.
    mutating func addArm(prior: ColdStartPrior?) throws(LearnerError)

    /// Whether the sizes and numbers fit together; a stored state is checked with it before it is used.
    func validate() throws(LearnerError)

    /// Whether learning needs more than choosing does, such as the last contexts; false unless a learner says otherwise.
    var remembersMoreThanItChoosesBy: Bool { get }

    /// What choosing needs: gives the same probabilities, and is what workers get; all of it unless a learner says otherwise.
    func forChoosing() -> Self
}

extension Learner {
    /// Learning needs nothing else.
    public var remembersMoreThanItChoosesBy: Bool { false }
    /// All of it.
    public func forChoosing() -> Self { self }
}

/// What is known of one choice after its reward.
public struct Observation: Sendable, Hashable {
    /// The context in which the arm was chosen; ignored by learners that read no features.
    public var features: [Double]
    /// The chosen arm.
    public var arm: Int
    /// What came of it; most formulas are made for 0 … 1.
    public var reward: Double
    /// The probability with which the arm was chosen, as it was logged.
    public var propensity: Double
    /// How much the observation counts, such as a signal's confidence (spec §5.4); 1 by default, 0 for not at all.
    public var weight: Double

    /// Creates an observation; nothing is checked before it is learned.
    public init(features: [Double] = [], arm: Int, reward: Double, propensity: Double = 1, weight: Double = 1) {
        self.features = features
        self.arm = arm
        self.reward = reward
        self.propensity = propensity
        self.weight = weight
    }
}

extension Learner {
    /// The probability of each candidate, in their order; they sum to 1.
    ///
    /// - Parameters:
    ///   - features: the context; ignored when ``featureCount`` is 0.
    ///   - arms: the candidates, each at most once.
    ///   - minimumExploration: the share of choices that is uniform whatever the learner thinks: every candidate has at least this,
    ///     divided by their number. With 0, the default, learners such as UCB leave other arms no support for off-policy estimates.
    /// - Throws: ``LearnerError`` for features and arms that are not this learner's.
    public func probabilities(
        features: [Double],
        among arms: [Int],
        minimumExploration: Double = 0
    ) throws(LearnerError) -> [Double] {
        try self.check(features)
        try self.check(arms)
        guard (0...1).contains(minimumExploration) else {
            throw .weight("The minimum exploration is 0 to 1, not \(minimumExploration).")
        }
        return self.distribution(features: features, among: arms).mixed(minimumExploration: minimumExploration)
    }

    /// Draws an arm; see ``probabilities(features:among:minimumExploration:)`` for the parameters and errors.
    public func choose(
        features: [Double] = [],
        among arms: [Int],
        minimumExploration: Double = 0,
        using generator: inout some RandomNumberGenerator
    ) throws(LearnerError) -> Choice {
        let draw = Double.random(in: 0..<1, using: &generator)
        return try self.choose(features: features, among: arms, minimumExploration: minimumExploration, draw: draw)
    }

    /// The arm that a number decides: equal numbers give equal arms, so that a request and its retries agree.
    ///
    /// - Parameter draw: uniform from 0 up to but not including 1, made from a stable hash, say; that makes the propensity true.
    /// - Throws: ``LearnerError``; ``LearnerError/weight(_:)`` for a draw outside its range.
    public func choose(
        features: [Double] = [],
        among arms: [Int],
        minimumExploration: Double = 0,
        draw: Double
    ) throws(LearnerError) -> Choice {
        guard draw >= 0, draw < 1 else { throw .weight("A draw is from 0 up to but not including 1, not \(draw).") }
        let probabilities = try self.probabilities(features: features, among: arms, minimumExploration: minimumExploration)
        return Choice(among: arms, probabilities: probabilities, draw: draw)
    }

    /// Learns what came of a choice.
    ///
    /// - Throws: ``LearnerError`` for what is not finite, too large or unknown; the learner is unchanged then.
    public mutating func learn(_ observation: Observation) throws(LearnerError) {
        try self.check(observation.features)
        guard (0..<self.armCount).contains(observation.arm) else {
            throw .arms("There is no arm \(observation.arm) among \(self.armCount).")
        }
        guard abs(observation.reward) <= LearnerLimits.magnitude else {
            throw .reward("A reward is within ±\(LearnerLimits.magnitude), not \(observation.reward).")
        }
        guard observation.propensity > 0, observation.propensity <= 1 else {
            throw .weight("A propensity is above 0 and at most 1, not \(observation.propensity).")
        }
        guard (0...LearnerLimits.weight).contains(observation.weight) else {
            throw .weight("A weight is 0 to \(LearnerLimits.weight), not \(observation.weight).")
        }
        if observation.weight > 0 { self.absorb(observation) }
    }

    func check(_ features: [Double]) throws(LearnerError) {
        guard self.featureCount > 0 else { return }
        guard features.count == self.featureCount else {
            throw .features("The context has \(features.count) features; this learner reads \(self.featureCount).")
        }
        for (index, value) in features.enumerated() where !(abs(value) <= LearnerLimits.magnitude) {
            throw .features("Feature \(index) is \(value); features are within ±\(LearnerLimits.magnitude).")
        }
    }

    private func check(_ arms: [Int]) throws(LearnerError) {
        guard !arms.isEmpty else { throw .arms("There is no arm to choose from.") }
        var seen = [Bool](repeating: false, count: self.armCount)
        for arm in arms {
            guard seen.indices.contains(arm) else { throw .arms("There is no arm \(arm) among \(self.armCount).") }
            guard !seen[arm] else { throw .arms("Arm \(arm) stands twice among the candidates.") }
            seen[arm] = true
        }
    }
}

extension [Double] {
    /// Probabilities of which this share is spread over all.
    func mixed(minimumExploration: Double) -> [Double] {
        guard minimumExploration > 0 else { return self }
        return self.map { (1 - minimumExploration) * $0 + minimumExploration / Double(self.count) }
    }
}
