/// SipHash-2-4 under a fixed key: the same in every process and on every machine, unlike Swift's own (Aumasson, Bernstein: SipHash: a fast
/// short-input PRF, 2012).
struct StableHash {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    private var tail: UInt64 = 0
    private var count: UInt64 = 0

    init(key: (UInt64, UInt64)) {
        self.v0 = key.0 ^ 0x736f_6d65_7073_6575
        self.v1 = key.1 ^ 0x646f_7261_6e64_6f6d
        self.v2 = key.0 ^ 0x6c79_6765_6e65_7261
        self.v3 = key.1 ^ 0x7465_6462_7974_6573
    }

    /// Adds a text, and where it ends: "ab" and "c" are not "a" and "bc".
    mutating func combine(_ text: String) {
        var text = text
        text.withUTF8 { for byte in $0 { self.combine(byte) } }
        // No byte of UTF-8.
        self.combine(0xff)
    }

    mutating func combine(_ byte: UInt8) {
        self.tail |= UInt64(byte) << (8 * (self.count & 7))
        self.count &+= 1
        guard self.count & 7 == 0 else { return }
        self.compress(self.tail)
        self.tail = 0
    }

    /// The hash of all that was added; more can be added afterwards.
    var value: UInt64 {
        var last = self
        last.compress(self.count << 56 | self.tail)
        last.v2 ^= 0xff
        for _ in 0..<4 { last.round() }
        return last.v0 ^ last.v1 ^ last.v2 ^ last.v3
    }

    private mutating func compress(_ word: UInt64) {
        self.v3 ^= word
        self.round()
        self.round()
        self.v0 ^= word
    }

    private mutating func round() {
        func rotate(_ x: UInt64, _ bits: UInt64) -> UInt64 { x << bits | x >> (64 - bits) }
        self.v0 &+= self.v1
        self.v2 &+= self.v3
        self.v1 = rotate(self.v1, 13) ^ self.v0
        self.v3 = rotate(self.v3, 16) ^ self.v2
        self.v0 = rotate(self.v0, 32)
        self.v2 &+= self.v1
        self.v0 &+= self.v3
        self.v1 = rotate(self.v1, 17) ^ self.v2
        self.v3 = rotate(self.v3, 21) ^ self.v0
        self.v2 = rotate(self.v2, 32)
    }
}

/// What a choice is, for all who have to agree on it: everything that is drawn for it follows from this.
struct DecisionIdentity {
    private static let drawKey: (UInt64, UInt64) = (0x6f72_6368_6573_7472, 0x6472_6177)
    private static let idKeys: [(UInt64, UInt64)] = [(0x6f72_6368_6573_7472, 0x6964_31), (0x6f72_6368_6573_7472, 0x6964_32)]

    private let draw: StableHash
    /// 32 hexadecimal digits.
    let id: String

    /// - Parameter tenantID: equal session ids of two tenants are two sessions.
    init(tenantID: String, scope: DecisionScope, scopeID: String, type: ComponentType, name: String) {
        let members = [tenantID, scope.rawValue, scopeID, type.rawValue, name]
        self.draw = Self.hash(members, key: Self.drawKey)
        self.id = Self.idKeys.map { key in
            let digits = String(Self.hash(members, key: key).value, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
    }

    /// A number above 0 and below 1 for each candidate, independent of those for all others.
    func uniform(_ candidate: String) -> Double {
        var hash = self.draw
        hash.combine(candidate)
        return (Double(hash.value >> 11) + 0.5) / Double(1 << 53)
    }

    private static func hash(_ members: [String], key: (UInt64, UInt64)) -> StableHash {
        var hash = StableHash(key: key)
        for member in members { hash.combine(member) }
        return hash
    }
}
