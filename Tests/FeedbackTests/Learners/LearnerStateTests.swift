import JSON
import Testing

@testable import Feedback

@Suite("Stored learners")
struct LearnerStateTests {
    @Test("come back as they were, through bytes, and learn on as if nothing had been", arguments: LearnerAlgorithm.allCases)
    func roundTrip(algorithm: LearnerAlgorithm) throws {
        var learner = try trained(algorithm, seed: 3)
        let bytes = try LearnerState.encode(learner).serialized()
        var restored = try LearnerState.decode(JSONValue(parsing: bytes))
        #expect(try LearnerState.encode(restored).serialized() == bytes)
        #expect(restored.algorithm == algorithm && restored.armCount == 4)
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<300 {
            let x = generator.context(3)
            let probabilities = try learner.probabilities(features: x, among: [0, 1, 2, 3])
            #expect(isNear(try restored.probabilities(features: x, among: [0, 1, 2, 3]), probabilities, 1e-6))
            let arm = Int.random(in: 0..<4, using: &generator)
            let observation = Observation(features: x, arm: arm, reward: generator.uniform(), propensity: max(0.01, probabilities[arm]))
            try learner.learn(observation)
            try restored.learn(observation)
        }
        // LinTS learns its noise from the inverse, which is more exact in the restored one.
        if algorithm != .linTS { #expect(try LearnerState.encode(learner) == LearnerState.encode(restored)) }
    }

    @Test("of another version, algorithm or shape are refused by name")
    func refused() throws {
        let good = try LearnerState.encode(try trained(.thompson, seed: 1))
        func changed(_ key: String, _ value: JSONValue?) -> JSONValue {
            var object = good.objectValue ?? [:]
            object[key] = value
            return .object(object)
        }
        #expect(throws: LearnerError.version(found: 2, supported: 1)) { try LearnerState.decode(changed("version", 2)) }
        #expect(throws: LearnerError.algorithm("guess")) { try LearnerState.decode(changed("algorithm", "guess")) }
        for json in [
            changed("version", nil), changed("version", "1"), changed("algorithm", nil), changed("algorithm", 7), changed("learner", nil),
            changed("learner", []), changed("algorithm", "thompson_discounted"), changed("algorithm", "lin_ucb"), .null, [], "thompson",
        ] {
            #expect(throws: LearnerError.self, "\(json)") { try LearnerState.decode(json) }
        }
    }

    @Test("with any value exchanged are refused, or are learners that work", arguments: LearnerAlgorithm.allCases)
    func fuzz(algorithm: LearnerAlgorithm) throws {
        let good = try LearnerState.encode(try trained(algorithm, seed: 2, arms: 3, rounds: 100))
        var generator = SeededGenerator(seed: 13)
        var accepted = 0
        for _ in 0..<1_500 {
            var json = good
            for _ in 0..<Int.random(in: 1...3, using: &generator) { json = Self.mutated(json, &generator) }
            do {
                var learner = try LearnerState.decode(json)
                accepted += 1
                let x = (0..<max(1, learner.featureCount)).map { _ in generator.normal() }
                let arms = Array(0..<learner.armCount)
                let probabilities = try learner.probabilities(features: x, among: arms)
                #expect(isNear(probabilities.reduce(0, +), 1, 1e-6), "\(json)")
                for arm in arms { try learner.learn(Observation(features: x, arm: arm, reward: 1, propensity: 0.5)) }
            } catch {}
        }
        #expect(accepted > 0 && accepted < 1_500)
    }

    private static func mutated(_ json: JSONValue, _ generator: inout SeededGenerator) -> JSONValue {
        let values: [JSONValue] = [
            .null, true, "x", 0, -1, 1, 3, 1e300, -1e300, 1e-300, 0.5, .integer(.max), .integer(.min), [], [:], [1, 2, 3],
        ]
        let isHere = generator.uniform() < 0.15
        switch json {
        case .object(var object) where !isHere && !object.isEmpty:
            let key = object.keys[Int.random(in: 0..<object.count, using: &generator)]
            if generator.uniform() < 0.05 {
                object[key] = nil
            } else {
                object[key] = Self.mutated(object[key] ?? .null, &generator)
            }
            return .object(object)
        case .array(var elements) where !isHere && !elements.isEmpty:
            let index = Int.random(in: 0..<elements.count, using: &generator)
            switch generator.uniform() {
            case ..<0.05: elements.remove(at: index)
            case ..<0.1: elements.append(elements[index])
            default: elements[index] = Self.mutated(elements[index], &generator)
            }
            return .array(elements)
        default: return values[Int.random(in: 0..<values.count, using: &generator)]
        }
    }
}
