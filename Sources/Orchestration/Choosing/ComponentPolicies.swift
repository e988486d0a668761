public import JSON

/// Knows what was learned about components, and says how probable each of several is as a choice.
///
/// Called from any task, and several times at once; must not block.
public protocol ComponentPolicies: Sendable {
    /// Whether a component may not be chosen, and a request that names it as its orchestrator is skipped.
    ///
    /// Asked for every request: answer at once when nothing is disabled.
    func isDisabled(_ component: ComponentID) -> Bool

    /// The candidates that may be chosen, with their probabilities.
    func odds(of question: ComponentQuestion) -> ComponentOdds

    /// What is known of a component; nil when nothing is, which is what policies say that do not implement it.
    func knowledge(of component: ComponentID) -> ComponentKnowledge?

    /// The reward that was learned to expect of a component in a situation; nil when nothing was, which is what policies say that do not
    /// implement it.
    func expectedReward(of component: ComponentID, in situation: JSONObject) -> Double?
}

extension ComponentPolicies {
    /// Nothing is known.
    public func knowledge(of component: ComponentID) -> ComponentKnowledge? { nil }

    /// Nothing was learned.
    public func expectedReward(of component: ComponentID, in situation: JSONObject) -> Double? { nil }
}

/// Components to choose from, and for what.
public struct ComponentQuestion: Sendable, Hashable {
    /// What kind of component is asked for.
    public var type: ComponentType
    /// The ids to choose from, each once; at least one.
    public var candidates: [String]
    /// What the component is needed for, by name; what the features are made of.
    public var situation: JSONObject
    /// For whom.
    public var tenantID: String
    /// Who has to agree on the choice.
    public var scope: DecisionScope
    /// The scope's identity.
    public var scopeID: String

    /// Creates a question from its members, which are not checked.
    public init(
        type: ComponentType,
        candidates: [String],
        situation: JSONObject = JSONObject(),
        tenantID: String,
        scope: DecisionScope = .request,
        scopeID: String
    ) {
        self.type = type
        self.candidates = candidates
        self.situation = situation
        self.tenantID = tenantID
        self.scope = scope
        self.scopeID = scopeID
    }
}

/// How probable each of several components is as a choice.
public struct ComponentOdds: Sendable, Hashable {
    /// A component that may be chosen.
    public struct Candidate: Sendable, Hashable {
        /// The component's id.
        public var id: String
        /// With which it is chosen, 1 together with those of all others; 0 for one that an experiment gives to others only.
        public var probability: Double
        /// The probability that is logged: what it is over all variants of an experiment; nil where that is the probability itself.
        public var propensity: Double?
        /// The version of the policy that says so; 0 when nothing is known.
        public var policyVersion: Int64

        /// Creates a candidate from its members, which are not checked.
        public init(id: String, probability: Double, propensity: Double? = nil, policyVersion: Int64 = 0) {
            self.id = id
            self.probability = probability
            self.propensity = propensity
            self.policyVersion = policyVersion
        }
    }

    /// In the order in which they were asked for, without those that are disabled.
    public var candidates: [Candidate]
    /// The experiment that had a say, if one had.
    public var experiment: Decision.Experiment?
    /// A variant of the experiment that is only looked at: what it would choose is logged.
    public var shadow: Shadow?

    /// A variant that is not given to anybody yet.
    public struct Shadow: Sendable, Hashable {
        /// Its name.
        public var variant: String
        /// How probable it would make each candidate.
        public var candidates: [Candidate]

        /// Creates a shadow from its members, which are not checked.
        public init(variant: String, candidates: [Candidate]) {
            self.variant = variant
            self.candidates = candidates
        }
    }

    /// Creates odds from their members, which are not checked.
    public init(candidates: [Candidate], experiment: Decision.Experiment? = nil, shadow: Shadow? = nil) {
        self.candidates = candidates
        self.experiment = experiment
        self.shadow = shadow
    }
}

/// Knows nothing: all candidates are alike, and none is disabled.
public struct UniformPolicies: ComponentPolicies {
    /// Creates policies; they hold nothing.
    public init() {}

    /// Never.
    public func isDisabled(_ component: ComponentID) -> Bool { false }

    /// Each with the same probability.
    public func odds(of question: ComponentQuestion) -> ComponentOdds {
        let probability = 1 / Double(max(1, question.candidates.count))
        return ComponentOdds(candidates: question.candidates.map { ComponentOdds.Candidate(id: $0, probability: probability) })
    }
}
