/// Cuts a text into sentences and tokens in one pass each.
struct Tokenizer {
    private let scalars: [Unicode.Scalar]
    private let classes: [ScalarClass]

    init(_ text: String) {
        self.scalars = Array(text.unicodeScalars)
        self.classes = self.scalars.map(ScalarClass.init)
    }

    /// The sentences with at least one word; paragraphs without words are not numbered.
    func sentences() -> [Sentence] {
        var splitter = SentenceSplitter(scalars: self.scalars, classes: self.classes)
        var sentences: [Sentence] = []
        var paragraph = -1
        var lastBlock = -1
        for span in splitter.spans() {
            let tokens = self.tokens(in: span.range)
            guard tokens.contains(where: \.isWord) else {
                continue
            }
            if span.block != lastBlock {
                lastBlock = span.block
                paragraph += 1
            }
            sentences.append(
                Sentence(index: sentences.count, paragraph: paragraph, text: self.collapsed(span.range), tokens: tokens)
            )
        }
        return sentences
    }

    /// The tokens of a range of scalars.
    private func tokens(in range: Range<Int>) -> [Token] {
        var tokens: [Token] = []
        var position = range.lowerBound
        while position < range.upperBound {
            let start = position
            if self.classes[position].isWhitespace {
                position += 1
                continue
            }
            if self.classes[position].startsWord {
                position = self.endOfWord(from: start, limit: range.upperBound)
                tokens.append(Token(kind: self.isNumber(start..<position) ? .number : .word, text: self.string(start..<position)))
            } else {
                while position < range.upperBound, !self.classes[position].startsWord, !self.classes[position].isWhitespace {
                    position += 1
                }
                tokens.append(Token(kind: .punctuation, text: self.string(start..<position)))
            }
        }
        return tokens
    }

    /// The end of the word that starts at a position.
    private func endOfWord(from start: Int, limit: Int) -> Int {
        if let end = self.endOfAcronym(from: start, limit: limit) {
            return end
        }
        var position = start + 1
        while position < limit {
            switch self.classes[position] {
            case .letter, .digit, .mark:
                position += 1
            case .apostrophe, .hyphen:
                guard position + 1 < limit, self.classes[position + 1].startsWord else {
                    return position
                }
                position += 2
            case .symbol:
                // Decimal points, thousands separators and the colon of a time stand between two digits.
                guard self.isNumericSeparator(self.scalars[position]), self.classes[position - 1] == .digit, position + 1 < limit,
                    self.classes[position + 1] == .digit
                else {
                    return position
                }
                position += 2
            case .space, .newline, .paragraphSeparator:
                return position
            }
        }
        return position
    }

    /// The end of an acronym of single letters with periods, at least two ("U.S.", "e.g.", "p.m."), or nil.
    private func endOfAcronym(from start: Int, limit: Int) -> Int? {
        var position = start
        var letters = 0
        while position + 1 < limit, self.classes[position] == .letter, self.scalars[position + 1] == "." {
            letters += 1
            position += 2
        }
        return letters >= 2 && (position >= limit || !self.classes[position].startsWord) ? position : nil
    }

    private func isNumericSeparator(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "." || scalar == "," || scalar == ":"
    }

    private func isNumber(_ range: Range<Int>) -> Bool {
        guard self.classes[range.lowerBound] == .digit else {
            return false
        }
        return !range.contains { self.classes[$0] == .letter }
    }

    private func string(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: self.scalars[range])
        return String(view)
    }

    /// The text of a range with runs of white space replaced by one space.
    private func collapsed(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        var pendingSpace = false
        for position in range {
            if self.classes[position].isWhitespace {
                pendingSpace = true
                continue
            }
            if pendingSpace, !view.isEmpty {
                view.append(" ")
            }
            pendingSpace = false
            view.append(self.scalars[position])
        }
        return String(view)
    }
}
