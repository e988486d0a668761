import Foundation
import Testing

@testable import Feedback

@Suite("The probability of being the largest")
struct ProbabilityOfLargestTests {
    /// P(Beta(a, b) > Beta(c, d)) for whole parameters (Miller: Formulas for Bayesian A/B testing).
    private static func exact(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Double {
        func logBeta(_ x: Int, _ y: Int) -> Double { lgamma(Double(x)) + lgamma(Double(y)) - lgamma(Double(x + y)) }
        return (0..<a).reduce(0) { sum, i in
            sum + exp(logBeta(c + i, b + d) - log(Double(b + i)) - logBeta(1 + i, b) - logBeta(c, d))
        }
    }

    @Test(
        "of two Betas is the closed form",
        arguments: [
            (1, 1, 1, 1), (2, 1, 1, 1), (30, 10, 20, 20), (1, 60, 1, 30), (500, 500, 520, 480), (3, 900, 1, 1),
            (80_000, 20_000, 40_200, 10_000),
        ]
    )
    func beta(_ a: Int, _ b: Int, _ c: Int, _ d: Int) {
        let got = ProbabilityOfLargest.beta([(Double(a), Double(b)), (Double(c), Double(d))])
        #expect(abs(got[0] - Self.exact(a, b, c, d)) < 0.003, "\(got) \(Self.exact(a, b, c, d))")
        #expect(isNear(got[0] + got[1], 1))
    }

    @Test(
        "of two normals is Φ of their distance",
        arguments: [(0.0, 1.0, 0.0, 1.0), (1, 0.5, 0, 2), (0, 0.001, 0.5, 1), (3, 0.1, 2.9, 0.1)]
    )
    func normal(_ m: Double, _ s: Double, _ n: Double, _ t: Double) {
        let got = ProbabilityOfLargest.normal(means: [m, n], deviations: [s, t])
        let exact = 0.5 * erfc((n - m) / (s * s + t * t).squareRoot() / 2.0.squareRoot())
        #expect(abs(got[0] - exact) < 0.003, "\(got[0]) \(exact)")
    }

    @Test("of several is the frequency in 50,000 draws, within four standard errors and .003")
    func draws() {
        let betas = [(3, 5), (8, 10), (1, 2), (40, 60)]
        let normals: [(mean: Double, deviation: Double)] = [(0, 1), (0.5, 0.3), (-1, 2), (0.9, 0.05), (0.2, 0.6)]
        var generator = SeededGenerator(seed: 1)
        var wins = ([Int](repeating: 0, count: 4), [Int](repeating: 0, count: 5))
        let count = 50_000
        for _ in 0..<count {
            let beta = betas.map { generator.beta($0.0, $0.1) }
            let normal = normals.map { $0.mean + $0.deviation * generator.normal() }
            wins.0[beta.indices.max { beta[$0] < beta[$1] } ?? 0] += 1
            wins.1[normal.indices.max { normal[$0] < normal[$1] } ?? 0] += 1
        }
        let expected = (
            ProbabilityOfLargest.beta(betas.map { (Double($0.0), Double($0.1)) }),
            ProbabilityOfLargest.normal(means: normals.map(\.mean), deviations: normals.map(\.deviation))
        )
        for (win, p) in zip(wins.0 + wins.1, expected.0 + expected.1) {
            let error = 4 * (p * (1 - p) / Double(count)).squareRoot()
            #expect(abs(Double(win) / Double(count) - p) < 0.003 + error, "\(p) \(win)")
        }
    }

    @Test("holds where nothing is uncertain, where nothing is known, and for a thousand arms")
    func extremes() {
        #expect(isNear(ProbabilityOfLargest.normal(means: [1, 2, 0], deviations: [0, 0, 0]), [0, 1, 0]))
        #expect(isNear(ProbabilityOfLargest.normal(means: [0, 0], deviations: [0, 0]), [0.5, 0.5]))
        #expect(isNear(ProbabilityOfLargest.beta([(1, 1), (1, 1), (1, 1)]), [1.0 / 3, 1.0 / 3, 1.0 / 3], 1e-9))
        let far = ProbabilityOfLargest.beta([(1e12, 1), (1, 1e12), (1e14, 1e14)])
        #expect(isNear(far.reduce(0, +), 1) && far[0] > 0.999 && far.allSatisfy { $0 >= 0 })
        let many = ProbabilityOfLargest.beta((0..<1_024).map { (1 + Double($0 % 7), 5) })
        #expect(isNear(many.reduce(0, +), 1, 1e-9) && isNear(many[6], many[13], 1e-9) && many[6] > many[5])
    }

    @Test("does not depend on the order, nor normals on shift and scale")
    func invariances() {
        let means = [0.3, -0.2, 0.5], deviations = [0.4, 1, 0.1]
        let plain = ProbabilityOfLargest.normal(means: means, deviations: deviations)
        let moved = ProbabilityOfLargest.normal(means: means.map { 100 * $0 + 7 }, deviations: deviations.map { 100 * $0 })
        let reversed = ProbabilityOfLargest.normal(means: means.reversed(), deviations: deviations.reversed())
        #expect(isNear(plain, moved, 1e-9) && isNear(plain, reversed.reversed(), 1e-9))
    }
}
