/// A JSON object: ordered members with unique keys.
///
/// An object taken from a document by ``JSONSelector`` stays in its wire form until somebody looks inside, and is written back byte by
/// byte when nobody changed it; in every other respect it is the same as its decoded twin. Copies share their storage.
/// Setting a key that exists keeps its place; of several members with one key the last value counts.
public struct JSONObject: Sendable {
    private enum Storage: Sendable {
        case members(MemberTable)
        case encoded(EncodedObject)
    }

    private var storage: Storage

    /// An empty object.
    public init() { self.storage = .members(MemberTable()) }

    /// Of equal keys the last value wins, at the place of the first.
    public init(_ members: [(String, JSONValue)]) {
        var table = MemberTable(reservingCapacity: members.count)
        for (key, value) in members { table.set(key, to: value) }
        self.storage = .members(table)
    }

    init(_ members: MemberTable) { self.storage = .members(members) }

    /// An object that stays encoded until it is looked into.
    ///
    /// - Parameter bytes: exactly one JSON object that has passed this module's validation, without white space around it: what
    ///   ``JSONSelection/raw(_:)`` gives. Anything else is a programming error: debug builds stop, others see an empty object.
    package init(validated bytes: [UInt8]) { self.storage = .encoded(EncodedObject(validated: bytes)) }

    /// The bytes of an object nobody has changed since it came off the wire.
    package var encodedBytes: [UInt8]? {
        if case .encoded(let object) = self.storage { object.bytes } else { nil }
    }

    var members: MemberTable {
        switch self.storage {
        case .members(let table): table
        case .encoded(let object): object.members
        }
    }

    /// How many members there are; the first look into an encoded object decodes it.
    public var count: Int { self.members.members.count }
    /// Whether there are no members.
    public var isEmpty: Bool { self.members.members.isEmpty }
    /// The keys in order.
    public var keys: [String] { self.members.members.map(\.key) }

    /// The member of this name; setting nil removes it.
    public subscript(key: String) -> JSONValue? {
        get { self.members[key] }
        set {
            if let newValue {
                self.mutate { $0.set(key, to: newValue) }
            } else {
                self.removeValue(forKey: key)
            }
        }
    }

    /// Removes a member and returns its value; linear in the number of members.
    @discardableResult
    public mutating func removeValue(forKey key: String) -> JSONValue? {
        guard self.members.position(of: key) != nil else { return nil }
        return self.mutate { $0.remove(key) }
    }

    /// Both objects' members; where both have a key, `other`'s value.
    public func merging(_ other: JSONObject) -> JSONObject {
        var result = self
        result.mutate { table in
            for member in other.members.members { table.set(member.key, to: member.value) }
        }
        return result
    }

    @discardableResult
    private mutating func mutate<R>(_ body: (inout MemberTable) -> R) -> R {
        var table = self.members
        self.storage = .members(MemberTable())  // so that the table is changed in place when nobody else holds it
        defer { self.storage = .members(table) }
        return body(&table)
    }
}

extension JSONObject: Hashable {
    /// Whether both have the same members, in whatever order and whatever storage.
    public static func == (lhs: JSONObject, rhs: JSONObject) -> Bool {
        if let left = lhs.encodedBytes, let right = rhs.encodedBytes, left == right { return true }
        return lhs.members == rhs.members
    }

    /// Hashes the members, so that their order and the storage make no difference.
    public func hash(into hasher: inout Hasher) { self.members.hash(into: &hasher) }
}

extension JSONObject: Sequence {
    /// Gives the members in order.
    public struct Iterator: IteratorProtocol {
        private var members: IndexingIterator<[MemberTable.Member]>

        fileprivate init(_ members: [MemberTable.Member]) { self.members = members.makeIterator() }

        /// The next member; nil after the last one.
        public mutating func next() -> (key: String, value: JSONValue)? {
            self.members.next().map { ($0.key, $0.value) }
        }
    }

    /// An iterator over the members in their order.
    public func makeIterator() -> Iterator { Iterator(self.members.members) }
    /// The exact number of members.
    public var underestimatedCount: Int { self.count }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Of equal keys the last value wins, at the place of the first.
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension JSONObject: CustomStringConvertible {
    /// Compact JSON text.
    public var description: String { JSONValue.object(self).description }
}
