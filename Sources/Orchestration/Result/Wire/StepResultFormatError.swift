/// A JSON object is not a `StepResult`: which member, what belongs there, what stands there.
public struct StepResultFormatError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where, such as `error_context.tenant`.
    public var path: String
    /// What belongs there.
    public var expected: String
    /// The kind of value that stands there, or the text when the kind is right; at most 64 characters.
    public var found: String

    /// Creates an error; of `found` the first 64 characters are kept.
    public init(path: String, expected: String, found: String) {
        self.path = path
        self.expected = expected
        self.found = String(found.prefix(64))
    }

    /// One sentence with path, expectation and finding.
    public var description: String { "Invalid step result: \(self.path) must be \(self.expected), found \(self.found)." }
}
