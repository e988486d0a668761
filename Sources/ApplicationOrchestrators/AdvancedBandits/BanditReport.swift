import Feedback
import JSON
import Orchestration
import Wire

/// How well the algorithms do in a domain, by the policies of their arms.
struct BanditReport {
    /// What the arms of one algorithm have in common.
    private struct Share {
        var algorithm: BanditAlgorithm
        var decisions: Int64 = 0
        var feedback: Int64 = 0
        var rewards = 0.0
        /// Rewards that were predicted, with the sums of the predictions and of their accuracies.
        var predictions: Int64 = 0
        var predicted = 0.0
        var accuracy = 0.0
        var actions = JSONObject()
        var best: (action: String, reward: Double)?
        var explorationRate = 0.0

        mutating func addPredictions(_ details: JSONObject) {
            guard let count = details["predictions"]?.integerValue, count > 0, let mean = details["avg_prediction"]?.doubleValue,
                let accuracy = details["prediction_accuracy"]?.doubleValue
            else { return }
            // Arms are averaged by their last predictions, as each of them averages its own.
            let weight = min(count, 100)
            self.predictions += weight
            self.predicted += mean * Double(weight)
            self.accuracy += accuracy * Double(weight)
        }

        /// The mean of something over the predictions; null without any.
        func perPrediction(_ sum: Double) -> JSONValue { self.predictions > 0 ? .number(sum / Double(self.predictions)) : .null }

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
                let decisions = min(max(0, snapshot.details["decisions"]?.integerValue ?? 0), 1 << 53)
                share.decisions += decisions
                share.addPredictions(snapshot.details)
                share.feedback += snapshot.signals
                share.rewards += snapshot.meanReward * Double(snapshot.signals)
                if snapshot.signals > 0, snapshot.meanReward > share.best?.reward ?? -1 { share.best = (action, snapshot.meanReward) }
                share.actions[action] = [
                    "decisions": .integer(decisions), "feedback": .integer(snapshot.signals), "avg_reward": .number(snapshot.meanReward),
                    "recent_reward": .number(snapshot.averageReward), "availability": .string(snapshot.availability.rawValue),
                    "policy_version": .integer(snapshot.policyVersion),
                ]
            }
            let question = ComponentQuestion(type: .agent, candidates: domain.components(algorithm), tenantID: "", scopeID: "")
            share.explorationRate = 1 - (policies.odds(of: question).candidates.map(\.probability).max() ?? 0)
            return share
        }
    }

    /// Distinct decisions for all its arms.
    var decisions: Int64 { self.shares.reduce(0) { $0 + $1.decisions } }
    /// Rewards told of all its arms.
    var feedback: Int64 { self.shares.reduce(0) { $0 + $1.feedback } }
    /// Their sum.
    var rewards: Double { self.shares.reduce(0) { $0 + $1.rewards } }

    /// By algorithm: `total_decisions`, `feedback`, `total_rewards`, `avg_reward` (of the feedback), `avg_prediction`, `prediction_accuracy`
    /// (1 − mean absolute error of the last predictions; null before the first), `best_action`, `actions`, and `exploration_rate`: how often
    /// another action than the likeliest is chosen now in a situation of which nothing is said.
    var stats: JSONObject {
        JSONObject(
            self.shares.map { share in
                (
                    share.algorithm.rawValue,
                    [
                        "total_decisions": .integer(share.decisions), "feedback": .integer(share.feedback),
                        "total_rewards": .number(share.rewards), "avg_reward": .number(share.averageReward),
                        "avg_prediction": share.perPrediction(share.predicted),
                        "prediction_accuracy": share.perPrediction(share.accuracy), "exploration_rate": .number(share.explorationRate),
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
