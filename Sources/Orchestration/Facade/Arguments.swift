public import JSON

/// The arguments of a request (`kwargs` on the wire): a JSON object.
public struct Arguments: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// The members as they came.
    public var object: JSONObject

    /// Creates arguments from an object, none by default.
    public init(_ object: JSONObject = JSONObject()) { self.object = object }

    /// Creates arguments from a literal; of equal names the last one wins.
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.object = JSONObject(elements) }

    /// The argument of this name; setting nil removes it.
    public subscript(name: String) -> JSONValue? {
        get { self.object[name] }
        set { self.object[name] = newValue }
    }

    /// Makes a value of the type's `Decodable` conformance.
    ///
    /// - Throws: `ArgumentsError` with the path from `kwargs` on, what was expected there and what was found.
    public func decode<T: Decodable>(_ type: T.Type) throws(ArgumentsError) -> T {
        do {
            return try JSONValue.object(self.object).decode(type, at: "kwargs")
        } catch {
            throw ArgumentsError(path: error.path, expected: error.expected, found: error.found)
        }
    }
}

/// Arguments do not fit what the orchestrator needs.
public struct ArgumentsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where, from the arguments' root on, such as `kwargs.items[2].url`.
    public var path: String
    /// What belongs there.
    public var expected: String
    /// The kind of value that stands there.
    public var found: String

    /// Creates an error; `path` starts with `kwargs`.
    public init(path: String, expected: String, found: String) {
        self.path = path
        self.expected = expected
        self.found = found
    }

    /// One sentence with path, expectation and finding.
    public var description: String { "Invalid arguments: \(self.path): expected \(self.expected), found \(self.found)" }

    /// The failure to answer with: category `validation`, not retryable, `data` with `path`, `expected` and `found`.
    public var stepResult: StepResult {
        .validationError(
            self.description,
            data: ["path": .string(self.path), "expected": .string(self.expected), "found": .string(self.found)]
        )
    }
}
