/// A JSON object is not a `StepResult`: which member, what belongs there, what stands there.
public struct StepResultFormatError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where, such as `error_context.tenant`.
    public var path: String
    /// What belongs there.
    public var expected: String
    /// The kind of value that stands there, or the text when the kind is right; at most 64 characters.
    public var found: String

    public init(path: String, expected: String, found: String) {
        self.path = path
        self.expected = expected
        self.found = String(found.prefix(64))
    }

    public var description: String { "Invalid step result: \(self.path) must be \(self.expected), found \(self.found)." }
}
