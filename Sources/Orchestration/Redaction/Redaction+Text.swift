extension Redaction {
    /// The text with personal data and secrets replaced by the names of their kinds, in one pass over the bytes.
    ///
    /// Each of these is replaced:
    ///
    /// - `[EMAIL]`: `local@host.tld`
    /// - `[SSN]`: `ddd-dd-dddd`
    /// - `[CARD]`: sixteen digits, plain or in groups of four with one space or hyphen between
    /// - `[PHONE]`: ten digits as 3-3-4, plain or with one space, dot or hyphen between; or `+` and 7 to 15 digits likewise separated
    /// - `[TOKEN]`: a run of 20 or more ASCII letters and digits
    public static func redact(_ text: String) -> String {
        var scanner = TextScanner(Array(text.utf8))
        return scanner.redacted() ?? text
    }
}

private struct TextScanner {
    private let bytes: [UInt8]
    private var output: [UInt8] = []
    /// Bytes before this one are in `output`, as they are or replaced.
    private var copied = 0
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Nil when there is nothing to hide.
    mutating func redacted() -> String? {
        var checkedForEmail = 0
        while self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            if self.position >= checkedForEmail, byte.isEmailLocal {
                let end = self.end(of: \.isEmailLocal, from: self.position)
                checkedForEmail = end
                if let emailEnd = self.endOfEmail(at: end) {
                    self.replace(through: emailEnd, with: "[EMAIL]")
                    continue
                }
            }
            if byte.isAlphanumeric {
                self.redactWord()
            } else if byte == UInt8(ascii: "+"), let end = self.endOfInternationalPhone() {
                self.replace(through: end, with: "[PHONE]")
            } else {
                self.position += 1
            }
        }
        guard self.copied > 0 else { return nil }
        self.output.append(contentsOf: self.bytes[self.copied...])
        return String(decoding: self.output, as: UTF8.self)
    }

    /// At the first byte of a run of letters and digits.
    private mutating func redactWord() {
        if let end = self.endOfDigits(groups: [3, 2, 4], separators: "-", optional: false) {
            self.replace(through: end, with: "[SSN]")
        } else if let end = self.endOfDigits(groups: [4, 4, 4, 4], separators: " -", optional: true) {
            self.replace(through: end, with: "[CARD]")
        } else if let end = self.endOfDigits(groups: [3, 3, 4], separators: " .-", optional: true) {
            self.replace(through: end, with: "[PHONE]")
        } else {
            let end = self.end(of: \.isAlphanumeric, from: self.position)
            if end - self.position >= 20 {
                self.replace(through: end, with: "[TOKEN]")
            } else {
                self.position = end
            }
        }
    }

    private mutating func replace(through end: Int, with name: String) {
        self.output.append(contentsOf: self.bytes[self.copied..<self.position])
        self.output.append(contentsOf: name.utf8)
        self.copied = end
        self.position = end
    }

    private func end(of kind: (UInt8) -> Bool, from start: Int) -> Int {
        var index = start
        while index < self.bytes.count, kind(self.bytes[index]) { index += 1 }
        return index
    }

    /// `at` is behind the local part; the host needs a dot and a last label of two or more letters.
    private func endOfEmail(at: Int) -> Int? {
        guard at < self.bytes.count, self.bytes[at] == UInt8(ascii: "@") else { return nil }
        var end = self.end(of: { $0.isAlphanumeric || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }, from: at + 1)
        while end > at + 1, !self.bytes[end - 1].isAlphanumeric { end -= 1 }
        guard let dot = self.bytes[(at + 1)..<end].lastIndex(of: UInt8(ascii: ".")), dot > at + 1 else { return nil }
        let top = self.bytes[(dot + 1)..<end]
        return top.count >= 2 && top.allSatisfy { $0.isLetter } ? end : nil
    }

    /// Groups of digits from `position`, the last one not followed by a letter or digit.
    private func endOfDigits(groups: [Int], separators: StaticString, optional: Bool) -> Int? {
        var index = self.position
        for (number, count) in groups.enumerated() {
            if number > 0, index < self.bytes.count {
                if separators.contains(self.bytes[index]) { index += 1 } else if !optional { return nil }
            }
            for _ in 0..<count {
                guard index < self.bytes.count, self.bytes[index].isDigit else { return nil }
                index += 1
            }
        }
        return index < self.bytes.count && self.bytes[index].isAlphanumeric ? nil : index
    }

    private func endOfInternationalPhone() -> Int? {
        var index = self.position + 1
        var digits = 0
        var end = index
        while index < self.bytes.count, digits <= 15 {
            if self.bytes[index].isDigit {
                digits += 1
                end = index + 1
            } else if index > end || digits == 0 || !(" .-" as StaticString).contains(self.bytes[index]) {
                break
            }
            index += 1
        }
        return (7...15).contains(digits) ? end : nil
    }
}

extension StaticString {
    fileprivate func contains(_ byte: UInt8) -> Bool {
        self.withUTF8Buffer { $0.contains(byte) }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    fileprivate var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
    fileprivate var isAlphanumeric: Bool { self.isDigit || self.isLetter }

    fileprivate var isEmailLocal: Bool {
        self.isAlphanumeric || (".!#$%&'*+-/=?^_`{|}~" as StaticString).contains(self)
    }
}
