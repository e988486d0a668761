/// An arm, and the probability with which it was chosen.
public struct Choice: Sendable, Hashable {
    /// The chosen arm's index.
    public let arm: Int
    /// The probability of that choice in the state and context it was made in; never 0.
    public let propensity: Double

    /// The arm at which the cumulated probabilities pass `draw`, a number from 0 up to but not including 1.
    ///
    /// The same draw gives the same arm: choices that must agree, of a request and its retries, use one draw made from a stable hash.
    /// - Parameters:
    ///   - arms: the candidates; at least one.
    ///   - probabilities: one for each of them, summing to 1.
    init(among arms: [Int], probabilities: [Double], draw: Double) {
        var sum = 0.0
        // Sums may end a little below 1: then it is the last candidate that has a chance.
        var last = 0
        for (index, probability) in probabilities.enumerated() where probability > 0 {
            last = index
            sum += probability
            if draw < sum { break }
        }
        self.arm = arms[last]
        self.propensity = min(1, probabilities[last])
    }
}

/// Probabilities that prefer the largest scores.
enum Preference {
    /// Everything on the largest score; equal ones share it.
    static func largest(_ scores: [Double]) -> [Double] {
        let best = scores.max() ?? 0
        let ties = scores.count { $0 == best }
        return scores.map { $0 == best ? 1 / Double(ties) : 0 }
    }

    /// The same, with a share `exploration` spread over all.
    static func largest(_ scores: [Double], exploration: Double) -> [Double] {
        self.largest(scores).map { (1 - exploration) * $0 + exploration / Double(scores.count) }
    }
}
