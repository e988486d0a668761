public import JSON

/// A component that was chosen for a task, with what to expect of it and whom to ask instead.
public struct Route<Candidate: RoutingCandidate>: Sendable {
    /// A candidate that was not chosen, for when the chosen one fails.
    public struct Fallback: Sendable {
        /// Whom to ask.
        public let candidate: Candidate
        /// The reward to expect, 0 … 1.
        public let expectedReward: Double
        /// By what fallbacks are ranked: the expected reward times the candidate's factor.
        public let score: Double
    }

    /// Why a candidate was left out.
    public enum Exclusion: String, Sendable, Hashable {
        /// It cannot do the task.
        case mismatch
        /// Its last rewards are too bad.
        case unhealthy
        /// It is disabled.
        case disabled
    }

    /// Whom to ask.
    public let chosen: Candidate
    /// The choice, as it is logged; its propensity is that of the learners, among the candidates that were left.
    public let decision: Decision
    /// What was learned to expect of the chosen one in the situation, 0 … 1; as long as nothing was learned, what its declaration says.
    public let expectedReward: Double
    /// How sure it is that the chosen one is the best; .5 when another one has the higher score, and this is a trial.
    public let confidence: Double
    /// The best of the others, best first.
    public let fallbacks: [Fallback]
    /// Candidates that were left out, by their ids.
    public let excluded: [String: Exclusion]
    /// US dollars; nil when nothing tells.
    public let estimatedCost: Double?
    /// Milliseconds; nil when nothing tells.
    public let estimatedLatency: Double?

    /// For a reply: `id`, `decision_id`, `confidence`, `expected_reward`, `fallbacks` (`id`, `expected_reward`, `score`), `excluded`,
    /// `estimated_cost_usd`, `estimated_latency_ms`.
    public var json: JSONObject {
        let fallbacks = self.fallbacks.map { fallback in
            JSONValue.object([
                "id": .string(fallback.candidate.id), "expected_reward": .number(fallback.expectedReward), "score": .number(fallback.score),
            ])
        }
        let excluded = self.excluded.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value.rawValue)) }
        return [
            "id": .string(self.chosen.id), "decision_id": .string(self.decision.id), "confidence": .number(self.confidence),
            "expected_reward": .number(self.expectedReward), "fallbacks": .array(fallbacks), "excluded": .object(JSONObject(excluded)),
            "estimated_cost_usd": self.estimatedCost.map { .number($0) } ?? .null,
            "estimated_latency_ms": self.estimatedLatency.map { .number($0) } ?? .null,
        ]
    }
}
