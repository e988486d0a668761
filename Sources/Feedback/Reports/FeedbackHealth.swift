public import JSON
public import Orchestration
public import Wire

/// How healthy the components are, by their policy snapshots (spec §5.3, `get_component_health_report`).
public struct FeedbackHealth: Sendable {
    /// Below, a component counts as unhealthy: .3, where it is disabled once enough is known (spec §5.4).
    public static let unhealthyBelow = 0.3

    /// What the components of a type have in common.
    public struct TypeHealth: Sendable, Hashable {
        /// The mean of the components' health.
        public var score: Double
        /// The mean of the components' last rewards.
        public var averageReward: Double
        /// How many there are.
        public var components: Int
        /// Seconds since 1970 at which the latest of their snapshots was made.
        public var checkedAt: Double
    }

    /// The types with any component.
    public let types: [ComponentType: TypeHealth]
    /// The mean health of all components; 1 without any (spec §5.2).
    public let overall: Double
    /// How many components are known.
    public let total: Int
    /// Components that may not be chosen, by type and id.
    public let disabled: [ComponentID]
    /// Components of a health below ``unhealthyBelow``, by type and id.
    public let unhealthy: [ComponentID]
    /// The components that are told one by one: the unhealthiest first, as many as were asked for.
    public let worst: [PolicySnapshot]

    /// Sums up snapshots.
    ///
    /// - Parameter limit: components that are told one by one.
    public init(_ snapshots: [PolicySnapshot], limit: Int = 1_000) {
        let sorted = snapshots.sorted { ($0.health.score, $0.component) < ($1.health.score, $1.component) }
        self.types = Dictionary(grouping: sorted, by: \.componentType).mapValues { members in
            let count = Double(members.count)
            return TypeHealth(
                score: members.reduce(0) { $0 + $1.health.score } / count,
                averageReward: members.reduce(0) { $0 + $1.health.averageReward } / count,
                components: members.count,
                checkedAt: members.reduce(0) { max($0, $1.updatedAt) }
            )
        }
        self.overall = sorted.isEmpty ? 1 : sorted.reduce(0) { $0 + $1.health.score } / Double(sorted.count)
        self.total = sorted.count
        self.disabled = sorted.filter { $0.availability == .disabled }.map(\.component).sorted()
        self.unhealthy = sorted.prefix { $0.health.score < Self.unhealthyBelow }.map(\.component).sorted()
        self.worst = Array(sorted.prefix(max(0, limit)))
    }

    /// `components` ({type: {id: health}}), `disabled_components`, `unhealthy_components`, `component_health_details` ({"type/id": {…}}),
    /// `total_components`, `types` ({type: {health_score, average_reward, components, last_checked}}), `overall_health`.
    public var json: JSONObject {
        var components = JSONObject()
        var types = JSONObject()
        for type in ComponentType.allCases {
            guard let health = self.types[type] else { continue }
            let members = self.worst.filter { $0.componentType == type }.map { ($0.componentID, JSONValue.number($0.health.score)) }
            components[type.rawValue] = .object(JSONObject(members))
            types[type.rawValue] = [
                "health_score": .number(health.score), "average_reward": .number(health.averageReward),
                "components": .integer(Int64(health.components)), "last_checked": .number(health.checkedAt),
            ]
        }
        return [
            "components": .object(components),
            "disabled_components": .array(self.disabled.map { .string($0.description) }),
            "unhealthy_components": .array(self.unhealthy.map { .string($0.description) }),
            "component_health_details": .object(JSONObject(self.worst.map { ($0.component.description, .object(Self.details($0))) })),
            "total_components": .integer(Int64(self.total)),
            "types": .object(types),
            "overall_health": .number(self.overall),
        ]
    }

    private static func details(_ snapshot: PolicySnapshot) -> JSONObject {
        [
            "health_score": .number(snapshot.health.score), "avg_reward": .number(snapshot.health.averageReward),
            "sample_size": .integer(Int64(snapshot.health.sampleSize)), "error_rate": .number(snapshot.health.errorRate),
            "reward_std": .number(snapshot.health.rewardDeviation), "availability": .string(snapshot.availability.rawValue),
            "reason": snapshot.reason.map { .string($0) } ?? .null, "policy_version": .integer(snapshot.policyVersion),
        ]
    }
}
