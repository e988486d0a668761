import Feedback
import JSON
import Orchestration
import Testing

@Suite("Memory details")
struct MemoryDetailsTests {
    private static let day = 86_400.0

    private func retrieval(_ chunks: [(String, Double)], reward: Double, at time: Double) -> FeedbackSignal {
        DirectSignals.retrieval(
            "store",
            relevance: reward,
            context: ["chunks": .array(chunks.map { ["id": .string($0.0), "relevance": .number($0.1)] })]
        ).at(time)
    }

    @Test("quality of a chunk: relevance, use, age and position, spec §5.8")
    func quality() {
        var chunk = ChunkMetrics(lastAccessed: 0)
        #expect(abs(chunk.quality(now: 0) - (0.2 + 0 + 0.2 + 0.2 * 0.75)) < 1e-12)
        chunk.add(relevance: 1, position: 0, at: 100)
        #expect(abs(chunk.relevance - 0.6) < 1e-12)
        #expect(abs(chunk.position - 4.5) < 1e-12)
        let timeless = 0.4 * 0.6 + 0.2 * 0.13862943611198906 + 0.2 * (1 - 0.225)
        #expect(abs(chunk.quality(now: 100) - (timeless + 0.2)) < 1e-12)
        // A month later, at the time of reading, recency is worth 1/e of it.
        #expect(abs(chunk.quality(now: 100 + 30 * Self.day) - (timeless + 0.2 * 0.36787944117144233)) < 1e-12)
    }

    @Test("a chunk that is never relevant and that nobody retrieves any more becomes a pruning candidate")
    func pruning() {
        var memory = MemoryDetails()
        for index in 0..<6 {
            memory.learn(from: self.retrieval([("good", 1), ("bad", 0)], reward: 0.9, at: Double(index)), now: 0)
        }
        for index in 0..<4 { memory.learn(from: self.retrieval([("seldom", 0)], reward: 0.9, at: Double(index)), now: 0) }
        #expect(memory.pruningCandidates(now: 10).isEmpty)
        #expect(memory.pruningCandidates(now: 10 + 30 * Self.day) == ["bad"])
        // Of the seldom retrieved nothing is said yet, however old it is.
        #expect(memory.pruningCandidates(now: 120 * Self.day) == ["bad"])
        let known = ComponentKnowledge(details: memory.details(now: 10))
        #expect(known.rerankScore(ofChunk: "good") > known.rerankScore(ofChunk: "bad"))
        #expect(known.rerankScore(ofChunk: "bad") == memory.details(now: 10)["chunk_quality"]?["bad"]?.doubleValue)
    }

    @Test("consolidation: too few data, falling quality, low reward, and not twice within the hour")
    func consolidation() {
        var memory = MemoryDetails()
        #expect(memory.consolidationTrigger(now: 0) == ConsolidationTrigger(isDue: false, reason: "no_memory_signals"))
        for index in 0..<19 { memory.learn(from: self.retrieval([("a", 0.1)], reward: 0.5, at: Double(index)), now: 0) }
        #expect(memory.consolidationTrigger(now: 0).reason == "insufficient_data")
        memory.learn(from: self.retrieval([("a", 0.1)], reward: 0.5, at: 19), now: 0)
        #expect(memory.consolidationTrigger(now: 0) == ConsolidationTrigger(isDue: true, reason: "quality_degradation (avg=0.5)"))
        #expect(memory.details(now: 0)["should_consolidate"] == true)
        let first = memory.consolidate(now: 200 * Self.day)
        #expect(first?.pruned == ["a"])
        #expect(memory.chunks.isEmpty)
        #expect(memory.consolidations == 1)
        // What was judged once is not judged again.
        #expect(memory.consolidationTrigger(now: 0).reason == "no_memory_signals")
        for index in 0..<20 { memory.learn(from: self.retrieval([], reward: 0.65, at: Double(index)), now: 0) }
        #expect(memory.consolidationTrigger(now: 0).reason == "low_reward (avg=0.65)")
        let early = memory.consolidate(now: 200 * Self.day + 3_599)
        #expect(early == nil)
        let second = memory.consolidate(now: 200 * Self.day + 3_600)
        #expect(second?.reason == "low_reward (avg=0.65)")
    }

