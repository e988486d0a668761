public import JSON

/// Whether a memory needs consolidation.
public struct ConsolidationTrigger: Sendable, Hashable {
    /// Whether it does.
    public var isDue: Bool
    /// Why, or why not, such as `quality_acceptable`.
    public var reason: String

    /// Says whether and why.
    public init(isDue: Bool, reason: String) {
        self.isDue = isDue
        self.reason = reason
    }
}

/// A consolidation of a memory (spec §5.11).
public struct Consolidation: Sendable, Hashable {
    /// Seconds between two of the same store, at least.
    public static let minimumInterval = 3_600.0
    /// Chunks that one proposes for pruning, at most.
    public static let pruneLimit = 50

    /// Seconds since 1970.
    public var at: Double
    /// What made it due.
    public var reason: String
    /// The chunks that the store should let go, the worst first.
    public var pruned: [String]

    init(at: Double, reason: String, pruned: [String]) {
        self.at = at
        self.reason = reason
        self.pruned = pruned
    }

    init?(_ json: JSONObject) {
        guard let reason = json["reason"]?.stringValue else { return nil }
        self.at = json.number("at", in: 0...1e12, default: 0)
        self.reason = reason
        self.pruned = (json["pruned"]?.arrayValue ?? []).prefix(Self.pruneLimit).compactMap(\.stringValue)
    }

    /// `at`, `reason`, `chunks_pruned` (how many) and `pruned` (which).
    public var json: JSONObject {
        [
            "at": .number(self.at), "reason": .string(self.reason), "chunks_pruned": .integer(Int64(self.pruned.count)),
            "pruned": .array(self.pruned.map { .string($0) }),
        ]
    }
}

extension MemoryDetails {
    /// Chunks whose quality a snapshot tells: those retrieved last.
    static let reportedChunks = 200

    /// The report of spec §5.8: `total_chunks`, `total_retrievals`, `avg_quality`, `quality_distribution` (`high` above .7, `low` below .4,
    /// `medium` between), `pruning_candidates` (how many, and the 20 worst in `prune_first`), `trend` (the last 10), `should_consolidate`,
    /// `consolidation_reason`, `consolidations`, `last_consolidation`; and `chunk_quality`, for ranking results again, of the 200 chunks
    /// that were retrieved last.
    public func details(now: Double) -> JSONObject {
        let qualities = self.chunks.mapValues { $0.quality(now: now) }
        let average = qualities.isEmpty ? 0 : qualities.values.sorted().reduce(0, +) / Double(qualities.count)
        let (high, low) = (qualities.values.count { $0 > 0.7 }, qualities.values.count { $0 < 0.4 })
        let candidates = self.chunks.count { $0.value.isPruningCandidate(now: now) }
        let trigger = self.consolidationTrigger(now: now)
        let latest = self.chunks.sorted { ($1.value.lastAccessed, $0.key) < ($0.value.lastAccessed, $1.key) }.prefix(Self.reportedChunks)
        return [
            "total_chunks": .integer(Int64(self.chunks.count)), "total_retrievals": .integer(self.retrievals),
            "avg_quality": .number(average),
            "quality_distribution": [
                "high": .integer(Int64(high)), "medium": .integer(Int64(qualities.count - high - low)), "low": .integer(Int64(low)),
            ],
            "pruning_candidates": .integer(Int64(candidates)),
            "prune_first": .array(self.pruningCandidates(now: now, limit: 20).map { .string($0) }),
            "trend": .array(self.trend.suffix(10).map { .number($0) }),
            "should_consolidate": .bool(trigger.isDue), "consolidation_reason": .string(trigger.reason),
            "consolidations": .integer(self.consolidations),
            "last_consolidation": self.lastConsolidation.map { .object($0.json) } ?? .null,
            "chunk_quality": .object(
                JSONObject(latest.map { ($0.key, .number((qualities[$0.key] ?? 0.5).rounded(toPlaces: 3))) })
            ),
        ]
    }
}
