extension Logger {
    /// How severe a line is, from ``trace`` (least) to ``critical`` (most).
    public enum Level: String, CaseIterable, Sendable, Hashable, Comparable {
        /// Traces the execution of the program.
        case trace
        /// Of use while debugging.
        case debug
        /// Of use to an operator in normal operation.
        case info
        /// Not an error, but may need special handling.
        case notice
        /// Not an error, but more severe than ``notice``.
        case warning
        /// An operation failed.
        case error
        /// The process or a main part of it cannot go on.
        case critical

        /// Its place in the order, 0 for `trace`.
        @inlinable var rank: Int {
            switch self {
            case .trace: 0
            case .debug: 1
            case .info: 2
            case .notice: 3
            case .warning: 4
            case .error: 5
            case .critical: 6
            }
        }

        /// Whether `lhs` is less severe than `rhs`.
        @inlinable
        public static func < (lhs: Level, rhs: Level) -> Bool { lhs.rank < rhs.rank }
    }

    /// The text of a log line; write it as a string literal.
    public struct Message: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation, CustomStringConvertible {
        /// The text.
        public var description: String

        /// Creates a message from a literal or an interpolation.
        public init(stringLiteral value: String) {
            self.description = value
        }
    }

    /// Values attached to a line or to a logger, by key; keys are dotted names such as `"kafka.topic"`.
    public typealias Metadata = [String: MetadataValue]

    /// One value of ``Metadata``; write it as a string, dictionary or array literal.
    public enum MetadataValue: Sendable {
        /// Text.
        case string(String)
        /// A value whose description is only made when the line is written.
        case stringConvertible(any CustomStringConvertible & Sendable)
        /// Nested values; their keys are joined with dots when written.
        case dictionary(Metadata)
        /// A list of values.
        case array([MetadataValue])
    }
}

extension Logger.Metadata {
    /// The type of one metadata value, by the name that swift-log gives it.
    public typealias Value = Logger.MetadataValue
}

extension Logger.MetadataValue: Equatable {
    /// Whether both values are equal; `stringConvertible` values compare by their descriptions.
    public static func == (lhs: Logger.MetadataValue, rhs: Logger.MetadataValue) -> Bool {
        switch (lhs, rhs) {
        case (.string(let lhs), .string(let rhs)): lhs == rhs
        case (.stringConvertible(let lhs), .stringConvertible(let rhs)): lhs.description == rhs.description
        case (.array(let lhs), .array(let rhs)): lhs == rhs
        case (.dictionary(let lhs), .dictionary(let rhs)): lhs == rhs
        default: false
        }
    }
}

extension Logger.MetadataValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    /// Creates a `string` value from a literal or an interpolation.
    public init(stringLiteral value: String) { self = .string(value) }
}

extension Logger.MetadataValue: ExpressibleByDictionaryLiteral {
    /// Creates a `dictionary` value; of repeated keys the last one wins.
    public init(dictionaryLiteral elements: (String, Logger.Metadata.Value)...) {
        self = .dictionary(.init(elements, uniquingKeysWith: { $1 }))
    }
}

extension Logger.MetadataValue: ExpressibleByArrayLiteral {
    /// Creates an `array` value.
    public init(arrayLiteral elements: Logger.Metadata.Value...) { self = .array(elements) }
}

extension Logger.MetadataValue: CustomStringConvertible {
    /// The value as text; dictionaries are shown in the order of their keys.
    public var description: String {
        switch self {
        case .string(let value): value
        case .stringConvertible(let value): value.description
        case .array(let values): "[\(values.map(\.description).joined(separator: ", "))]"
        case .dictionary(let values):
            "[\(values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.description)" }.joined(separator: ", "))]"
        }
    }
}
