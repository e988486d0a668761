import Glibc
import JSON

/// What retrievals say about one chunk of a store (spec §5.8).
public struct ChunkMetrics: Sendable, Hashable {
    /// A chunk of lower quality is of little use: .45 (spec §5.8 INT).
    ///
    /// With the .3 of the original, nothing that comes first or second among the results could ever fall below.
    public static let lowQuality = 0.45
    /// Retrievals that a chunk must have had before it is proposed for pruning.
    public static let pruningRetrievals: Int64 = 5

    /// How often it was retrieved.
    public private(set) var retrievals: Int64 = 0
    /// Exponential average (α = .2), beginning with .5.
    public private(set) var relevance = 0.5
    /// Its place among the results, 0 for the first: exponential average (α = .1), beginning with 5.
    public private(set) var position = 5.0
    /// Seconds since 1970.
    public private(set) var lastAccessed: Double

    /// A chunk that was never retrieved.
    public init(lastAccessed: Double) { self.lastAccessed = lastAccessed }

    /// Counts a retrieval.
    ///
    /// - Parameters:
    ///   - relevance: 0 … 1, moved into that range.
    ///   - position: 0 for the first result.
    public mutating func add(relevance: Double, position: Int, at time: Double) {
        self.retrievals += 1
        self.relevance.move(towards: relevance.isNaN ? 0 : min(max(relevance, 0), 1), 0.2)
        self.position.move(towards: Double(max(position, 0)), 0.1)
        self.lastAccessed = max(self.lastAccessed, time)
    }

    /// .4 · relevance + .2 · min(1, ln(1 + n)/5) + .2 · e^(−days since the last retrieval/30) + .2 · (1 − min(position, 10)/20).
    ///
    /// The age is that of the moment of reading, so that a chunk which nobody retrieves any more goes on losing.
    public func quality(now: Double) -> Double {
        let days = max(0, now - self.lastAccessed) / 86_400
        let recency = exp(-days / 30)
        let usage = min(1, log1p(Double(self.retrievals)) / 5)
        let place = 1 - min(self.position, 10) / 20
        let quality: Double = 0.4 * self.relevance + 0.2 * (usage + recency + place)
        return quality.moved(into: 0...1)
    }

    /// Whether it is proposed for pruning: retrieved often enough to be judged, and of low quality now.
    public func isPruningCandidate(now: Double) -> Bool {
        self.retrievals >= Self.pruningRetrievals && self.quality(now: now) < Self.lowQuality
    }

    /// Reads what ``json`` writes; nil for anything else.
    init?(_ json: JSONValue) {
        guard let numbers = json.arrayValue?.map(\.doubleValue), numbers.count == 4, let retrievals = numbers[0],
            let relevance = numbers[1], let position = numbers[2], let last = numbers[3], !last.isNaN, !position.isNaN,
            (0...9e15).contains(retrievals), (0...1).contains(relevance)
        else { return nil }
        self.retrievals = Int64(retrievals)
        self.relevance = relevance
        self.position = min(max(position, 0), largestMeasure)
        self.lastAccessed = min(max(last, 0), 1e12)
    }

    var json: JSONValue {
        .array([.integer(self.retrievals), .number(self.relevance), .number(self.position), .number(self.lastAccessed)])
    }
}
