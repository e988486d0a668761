import Glibc

/// A number that is known up to an interval.
public struct Estimate: Sendable, Hashable {
    /// The number itself.
    public let value: Double
    /// Where it may lie at least.
    public let low: Double
    /// Where it may lie at most.
    public let high: Double
    /// How the interval was made.
    public let method: IntervalMethod

    init(value: Double, low: Double, high: Double, method: IntervalMethod) {
        self.value = value
        self.low = low
        self.high = high
        self.method = method
    }
}

/// How an interval is made.
public enum IntervalMethod: String, CaseIterable, Sendable, Hashable {
    /// Value ± z · standard error, by the central limit theorem: right for many decisions and weights that are not too unequal.
    case normal
    /// Percentiles of 1,000 samples drawn with replacement from the decisions (Efron 1979): follows skewed weights better, for more work.
    case bootstrap
    /// Maurer and Pontil's bound (2009) for rewards within 0 … 1: holds for every number of decisions, and is wide.
    case bernstein

    /// The interval of a mean.
    ///
    /// - Parameters:
    ///   - terms: what the mean is of, at least two.
    ///   - span: the largest difference that two terms can have; only read by ``bernstein``.
    static func mean(_ terms: [Double], confidence: Double, span: Double?) -> Estimate {
        let count = Double(terms.count)
        let mean = terms.reduce(0, +) / count
        let variance = terms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
        var half = Normal.z(confidence) * (variance / count).squareRoot()
        if let span {
            // Both sides share what is left of the confidence.
            let log = Glibc.log(4 / (1 - confidence))
            half = (2 * variance * log / count).squareRoot() + 7 * span * log / (3 * max(1, count - 1))
        }
        return Estimate(value: mean, low: mean - half, high: mean + half, method: span == nil ? .normal : .bernstein)
    }

    /// The interval of Σ numerators / Σ denominators by the delta method.
    static func ratio(_ numerators: [Double], _ denominators: [Double], confidence: Double) -> Estimate {
        let sum = denominators.reduce(0, +)
        let value = sum > 0 ? numerators.reduce(0, +) / sum : 0
        let squares = zip(numerators, denominators).reduce(0) { $0 + ($1.0 - value * $1.1) * ($1.0 - value * $1.1) }
        let half = sum > 0 ? Normal.z(confidence) * squares.squareRoot() / sum : 0
        return Estimate(value: value, low: value - half, high: value + half, method: .normal)
    }
}

/// The standard normal distribution.
enum Normal {
    /// Half the width, in standard errors, of the interval that holds the given share: 1.96 for .95.
    static func z(_ confidence: Double) -> Double {
        var low = 0.0
        var high = 10.0
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if erf(middle / 2.0.squareRoot()) < confidence { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
