extension OutputSpan<UInt8> {
    mutating func append(copying text: UnsafeBufferPointer<UInt8>) {
        self.withUnsafeMutableBufferPointer { buffer, count in
            guard let source = text.baseAddress, let start = buffer.baseAddress else { return }
            precondition(buffer.count - count >= text.count)
            (start + count).update(from: source, count: text.count)
            count += text.count
        }
    }

    /// Appends text with quotation marks, backslashes and control characters escaped; needs room for six times its bytes.
    mutating func append(escaping text: UnsafeBufferPointer<UInt8>) {
        var run = 0
        for (index, byte) in text.enumerated() where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            self.append(copying: UnsafeBufferPointer(rebasing: text[run..<index]))
            run = index + 1
            self.append(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\n"): self.append(UInt8(ascii: "n"))
            case UInt8(ascii: "\r"): self.append(UInt8(ascii: "r"))
            case UInt8(ascii: "\t"): self.append(UInt8(ascii: "t"))
            case 0x08: self.append(UInt8(ascii: "b"))
            case 0x0C: self.append(UInt8(ascii: "f"))
            case 0..<0x20:
                self.append(UInt8(ascii: "u"))
                self.append(UInt8(ascii: "0"))
                self.append(UInt8(ascii: "0"))
                self.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
                let digit = byte & 0x0F
                self.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
            default: self.append(byte)
            }
        }
        self.append(copying: UnsafeBufferPointer(rebasing: text[run...]))
    }

    /// Appends an integer in decimal; needs room for 20 bytes.
    mutating func append(decimal value: Int64) {
        if value < 0 { self.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        var length = 1
        var bound: UInt64 = 10
        while length < 19, rest >= bound {
            length += 1
            bound &*= 10
        }
        self.withUnsafeMutableBufferPointer { buffer, count in
            precondition(buffer.count - count >= length)
            var position = count + length
            count = position
            repeat {
                position -= 1
                buffer[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether the bytes stand in a JSON string as they are.
    var isPlainJSON: Bool {
        guard let start = self.baseAddress else { return true }
        let raw = UnsafeRawPointer(start)
        guard self.count >= 8 else {
            var word: UInt64 = 0x2020_2020_2020_2020
            for byte in self { word = word << 8 | UInt64(byte) }
            return !Self.needsEscape(word)
        }
        var offset = 0
        while offset + 8 < self.count {
            if Self.needsEscape(raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) { return false }
            offset += 8
        }
        // The last eight, some of them for the second time.
        return !Self.needsEscape(raw.loadUnaligned(fromByteOffset: self.count - 8, as: UInt64.self))
    }

    /// Whether one of eight bytes is a control character, a quotation mark or a backslash.
    ///
    /// The usual test for a zero or small byte in a word; a borrow can only make a byte above a true hit look like one.
    private static func needsEscape(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let control = (word &- ones &* 0x20) & ~word
        return (control | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & (ones &* 0x80) != 0
    }
}
