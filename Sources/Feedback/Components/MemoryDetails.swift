public import JSON
public import Orchestration

/// What is known of a memory: a store that chunks are retrieved from (spec §5.8).
///
/// The component is the store, or what else retrievals name: a signal's context says what was retrieved, `{"chunks": [{"id": …,
/// "relevance": …}, …]}` in the order of the results. At most ``chunkLimit`` chunks are kept; those that nobody retrieved for longest are
/// forgotten first.
public struct MemoryDetails: TypedDetails {
    /// Chunks that are kept.
    public static let chunkLimit = 1_000
    /// Results of one retrieval that are read.
    public static let resultLimit = 100
    /// The longest id of a chunk, in bytes; others are not kept.
    public static let chunkIDBytes = 128
    static let trendLength = 100

    /// Retrievals counted.
    public private(set) var retrievals: Int64 = 0
    /// The rewards of the last retrievals, at most 100, the oldest first.
    public private(set) var trend: [Double] = []
    /// What is known of the chunks, by id.
    public private(set) var chunks: [String: ChunkMetrics] = [:]
    /// Consolidations so far.
    public private(set) var consolidations: Int64 = 0
    /// The last one; nil before the first.
    public private(set) var lastConsolidation: Consolidation?
    private var unconsolidated = Unconsolidated()

    /// What came since the last consolidation.
    private struct Unconsolidated: Sendable, Hashable {
        var retrievals: Int64 = 0
        var rewards = 0.0
    }

    /// Nothing is known.
    public init() {}

    /// Chunks that could go, the worst first.
    public func pruningCandidates(now: Double, limit: Int = 100) -> [String] {
        let candidates = self.chunks.lazy.filter { $0.value.isPruningCandidate(now: now) }.map { ($0.value.quality(now: now), $0.key) }
        return candidates.sorted { $0 < $1 }.prefix(max(0, limit)).map(\.1)
    }

    /// Reads `chunks`, each `{"id" or "chunk_id", "relevance" or "relevance_score"}`; a chunk without an id is `chunk_<index>`, one
    /// without a relevance has the signal's reward.
    public mutating func learn(from signal: FeedbackSignal, now: Double) {
        let time = signal.time(now: now)
        let reward = signal.learnedReward
        self.retrievals += 1
        self.unconsolidated.retrievals += 1
        self.unconsolidated.rewards += reward
        if self.trend.count >= Self.trendLength { self.trend.removeFirst() }
        self.trend.append(reward)
        for (position, chunk) in (signal.context["chunks"]?.arrayValue ?? []).prefix(Self.resultLimit).enumerated() {
            guard let chunk = chunk.objectValue else { continue }
            let id = chunk["id"]?.stringValue ?? chunk["chunk_id"]?.stringValue ?? "chunk_\(position)"
            guard !id.isEmpty, id.utf8.count <= Self.chunkIDBytes else { continue }
            let relevance = chunk.share("relevance") ?? chunk.share("relevance_score") ?? reward
            if self.chunks[id] == nil, self.chunks.count >= Self.chunkLimit { self.forgetQuiet() }
            self.chunks[id, default: ChunkMetrics(lastAccessed: time)].add(relevance: relevance, position: position, at: time)
        }
    }

    /// Forgets the tenth of the chunks that nobody retrieved for longest, so that forgetting is rare.
    private mutating func forgetQuiet() {
        let bySilence = self.chunks.sorted { ($0.value.lastAccessed, $0.key) < ($1.value.lastAccessed, $1.key) }
        for (id, _) in bySilence.prefix(Self.chunkLimit / 10) { self.chunks[id] = nil }
    }

    // MARK: Consolidation

