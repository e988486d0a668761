/// The learners by their names in commands, policies and stored states.
public enum LearnerAlgorithm: String, Sendable, Hashable, Codable, CaseIterable {
    /// ``EpsilonGreedy``.
    case epsilonGreedy = "epsilon_greedy"
    /// ``UCB/Rule/ucb1``.
    case ucb1
    /// ``UCB/Rule/tuned``.
    case ucb1Tuned = "ucb1_tuned"
    /// ``UCB2``.
    case ucb2
    /// ``UCB/Rule/normal(z:)``.
    case ucbNormal = "ucb_normal"
    /// ``UCB/Rule/bernstein``.
    case ucbBernstein = "ucb_bernstein"
    /// ``UCB/Rule/discounted(gamma:)``.
    case ucbDiscounted = "ucb_discounted"
    /// ``ThompsonSampling``.
    case thompson
    /// ``ThompsonSampling`` with a discount.
    case thompsonDiscounted = "thompson_discounted"
    /// ``LinUCB`` with ``FullRidge``.
    case linUCB = "lin_ucb"
    /// ``LinUCB`` with ``DiagonalRidge``.
    case linUCBDiagonal = "lin_ucb_diagonal"
    /// ``LinTS`` with ``FullRidge``.
    case linTS = "lin_ts"
    /// ``LinTS`` with ``FullRidge`` and a discount, for a world that changes.
    case linTSDiscounted = "lin_ts_discounted"
    /// ``LinTS`` with ``DiagonalRidge``.
    case linTSDiagonal = "lin_ts_diagonal"
    /// ``DoublyRobust``.
    case doublyRobust = "doubly_robust"
    /// ``OffsetTree``.
    case offsetTree = "offset_tree"

    /// Whether the learner reads a context.
    public var isContextual: Bool {
        switch self {
        case .linUCB, .linUCBDiagonal, .linTS, .linTSDiscounted, .linTSDiagonal, .doublyRobust, .offsetTree: true
        default: false
        }
    }

    /// A learner that knows nothing, with its default parameters.
    ///
    /// Discounts are .998: the last 500 observations make up most of what is known; of ``linTSDiscounted`` .98, the last 50, because a
    /// component's learner fades by its own observations only.
    /// - Parameter features: the length of a context; context-free learners ignore it.
    /// - Throws: ``LearnerError/size(_:)`` for what is too large, or no arms.
    public func make(arms: Int, features: Int) throws(LearnerError) -> any Learner {
        switch self {
        case .epsilonGreedy: try EpsilonGreedy(arms: arms)
        case .ucb1: try UCB(arms: arms, rule: .ucb1)
        case .ucb1Tuned: try UCB(arms: arms, rule: .tuned)
        case .ucb2: try UCB2(arms: arms)
        case .ucbNormal: try UCB(arms: arms, rule: .normal(z: 1.96))
        case .ucbBernstein: try UCB(arms: arms, rule: .bernstein)
        case .ucbDiscounted: try UCB(arms: arms, rule: .discounted(gamma: 0.998))
        case .thompson: try ThompsonSampling(arms: arms)
        case .thompsonDiscounted: try ThompsonSampling(arms: arms, discount: 0.998)
        case .linUCB: try LinUCB<FullRidge>(arms: arms, features: features)
        case .linUCBDiagonal: try LinUCB<DiagonalRidge>(arms: arms, features: features)
        case .linTS: try LinTS<FullRidge>(arms: arms, features: features)
        case .linTSDiscounted: try LinTS<FullRidge>(arms: arms, features: features, discount: 0.98)
        case .linTSDiagonal: try LinTS<DiagonalRidge>(arms: arms, features: features)
        case .doublyRobust: try DoublyRobust(arms: arms, features: features)
        case .offsetTree: try OffsetTree(arms: arms, features: features)
        }
    }

    /// The type whose values stand in a stored state.
    var type: any Learner.Type {
        switch self {
        case .epsilonGreedy: EpsilonGreedy.self
        case .ucb1, .ucb1Tuned, .ucbNormal, .ucbBernstein, .ucbDiscounted: UCB.self
        case .ucb2: UCB2.self
        case .thompson, .thompsonDiscounted: ThompsonSampling.self
        case .linUCB: LinUCB<FullRidge>.self
        case .linUCBDiagonal: LinUCB<DiagonalRidge>.self
        case .linTS, .linTSDiscounted: LinTS<FullRidge>.self
        case .linTSDiagonal: LinTS<DiagonalRidge>.self
        case .doublyRobust: DoublyRobust.self
        case .offsetTree: OffsetTree.self
        }
    }
}
