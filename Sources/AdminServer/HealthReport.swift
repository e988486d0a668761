import Observability

/// Whether a process is well in one respect (alive, ready, started), and why.
public struct HealthReport: Sendable, Hashable {
    /// One thing that was looked at.
    public struct Check: Sendable, Hashable {
        /// Whether it is well.
        public var isOK: Bool
        /// What was found, for a person.
        public var detail: String

        /// Creates a check.
        public init(isOK: Bool, detail: String) {
            self.isOK = isOK
            self.detail = detail
        }
    }

    /// The sum of all checks.
    public enum Status: String, Sendable, Hashable {
        /// All checks are well: HTTP 200.
        case ok
        /// At least one check is not: HTTP 503.
        case failing
    }

    /// What was looked at, by name.
    public var checks: [String: Check]

    /// Creates a report; without checks it is `ok`.
    public init(checks: [String: Check] = [:]) {
        self.checks = checks
    }

    /// ``Status/ok`` when every check is well.
    public var status: Status { self.checks.values.allSatisfy(\.isOK) ? .ok : .failing }

    /// `{"status":"ok","checks":{"kafka":{"ok":true,"detail":"…"}}}`, the checks in the order of their names.
    public var json: [UInt8] {
        var text = Array("{\"status\":\"\(self.status.rawValue)\",\"checks\":{".utf8)
        for (index, (name, check)) in self.checks.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            LogText.appendQuoted(name, to: &text)
            text += Array(":{\"ok\":\(check.isOK),\"detail\":".utf8)
            LogText.appendQuoted(check.detail, to: &text)
            text.append(UInt8(ascii: "}"))
        }
        return text + Array("}}\n".utf8)
    }
}
