/// A pattern over the words of a sentence, written as text and matched without backtracking.
///
/// Elements are separated by spaces:
/// - `word` — that word in lower case; `a|b|c` — one of the words; `@name` — a word of a named class, also among alternatives;
/// - `[a|b]` — the same, but optional;
/// - `~3` — up to three words of any kind (commas count, question marks are not passed over);
/// - `,` — a comma, semicolon, colon or dash; `?` — a question mark;
/// - `^` first — only at the start of the sentence; `$` last — only at its end.
struct CuePattern: Sendable {
    /// One element: what it accepts, and whether it may be left out.
    struct Element: Sendable, Equatable {
        /// The accepted words by number; nil accepts every word and comma.
        var accepted: [Int32]?
        var isOptional: Bool
    }

    /// The elements, a gap being as many optional elements as it is long; at most ``maximumElements``.
    var elements: [Element]
    /// Whether the pattern matches only at the start of a sentence.
    var isAtStart = false
    /// Whether the pattern matches only at the end of a sentence.
    var isAtEnd = false

    /// The set of active elements is the bits of one word, one of them for the end.
    static let maximumElements = 63

    /// Reads a pattern, numbering its words in a vocabulary.
    init(_ text: String, classes: [String: [String]], vocabulary: inout CueVocabulary) {
        self.elements = []
        for part in text.split(separator: " ") {
            switch part {
            case "^":
                self.isAtStart = true
            case "$":
                self.isAtEnd = true
            case _ where part.hasPrefix("~"):
                let length = Int(part.dropFirst()) ?? 0
                self.elements.append(contentsOf: repeatElement(Element(accepted: nil, isOptional: true), count: length))
            default:
                let isOptional = part.hasPrefix("[") && part.hasSuffix("]")
                let body = isOptional ? part.dropFirst().dropLast() : part
                let words = body.split(separator: "|").flatMap { word in
                    word.hasPrefix("@") ? classes[String(word.dropFirst())] ?? [] : [String(word)]
                }
                self.elements.append(Element(accepted: words.map { vocabulary.number(of: $0) }.sorted(), isOptional: isOptional))
            }
        }
        self.elements = Array(self.elements.prefix(Self.maximumElements))
    }

    /// The end of the shortest match that starts at a position, or nil; reads at most as many words as the pattern has elements.
    ///
    /// - Parameters:
    ///   - words: Numbers of the words of a sentence.
    ///   - start: Where the match starts.
    ///   - steps: Counts the words read.
    func end(in words: [Int32], from start: Int, steps: inout Int) -> Int? {
        guard !self.isAtStart || start == 0 else {
            return nil
        }
        let final = UInt64(1) << UInt64(self.elements.count)
        var active = self.closure(of: 1)
        var position = start
        while active != 0 {
            if active & final != 0, !self.isAtEnd || position == words.count {
                return position
            }
            guard position < words.count else {
                return nil
            }
            steps += 1
            var next: UInt64 = 0
            var remaining = active & ~final
            while remaining != 0 {
                let index = remaining.trailingZeroBitCount
                remaining &= remaining - 1
                if self.accepts(words[position], at: index) {
                    next |= 1 << UInt64(index + 1)
                }
            }
            active = self.closure(of: next)
            position += 1
        }
        return nil
    }

    /// A set of elements with everything that can be reached by leaving out optional ones.
    private func closure(of set: UInt64) -> UInt64 {
        var set = set
        for index in self.elements.indices where set & (1 << UInt64(index)) != 0 && self.elements[index].isOptional {
            set |= 1 << UInt64(index + 1)
        }
        return set
    }

    private func accepts(_ word: Int32, at index: Int) -> Bool {
        guard let accepted = self.elements[index].accepted else {
            return word != CueVocabulary.question
        }
        return accepted.contains(word)
    }

    /// The words with which a match can start.
    var firstWords: Set<Int32> {
        var words: Set<Int32> = []
        for element in self.elements {
            words.formUnion(element.accepted ?? [])
            if !element.isOptional {
                break
            }
        }
        return words
    }
}

/// Numbers for the words that occur in patterns.
struct CueVocabulary: Sendable {
    /// Stands for every word that occurs in no pattern.
    static let unknown: Int32 = 0
    /// Stands for a comma, semicolon, colon or dash.
    static let comma: Int32 = 1
    /// Stands for a question mark.
    static let question: Int32 = 2

    private var numbers: [String: Int32] = [",": Self.comma, "?": Self.question]

    /// The number of a word; a new word gets the next.
    mutating func number(of word: String) -> Int32 {
        if let number = self.numbers[word] {
            return number
        }
        let number = Int32(self.numbers.count + 1)
        self.numbers[word] = number
        return number
    }

    /// The number of a word of a text.
    func find(_ word: String) -> Int32 {
        self.numbers[word] ?? Self.unknown
    }
}
