/// A strict reader of RFC 8259 that keeps nothing and stops at the first byte that cannot be accepted.
///
/// Linear in the bytes, its memory bounded by the allowed depth.
struct FaultFinder {
    let bytes: UnsafeRawBufferPointer
    let maximumDepth: Int
    var offset = 0
    /// The open containers; true is an object.
    private var containers: [Bool] = []

    init(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits) {
        self.bytes = bytes
        self.maximumDepth = limits.maximumDepth
    }

    var next: UInt8? { self.offset < self.bytes.count ? self.bytes[self.offset] : nil }

    /// Returns when the document is valid.
    mutating func document() throws(JSONError) {
        if self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw self.fault(.malformed, "the document starts with a byte order mark, which JSON does not have")
        }
        repeat {
            while try self.openContainer() {}
        } while try self.continueContainer()
        self.skipSpace()
        guard self.next == nil else { throw self.fault(expected: "the end of the document") }
    }

    /// Reads a value; of a container that is not empty only what stands before its first value, and returns true.
    private mutating func openContainer() throws(JSONError) -> Bool {
        self.skipSpace()
        switch self.next {
        case UInt8(ascii: "["): return try self.open(isObject: false, end: UInt8(ascii: "]"))
        case UInt8(ascii: "{"): return try self.open(isObject: true, end: UInt8(ascii: "}"))
        case UInt8(ascii: "\""): try self.string()
        case UInt8(ascii: "t"): try self.literal("true")
        case UInt8(ascii: "f"): try self.literal("false")
        case UInt8(ascii: "n"): try self.literal("null")
        case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte): try self.number()
        default: throw self.fault(expected: "a value")
        }
        return false
    }

    private mutating func open(isObject: Bool, end: UInt8) throws(JSONError) -> Bool {
        guard self.containers.count < self.maximumDepth else {
            throw self.fault(.depth, "more than \(self.maximumDepth) containers are inside each other")
        }
        self.offset += 1
        self.skipSpace()
        if self.next == end {
            self.offset += 1
            return false
        }
        self.containers.append(isObject)
        if isObject { try self.memberName(orEnd: true) }
        return true
    }

    /// After a complete value: closes containers until another value is due (true) or none is open (false).
    private mutating func continueContainer() throws(JSONError) -> Bool {
        while let isObject = self.containers.last {
            self.skipSpace()
            switch self.next {
            case UInt8(ascii: ","):
                self.offset += 1
                if isObject { try self.memberName(orEnd: false) }
                return true
            case UInt8(ascii: "]") where !isObject, UInt8(ascii: "}") where isObject:
                self.offset += 1
                self.containers.removeLast()
            default:
                throw self.fault(expected: isObject ? "',' or '}'" : "',' or ']'")
            }
        }
        return false
    }

    private mutating func memberName(orEnd: Bool) throws(JSONError) {
        self.skipSpace()
        guard self.next == UInt8(ascii: "\"") else { throw self.fault(expected: orEnd ? "a member name or '}'" : "a member name") }
        try self.string()
        self.skipSpace()
        guard self.next == UInt8(ascii: ":") else { throw self.fault(expected: "':'") }
        self.offset += 1
    }

    private mutating func literal(_ word: StaticString) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard self.next == word.utf8Start[index] else { throw self.fault(expected: "'\(word)'") }
            self.offset += 1
        }
    }

    private mutating func skipSpace() {
        while let byte = self.next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { self.offset += 1 }
    }

    func fault(_ code: JSONError.Code, _ what: String, at offset: Int? = nil) -> JSONError {
        let offset = offset ?? self.offset
        return JSONError(code: code, message: "At byte \(offset): \(what).", byteOffset: offset)
    }

    func fault(expected: String) -> JSONError {
        let found =
            switch self.next {
            case nil: "the end of the document"
            case let byte? where byte > 0x20 && byte < 0x7F: "'\(Character(UnicodeScalar(byte)))'"
            case let byte?: "byte 0x" + String(byte, radix: 16, uppercase: true)
            }
        return self.fault(.malformed, "expected \(expected), found \(found)")
    }
}
