public import JSON

/// Who has to agree on a choice: it is drawn once for all of them (field study §5.7).
public enum DecisionScope: String, CaseIterable, Sendable, Hashable {
    /// One request with its retries and redeliveries.
    case request
    /// All requests of a job tree.
    case tree
    /// All requests of a session: those whose context has the same `session_id` in its metadata.
    case session
}

/// A component that was chosen among candidates, with the probability of that choice: what a reward is learned by.
///
/// It stands in the reply's metadata under `decisions`, and on the topic `feedback.decisions`.
public struct Decision: Sendable, Hashable {
    /// The longest id, in bytes: who joins rewards to decisions keeps the ids of those that wait.
    package static let idBytes = 256

    /// Identity: equal for equal scopes, types and names, so that a repeated request repeats it.
    public var id: String
    /// The chosen component.
    public var chosen: ComponentID
    /// The ids it was chosen among, in the order they were given; those that were disabled are left out.
    public var candidates: [String]
    /// The probability of the choice, above 0 and at most 1.
    public var propensity: Double
    /// The version of the chosen component's policy; 0 when there was none, and the prior chose.
    public var policyVersion: Int64
    /// The situation that it was chosen for, by name; what the features are made of.
    public var situation: JSONObject
    /// Who has to agree on it.
    public var scope: DecisionScope
    /// The scope's identity: a request's, a tree's or a session's id.
    public var scopeID: String
    /// The request that the choice was made for.
    public var requestID: String
    /// The root of the request's tree.
    public var rootID: String
    /// How many orchestrators stood above the one that chose.
    public var depth: Int
    /// Seconds since 1970.
    public var decidedAt: Double
    /// The experiment that had a say, if one had, and the variant it gave.
    public var experiment: Experiment?

    /// A share that an experiment had in a decision.
    public struct Experiment: Sendable, Hashable {
        /// The experiment's name.
        public var name: String
        /// The variant that the scope was given: `control` or the name of another.
        public var variant: String
        /// What another variant would have chosen; nil where none would have been given.
        public var shadow: Shadow?

        /// Names an experiment and the variant it gave.
        public init(name: String, variant: String, shadow: Shadow? = nil) {
            self.name = name
            self.variant = variant
            self.shadow = shadow
        }
    }

    /// What a variant would have chosen that is only looked at.
    public struct Shadow: Sendable, Hashable {
        /// The variant that the scope would have been given.
        public var variant: String
        /// The id of the component it would have chosen.
        public var componentID: String

        /// Names a variant and its choice.
        public init(variant: String, componentID: String) {
            self.variant = variant
            self.componentID = componentID
        }
    }

    /// Creates a decision from its members, which are not checked.
    public init(
        id: String,
        chosen: ComponentID,
        candidates: [String],
        propensity: Double,
        policyVersion: Int64 = 0,
        situation: JSONObject = JSONObject(),
        scope: DecisionScope = .request,
        scopeID: String,
        requestID: String,
        rootID: String,
        depth: Int = 0,
        decidedAt: Double,
        experiment: Experiment? = nil
    ) {
        self.id = id
        self.chosen = chosen
        self.candidates = candidates
        self.propensity = propensity
        self.policyVersion = policyVersion
        self.situation = situation
        self.scope = scope
        self.scopeID = scopeID
        self.requestID = requestID
        self.rootID = rootID
        self.depth = depth
        self.decidedAt = decidedAt
        self.experiment = experiment
    }
}
