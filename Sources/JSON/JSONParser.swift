import CSIMDJSON

/// Bytes to values: simdjson flattens the document into tokens, which are turned into values in one pass.
enum JSONParser {
    static func parse(_ bytes: UnsafeRawBufferPointer, readableBytes: Int, limits: JSONLimits) throws(JSONError) -> JSONValue {
        guard bytes.count <= limits.maximumBytes else { throw JSONError.oversize(bytes.count, limits) }
        guard let workspace = csimdjson_acquire() else { throw JSONError.outOfMemory }
        defer { csimdjson_release(workspace) }
        var tokens: UnsafePointer<csimdjson_token>?
        var count = 0
        let status = csimdjson_flatten(
            workspace,
            bytes.bindMemory(to: UInt8.self).baseAddress,
            bytes.count,
            readableBytes,
            limits.maximumDepth,
            &tokens,
            &count
        )
        guard status == CSIMDJSON_OK, let tokens else { throw JSONFault.error(for: status, in: bytes, limits: limits) }
        var reader = TokenReader(next: tokens)
        return reader.value()
    }
}

/// Walks the tokens of one document; as deep as the document, which the parse has bounded.
private struct TokenReader {
    var next: UnsafePointer<csimdjson_token>

    mutating func value() -> JSONValue {
        let token = self.next.pointee
        self.next += 1
        switch csimdjson_kind(token.kind) {
        case CSIMDJSON_BOOL: return .bool(token.payload.integer != 0)
        case CSIMDJSON_INTEGER: return .integer(token.payload.integer)
        case CSIMDJSON_NUMBER_KIND: return .number(token.payload.number)
        case CSIMDJSON_STRING: return .string(Self.string(token))
        case CSIMDJSON_ARRAY:
            var elements: [JSONValue] = []
            elements.reserveCapacity(Int(token.count))
            for _ in 0..<token.count { elements.append(self.value()) }
            return .array(elements)
        case CSIMDJSON_OBJECT:
            var members = MemberTable(reservingCapacity: Int(token.count))
            for _ in 0..<token.count {
                let key = Self.string(self.next.pointee)
                self.next += 1
                members.set(key, to: self.value())
            }
            return .object(JSONObject(members))
        default: return .null
        }
    }

    private static func string(_ token: csimdjson_token) -> String {
        String(decoding: UnsafeBufferPointer(start: token.payload.string, count: Int(token.count)), as: UTF8.self)
    }
}
