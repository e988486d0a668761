import Glibc
import JSON
public import Orchestration

/// How a tree's outcome is shared over the decisions that led to it.
///
/// Every decision that gets a share is told the same reward; what is shared is the confidence, so that a good outcome never looks bad to
/// the ones that had less to do with it.
public enum CreditRule: Sendable, Hashable {
    /// Every decision, fully.
    case all
    /// Only the one that was made last; of those made at the same moment, the deepest, then the last given.
    case last
    /// Every decision, with the confidence γ^depth: the root's fully, those further down less.
    case discounted(gamma: Double)

    /// The γ that is used when none is given.
    public static let standardGamma = 0.9
    /// Smaller shares are not worth a signal.
    public static let smallestShare = 1e-3

    /// A rule by its name: `all`, `last` or `discounted`; nil for another name, or a γ outside 0 (excluded) … 1.
    public init?(name: String, gamma: Double = Self.standardGamma) {
        switch name {
        case "all": self = .all
        case "last": self = .last
        case "discounted" where gamma > 0 && gamma <= 1: self = .discounted(gamma: gamma)
        default: return nil
        }
    }

    /// The name that ``init(name:gamma:)`` reads.
    public var name: String {
        switch self {
        case .all: "all"
        case .last: "last"
        case .discounted: "discounted"
        }
    }

    /// How much each decision is credited, 0 … 1, in the order they were given.
    public func shares(_ decisions: [Decision]) -> [Double] {
        switch self {
        case .all: return decisions.map { _ in 1 }
        case .last:
            let last = decisions.indices.max { left, right in
                (decisions[left].decidedAt, decisions[left].depth, left) < (decisions[right].decidedAt, decisions[right].depth, right)
            }
            return decisions.indices.map { $0 == last ? 1 : 0 }
        case .discounted(let gamma):
            return decisions.map { pow(min(max(gamma, 0), 1), Double(max($0.depth, 0))) }
        }
    }

    /// The signals that tell the decisions of an outcome; one for each decision with a share, none twice for the same decision.
    ///
    /// - Parameters:
    ///   - reward: of the outcome, 0 … 1.
    ///   - outcomeID: names the outcome, so that telling it again repeats the signals' ids: the tree's root, say.
    ///   - source: who says so; `user_explicit` by default.
    ///   - confidence: how sure the outcome is, 0 … 1.
    ///   - version: of the outcome; a higher one corrects an earlier one.
    public func signals(
        reward: Double,
        outcomeID: String,
        over decisions: [Decision],
        source: FeedbackSource = .userExplicit,
        confidence: Double = 0.8,
        version: Int = 1
    ) -> [FeedbackSignal] {
        var seen: Set<String> = []
        let distinct = decisions.filter { seen.insert($0.id).inserted }
        return zip(distinct, self.shares(distinct)).compactMap { decision, share in
            guard share >= Self.smallestShare else { return nil }
            return FeedbackSignal(
                signalID: "credit.\(outcomeID).\(decision.id)",
                source: source,
                componentType: decision.chosen.type,
                componentID: decision.chosen.id,
                reward: reward,
                confidence: confidence * share,
                context: decision.situation,
                metadata: [
                    "decision_id": .string(decision.id), "propensity": .number(decision.propensity),
                    "policy_version": .integer(decision.policyVersion), "root_id": .string(decision.rootID),
                    "credit_rule": .string(self.name), "credit_share": .number(share),
                ],
                version: version
            )
        }
    }
}
