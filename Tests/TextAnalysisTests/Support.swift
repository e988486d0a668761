@testable import TextAnalysis

/// The sentences of a text as written.
func sentences(_ text: String) -> [String] {
    TextDocument(text).sentences.map(\.text)
}

/// The tokens of a text.
func tokens(_ text: String) -> [Token] {
    TextDocument(text).sentences.flatMap(\.tokens)
}

/// The words and numbers of a text as written.
func words(_ text: String) -> [String] {
    tokens(text).filter(\.isWord).map(\.text)
}

/// The sum of valences of a sentence.
func sentiment(_ text: String) -> Double {
    let tokens = tokens(text)
    return SentenceSentiment(tokens, mixesCase: TextDocument.mixesCase(tokens)).sum
}

/// A repeatable source of random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
