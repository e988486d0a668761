/// The decoded members of an object, in order, with unique keys.
///
/// Up to `scanLimit` members a key is found by looking at each; above that through an index, so that an object with a hundred
/// thousand members costs linear time to build and to look into.
struct MemberTable: Sendable {
    struct Member: Sendable {
        let key: String
        var value: JSONValue
    }

    static let scanLimit = 16

    private(set) var members: [Member]
    /// Positions by key; empty while a scan does.
    private var positions: [MemberKey: Int] = [:]

    init() { self.members = [] }

    init(reservingCapacity capacity: Int) {
        self.members = []
        self.members.reserveCapacity(capacity)
    }

    subscript(key: String) -> JSONValue? {
        if let position = self.position(of: key) { self.members[position].value } else { nil }
    }

    func position(of key: String) -> Int? {
        if self.members.count > Self.scanLimit { return self.positions[MemberKey(key)] }
        return self.members.firstIndex { MemberKey.areEqual($0.key, key) }
    }

    /// Replaces the value of `key` at its place, or appends it.
    mutating func set(_ key: String, to value: JSONValue) {
        if let position = self.position(of: key) {
            self.members[position].value = value
            return
        }
        self.members.append(Member(key: key, value: value))
        if self.members.count == Self.scanLimit + 1 {
            self.rebuildIndex()
        } else if self.members.count > Self.scanLimit {
            self.positions[MemberKey(key)] = self.members.count - 1
        }
    }

    /// Linear in the number of members: the order of the others is kept.
    mutating func remove(_ key: String) -> JSONValue? {
        guard let position = self.position(of: key) else { return nil }
        let removed = self.members.remove(at: position).value
        self.rebuildIndex()
        return removed
    }

    private mutating func rebuildIndex() {
        self.positions = [:]
        guard self.members.count > Self.scanLimit else { return }
        self.positions.reserveCapacity(self.members.capacity)
        for (position, member) in self.members.enumerated() { self.positions[MemberKey(member.key)] = position }
    }
}

extension MemberTable: Hashable {
    /// Whether both hold the same members, in whatever order.
    static func == (lhs: MemberTable, rhs: MemberTable) -> Bool {
        guard lhs.members.count == rhs.members.count else { return false }
        return lhs.members.enumerated().allSatisfy { position, member in
            // Equal objects mostly have the same order, so the same place is tried first.
            let other = rhs.members[position]
            if MemberKey.areEqual(member.key, other.key) { return member.value == other.value }
            return rhs[member.key] == member.value
        }
    }

    func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in self.members {
            var memberHasher = Hasher()
            memberHasher.combine(member.key)
            memberHasher.combine(member.value)
            sum &+= memberHasher.finalize()
        }
        hasher.combine(self.members.count)
        hasher.combine(sum)
    }
}

/// A key compared byte by byte, as JSON names are, where `String` would take canonically equivalent spellings for the same.
struct MemberKey: Hashable, Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (lhs: MemberKey, rhs: MemberKey) -> Bool { Self.areEqual(lhs.text, rhs.text) }

    // Equal bytes are equal strings, so their hashes agree.
    func hash(into hasher: inout Hasher) { hasher.combine(self.text) }

    static func areEqual(_ lhs: String, _ rhs: String) -> Bool {
        lhs.utf8.count == rhs.utf8.count && lhs == rhs && lhs.utf8.elementsEqual(rhs.utf8)
    }
}
