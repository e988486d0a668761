import JSON
import Testing

@Suite("Round trips")
struct RoundTripTests {
    @Test("What is written reads back the same", arguments: 0..<8)
    func values(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<250 {
            let value = JSONValue.random(depth: 4, using: &generator)
            let bytes = value.serialized()
            let compact = try JSONValue(parsing: bytes)
            #expect(compact == value)
            #expect(compact.hashValue == value.hashValue)
            #expect(compact.serialized() == bytes)
            #expect(try JSONValue(parsing: value.serialized(pretty: true)) == value)
        }
    }

    @Test("Doubles keep every bit")
    func doubles() throws {
        var generator = SeededGenerator(seed: 99)
        let special = [0, -0.0, 1, -1, 0.1, 0.30000000000000004, 1e16, 1e308, -1e308, 2.2250738585072014e-308, .pi, 1 / 3]
        let edges = [Double.greatestFiniteMagnitude, .leastNormalMagnitude, .leastNonzeroMagnitude, 9007199254740992, 1e22, 1e23]
        for value in special + edges + (0..<2000).map({ _ in Double.randomFinite(using: &generator) }) {
            let text = JSONValue.number(value).description
            guard case .number(let back) = try JSONValue(parsing: text) else {
                Issue.record("\(text) is not read as a number")
                continue
            }
            #expect(back.bitPattern == value.bitPattern, "\(text)")
        }
    }

    @Test("Integers keep every digit")
    func integers() throws {
        var values: [Int64] = [0, .min, .max, .min + 1, .max - 1]
        var power: Int64 = 1
        for _ in 0..<18 {
            power *= 10
            values += [power, power - 1, power + 1, -power, 1 - power]
        }
        for value in values {
            #expect(JSONValue.integer(value).description == String(value))
            #expect(try JSONValue(parsing: String(value)) == .integer(value))
        }
    }
}
