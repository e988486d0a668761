import JSON

/// SplitMix64: the same sequence for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension JSONValue {
    /// A value of at most `depth` nested containers, with every kind of scalar and awkward text.
    static func random(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 10 : 7), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Int64.random(in: -1000...1000, using: &generator))
        case 3: return .integer(Int64(bitPattern: generator.next()))
        case 4: return .number(Double.randomFinite(using: &generator))
        case 5, 6: return .string(String.random(using: &generator))
        case 7: return .array((0..<Int.random(in: 0...6, using: &generator)).map { _ in .random(depth: depth - 1, using: &generator) })
        default:
            let count = Int.random(in: 0...(depth == 1 ? 24 : 6), using: &generator)
            return .object(
                JSONObject((0..<count).map { _ in (String.random(using: &generator), .random(depth: depth - 1, using: &generator)) })
            )
        }
    }
}

extension Double {
    static func randomFinite(using generator: inout SeededGenerator) -> Double {
        let value = Double(bitPattern: generator.next())
        return value.isFinite ? value : Double(Int64.random(in: -9...9, using: &generator)) / 8
    }
}

extension String {
    static func random(using generator: inout SeededGenerator) -> String {
        let pieces = [
            "a", "key", "\"", "\\", "/", "\n", "\t", "\u{0}", "\u{1f}", "\u{7f}",
            "é", "e\u{301}", "\u{2028}", "漢", "👩‍👩‍👧", "\u{10FFFF}", " ",
        ]
        return (0..<Int.random(in: 0...9, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
    }
}
