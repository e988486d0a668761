/// Why a JSON value does not have the shape a Swift type asks for.
public struct JSONDecodingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where, like `kwargs.items[2].url`; empty for the value that was to be decoded itself.
    public let path: String
    /// What the type asks for, like `string` or `one of "quick", "deep"`.
    public let expected: String
    /// What is there: a kind, `nothing` for an absent member; contents only of numbers and of strings that name an enum's case.
    public let found: String

    /// Creates an error from where it is, what was expected there and what was found.
    public init(path: String, expected: String, found: String) {
        self.path = path
        self.expected = expected
        self.found = found
    }

    /// One sentence with path, expectation and finding.
    public var description: String {
        "Expected \(self.expected) at \(self.path.isEmpty ? "the top level" : self.path), found \(self.found)."
    }
}

extension JSONDecodingError {
    /// From what a `Decodable` threw; the module's own decoder puts its finding into the context of each standard error.
    init(_ error: any Error, prefix: String) {
        guard let error = error as? DecodingError else {
            if let error = error as? JSONDecodingError {
                self = error
            } else {
                self.init(path: prefix, expected: "a value the type accepts", found: "one it refuses: \(error)")
            }
            return
        }
        let context = error.context
        if let finding = context.underlyingError as? JSONDecodingError {
            self = finding
            return
        }
        var path = JSONPath.text(context.codingPath, prefix: prefix)
        switch error {
        case .keyNotFound(let key, _):
            path = JSONPath.text(context.codingPath + [key], prefix: prefix)
            self.init(path: path, expected: "a value", found: "nothing")
        case .typeMismatch(let type, _), .valueNotFound(let type, _):
            self.init(path: path, expected: JSONPath.name(of: type), found: "something else (\(context.debugDescription))")
        default:
            self.init(path: path, expected: "a value the type accepts", found: "one it refuses (\(context.debugDescription))")
        }
    }
}

extension DecodingError {
    var context: Context {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context), .dataCorrupted(let context):
            context
        @unknown default: Context(codingPath: [], debugDescription: "\(self)")
        }
    }
}

enum JSONPath {
    /// `items[2].url`, behind the prefix.
    static func text(_ keys: [any CodingKey], prefix: String) -> String {
        keys.reduce(into: prefix) { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : "." + key.stringValue
            }
        }
    }

    /// What JSON calls a Swift type; the type's own name where JSON has none.
    static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "string"
        case is Bool.Type: "bool"
        case is any BinaryInteger.Type: "integer"
        case is any BinaryFloatingPoint.Type: "number"
        case is [JSONValue].Type: "array"
        case is JSONObject.Type: "object"
        default: String(describing: type)
        }
    }
}

/// A key that is any name or index.
struct JSONCodingKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) { (self.stringValue, self.intValue) = (stringValue, nil) }
    init(intValue: Int) { (self.stringValue, self.intValue) = (String(intValue), intValue) }

    static let `super` = JSONCodingKey(stringValue: "super")
}
