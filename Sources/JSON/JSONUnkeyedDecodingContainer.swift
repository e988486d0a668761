struct JSONUnkeyedDecodingContainer: UnkeyedDecodingContainer {
    let elements: [JSONValue]
    let location: DecodingLocation
    private(set) var currentIndex = 0

    init(elements: [JSONValue], location: DecodingLocation) {
        self.elements = elements
        self.location = location
    }

    var codingPath: [any CodingKey] { self.location.keys }
    var count: Int? { self.elements.count }
    var isAtEnd: Bool { self.currentIndex >= self.elements.count }

    mutating func decodeNil() throws -> Bool {
        guard try self.peek(JSONValue.self).value.isNull else { return false }
        self.currentIndex += 1
        return true
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try self.next(type) { try $0.unbox(type) } }
    mutating func decode(_ type: String.Type) throws -> String { try self.next(type) { try $0.unbox(type) } }
    mutating func decode<T: BinaryFloatingPoint & Decodable>(_ type: T.Type) throws -> T { try self.next(type) { try $0.unbox(type) } }
    mutating func decode<T: FixedWidthInteger & Decodable>(_ type: T.Type) throws -> T { try self.next(type) { try $0.unbox(type) } }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try self.next(type) { try $0.unbox(type) } }

    mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        try self.next(JSONObject.self) { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try self.next([JSONValue].self) { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try self.next(JSONValue.self) { $0 } }

    /// The next element; it counts as read only when `body` succeeds.
    private mutating func next<R>(_ type: any Any.Type, _ body: (JSONValueDecoder) throws -> R) throws -> R {
        let result = try body(self.peek(type))
        self.currentIndex += 1
        return result
    }

    private func peek(_ type: any Any.Type) throws -> JSONValueDecoder {
        let location = DecodingLocation.key(JSONCodingKey(intValue: self.currentIndex), in: self.location)
        if !self.isAtEnd { return JSONValueDecoder(value: self.elements[self.currentIndex], location: location) }
        let path = JSONPath.text(location.keys, prefix: location.prefix)
        let finding = JSONDecodingError(path: path, expected: JSONPath.name(of: type), found: "the end of the array")
        throw DecodingError.valueNotFound(
            type,
            DecodingError.Context(codingPath: location.keys, debugDescription: finding.description, underlyingError: finding)
        )
    }
}
