extension JSONValueDecoder {
    func unbox(_ type: Bool.Type) throws -> Bool {
        guard case .bool(let value) = self.value else { throw self.mismatch(type, expected: "bool") }
        return value
    }

    func unbox(_ type: String.Type) throws -> String {
        guard case .string(let value) = self.value else { throw self.mismatch(type, expected: "string") }
        return value
    }

    func unbox<T: BinaryFloatingPoint & Decodable>(_ type: T.Type) throws -> T {
        switch self.value {
        case .integer(let value): return T(value)
        case .number(let value):
            let result = T(value)
            guard result.isFinite || !value.isFinite else {
                throw self.refused(expected: "a number within a \(type)", found: "\(value)")
            }
            return result
        default: throw self.mismatch(type, expected: "number")
        }
    }

    func unbox<T: FixedWidthInteger & Decodable>(_ type: T.Type) throws -> T {
        switch self.value {
        case .integer(let value):
            if let result = T(exactly: value) { return result }
            throw self.refused(expected: "an integer in \(T.min) ... \(T.max)", found: "\(value)")
        case .number(let value):
            // Above 2^53 neighbouring integers share a double, so the one that was meant is not known.
            if value.magnitude <= 0x1p53, let result = T(exactly: value) { return result }
            if value.rounded() == value {
                throw self.refused(expected: "an integer in \(T.min) ... \(T.max)", found: "\(value)")
            }
            throw self.mismatch(type, expected: "integer", found: "\(value)")
        default: throw self.mismatch(type, expected: "integer")
        }
    }

    func unbox<T: Decodable>(_ type: T.Type) throws -> T {
        // The module's own types are the value itself; asking each type of the standard library for its container is spared too.
        if let result = try self.passThrough(type) { return result }
        do {
            return try T(from: self)
        } catch let error as DecodingError {
            // Not from this decoder: the type itself refuses this value (an enum without such a case, say).
            let context = error.context
            guard context.underlyingError == nil, context.codingPath.count == self.codingPath.count else { throw error }
            throw self.refused(expected: Self.expectation(of: type, context), found: self.contents)
        }
    }

    private func passThrough<T: Decodable>(_ type: T.Type) throws -> T? {
        if type == JSONValue.self { return self.value as? T }
        if type == JSONObject.self {
            guard case .object(let object) = self.value else { throw self.mismatch(type, expected: "object") }
            return object as? T
        }
        return nil
    }

    /// What a type that refused a value of the right kind would have taken.
    private static func expectation<T>(of type: T.Type, _ context: DecodingError.Context) -> String {
        if let type = type as? any (CaseIterable & RawRepresentable).Type { return Self.cases(of: type) }
        if type is any RawRepresentable.Type { return "a valid \(type)" }
        return "a valid \(type)" + (context.debugDescription.isEmpty ? "" : " (\(context.debugDescription))")
    }

    private static func cases<T: CaseIterable & RawRepresentable>(of type: T.Type) -> String {
        "one of "
            + type.allCases.map { item in
                if let text = item.rawValue as? String { JSONValue.string(text).description } else { "\(item.rawValue)" }
            }.joined(separator: ", ")
    }

    /// The value as an error may show it: scalars in full (strings up to 64 characters), containers by kind.
    private var contents: String {
        switch self.value {
        case .string(let text): JSONValue.string(String(text.prefix(64))).description
        case .array, .object, .null: self.value.kindName
        default: self.value.description
        }
    }
}

extension JSONValueDecoder {
    func mismatch(_ type: any Any.Type, expected: String, found: String? = nil) -> DecodingError {
        let finding = self.finding(expected: expected, found: found ?? self.value.kindName)
        let context = DecodingError.Context(codingPath: self.codingPath, debugDescription: finding.description, underlyingError: finding)
        return self.value.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    func refused(expected: String, found: String) -> DecodingError {
        let finding = self.finding(expected: expected, found: found)
        return .dataCorrupted(
            DecodingError.Context(codingPath: self.codingPath, debugDescription: finding.description, underlyingError: finding)
        )
    }

    private func finding(expected: String, found: String) -> JSONDecodingError {
        let path = JSONPath.text(self.codingPath, prefix: self.location.prefix)
        return JSONDecodingError(path: path, expected: expected, found: found)
    }
}
