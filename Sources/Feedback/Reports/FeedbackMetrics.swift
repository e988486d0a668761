public import JSON
public import Orchestration
public import Wire

/// What all policy snapshots together say about the learning loop (spec §5.3, `get_metrics`).
///
/// Made from the compacted policies alone, so that everybody who keeps a ``PolicyTable`` can tell the same.
public struct FeedbackMetrics: Sendable {
    /// Signals that were learned from.
    public private(set) var signals: Int64 = 0
    /// The same by source; sources without any have 0.
    public private(set) var bySource: [FeedbackSource: Int64] = [:]
    /// The same by type of component.
    public private(set) var byType: [ComponentType: Int64] = [:]
    /// How many components are known.
    public let components: Int
    /// The mean reward of all signals; 0 without any.
    public private(set) var meanReward = 0.0
    /// The running reward of the components that heard from last, the latest first, as many as were asked for.
    public let averageRewards: [(component: ComponentID, reward: Double)]
    /// Components that may not be chosen, by type and id.
    public let disabled: [ComponentID]
    /// Components that are tried again after they were disabled, by type and id.
    public let probing: [ComponentID]
    /// Consolidations of all memories.
    public private(set) var consolidations: Int64 = 0
    /// Seconds since 1970 of the last consolidation; nil before the first.
    public private(set) var lastConsolidation: Double?
    /// Seconds since 1970 of the last signal; 0 without any.
    public private(set) var lastSignalAt = 0.0
    /// Seconds since 1970 at which a feedback orchestrator was last heard from; 0 without any.
    public private(set) var updatedAt = 0.0
    /// The feedback orchestrators that were heard from, by their ids.
    public let owners: [String]
    /// Looks at the health of all components, of the partition with the most.
    public let healthChecks: Int64
    /// Signals that had not been read when their partitions were last heard of, by type of component.
    public private(set) var queueSizes: [ComponentType: Int64] = [:]
    /// Experiments that give variants, or their winner.
    public let experimentsDeployed: Int

    /// Sums up what a table knows.
    ///
    /// - Parameter limit: components whose average rewards are told.
    public init(_ policies: PolicyTable, limit: Int = 1_000) {
        self.init(policies.snapshots, partitions: policies.partitions, experiments: policies.experiments, limit: limit)
    }

    /// Sums up snapshots and standings.
    ///
    /// - Parameter limit: components whose average rewards are told.
    public init(
        _ snapshots: [PolicySnapshot],
        partitions: [PartitionStanding] = [],
        experiments: [ExperimentStanding] = [],
        limit: Int = 1_000
    ) {
        self.healthChecks = partitions.map(\.healthChecks).max() ?? 0
        for type in ComponentType.allCases {
            self.queueSizes[type] = partitions.reduce(0) { $0.adding(clamped: $1.unread[.signals(type)] ?? 0) }
        }
        self.experimentsDeployed = experiments.count { $0.experiment.phase == .active || $0.experiment.phase == .promoted }
        var rewards = 0.0
        for snapshot in snapshots {
            self.signals = self.signals.adding(clamped: snapshot.signals)
            let type = snapshot.componentType
            self.byType[type] = (self.byType[type] ?? 0).adding(clamped: snapshot.signals)
            for (source, count) in snapshot.bySource { self.bySource[source] = (self.bySource[source] ?? 0).adding(clamped: count) }
            rewards += snapshot.meanReward * Double(snapshot.signals)
            self.lastSignalAt = max(self.lastSignalAt, snapshot.lastSignalAt)
            self.updatedAt = max(self.updatedAt, snapshot.updatedAt)
            guard snapshot.componentType == .memory else { continue }
            self.consolidations = self.consolidations.adding(clamped: snapshot.details.tally("consolidations"))
            if let at = snapshot.details["last_consolidation"]?["at"]?.doubleValue {
                self.lastConsolidation = max(self.lastConsolidation ?? at, at)
            }
        }
        self.components = snapshots.count
        if self.signals > 0 { self.meanReward = rewards / Double(self.signals) }
        self.disabled = snapshots.filter { $0.availability == .disabled }.map(\.component).sorted()
        self.probing = snapshots.filter { $0.availability == .probing }.map(\.component).sorted()
        self.updatedAt = partitions.reduce(self.updatedAt) { max($0, $1.updatedAt) }
        self.owners = Set((snapshots.map(\.worker) + partitions.map(\.worker)).filter { !$0.isEmpty }).sorted()
        let latest = snapshots.sorted { ($1.lastSignalAt, $0.component) < ($0.lastSignalAt, $1.component) }
        self.averageRewards = latest.prefix(max(0, limit)).map { ($0.component, $0.averageReward) }
    }

    /// The members of spec §5.3 that can be told: `signals_processed`, `signals_by_source` (all 7), `signals_by_component` (all 6),
    /// `average_reward_by_component`, `consolidations_triggered`, `last_consolidation`, `experiments_deployed`, `health_checks_performed`,
    /// `queue_sizes` (all 6: signals on their topics), `disabled_components`; and beside them `probing_components`, `total_components`,
    /// `mean_reward`, `last_signal_at`, `updated_at`, `feedback_orchestrators`.
    public var json: JSONObject {
        let sources = FeedbackSource.allCases.map { ($0.rawValue, JSONValue.integer(self.bySource[$0] ?? 0)) }
        let types = ComponentType.allCases.map { ($0.rawValue, JSONValue.integer(self.byType[$0] ?? 0)) }
        let queues = ComponentType.allCases.map { ($0.rawValue, JSONValue.integer(self.queueSizes[$0] ?? 0)) }
        return [
            "signals_processed": .integer(self.signals),
            "signals_by_source": .object(JSONObject(sources)),
            "signals_by_component": .object(JSONObject(types)),
            "average_reward_by_component": .object(JSONObject(self.averageRewards.map { ($0.component.description, .number($0.reward)) })),
            "consolidations_triggered": .integer(self.consolidations),
            "last_consolidation": .optional(self.lastConsolidation),
            "experiments_deployed": .integer(Int64(self.experimentsDeployed)),
            "health_checks_performed": .integer(self.healthChecks),
            "queue_sizes": .object(JSONObject(queues)),
            "disabled_components": .array(self.disabled.map { .string($0.description) }),
            "probing_components": .array(self.probing.map { .string($0.description) }),
            "total_components": .integer(Int64(self.components)),
            "mean_reward": .number(self.meanReward),
            "last_signal_at": .number(self.lastSignalAt),
            "updated_at": .number(self.updatedAt),
            "feedback_orchestrators": .array(self.owners.map { .string($0) }),
        ]
    }
}

extension PolicySnapshot {
    /// The running reward, .9 · old + .1 · new; the mean where a snapshot does not say.
    public var averageReward: Double { self.health.sampleSize > 0 ? self.health.runningReward : self.meanReward }
}
