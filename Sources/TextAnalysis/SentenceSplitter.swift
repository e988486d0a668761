/// Finds sentence ends; the rules are those of ``TextDocument/sentences``.
///
/// Every look back is bounded by ``contextLength`` scalars and every look ahead ends at the next word or terminator, so the work is linear.
struct SentenceSplitter {
    /// A sentence as a range of scalars, and the block between blank lines it stands in.
    struct Span: Equatable {
        var range: Range<Int>
        var block: Int
    }

    /// How many scalars are read around a period to recognise an abbreviation.
    static let contextLength = 24

    private let scalars: [Unicode.Scalar]
    private let classes: [ScalarClass]
    private var found: [Span] = []
    private var start = 0
    private var block = 0
    /// How many scalars were looked at, for tests of the bound.
    private(set) var steps = 0

    init(scalars: [Unicode.Scalar], classes: [ScalarClass]) {
        self.scalars = scalars
        self.classes = classes
    }

    /// All sentences in order; together they cover every scalar that is not white space.
    mutating func spans() -> [Span] {
        var position = 0
        while position < self.scalars.count {
            self.steps += 1
            switch self.classes[position] {
            case .newline, .paragraphSeparator:
                let gap = self.gap(from: position)
                if gap.endsParagraph {
                    self.endSentence(at: position)
                    self.block += 1
                }
                position = gap.end
            case .symbol where Self.isTerminator(self.scalars[position]):
                position = self.passTerminator(at: position)
            default:
                position += 1
            }
        }
        self.endSentence(at: self.scalars.count)
        return self.found
    }

    private mutating func endSentence(at end: Int) {
        var lower = self.start
        while lower < end, self.classes[lower].isWhitespace {
            lower += 1
        }
        self.start = max(self.start, end)
        if lower < end {
            self.found.append(Span(range: lower..<end, block: self.block))
        }
    }

    /// The end of the white space at a position, and whether a blank line stands in it.
    private mutating func gap(from position: Int) -> (end: Int, endsParagraph: Bool) {
        var end = position
        var lines = 0
        while end < self.scalars.count, self.classes[end].isWhitespace {
            if self.classes[end] == .paragraphSeparator {
                lines += 2
            } else if self.classes[end] == .newline {
                let isPair = self.scalars[end] == "\r" && end + 1 < self.scalars.count && self.scalars[end + 1] == "\n"
                end += isPair ? 1 : 0
                lines += 1
            }
            end += 1
        }
        self.steps += end - position
        return (end, lines >= 2)
    }

    /// Decides about the run of terminators at a position, and returns where to go on.
    private mutating func passTerminator(at position: Int) -> Int {
        var end = position
        while end < self.scalars.count, Self.isTerminator(self.scalars[end]) {
            end += 1
        }
        var close = end
        while close < self.scalars.count, Self.isCloser(self.scalars[close]) {
            close += 1
        }
        self.steps += close - position
        let isWide = self.scalars[position..<end].contains(where: Self.isWideTerminator)
        if close == self.scalars.count || isWide {
            self.endSentence(at: close)
            return close
        }
        guard self.classes[close].isWhitespace else {
            return close
        }
        let gap = self.gap(from: close)
        guard !gap.endsParagraph else {
            return close
        }
        if self.endsSentence(run: position..<end, isClosed: close > end, next: gap.end) {
            self.endSentence(at: close)
        }
        return close
    }

    private mutating func endsSentence(run: Range<Int>, isClosed: Bool, next: Int) -> Bool {
        var next = next
        while next < self.scalars.count, Self.isOpener(self.scalars[next]) {
            next += 1
            self.steps += 1
        }
        let isLowercase = next < self.scalars.count && self.scalars[next].properties.isLowercase
        if isClosed {
            return !isLowercase
        }
        if self.scalars[run].contains(where: { $0 == "!" || $0 == "?" }) {
            return true
        }
        if run.count > 1 || self.scalars[run.lowerBound] == "…" {
            return !isLowercase
        }
        return self.periodEndsSentence(at: run.lowerBound, next: next)
    }

    /// The rules of a single period: abbreviations, initials, list numbers.
    private mutating func periodEndsSentence(at position: Int, next: Int) -> Bool {
        let before = self.wordBefore(position)
        let opensWithDigit = next < self.scalars.count && self.classes[next] == .digit
        if Abbreviations.titles.contains(before.word) || Abbreviations.connectives.contains(before.word) {
            return false
        }
        if Abbreviations.beforeNumbers.contains(before.word) {
            return !opensWithDigit
        }
        if before.isListNumber {
            return false
        }
        if before.isInitial || Abbreviations.closing.contains(before.word) {
            return self.isOpeningWord(at: next)
        }
        if before.word == "etc" {
            return next < self.scalars.count && self.scalars[next].properties.isUppercase
        }
        return true
    }

    /// What stands between the last white space, quote or bracket and a period: in lower case, and its kind.
    private mutating func wordBefore(_ position: Int) -> (word: String, isInitial: Bool, isListNumber: Bool) {
        var lower = position
        let floor = max(self.start, position - Self.contextLength)
        while lower > floor, !self.classes[lower - 1].isWhitespace, !Self.isOpener(self.scalars[lower - 1]) {
            lower -= 1
        }
        self.steps += position - lower
        var view = String.UnicodeScalarView()
        view.append(contentsOf: self.scalars[lower..<position])
        let word = String(view)
        // A letter alone, or letters alternating with periods: "J", "U.S", "p.m"; but "I" is a pronoun.
        var isInitial = lower < position && (position - lower) % 2 == 1 && word != "I"
        var isNumber = lower < position && position - lower <= 3
        for index in lower..<position {
            let isLetterPlace = (index - lower) % 2 == 0
            isInitial = isInitial && (isLetterPlace ? self.classes[index] == .letter : self.scalars[index] == ".")
            isNumber = isNumber && self.classes[index] == .digit
        }
        return (word.lowercased(), isInitial, isNumber && self.isStartOfLineOrSentence(lower))
    }

    private func isStartOfLineOrSentence(_ position: Int) -> Bool {
        var index = position
        while index > self.start {
            guard self.classes[index - 1].isWhitespace, position - index < Self.contextLength else {
                return false
            }
            if self.classes[index - 1] == .newline {
                return true
            }
            index -= 1
        }
        return true
    }

    /// Whether the word at a position is capitalised and commonly opens a sentence.
    private mutating func isOpeningWord(at position: Int) -> Bool {
        guard position < self.scalars.count, self.scalars[position].properties.isUppercase else {
            return false
        }
        var view = String.UnicodeScalarView()
        var end = position
        while end < self.scalars.count, end - position < Self.contextLength, self.classes[end] == .letter {
            view.append(self.scalars[end])
            end += 1
        }
        self.steps += end - position
        return Abbreviations.openers.contains(String(view).lowercased())
    }

    static func isTerminator(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "." || scalar == "!" || scalar == "?" || scalar == "…" || Self.isWideTerminator(scalar)
    }

    /// Terminators of scripts that put no space after them, or have no abbreviations.
    private static func isWideTerminator(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3002, 0xFF01, 0xFF1F, 0xFF61, 0x0964, 0x0965, 0x061F, 0x06D4: true
        default: false
        }
    }

    private static func isCloser(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\"", "'", ")", "]", "}", "”", "’", "»", "›", "」", "』", "）": true
        default: false
        }
    }

    private static func isOpener(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\"", "'", "(", "[", "{", "“", "‘", "«", "‹", "„", "¿", "¡", "-", "–", "—", "•", "*": true
        default: false
        }
    }
}
