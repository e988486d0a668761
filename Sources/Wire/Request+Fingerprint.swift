import JSON

/// Whether two requests ask for the same.
extension Request {
    /// A hash of the orchestrator's name and the arguments: the same in every process and version, whatever the order of members and the white
    /// space, and for `1` and `1.0`.
    ///
    /// Anything else of a request, such as its id, its metadata or its trace, makes no difference. It tells mistakes apart, and is no seal: it is
    /// not cryptographic.
    public var fingerprint: UInt64 {
        Fingerprint.mixed(Fingerprint.hash(self.orchestrator, .name) &+ Fingerprint.hash(.object(self.kwargs)))
    }
}

/// FNV-1a of texts, and SplitMix64's finalizer to bring values together.
private enum Fingerprint {
    /// Stands before each value, so that values of different kinds differ.
    enum Tag: UInt64 {
        case null = 1, no, yes, integer, number, string, array, object, name, key
    }

    static func mixed(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9e37_79b9_7f4a_7c15
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    static func hash(_ number: UInt64, _ tag: Tag) -> UInt64 { Self.mixed(Self.mixed(tag.rawValue) ^ number) }

    static func hash(_ text: String, _ tag: Tag) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return Self.hash(hash, tag)
    }

    static func hash(_ value: JSONValue) -> UInt64 {
        switch value {
        case .null: return Self.hash(0, .null)
        case .bool(let value): return Self.hash(0, value ? .yes : .no)
        case .integer(let number): return Self.hash(UInt64(bitPattern: number), .integer)
        case .number(let number):
            if let integer = Int64(exactly: number) { return Self.hash(UInt64(bitPattern: integer), .integer) }
            return Self.hash(number.bitPattern, .number)
        case .string(let text): return Self.hash(text, .string)
        case .array(let values):
            return Self.hash(values.reduce(UInt64(values.count)) { Self.mixed($0) &+ Self.hash($1) }, .array)
        case .object(let members):
            // A sum: the order of members makes no difference.
            var sum: UInt64 = 0
            for (key, value) in members { sum &+= Self.mixed(Self.hash(key, .key) &+ Self.mixed(Self.hash(value))) }
            return Self.hash(sum, .object)
        }
    }
}
