import JSON

/// Reads the members of an object: null is as good as nothing, and what is of the wrong kind is named with path, expected and found.
struct MemberReader {
    let object: JSONObject
    private let path: String

    /// - Parameter path: stands before every name in errors, such as `timings.`.
    init(_ object: JSONObject, path: String) {
        self.object = object
        self.path = path
    }

    /// Parses a value that must be a JSON object.
    init(parsing value: [UInt8], _ limits: JSONLimits = .default) throws(WireError) {
        let parsed = try decoded { () throws in try JSONValue(parsing: value, limits: limits) }
        guard case .object(let object) = parsed else { throw wrongKind("the value", "an object", parsed.kind) }
        self.init(object, path: "")
    }

    func text(_ key: String) throws(WireError) -> String? { try self.member(key, "a string") { $0.stringValue } }
    func integer(_ key: String) throws(WireError) -> Int64? { try self.member(key, "an integer") { $0.integerValue } }
    func number(_ key: String) throws(WireError) -> Double? { try self.member(key, "a number") { $0.doubleValue } }
    /// A count; moved into 0 … 2⁵³, so that whoever reads it can go on counting.
    func count(_ key: String) throws(WireError) -> Int64? { try self.integer(key).map { min(max($0, 0), 1 << 53) } }
    /// A share, moved into 0 … 1.
    func share(_ key: String) throws(WireError) -> Double? { try self.number(key).map { min(max($0, 0), 1) } }
    /// Seconds since 1970, moved into 0 … 1e12.
    func time(_ key: String) throws(WireError) -> Double? { try self.number(key).map { min(max($0, 0), 1e12) } }
    func texts(_ key: String) throws(WireError) -> [String]? {
        try self.member(key, "an array of strings") { value in
            guard let elements = value.arrayValue else { return nil }
            let texts = elements.compactMap(\.stringValue)
            return texts.count == elements.count ? texts : nil
        }
    }
    func members(_ key: String) throws(WireError) -> JSONObject? { try self.member(key, "an object") { $0.objectValue } }

    /// The members of the object under a key; of an empty one when there is none.
    func reader(_ key: String) throws(WireError) -> MemberReader {
        MemberReader(try self.members(key) ?? [:], path: "\(self.path)\(key).")
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _: Choice.Type) throws(WireError) -> Choice
    where Choice.RawValue == String {
        let name = try self.required(try self.text(key), key, "a string")
        guard let choice = Choice(rawValue: name) else { throw notOneOf(Choice.self, "\(self.path)\(key)", name) }
        return choice
    }

    func required<T>(_ value: T?, _ key: String, _ expected: String) throws(WireError) -> T {
        guard let value else { throw WireError(.invalid, "\(self.path)\(key) is required: \(expected)") }
        return value
    }

    private func member<T>(_ key: String, _ expected: String, _ read: (JSONValue) -> T?) throws(WireError) -> T? {
        guard let value = self.object[key], !value.isNull else { return nil }
        guard let result = read(value) else { throw wrongKind("\(self.path)\(key)", expected, value.kind) }
        return result
    }
}
