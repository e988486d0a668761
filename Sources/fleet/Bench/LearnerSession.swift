import Feedback
import JSON

/// One learner that a problem outside drives by lines of JSON; see `fleet bench learners --help`.
struct LearnerSession {
    /// Why a line cannot be used.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private struct Pending {
        var features: [Double]
        var choice: Choice
    }

    /// Bytes of a line at most.
    static let lineLimit = 1 << 20
    /// Rounds without reward that are remembered; the oldest are forgotten.
    static let pendingLimit = 100_000

    private let algorithm: LearnerAlgorithm
    private let hasBias: Bool
    private var generator: SeededGenerator
    private var learner: (any Learner)?
    private var pending: [Int64: Pending] = [:]
    /// The rounds in the order they came, those that have their reward included.
    private var order: [Int64] = []

    init(algorithm: LearnerAlgorithm, seed: UInt64, hasBias: Bool) {
        self.algorithm = algorithm
        self.hasBias = hasBias
        self.generator = SeededGenerator(seed: seed)
    }

    /// The line to answer with; nil for a reward.
    mutating func answer(_ line: [UInt8]) throws -> String? {
        let json = try JSONValue(parsing: line, limits: JSONLimits(maximumBytes: Self.lineLimit, maximumDepth: 4))
        guard json.objectValue != nil else { throw Refusal(description: "not a JSON object") }
        guard let round = json["round"]?.integerValue else { throw Refusal(description: "no integer \"round\"") }
        if let reward = json["reward"] {
            guard let reward = reward.doubleValue else { throw Refusal(description: "\"reward\" is no number") }
            try self.learn(reward, round)
            return nil
        }
        let choice = try self.choose(json, round)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("arm", choice.arm)
        writer.member("p", choice.propensity)
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private mutating func choose(_ json: JSONValue, _ round: Int64) throws -> Choice {
        guard let values = json["x"]?.arrayValue else { throw Refusal(description: "no array \"x\", and no \"reward\"") }
        let x = values.compactMap(\.doubleValue)
        guard x.count == values.count else { throw Refusal(description: "\"x\" holds what is no number") }
        guard let arms = json["arms"]?.integerValue, (1...Int64(LearnerLimits.arms)).contains(arms) else {
            throw Refusal(description: "\"arms\" must be 1 to \(LearnerLimits.arms)")
        }
        guard self.pending[round] == nil else { throw Refusal(description: "round \(round) waits for its reward already") }
        let features = self.hasBias ? [1] + x : x
        var learner = try self.learner ?? self.algorithm.make(arms: Int(arms), features: features.count)
        while learner.armCount < Int(arms) { try learner.addArm(prior: nil) }
        let choice = try learner.choose(features: features, among: Array(0..<Int(arms)), using: &self.generator)
        self.learner = learner
        self.remember(Pending(features: features, choice: choice), round)
        return choice
    }

    private mutating func learn(_ reward: Double, _ round: Int64) throws {
        guard let known = self.pending.removeValue(forKey: round) else {
            throw Refusal(description: "no round \(round) waits for a reward")
        }
        try self.learner?.learn(
            Observation(features: known.features, arm: known.choice.arm, reward: reward, propensity: known.choice.propensity)
        )
    }

    private mutating func remember(_ entry: Pending, _ round: Int64) {
        self.pending[round] = entry
        self.order.append(round)
        guard self.order.count >= 2 * Self.pendingLimit else { return }
        // Rare: half of the order goes, first what has its reward, then the oldest.
        var seen: Set<Int64> = []
        let waiting = self.order.reversed().filter { self.pending[$0] != nil && seen.insert($0).inserted }
        for round in waiting.dropFirst(Self.pendingLimit) { self.pending[round] = nil }
        self.order = waiting.prefix(Self.pendingLimit).reversed()
    }
}
