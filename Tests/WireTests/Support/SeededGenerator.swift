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

    mutating func flag() -> Bool { Bool.random(using: &self) }
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func pick<T>(_ choices: [T]) -> T { choices[self.below(choices.count)] }
    mutating func maybe<T>(_ make: (inout SeededGenerator) -> T) -> T? { self.flag() ? make(&self) : nil }

    /// Awkward text, possibly empty.
    mutating func text() -> String {
        let pieces = [
            "a", "key", "\"", "\\", "/", "\n", "\t", "\u{0}", "\u{1f}", "\u{7f}", "é", "e\u{301}", "\u{2028}", "漢", "👩‍👩‍👧",
            "\u{10FFFF}", " ",
        ]
        return (0..<self.below(9)).map { _ in self.pick(pieces) }.joined()
    }

    /// Awkward text that is not empty.
    mutating func name() -> String { "n" + self.text() }

    mutating func finite() -> Double {
        let value = Double(bitPattern: self.next())
        return value.isFinite ? value : Double(self.below(19) - 9) / 8
    }

    /// From 0 to 1, ends included.
    mutating func unit() -> Double { Double(self.below(1025)) / 1024 }

    /// Seconds since 1970.
    mutating func seconds() -> Double { Double(self.below(4_000_000_000_000)) / 1000 }
}
