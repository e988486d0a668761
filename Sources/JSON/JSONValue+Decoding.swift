extension JSONValue {
    /// Decodes a Swift type from this value.
    ///
    /// Members no property asks for are ignored. Integers are never rounded: `3.0` decodes as an `Int`, `3.5` and what overflows do not.
    /// `Date` and `Data` have no form in JSON and decode as the standard library defines it (seconds since 2001, array of bytes).
    /// - Parameters:
    ///   - type: what to decode.
    ///   - path: where this value stands in something larger; leads the paths in errors.
    /// - Throws: ``JSONDecodingError`` naming path, expectation and finding.
    public func decode<T: Decodable>(_ type: T.Type = T.self, at path: String = "") throws(JSONDecodingError) -> T {
        do {
            return try JSONValueDecoder(value: self, location: .root(prefix: path)).unbox(type)
        } catch {
            throw JSONDecodingError(error, prefix: path)
        }
    }
}

/// Where a decoder stands; its path is spelled out only when somebody asks for it.
indirect enum DecodingLocation {
    case root(prefix: String)
    case key(any CodingKey, in: DecodingLocation)

    var keys: [any CodingKey] {
        switch self {
        case .root: []
        case .key(let key, let parent): parent.keys + [key]
        }
    }

    var prefix: String {
        switch self {
        case .root(let prefix): prefix
        case .key(_, let parent): parent.prefix
        }
    }
}

struct JSONValueDecoder: Decoder {
    let value: JSONValue
    let location: DecodingLocation

    var codingPath: [any CodingKey] { self.location.keys }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = self.value else { throw self.mismatch(JSONObject.self, expected: "object") }
        return KeyedDecodingContainer(JSONKeyedDecodingContainer(members: object.members, location: self.location))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = self.value else { throw self.mismatch([JSONValue].self, expected: "array") }
        return JSONUnkeyedDecodingContainer(elements: elements, location: self.location)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }
}

extension JSONValueDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { self.value.isNull }
    func decode(_ type: Bool.Type) throws -> Bool { try self.unbox(type) }
    func decode(_ type: String.Type) throws -> String { try self.unbox(type) }
    func decode<T: BinaryFloatingPoint & Decodable>(_ type: T.Type) throws -> T { try self.unbox(type) }
    func decode<T: FixedWidthInteger & Decodable>(_ type: T.Type) throws -> T { try self.unbox(type) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try self.unbox(type) }
}
