extension SyllableCounter {
    /// The letters of a word as ASCII bytes, with what is a vowel.
    struct Letters {
        /// Lower-case base letters; an accented e is "E".
        private(set) var bytes: [UInt8] = []
        /// For each letter whether it is spoken as a vowel.
        private(set) var isVowel: [Bool] = []
        /// How many digits the word has besides.
        private(set) var digits = 0

        init(_ word: String) {
            for scalar in word.unicodeScalars {
                switch scalar.value {
                case 0x61...0x7A: self.bytes.append(UInt8(truncatingIfNeeded: scalar.value))
                case 0x30...0x39: self.digits += 1
                case 0xE0...0xE5, 0xE6, 0x101, 0x103: self.bytes.append(UInt8(ascii: "a"))
                case 0xE8...0xEB, 0x113, 0x119: self.bytes.append(UInt8(ascii: "E"))
                case 0xEC...0xEF, 0x12B: self.bytes.append(UInt8(ascii: "i"))
                case 0xF2...0xF6, 0xF8, 0x14D, 0x153: self.bytes.append(UInt8(ascii: "o"))
                case 0xF9...0xFC, 0x16B: self.bytes.append(UInt8(ascii: "u"))
                case 0xFD, 0xFF: self.bytes.append(UInt8(ascii: "y"))
                case 0xE7: self.bytes.append(UInt8(ascii: "c"))
                case 0xF1: self.bytes.append(UInt8(ascii: "n"))
                default: continue
                }
            }
            self.isVowel = self.bytes.indices.map(self.isVowelLetter(at:))
        }

        /// The number of runs of vowels.
        var vowelRuns: Int {
            var runs = 0
            var isInside = false
            for vowel in self.isVowel {
                runs += vowel && !isInside ? 1 : 0
                isInside = vowel
            }
            return runs
        }

        private func isVowelLetter(at index: Int) -> Bool {
            guard self.bytes[index] == UInt8(ascii: "y") else {
                return Self.isPlainVowel(self.bytes[index])
            }
            let followsVowel = index == 0 || Self.isPlainVowel(self.bytes[index - 1])
            let precedesVowel = index + 1 < self.bytes.count && Self.isPlainVowel(self.bytes[index + 1])
            return !(followsVowel && precedesVowel)
        }

        private static func isPlainVowel(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"): true
            default: false
            }
        }

        /// Whether a text stands at a place.
        func matches(_ text: StaticString, at index: Int) -> Bool {
            text.withUTF8Buffer { index >= 0 && self.bytes[index...].starts(with: $0) }
        }

        /// Whether the letters before a place, by default all, end in a text.
        func ends(in text: StaticString, before end: Int? = nil) -> Bool {
            let end = end ?? self.bytes.count
            let start = end - text.utf8CodeUnitCount
            return start >= 0 && text.withUTF8Buffer { self.bytes[start..<end].elementsEqual($0) }
        }

        /// Whether a consonant (other than l, r, w) and an l stand before a place: the l of "table" and "settled" makes a syllable.
        func isSyllabicL(before index: Int) -> Bool {
            guard index >= 2, self.bytes[index - 1] == UInt8(ascii: "l"), !self.isVowel[index - 2] else {
                return false
            }
            switch self.bytes[index - 2] {
            case UInt8(ascii: "l"), UInt8(ascii: "r"), UInt8(ascii: "w"): return false
            default: return true
            }
        }
    }
}
