import JSON

/// How well rewards were predicted: averages of the predictions and of how far they were off, over about the last 100 (spec §6.6).
public struct PredictionRecord: Sendable, Hashable {
    /// After so many, each further one takes the place of 1/100 of what was known.
    static let memory: Int64 = 100

    /// Rewards that were predicted.
    public private(set) var count: Int64 = 0
    /// The mean prediction; 0 without any.
    public private(set) var mean = 0.0
    /// The mean absolute error; 0 without any.
    public private(set) var error = 0.0

    /// None.
    init() {}

    /// 1 − mean absolute error.
    public var accuracy: Double { 1 - self.error }

    mutating func add(_ prediction: Double, reward: Double) {
        self.count = min(self.count + 1, 1 << 53)
        let share = 1 / Double(min(self.count, Self.memory))
        self.mean.move(towards: prediction, share)
        self.error.move(towards: abs(prediction - reward), share)
    }

    /// Reads a stored state.
    init(state: JSONObject) {
        self.count = state.tally("count")
        self.mean = state.number("mean", in: 0...1, default: 0)
        self.error = state.number("error", in: 0...1, default: 0)
    }

    /// As ``init(state:)`` reads it.
    var state: JSONObject { ["count": .integer(self.count), "mean": .number(self.mean), "error": .number(self.error)] }
}
