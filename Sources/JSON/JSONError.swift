/// Why bytes are not a JSON document this module accepts.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of fault; more may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String, Sendable {
            case malformed, depth, size, encoding, number, memory
        }

        private let kind: Kind

        /// Not JSON by RFC 8259: grammar, escapes, trailing bytes, nothing at all.
        public static let malformed = Code(kind: .malformed)
        /// More containers inside each other than ``JSONLimits/maximumDepth``.
        public static let depth = Code(kind: .depth)
        /// More bytes than ``JSONLimits/maximumBytes``.
        public static let size = Code(kind: .size)
        /// Not UTF-8.
        public static let encoding = Code(kind: .encoding)
        /// A number that is well formed but has no value here: an integer outside −2⁶³ … 2⁶⁴−1 or a magnitude beyond 1.8e308.
        public static let number = Code(kind: .number)
        /// The process is out of memory.
        public static let memory = Code(kind: .memory)

        /// The fault's name, such as `malformed`.
        public var description: String { self.kind.rawValue }
    }

    /// The kind of fault.
    public let code: Code
    /// What is wrong and where, in one sentence; never quotes the document's contents beyond a single character.
    public let message: String
    /// Offset of the first byte that cannot be accepted, where one byte can be named.
    public let byteOffset: Int?

    /// Creates an error; without an offset no single byte is to blame.
    public init(code: Code, message: String, byteOffset: Int? = nil) {
        self.code = code
        self.message = message
        self.byteOffset = byteOffset
    }

    /// The message, which names the place already.
    public var description: String { self.message }
}

extension JSONError {
    static func oversize(_ count: Int, _ limits: JSONLimits) -> JSONError {
        JSONError(
            code: .size,
            message: "The document has \(count) bytes; at most \(limits.maximumBytes) are accepted.",
            byteOffset: limits.maximumBytes
        )
    }

    static let outOfMemory = JSONError(code: .memory, message: "There is not enough memory to parse the document.")
}
