struct JSONKeyedDecodingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: MemberTable
    let location: DecodingLocation

    var codingPath: [any CodingKey] { self.location.keys }
    var allKeys: [Key] { self.members.members.compactMap { Key(stringValue: $0.key) } }

    func contains(_ key: Key) -> Bool { self.members.position(of: key.stringValue) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try self.decoder(for: key, JSONValue.self).value.isNull }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try self.decoder(for: key, type).unbox(type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try self.decoder(for: key, type).unbox(type) }
    func decode<T: BinaryFloatingPoint & Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try self.decoder(for: key, type).unbox(type)
    }
    func decode<T: FixedWidthInteger & Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try self.decoder(for: key, type).unbox(type)
    }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try self.decoder(for: key, type).unbox(type) }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try self.decoder(for: key, JSONObject.self).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try self.decoder(for: key, [JSONValue].self).unkeyedContainer()
    }

    /// The value of the member `super`, null when absent, as the standard library has it.
    func superDecoder() throws -> any Decoder {
        let key = JSONCodingKey.super
        return JSONValueDecoder(value: self.members[key.stringValue] ?? .null, location: .key(key, in: self.location))
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        JSONValueDecoder(value: self.members[key.stringValue] ?? .null, location: .key(key, in: self.location))
    }

    private func decoder(for key: Key, _ type: any Any.Type) throws -> JSONValueDecoder {
        let location = DecodingLocation.key(key, in: self.location)
        if let value = self.members[key.stringValue] { return JSONValueDecoder(value: value, location: location) }
        let path = JSONPath.text(location.keys, prefix: location.prefix)
        let finding = JSONDecodingError(path: path, expected: JSONPath.name(of: type), found: "nothing")
        throw DecodingError.keyNotFound(
            key,
            DecodingError.Context(codingPath: self.codingPath, debugDescription: finding.description, underlyingError: finding)
        )
    }
}