    @Test("consolidation: many low chunks, many retrievals, or nothing to do")
    func otherTriggers() {
        var memory = MemoryDetails()
        for index in 0..<20 { memory.learn(from: self.retrieval([], reward: 0.9, at: Double(index)), now: 0) }
        #expect(memory.consolidationTrigger(now: 0) == ConsolidationTrigger(isDue: false, reason: "quality_acceptable"))
        let nothing = memory.consolidate(now: 0)
        #expect(nothing == nil)
        var crowded = memory
        let chunks = (0..<100).map { ("c\($0)", 0.0) }
        for _ in 0..<7 { crowded.learn(from: self.retrieval(chunks, reward: 0.9, at: 0), now: 0) }
        for _ in 0..<7 { crowded.learn(from: self.retrieval([("d1", 0.0), ("d2", 0.0)], reward: 0.9, at: 0), now: 0) }
        #expect(crowded.consolidationTrigger(now: 200 * Self.day).reason == "excessive_low_quality_chunks (102)")
        for index in 0..<1_000 { memory.learn(from: self.retrieval([], reward: 0.9, at: Double(index)), now: 0) }
        #expect(memory.consolidationTrigger(now: 0).reason == "many_signals (1020)")
    }

    @Test("the report counts high, medium and low chunks and shows the last ten rewards")
    func report() {
        var memory = MemoryDetails()
        for index in 0..<40 {
            let chunks = [("high", 1.0), ("medium", 0.3)]
            memory.learn(from: self.retrieval(chunks, reward: Double(index) / 100, at: 100 * Self.day), now: 0)
        }
        memory.learn(from: self.retrieval([("old", 0)], reward: 0.4, at: 0), now: 0)
        let report = memory.details(now: 100 * Self.day)
        #expect(report["total_chunks"] == 3)
        #expect(report["total_retrievals"] == 41)
        #expect(report["quality_distribution"] == ["high": 1, "medium": 1, "low": 1])
        #expect(report["trend"]?.arrayValue?.compactMap(\.doubleValue) == [0.31, 0.32, 0.33, 0.34, 0.35, 0.36, 0.37, 0.38, 0.39, 0.4])
        #expect(report["chunk_quality"]?.objectValue?.count == 3)
    }

    @Test("keeps a bounded number of chunks, the latest, and only ids of a bounded length")
    func bounded() {
        var memory = MemoryDetails()
        for index in 0..<3_000 {
            memory.learn(
                from: self.retrieval([("c\(index)", 1), (String(repeating: "x", count: 200), 1)], reward: 1, at: Double(index)),
                now: 0
            )
        }
        #expect(memory.chunks.count <= MemoryDetails.chunkLimit)
        #expect(memory.chunks["c2999"] != nil)
        #expect(memory.chunks["c0"] == nil)
        #expect(memory.chunks.keys.allSatisfy { $0.utf8.count <= MemoryDetails.chunkIDBytes })
        memory.learn(from: self.retrieval((0..<5_000).map { ("d\($0)", 1) }, reward: 1, at: 1e6), now: 0)
        #expect(memory.chunks["d\(MemoryDetails.resultLimit)"] == nil)
        #expect(memory.details(now: 0)["chunk_quality"]?.objectValue?.count == 200)
        #expect(JSONValue.object(memory.state).serialized().count < 300_000)
    }

    @Test("a chunk without a name is known by its place, one without a relevance by the signal's reward")
    func unnamed() {
        var memory = MemoryDetails()
        memory.learn(
            from: DirectSignals.retrieval("s", relevance: 0.9, context: ["chunks": [["chunk_id": "x"], ["relevance_score": 0.1]]]),
            now: 0
        )
        #expect(abs((memory.chunks["x"]?.relevance ?? 0) - 0.58) < 1e-12)
        #expect(abs((memory.chunks["chunk_1"]?.relevance ?? 0) - 0.42) < 1e-12)
    }
}

extension FeedbackSignal {
    fileprivate func at(_ time: Double) -> FeedbackSignal {
        var signal = self
        signal.timestamp = time
        return signal
    }
}
