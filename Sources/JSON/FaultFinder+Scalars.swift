extension FaultFinder {
    mutating func string() throws(JSONError) {
        let start = self.offset
        self.offset += 1
        while let byte = self.next {
            switch byte {
            case UInt8(ascii: "\""):
                self.offset += 1
                return
            case UInt8(ascii: "\\"): try self.escape()
            case 0..<0x20: throw self.fault(.malformed, "a control character in a string must be escaped")
            case 0..<0x80: self.offset += 1
            default: try self.multibyteScalar(byte)
            }
        }
        throw self.fault(.malformed, "the string that starts here does not end", at: start)
    }

    private mutating func escape() throws(JSONError) {
        let start = self.offset
        self.offset += 1
        switch self.next {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            self.offset += 1
        case UInt8(ascii: "u"):
            let unit = try self.codeUnit()
            guard unit & 0xF800 == 0xD800 else { return }
            let unpaired = self.fault(.malformed, "an escaped surrogate has no partner", at: start)
            guard unit < 0xDC00, self.next == UInt8(ascii: "\\") else { throw unpaired }
            self.offset += 1
            guard self.next == UInt8(ascii: "u") else { throw unpaired }
            guard try self.codeUnit() & 0xFC00 == 0xDC00 else { throw unpaired }
        default: throw self.fault(expected: "one of \"\\/bfnrtu after a backslash")
        }
    }

    /// The four hexadecimal digits after the `u` at the offset.
    private mutating func codeUnit() throws(JSONError) -> UInt32 {
        self.offset += 1
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = self.next, let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else {
                throw self.fault(expected: "a hexadecimal digit")
            }
            unit = unit << 4 | UInt32(digit)
            self.offset += 1
        }
        return unit
    }

    /// One scalar of two to four bytes; overlong forms, surrogates and values above U+10FFFF are not UTF-8.
    private mutating func multibyteScalar(_ lead: UInt8) throws(JSONError) {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw self.fault(.encoding, "the bytes are not UTF-8")
        }
        let start = self.offset
        for index in 1..<length {
            self.offset += 1
            guard let byte = self.next, (index == 1 ? second : 0x80...0xBF).contains(byte) else {
                throw self.fault(.encoding, "the bytes are not UTF-8", at: start)
            }
        }
        self.offset += 1
    }

    mutating func number() throws(JSONError) {
        let start = self.offset
        var isInteger = true
        if self.next == UInt8(ascii: "-") { self.offset += 1 }
        if self.next == UInt8(ascii: "0") {
            self.offset += 1
            if let byte = self.next, Self.isDigit(byte) { throw self.fault(.malformed, "a number has no leading zeros", at: start) }
        } else {
            try self.digits()
        }
        if self.next == UInt8(ascii: ".") {
            isInteger = false
            self.offset += 1
            try self.digits()
        }
        if self.next == UInt8(ascii: "e") || self.next == UInt8(ascii: "E") {
            isInteger = false
            self.offset += 1
            if self.next == UInt8(ascii: "+") || self.next == UInt8(ascii: "-") { self.offset += 1 }
            try self.digits()
        }
        let text = String(decoding: self.bytes[start..<self.offset], as: UTF8.self)
        if isInteger {
            guard Int64(text) == nil, UInt64(text) == nil else { return }
            throw self.fault(.number, "the integer is outside -9223372036854775808 ... 18446744073709551615", at: start)
        }
        guard Double(text)?.isFinite == true else { throw self.fault(.number, "the number is beyond 1.8e308", at: start) }
    }

    private mutating func digits() throws(JSONError) {
        guard let byte = self.next, Self.isDigit(byte) else { throw self.fault(expected: "a digit") }
        while let byte = self.next, Self.isDigit(byte) { self.offset += 1 }
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
