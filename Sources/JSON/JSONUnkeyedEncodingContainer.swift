struct JSONUnkeyedEncodingContainer: UnkeyedEncodingContainer {
    let node: EncodedNode
    let codingPath: [any CodingKey]

    var count: Int { self.node.count }

    func encodeNil() { self.append(.null) }
    func encode(_ value: Bool) { self.append(.bool(value)) }
    func encode(_ value: String) { self.append(.string(value)) }
    func encode(_ value: Double) throws { self.append(try JSONValueEncoder.box(number: value, at: self.path)) }
    func encode(_ value: Float) throws { self.append(try JSONValueEncoder.box(number: value, at: self.path)) }
    func encode(_ value: some FixedWidthInteger & Encodable) throws { try self.integer(value) }
    func encode(_ value: some Encodable) throws { self.append(try JSONValueEncoder.box(value, at: self.path)) }

    func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> { self.encoder().container(keyedBy: type) }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self.encoder().unkeyedContainer() }
    func superEncoder() -> any Encoder { self.encoder() }

    private var path: [any CodingKey] { self.codingPath + [JSONCodingKey(intValue: self.count)] }
    private func append(_ value: JSONValue) { self.node.append(EncodedNode(value)) }
    private func integer(_ value: some FixedWidthInteger) throws { self.append(try JSONValueEncoder.box(integer: value, at: self.path)) }

    private func encoder() -> JSONValueEncoder {
        let child = EncodedNode()
        let path = self.path
        self.node.append(child)
        return JSONValueEncoder(node: child, codingPath: path)
    }
}
