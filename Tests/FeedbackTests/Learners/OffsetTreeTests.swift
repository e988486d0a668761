import JSON
import Testing

@testable import Feedback

@Suite("Offset tree")
struct OffsetTreeTests {
    /// Arm 1 is right where both features are positive: no single split can tell.
    private static func reward(_ x: [Double], _ arm: Int) -> Double { (x[0] > 0 && x[1] > 0) == (arm == 1) ? 1 : 0 }

    @Test("splits below the root, and chooses right in every corner")
    func deep() throws {
        var tree = try OffsetTree(arms: 2, features: 2)
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<4_000 {
            let x = [generator.uniform() * 2 - 1, generator.uniform() * 2 - 1]
            let choice = try tree.choose(features: x, among: [0, 1], minimumExploration: 0.1, using: &generator)
            try tree.learn(Observation(features: x, arm: choice.arm, reward: Self.reward(x, choice.arm), propensity: choice.propensity))
        }
        #expect(tree.depth >= 2 && tree.leafCount > 2 && tree.leafCount <= 8)
        let right = try [[0.9, 0.9], [0.9, -0.9], [-0.9, 0.9], [-0.9, -0.9]].map { x in
            try tree.probabilities(features: x, among: [0, 1])[Self.reward(x, 1) == 1 ? 1 : 0]
        }
        #expect(right.allSatisfy { $0 > 0.9 }, "\(right)")
    }

    @Test("splits where it should, and gives both children their share of the contexts")
    func first() throws {
        var tree = try OffsetTree(arms: 1, features: 2, parameters: OffsetTree.Parameters(depth: 1))
        // The second feature decides; of 20 contexts its values 1 … 10 go left.
        for step in 0..<20 {
            let value = Double((step * 7) % 20 + 1)
            try tree.learn(Observation(features: [0, value], arm: 0, reward: value <= 10 ? 0 : 1))
        }
        let split = try #require(tree.splits.first)
        #expect(split.feature == 1 && split.threshold >= 10 && split.threshold < 11)
        #expect(tree.leafCount == 2)
    }

    @Test("does not split on noise", arguments: 0..<5 as Range<UInt64>)
    func noise(seed: UInt64) throws {
        var tree = try OffsetTree(arms: 3, features: 5)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<400 {
            let x = generator.context(5)
            let arm = Int.random(in: 0..<3, using: &generator)
            try tree.learn(Observation(features: x, arm: arm, reward: generator.uniform() < 0.5 ? 1 : 0))
        }
        #expect(tree.leafCount == 1)
    }

    @Test("what workers get is small, and chooses as the whole")
    func forChoosing() throws {
        var tree = try OffsetTree(arms: 1, features: 2)
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<2_000 {
            let x = [generator.uniform() * 2 - 1, generator.uniform() * 2 - 1]
            try tree.learn(Observation(features: x, arm: 0, reward: Self.reward(x, 1)))
        }
        #expect(tree.leafCount > 1)
        let (whole, small) = (try LearnerState.encode(tree), try LearnerState.encode(tree.forChoosing()))
        #expect("\(small)".utf8.count * 20 < "\(whole)".utf8.count)
        let read = try LearnerState.decode(small)
        for x in [[0.9, 0.9], [0.9, -0.9], [-0.9, 0.9], [-0.9, -0.9]] {
            let parts = [[tree, tree], [read, tree]] as [[any Learner]]
            let chances = try parts.map { try LearnerAlgorithm.offsetTree.probabilities(of: $0, features: x) }
            #expect(chances[0] == chances[1])
        }
    }

    @Test("refuses nodes that are deeper than can be")
    func tooDeep() throws {
        let tree = try OffsetTree(arms: 1, features: 1)
        let text = "\(try LearnerState.encode(tree))"
        for depth in ["9223372036854775807", "-1", "9"] {
            let changed = text.replacing("\"depth\":0", with: "\"depth\":\(depth)")
            #expect(changed != text)
            #expect(throws: LearnerError.self) { try LearnerState.decode(JSONValue(parsing: Array(changed.utf8))) }
        }
    }

    @Test("keeps a bounded number of contexts")
    func memory() throws {
        let parameters = OffsetTree.Parameters(depth: 0, memory: 20)
        var tree = try OffsetTree(arms: 1, features: 1, parameters: parameters)
        for step in 0..<1_000 { try tree.learn(Observation(features: [Double(step)], arm: 0, reward: 1)) }
        let stored = try LearnerState.encode(tree)
        let samples = stored["learner"]?["nodes"]?[0]?["leaf"]?["samples"]?.arrayValue
        #expect(samples?.count == 20)
        let kept = samples?.compactMap { $0["features"]?[0]?.integerValue }
        #expect(kept?.sorted() == Array(980..<1_000))
    }
}
