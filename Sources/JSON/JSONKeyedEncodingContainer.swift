struct JSONKeyedEncodingContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodedNode
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) { self.set(.null, key) }
    func encode(_ value: Bool, forKey key: Key) { self.set(.bool(value), key) }
    func encode(_ value: String, forKey key: Key) { self.set(.string(value), key) }
    func encode(_ value: Double, forKey key: Key) throws { self.set(try JSONValueEncoder.box(number: value, at: self.path(key)), key) }
    func encode(_ value: Float, forKey key: Key) throws { self.set(try JSONValueEncoder.box(number: value, at: self.path(key)), key) }
    func encode(_ value: some FixedWidthInteger & Encodable, forKey key: Key) throws { try self.integer(value, key) }
    func encode(_ value: some Encodable, forKey key: Key) throws { self.set(try JSONValueEncoder.box(value, at: self.path(key)), key) }

    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type, forKey key: Key) -> KeyedEncodingContainer<NestedKey> {
        self.encoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { self.encoder(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { self.encoder(JSONCodingKey.super) }
    func superEncoder(forKey key: Key) -> any Encoder { self.encoder(key) }

    private func path(_ key: any CodingKey) -> [any CodingKey] { self.codingPath + [key] }
    private func set(_ value: JSONValue, _ key: Key) { self.node.set(EncodedNode(value), for: key.stringValue) }

    private func integer(_ value: some FixedWidthInteger, _ key: Key) throws {
        self.set(try JSONValueEncoder.box(integer: value, at: self.path(key)), key)
    }

    private func encoder(_ key: any CodingKey) -> JSONValueEncoder {
        let child = EncodedNode()
        self.node.set(child, for: key.stringValue)
        return JSONValueEncoder(node: child, codingPath: self.path(key))
    }
}