    /// Whether the store needs consolidation, and why, or why not (spec §5.3, §5.8).
    ///
    /// It does, with at least 20 retrievals since the last one, when the mean of the last 20 is below .6, when more than 100 chunks could
    /// be pruned, when the mean reward since the last consolidation is below .7, or when there were more than 1,000 retrievals since.
    public func consolidationTrigger(now: Double) -> ConsolidationTrigger {
        guard self.unconsolidated.retrievals > 0 else { return ConsolidationTrigger(isDue: false, reason: "no_memory_signals") }
        guard self.unconsolidated.retrievals >= 20, self.trend.count >= 20 else {
            return ConsolidationTrigger(isDue: false, reason: "insufficient_data")
        }
        let recent = self.trend.suffix(20).reduce(0, +) / 20
        if recent < 0.6 { return ConsolidationTrigger(isDue: true, reason: "quality_degradation (avg=\(recent.rounded(toPlaces: 2)))") }
        let low = self.chunks.values.count { $0.isPruningCandidate(now: now) }
        if low > 100 { return ConsolidationTrigger(isDue: true, reason: "excessive_low_quality_chunks (\(low))") }
        let mean = self.unconsolidated.rewards / Double(self.unconsolidated.retrievals)
        if mean < 0.7 { return ConsolidationTrigger(isDue: true, reason: "low_reward (avg=\(mean.rounded(toPlaces: 2)))") }
        if self.unconsolidated.retrievals > 1_000 {
            return ConsolidationTrigger(isDue: true, reason: "many_signals (\(self.unconsolidated.retrievals))")
        }
        return ConsolidationTrigger(isDue: false, reason: "quality_acceptable")
    }

    /// Consolidates if that is due and the last time is at least ``Consolidation/minimumInterval`` ago: proposes chunks for pruning and
    /// forgets them, and lets the next consolidation be judged by retrievals still to come.
    ///
    /// The store itself is elsewhere: whoever keeps it reads from the snapshot what to prune.
    /// - Returns: what was done; nil when nothing was due.
    public mutating func consolidate(now: Double) -> Consolidation? {
        if let last = self.lastConsolidation, now - last.at < Consolidation.minimumInterval { return nil }
        let trigger = self.consolidationTrigger(now: now)
        guard trigger.isDue else { return nil }
        let pruned = self.pruningCandidates(now: now, limit: Consolidation.pruneLimit)
        for id in pruned { self.chunks[id] = nil }
        let consolidation = Consolidation(at: now, reason: trigger.reason, pruned: pruned)
        self.consolidations += 1
        self.lastConsolidation = consolidation
        self.unconsolidated = Unconsolidated()
        return consolidation
    }

    // MARK: State

    /// Reads a stored state.
    public init(state: JSONObject) {
        self.retrievals = state.tally("retrievals")
        self.consolidations = state.tally("consolidations")
        self.unconsolidated.retrievals = state.tally("since")
        self.unconsolidated.rewards = state.number("since_rewards", in: 0...1e16, default: 0)
        self.trend = (state["trend"]?.arrayValue ?? []).suffix(Self.trendLength).compactMap(\.doubleValue).filter { (0...1).contains($0) }
        self.lastConsolidation = state["last"]?.objectValue.flatMap { Consolidation($0) }
        for (id, value) in state["chunks"]?.objectValue ?? [:] {
            guard self.chunks.count < Self.chunkLimit, id.utf8.count <= Self.chunkIDBytes else { continue }
            self.chunks[id] = ChunkMetrics(value)
        }
    }

    /// As ``init(state:)`` reads it.
    public var state: JSONObject {
        [
            "retrievals": .integer(self.retrievals), "consolidations": .integer(self.consolidations),
            "since": .integer(self.unconsolidated.retrievals), "since_rewards": .number(self.unconsolidated.rewards),
            "trend": .array(self.trend.map { .number($0) }), "last": self.lastConsolidation.map { .object($0.json) } ?? .null,
            "chunks": .object(JSONObject(self.chunks.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) })),
        ]
    }
}

extension Double {
    func rounded(toPlaces places: Int) -> Double {
        var factor = 1.0
        for _ in 0..<places { factor *= 10 }
        return (self * factor).rounded() / factor
    }
}
