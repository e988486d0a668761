extension JSONValue {
    /// Parses one JSON document (RFC 8259, UTF-8, no byte order mark).
    ///
    /// Of members with the same name the last value counts, at the first one's place. Integers outside `Int64` but below 2⁶⁴ become
    /// doubles; larger ones are refused rather than rounded.
    /// - Throws: ``JSONError`` saying what is wrong and at which byte.
    public init(parsing bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
        self = try bytes.span.withUnsafeBytes { buffer throws(JSONError) in
            try JSONParser.parse(buffer, readableBytes: buffer.count, limits: limits)
        }
    }

    /// Parses the document in `bytes`.
    ///
    /// - Parameter readableBytes: how many bytes from the buffer's start may be read; when there are at least 64 behind the document,
    ///   it is parsed in place, otherwise from a copy.
    public init(
        parsing bytes: UnsafeRawBufferPointer,
        readableBytes: Int? = nil,
        limits: JSONLimits = .default
    ) throws(JSONError) {
        self = try JSONParser.parse(bytes, readableBytes: readableBytes ?? bytes.count, limits: limits)
    }

    /// Parses the document in `text`.
    public init(parsing text: String, limits: JSONLimits = .default) throws(JSONError) {
        self = try text.utf8Span.span.withUnsafeBytes { buffer throws(JSONError) in
            try JSONParser.parse(buffer, readableBytes: buffer.count, limits: limits)
        }
    }
}
