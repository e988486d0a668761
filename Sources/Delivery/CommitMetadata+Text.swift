/// The text around the bytes: a version character, then unpadded base64url (RFC 4648 §5) of a body that begins with its checksum.
extension CommitMetadata {
    /// The longest text, in bytes: the default of the broker's `offset.metadata.max.bytes`.
    public static let maximumBytes = 4_096

    /// The bytes of the checksum that begin a body.
    static let checksumBytes = 4
    /// The longest body whose text is not above `maximumBytes`.
    static let maximumBodyBytes = (Self.maximumBytes - 1) * 3 / 4

    private static let version = UInt8(ascii: "1")
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The length of the text of a body.
    static func textBytes(body: Int) -> Int { 1 + (body * 4 + 2) / 3 }

    /// Writes the checksum into the body's first bytes, and the body as text.
    static func text(sealing body: inout [UInt8], base: Int64) -> String {
        let checksum = Self.checksum(body.dropFirst(Self.checksumBytes), base: base)
        for index in 0..<Self.checksumBytes { body[index] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(index))) }

        let alphabet = Self.alphabet
        return String(unsafeUninitializedCapacity: Self.textBytes(body: body.count)) { text in
            text[0] = Self.version
            var count = 1
            var bits: UInt32 = 0
            var bitCount: UInt32 = 0
            for byte in body {
                bits = bits << 8 | UInt32(byte)
                bitCount += 8
                while bitCount >= 6 {
                    bitCount -= 6
                    text[count] = alphabet[Int(bits >> bitCount & 63)]
                    count += 1
                }
            }
            if bitCount > 0 {
                text[count] = alphabet[Int(bits << (6 - bitCount) & 63)]
                count += 1
            }
            return count
        }
    }

    /// The body in a text, checksum included.
    ///
    /// - Returns: nil for anything that was not written by this version for this base.
    static func body(of text: String, base: Int64) -> [UInt8]? {
        guard text.utf8.count <= Self.maximumBytes, text.utf8.first == Self.version else { return nil }
        var body: [UInt8] = []
        body.reserveCapacity(text.utf8.count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for character in text.utf8.dropFirst() {
            guard let digit = Self.digit(character) else { return nil }
            bits = bits << 6 | digit
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                body.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            }
        }
        // Of a whole text fewer than six bits are over, all zero.
        guard bitCount < 6, bits & (1 << bitCount - 1) == 0, body.count >= Self.checksumBytes else { return nil }
        var checksum: UInt32 = 0
        for index in 0..<Self.checksumBytes { checksum |= UInt32(body[index]) << (8 * UInt32(index)) }
        return checksum == Self.checksum(body.dropFirst(Self.checksumBytes), base: base) ? body : nil
    }

    private static func digit(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }

    /// Over the version, the base and the rest of the body: the text of another offset is foreign.
    private static func checksum(_ content: ArraySlice<UInt8>, base: Int64) -> UInt32 {
        var checksum = CRC32C()
        checksum.add(Self.version)
        for shift in stride(from: 0, to: 64, by: 8) { checksum.add(UInt8(truncatingIfNeeded: base >> Int64(shift))) }
        for byte in content { checksum.add(byte) }
        return checksum.value
    }
}

/// CRC-32C (Castagnoli), as of RFC 3720 §12.1.
struct CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 0 ? 0 : 0x82F6_3B78) }
    }

    private let table = Self.table
    private var state = UInt32.max

    /// The checksum of the bytes so far.
    var value: UInt32 { ~self.state }

    mutating func add(_ byte: UInt8) {
        self.state = self.state >> 8 ^ self.table[Int(UInt8(truncatingIfNeeded: self.state) ^ byte)]
    }
}
