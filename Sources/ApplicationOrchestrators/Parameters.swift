import JSON
import Orchestration

/// A parameter that is missing or of the wrong kind.
struct ParameterError: Error, Sendable, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// The failure to answer with: category `validation`, not retryable.
    var stepResult: StepResult { .fail(self.description, category: .validation) }
}

/// Reads the members of an object of parameters; null is as good as nothing.
struct Parameters: Sendable {
    let object: JSONObject
    private let path: String

    /// - Parameter path: stands before every name in errors, such as `signal.`.
    init(_ object: JSONObject, path: String = "") {
        self.object = object
        self.path = path
    }

    subscript(_ name: String) -> JSONValue? {
        guard let value = self.object[name], !value.isNull else { return nil }
        return value
    }

    func text(_ name: String) throws(ParameterError) -> String? { try self.value(name, "a string") { $0.stringValue } }
    func number(_ name: String) throws(ParameterError) -> Double? { try self.value(name, "a number") { $0.doubleValue } }
    func integer(_ name: String) throws(ParameterError) -> Int64? { try self.value(name, "an integer") { $0.integerValue } }
    func flag(_ name: String) throws(ParameterError) -> Bool? { try self.value(name, "true or false") { $0.boolValue } }
    func members(_ name: String) throws(ParameterError) -> JSONObject? { try self.value(name, "an object") { $0.objectValue } }
    func elements(_ name: String) throws(ParameterError) -> [JSONValue]? { try self.value(name, "an array") { $0.arrayValue } }

    /// The first of several names that is there; older and newer callers name the same thing differently.
    func text(_ names: [String]) throws(ParameterError) -> String? {
        for name in names {
            if let text = try self.text(name) { return text }
        }
        return nil
    }

    func required<T>(_ value: T?, _ name: String) throws(ParameterError) -> T {
        guard let value else { throw ParameterError("Missing required parameter: \(self.path)\(name)") }
        return value
    }

    private func value<T>(_ name: String, _ expected: String, _ read: (JSONValue) -> T?) throws(ParameterError) -> T? {
        guard let value = self[name] else { return nil }
        guard let result = read(value) else {
            throw ParameterError("Invalid parameter: \(self.path)\(name): expected \(expected), found \(value.kindName)")
        }
        return result
    }
}

/// At most 200 characters of what a caller wrote, for messages.
func excerpt(_ text: String) -> String { Redaction.redact(String(text.prefix(200))) }
