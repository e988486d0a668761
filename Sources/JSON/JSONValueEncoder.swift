struct JSONValueEncoder: Encoder {
    let node: EncodedNode
    let codingPath: [any CodingKey]

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        self.node.becomeObject()
        return KeyedEncodingContainer(JSONKeyedEncodingContainer(node: self.node, codingPath: self.codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        self.node.becomeArray()
        return JSONUnkeyedEncodingContainer(node: self.node, codingPath: self.codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }
}

extension JSONValueEncoder {
    static func box(_ value: some Encodable, at path: [any CodingKey]) throws -> JSONValue {
        switch value {
        case let value as JSONValue: return value
        case let value as JSONObject: return .object(value)
        case let value as String: return .string(value)
        case let value as Int: return .integer(Int64(value))
        case let value as Double: return try Self.box(number: value, at: path)
        case let value as Bool: return .bool(value)
        default:
            let node = EncodedNode()
            try value.encode(to: JSONValueEncoder(node: node, codingPath: path))
            return node.value
        }
    }

    static func box(integer value: some FixedWidthInteger, at path: [any CodingKey]) throws -> JSONValue {
        if let value = Int64(exactly: value) { return .integer(value) }
        throw EncodingError.invalidValue(
            value,
            EncodingError.Context(codingPath: path, debugDescription: "\(value) is above \(Int64.max), the largest integer held")
        )
    }

    static func box(number value: Double, at path: [any CodingKey]) throws -> JSONValue {
        if value.isFinite { return .number(value) }
        throw EncodingError.invalidValue(
            value,
            EncodingError.Context(codingPath: path, debugDescription: "JSON has no form for \(value)")
        )
    }

    /// The shortest decimal form of a `Float` read as a double, so that 0.1 stays 0.1.
    static func box(number value: Float, at path: [any CodingKey]) throws -> JSONValue {
        try Self.box(number: Double(value.description) ?? Double(value), at: path)
    }
}

extension JSONValueEncoder: SingleValueEncodingContainer {
    func encodeNil() { self.node.set(.null) }
    func encode(_ value: Bool) { self.node.set(.bool(value)) }
    func encode(_ value: String) { self.node.set(.string(value)) }
    func encode(_ value: Double) throws { self.node.set(try Self.box(number: value, at: self.codingPath)) }
    func encode(_ value: Float) throws { self.node.set(try Self.box(number: value, at: self.codingPath)) }
    func encode(_ value: some FixedWidthInteger & Encodable) throws { try self.set(value) }
    func encode(_ value: some Encodable) throws { self.node.set(try Self.box(value, at: self.codingPath)) }

    private func set(_ value: some FixedWidthInteger) throws { self.node.set(try Self.box(integer: value, at: self.codingPath)) }
}
