import Foundation
import Testing

@testable import Feedback

/// Solves a linear system by elimination with pivoting: another way than the learners take.
func solve(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
    var rows = zip(matrix, vector).map { $0 + [$1] }
    let d = vector.count
    for column in 0..<d {
        let pivot = (column..<d).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
        rows.swapAt(column, pivot)
        for row in 0..<d where row != column {
            let factor = rows[row][column] / rows[column][column]
            for index in column...d { rows[row][index] -= factor * rows[column][index] }
        }
    }
    return (0..<d).map { rows[$0][d] / rows[$0][$0] }
}

/// λ·1 + Σ w·x·xᵀ.
func gram(_ xs: [[Double]], weights: [Double]? = nil, ridge: Double) -> [[Double]] {
    let d = xs.first?.count ?? 0
    var result = (0..<d).map { row in (0..<d).map { $0 == row ? ridge : 0 } }
    for (index, x) in xs.enumerated() {
        for row in 0..<d {
            for column in 0..<d { result[row][column] += (weights?[index] ?? 1) * x[row] * x[column] }
        }
    }
    return result
}

func isNear(_ a: Double, _ b: Double, _ tolerance: Double = 1e-12) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(b))
}

func isNear(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-12) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { isNear($0, $1, tolerance) }
}

extension SeededGenerator {
    mutating func uniform() -> Double { Double.random(in: 0..<1, using: &self) }

    mutating func normal() -> Double {
        (-2 * log(1 - self.uniform())).squareRoot() * cos(2 * .pi * self.uniform())
    }

    /// Beta(a, b) of whole parameters, from sums of exponentials.
    mutating func beta(_ a: Int, _ b: Int) -> Double {
        var sums = [0.0, 0.0]
        for index in 0..<(a + b) { sums[index < a ? 0 : 1] -= log(1 - self.uniform()) }
        return sums[0] / (sums[0] + sums[1])
    }

    mutating func context(_ features: Int) -> [Double] { (0..<features).map { $0 == 0 ? 1 : self.normal() } }
}

/// A learner that has seen some of everything.
func trained(_ algorithm: LearnerAlgorithm, seed: UInt64, arms: Int = 4, features: Int = 3, rounds: Int = 300) throws -> any Learner {
    var learner = try algorithm.make(arms: arms, features: features)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<rounds {
        let x = generator.context(features)
        let choice = try learner.choose(features: x, among: Array(0..<arms), minimumExploration: 0.2, using: &generator)
        let chance = 1 / (1 + exp(-(x[1] * Double(choice.arm - 1) + 0.2 * Double(choice.arm))))
        let reward = generator.uniform() < chance ? 1.0 : 0
        try learner.learn(Observation(features: x, arm: choice.arm, reward: reward, propensity: choice.propensity))
    }
    return learner
}
