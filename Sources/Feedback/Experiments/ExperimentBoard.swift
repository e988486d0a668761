import Orchestration
import Synchronization

/// The experiments that are under way, by their names; readable from any thread.
final class ExperimentBoard: Sendable {
    private let experiments = Mutex<[String: ExperimentStanding]>([:])
    /// Who asks need not lock while there are none.
    private let count = Atomic<Int>(0)

    /// Takes what stands on the policies topic; nil: the experiment is over.
    func take(_ name: String, _ standing: ExperimentStanding?) {
        self.experiments.withLock { experiments in
            experiments[name] = standing
            self.count.store(experiments.count, ordering: .releasing)
        }
    }

    var standings: [ExperimentStanding] {
        guard self.count.load(ordering: .acquiring) > 0 else { return [] }
        return self.experiments.withLock { $0.values.sorted { $0.experiment.name < $1.experiment.name } }
    }

    /// What the first experiment in the order of names that has a say in a question makes of it; nil when none has.
    ///
    /// An experiment has a say where every component that its control and variants name is a candidate, and none of those is disabled that are given
    /// to anybody.
    /// - Parameter odds: how probable a policy makes each candidate; nil for one that cannot be followed.
    func odds(of question: ComponentQuestion, _ odds: (PolicyName) -> [ComponentOdds.Candidate]?) -> ComponentOdds? {
        guard self.count.load(ordering: .acquiring) > 0 else { return nil }
        for standing in self.standings where standing.experiment.definition.componentType == question.type {
            if let found = Self.odds(of: question, in: standing.experiment, odds) { return found }
        }
        return nil
    }

    private static func odds(
        of question: ComponentQuestion,
        in experiment: Experiment,
        _ odds: (PolicyName) -> [ComponentOdds.Candidate]?
    ) -> ComponentOdds? {
        let definition = experiment.definition
        for policy in [definition.control] + definition.variants.map(\.policy) {
            if case .arm(let arm) = policy, !question.candidates.contains(arm) { return nil }
        }
        var parts: [String: [ComponentOdds.Candidate]] = [:]
        for share in experiment.shares {
            guard let policy = definition.policy(of: share.variant), let candidates = odds(policy), !candidates.isEmpty else { return nil }
            parts[share.variant] = candidates
        }
        let assignment = experiment.assignment(for: question.scopeID)
        // Each part is made from the table as it was then; when a component was disabled in between, they do not go together.
        guard var own = parts[assignment.variant], parts.values.allSatisfy({ $0.map(\.id) == own.map(\.id) }) else { return nil }
        if experiment.shares.count > 1 {
            // What a log of all variants together can be judged by.
            for index in own.indices {
                own[index].propensity = experiment.shares.reduce(0) { sum, share in
                    sum + share.fraction * (parts[share.variant]?[index].probability ?? 0)
                }
            }
        }
        var shadow: ComponentOdds.Shadow?
        if experiment.phase == .shadow, assignment.drawn != assignment.variant, experiment.arms[assignment.drawn]?.isRolledBack == false,
            let policy = definition.policy(of: assignment.drawn), let candidates = odds(policy)
        {
            shadow = ComponentOdds.Shadow(variant: assignment.drawn, candidates: candidates)
        }
        return ComponentOdds(
            candidates: own,
            experiment: Decision.Experiment(name: experiment.name, variant: assignment.variant),
            shadow: shadow
        )
    }
}

extension Experiment {
    /// Who is given to which share of scopes now; together 1.
    var shares: [(variant: String, fraction: Double)] {
        switch self.phase {
        case .shadow, .rolledBack: return [(ExperimentDefinition.control, 1)]
        case .promoted: return [(self.winner ?? ExperimentDefinition.control, 1)]
        case .active:
            let given = self.definition.variants.filter { self.arms[$0.name]?.isRolledBack == false }
            let rest = 1 - given.reduce(0) { $0 + $1.fraction }
            return [(ExperimentDefinition.control, max(0, rest))] + given.map { ($0.name, $0.fraction) }
        }
    }
}
