import JSON
import Orchestration
import Synchronization

/// Policies that a test moves.
final class TestPolicies: ComponentPolicies {
    struct State: Sendable {
        /// Missing ones weigh 1.
        var weights: [String: Double] = [:]
        var versions: [String: Int64] = [:]
        var disabled: Set<ComponentID> = []
        var experiment: Decision.Experiment?
        var propensity: Double?
        var shadow: ComponentOdds.Shadow?
        var known: [ComponentID: ComponentKnowledge] = [:]
        var rewards: [ComponentID: Double] = [:]
    }

    private let state: Mutex<State>
    private let asked = Mutex<[ComponentQuestion]>([])

    init(_ weights: [String: Double] = [:], versions: [String: Int64] = [:], disabled: Set<ComponentID> = []) {
        self.state = Mutex(State(weights: weights, versions: versions, disabled: disabled))
    }

    var questions: [ComponentQuestion] { self.asked.withLock { $0 } }

    func change(_ body: @Sendable (inout State) -> Void) { self.state.withLock { body(&$0) } }

    func isDisabled(_ component: ComponentID) -> Bool { self.state.withLock { $0.disabled.contains(component) } }

    func knowledge(of component: ComponentID) -> ComponentKnowledge? { self.state.withLock { $0.known[component] } }

    func expectedReward(of component: ComponentID, in situation: JSONObject) -> Double? { self.state.withLock { $0.rewards[component] } }

    func odds(of question: ComponentQuestion) -> ComponentOdds {
        self.asked.withLock { $0.append(question) }
        return self.state.withLock { state in
            let candidates = question.candidates.filter { !state.disabled.contains(ComponentID(question.type, $0)) }
            let sum = candidates.reduce(0) { $0 + (state.weights[$1] ?? 1) }
            return ComponentOdds(
                candidates: candidates.map {
                    ComponentOdds.Candidate(
                        id: $0,
                        probability: (state.weights[$0] ?? 1) / sum,
                        propensity: state.propensity,
                        policyVersion: state.versions[$0] ?? 0
                    )
                },
                experiment: state.experiment,
                shadow: state.shadow
            )
        }
    }
}
