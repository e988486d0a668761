public import JSON

/// Takes secrets and personal data out of what people read: descriptions and log lines (spec §1.13).
///
/// It never touches what goes over the wire. Two rules: a member whose name sounds like a secret loses its value, and texts lose what looks
/// like an e-mail address, a social security number, a payment card, a telephone number or a token. The second rule is a heuristic: it errs
/// on the side of hiding, so a ten-digit number may be shown as a telephone number.
public enum Redaction {
    /// What stands in place of the value of a sensitive member.
    public static let filtered = "[FILTERED]"

    /// Whether a member's name contains, in whatever case, one of: password, token, key, secret, email, phone, ssn, credit.
    public static func isSensitive(key: String) -> Bool {
        let name = key.lowercased()
        return Self.sensitiveWords.contains { name.contains($0) }
    }

    /// The object with the values of sensitive members replaced and all texts redacted, at every depth.
    public static func redact(_ object: JSONObject) -> JSONObject {
        JSONObject(
            object.map { key, value in
                (key, Self.isSensitive(key: key) ? .string(Self.filtered) : Self.redact(value))
            }
        )
    }

    /// The value with the values of sensitive members replaced and all texts redacted, at every depth.
    public static func redact(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .string(Self.redact(text))
        case .array(let elements): .array(elements.map { Self.redact($0) })
        case .object(let object): .object(Self.redact(object))
        case .null, .bool, .integer, .number: value
        }
    }

    private static let sensitiveWords = ["password", "token", "key", "secret", "email", "phone", "ssn", "credit"]
}
