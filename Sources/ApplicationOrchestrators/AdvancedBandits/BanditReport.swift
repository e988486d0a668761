import Feedback
import JSON
import Orchestration
import Wire

/// How well the algorithms do in a domain, by the policies of their arms.
struct BanditReport {
    /// What the arms of one algorithm have in common.
    private struct Share {
        var algorithm: BanditAlgorithm
        var feedback: Int64 = 0
        var rewards = 0.0
        var actions = JSONObject()
        var best: (action: String, reward: Double)?
        var explorationRate = 0.0

        var averageReward: Double { self.feedback > 0 ? self.rewards / Double(self.feedback) : 0 }
    }

    let domain: BanditDomain
    private let shares: [Share]

    init(domain: BanditDomain, _ policies: PolicyTable) {
        self.domain = domain
        self.shares = BanditAlgorithm.allCases.map { algorithm in
            var share = Share(algorithm: algorithm)
            for action in domain.actions {
                let arm = BanditArm(algorithm: algorithm, domain: domain.name, action: action)
                guard let snapshot = policies.snapshot(of: arm.component) else { continue }
                share.feedback += snapshot.signals
                share.rewards += snapshot.meanReward * Double(snapshot.signals)
                if snapshot.signals > 0, snapshot.meanReward > share.best?.reward ?? -1 { share.best = (action, snapshot.meanReward) }
                share.actions[action] = [
                    "feedback": .integer(snapshot.signals), "avg_reward": .number(snapshot.meanReward),
                    "recent_reward": .number(snapshot.averageReward), "availability": .string(snapshot.availability.rawValue),
                    "policy_version": .integer(snapshot.policyVersion),
                ]
            }
            let question = ComponentQuestion(type: .agent, candidates: domain.components(algorithm), tenantID: "", scopeID: "")
            share.explorationRate = 1 - (policies.odds(of: question).candidates.map(\.probability).max() ?? 0)
            return share
        }
    }

    /// Rewards told of all its arms.
    var feedback: Int64 { self.shares.reduce(0) { $0 + $1.feedback } }
    /// Their sum.
    var rewards: Double { self.shares.reduce(0) { $0 + $1.rewards } }

    /// By algorithm: `feedback`, `total_rewards`, `avg_reward`, `best_action`, `actions`, and `exploration_rate`: how often another action
    /// than the likeliest is chosen now in a situation of which nothing is said.
    var stats: JSONObject {
        JSONObject(
            self.shares.map { share in
                (
                    share.algorithm.rawValue,
                    [
                        "feedback": .integer(share.feedback), "total_rewards": .number(share.rewards),
                        "avg_reward": .number(share.averageReward), "exploration_rate": .number(share.explorationRate),
                        "best_action": share.best.map { .string($0.action) } ?? .null, "actions": .object(share.actions),
                    ]
                )
            }
        )
    }

    /// By algorithm: `feedback`, `avg_reward` and `relative_performance`, its share of the best one's average; and `best_algorithm`.
    var comparison: JSONObject {
        let best = self.shares.map(\.averageReward).max() ?? 0
        var result = JSONObject(
            self.shares.map { share in
                (
                    share.algorithm.rawValue,
                    JSONValue.object([
                        "feedback": .integer(share.feedback), "avg_reward": .number(share.averageReward),
                        "relative_performance": .number(best > 0 ? share.averageReward / best : 0),
                    ])
                )
            }
        )
        let leader = self.shares.filter { $0.feedback > 0 }.max { $0.averageReward < $1.averageReward }
        result["best_algorithm"] = leader.map { .string($0.algorithm.rawValue) } ?? .null
        return result
    }
}
