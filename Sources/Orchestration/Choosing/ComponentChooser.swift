import JSON

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Chooses components for orchestrators: as probably as the policies say, and once for all who have to agree on a choice.
///
/// One for a process: what was drawn is remembered, so that a retry and a sibling agree although the policies have moved meanwhile. Where
/// nothing is remembered, such as in another process, they agree all the same unless the policies have moved: each candidate draws a number
/// from a hash of the scope, the type, the choice's name and its own id, and the smallest −ln(u)/p wins. So each is chosen with exactly its
/// probability p, and when probabilities move, or candidates come and go, as few choices change as can be (weighted rendezvous hashing).
public final class ComponentChooser: Sendable {
    /// Candidates of one choice at most.
    public static let maximumCandidates = 256
    /// Bytes of a candidate's id at most, as of every component's.
    public static let maximumIDBytes = 256
    /// All candidates are alike, and nothing is remembered, as nothing moves: what a context has unless it is given another.
    public static let uniform = ComponentChooser(policies: UniformPolicies(), remembering: 0)

    private let policies: any ComponentPolicies
    private let memory: DecisionMemory

    /// Creates a chooser.
    ///
    /// - Parameter remembering: how many decisions are remembered; 10,000 by default.
    public init(policies: any ComponentPolicies, remembering: Int = 10_000) {
        self.policies = policies
        self.memory = DecisionMemory(capacity: remembering)
    }

    /// Whether a component may not be chosen.
    public func isDisabled(_ component: ComponentID) -> Bool { self.policies.isDisabled(component) }

    func knowledge(of component: ComponentID) -> ComponentKnowledge? { self.policies.knowledge(of: component) }

    func expectedReward(of component: ComponentID, in situation: JSONObject) -> Double? {
        self.policies.expectedReward(of: component, in: situation)
    }

    /// How many decisions are remembered now.
    public var rememberedCount: Int { self.memory.count }

    /// Chooses one of the question's candidates.
    ///
    /// - Parameter name: tells choices of one type within a scope apart.
    /// - Throws: `OrchestrationError` with code `invalidCandidates` or `componentDisabled`.
    func choose(
        _ question: ComponentQuestion,
        named name: String,
        for context: OrchestrationContext
    ) throws(OrchestrationError) -> Decision {
        try Self.check(question)
        let identity = DecisionIdentity(
            tenantID: question.tenantID,
            scope: question.scope,
            scopeID: question.scopeID,
            type: question.type,
            name: name
        )
        let remembered = self.memory.decision(identity.id)
        if let remembered, question.candidates.contains(remembered.chosen.id), !self.isDisabled(remembered.chosen) { return remembered }
        let odds = self.policies.odds(of: question)
        guard let winner = Self.draw(odds.candidates, identity) else {
            throw OrchestrationError(
                code: .componentDisabled,
                message: "No \(question.type.rawValue) can be chosen: every candidate is disabled"
            )
        }
        var experiment = odds.experiment
        if let shadow = odds.shadow, let choice = Self.draw(shadow.candidates, identity) {
            experiment?.shadow = Decision.Shadow(variant: shadow.variant, componentID: choice.id)
        }
        let decision = Decision(
            id: identity.id,
            chosen: ComponentID(question.type, winner.id),
            candidates: odds.candidates.map(\.id),
            propensity: min(winner.propensity ?? winner.probability, 1),
            policyVersion: winner.policyVersion,
            situation: question.situation,
            scope: question.scope,
            scopeID: question.scopeID,
            requestID: context.requestID,
            rootID: context.rootID,
            depth: context.depth,
            decidedAt: Double(context.clock.now()) / 1_000,
            experiment: experiment
        )
        return self.memory.settle(decision, replacing: remembered)
    }

    /// An exponential race: −ln(u)/p is the waiting time for something that happens with rate p, and the first of all is each with probability p.
    private static func draw(_ candidates: [ComponentOdds.Candidate], _ identity: DecisionIdentity) -> ComponentOdds.Candidate? {
        var winner: ComponentOdds.Candidate?
        var best = Double.infinity
        for candidate in candidates where candidate.probability > 0 {
            let time = -log(identity.uniform(candidate.id)) / candidate.probability
            if time < best || winner == nil { (winner, best) = (candidate, time) }
        }
        return winner
    }

    private static func check(_ question: ComponentQuestion) throws(OrchestrationError) {
        func refusal(_ message: String) -> OrchestrationError {
            OrchestrationError(code: .invalidCandidates, message: "No \(question.type.rawValue) can be chosen: \(message)")
        }
        let candidates = question.candidates
        guard !candidates.isEmpty else { throw refusal("there is no candidate") }
        guard candidates.count <= self.maximumCandidates else {
            throw refusal("there are \(candidates.count) candidates, \(self.maximumCandidates) are allowed")
        }
        for (index, id) in candidates.enumerated() {
            guard !id.isEmpty, id.utf8.count <= self.maximumIDBytes else {
                throw refusal("candidate \(index) is empty or longer than \(self.maximumIDBytes) bytes")
            }
            guard !candidates[..<index].contains(id) else { throw refusal("candidate '\(id)' is named twice") }
        }
    }
}
