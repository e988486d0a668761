/// What a candidate policy would have earned, estimated from decisions of another policy.
///
/// With w = π(chosen)/propensity, r the reward and q̂ a reward model that has not seen the decision: IPS is the mean of w·r (Horvitz, Thompson
/// 1952), self-normalised IPS is Σw·r/Σw, and the doubly robust estimate is the mean of Σπ(a)·q̂(a) + w·(r − q̂(chosen)) (Dudík, Langford, Li
/// 2011), with q̂ cross-fitted over five parts of the log. All are about decisions like those of the log, for a policy that does not learn on.
public struct OffPolicyEvaluation: Sendable, Hashable {
    /// The candidate's name.
    public let policy: String
    /// Decisions of the log.
    public let count: Int
    /// What the log's own policy earned: the mean reward.
    public let logged: Estimate
    /// Inverse propensity scoring: unbiased where weights are not clipped, and the least exact.
    public let inversePropensity: Estimate
    /// The same, divided by the mean weight: a little biased, within the rewards seen, more exact.
    public let selfNormalized: Estimate
    /// Usually the most exact.
    public let doublyRobust: Estimate
    /// The doubly robust estimate minus what was earned, decision by decision, so that what both share cancels.
    public let difference: Estimate
    /// (Σw)²/Σw²: how many decisions of the candidate's own the log counts like (Kish 1965).
    public let effectiveSize: Double
    /// The mean weight before clipping; 1 is expected.
    public let meanWeight: Double
    /// The largest weight before clipping.
    public let largestWeight: Double
    /// The weight that larger ones were cut to.
    public let maximumWeight: Double
    /// The share of decisions whose weight was clipped.
    public let clippedShare: Double

    /// The difference as a share of what was earned; infinite, or 0, where nothing was earned.
    public var improvement: Double { Self.relative(self.difference.value, to: self.logged.value) }

    static func relative(_ difference: Double, to base: Double) -> Double {
        guard base == 0 else { return difference / abs(base) }
        return difference == 0 ? 0 : difference > 0 ? .infinity : -.infinity
    }

    /// How estimates are made, and what they need.
    public struct Settings: Sendable, Hashable {
        /// The share of intervals that hold the true value; .95.
        public var confidence: Double
        /// How intervals are made; ``IntervalMethod/normal``.
        ///
        /// Self-normalised IPS has no Bernstein bound and gets a normal interval then.
        public var method: IntervalMethod
        /// The largest weight; larger ones count as this, which moves the estimate towards too little for good candidates.
        ///
        /// Nil, the default, stands for √n, at least 10: the estimate stays consistent (Ionides 2008).
        public var maximumWeight: Double?
        /// The effective sample size that is needed; 50 (spec §5.14).
        public var minimumEffectiveSize: Double
        /// The share of the candidate's choices that may be without support, each at the cost of at most one reward; .01.
        public var tolerance: Double
        /// Seeds the bootstrap's draws.
        public var seed: UInt64

        /// Makes settings from the defaults.
        public init(
            confidence: Double = 0.95,
            method: IntervalMethod = .normal,
            maximumWeight: Double? = nil,
            minimumEffectiveSize: Double = 50,
            tolerance: Double = 0.01,
            seed: UInt64 = 1
        ) {
            self.confidence = min(max(confidence, 0.5), 0.999_999)
            self.method = method
            self.maximumWeight = maximumWeight
            self.minimumEffectiveSize = minimumEffectiveSize
            self.tolerance = tolerance
            self.seed = seed
        }
    }

    /// Judges a candidate.
    ///
    /// - Parameter log: decisions with rewards, each decision once; not those the candidate was trained on.
    /// - Throws: ``EvaluationRefusal`` for a candidate that the log cannot judge.
    public init(
        of candidate: some CandidatePolicy,
        on log: [LoggedDecision],
        settings: Settings = Settings()
    ) throws(EvaluationRefusal) {
        guard !log.isEmpty else { throw .empty }
        let distributions = log.map { candidate.probabilities(features: $0.features, among: $0.candidates) }
        let weights = zip(log, distributions).map { $1[$0.chosen] / $0.propensity }
        let support = Support(log, distributions, weights)
        try support.check(candidate.name, settings)

        let maximum = settings.maximumWeight ?? max(10, Double(log.count).squareRoot())
        let clipped = weights.map { min($0, maximum) }
        let terms = Terms(log, distributions, clipped)
        let estimates = terms.estimates(settings, maximumWeight: maximum)
        self.policy = candidate.name
        self.count = log.count
        self.logged = estimates.logged
        self.inversePropensity = estimates.inversePropensity
        self.selfNormalized = estimates.selfNormalized
        self.doublyRobust = estimates.doublyRobust
        self.difference = estimates.difference
        self.effectiveSize = support.effectiveSize
        self.meanWeight = support.meanWeight
        self.largestWeight = weights.max() ?? 0
        self.maximumWeight = maximum
        self.clippedShare = Double(weights.count { $0 > maximum }) / Double(log.count)
    }
}

/// Whether the log can tell anything of the candidate.
private struct Support {
    let count: Int
    /// Decisions in which the candidate would choose what was none of the candidates, at least half of the time.
    let foreign: Int
    /// The share of the candidate's choices of that kind.
    let foreignShare: Double
    /// The share of the candidate's choices that were impossible because another one was certain.
    let impossibleShare: Double
    let meanWeight: Double
    let weightError: Double
    let effectiveSize: Double

    init(_ log: [LoggedDecision], _ distributions: [[Double]], _ weights: [Double]) {
        let count = Double(log.count)
        let missing = distributions.map { max(0, 1 - $0.reduce(0, +)) }
        self.count = log.count
        self.foreign = missing.count { $0 >= 0.5 }
        self.foreignShare = missing.reduce(0, +) / count
        var impossible = 0.0
        for (index, entry) in log.enumerated() where entry.propensity > 1 - 1e-9 {
            impossible += max(0, 1 - missing[index] - distributions[index][entry.chosen])
        }
        self.impossibleShare = impossible / count
        let sum = weights.reduce(0, +)
        let squares = weights.reduce(0) { $0 + $1 * $1 }
        self.meanWeight = sum / count
        self.weightError = (max(0, squares / count - (sum / count) * (sum / count)) / count).squareRoot()
        self.effectiveSize = squares > 0 ? sum * sum / squares : 0
    }

    func check(_ policy: String, _ settings: OffPolicyEvaluation.Settings) throws(EvaluationRefusal) {
        guard self.foreignShare <= settings.tolerance else {
            throw .noCandidate(policy: policy, decisions: max(1, self.foreign), of: self.count)
        }
        guard self.impossibleShare <= settings.tolerance else {
            throw .noSupport(policy: policy, share: self.impossibleShare, of: self.count)
        }
        guard self.effectiveSize >= settings.minimumEffectiveSize else {
            throw .fewSamples(policy: policy, effective: self.effectiveSize, minimum: settings.minimumEffectiveSize, of: self.count)
        }
        // Chance would hardly take so much away from the mean of the weights.
        guard self.meanWeight + 3 * self.weightError >= 1 - max(0.05, settings.tolerance) else {
            throw .neverChosen(policy: policy, meanWeight: self.meanWeight, of: self.count)
        }
    }
}
