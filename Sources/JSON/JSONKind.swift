/// What a JSON value is.
///
/// Integers and other numbers are told apart by their spelling: `1` is an integer, `1.0` and `1e3` are numbers.
public enum JSONKind: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case null = 1
    case bool, integer, number, string, array, object

    /// The name used in messages: "null", "bool", "integer", "number", "string", "array", "object".
    public var description: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
