import Glibc
import JSON
import Orchestration
import Wire

/// Readable output for people; colours only on a terminal, and not when NO_COLOR is set.
struct Console: Sendable {
    enum Style: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    static let isColourful = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil

    static func styled(_ text: String, _ style: Style) -> String {
        self.isColourful ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text
    }

    /// Writes a line to stdout at once, also into a pipe.
    static func line(_ text: String = "") {
        let bytes = Array("\(text)\n".utf8)
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let count = write(STDOUT_FILENO, buffer.baseAddress?.advanced(by: written), buffer.count - written)
                guard count > 0 else { return }
                written += count
            }
        }
    }

    /// Text from outside without control characters, so that it cannot take the terminal over.
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t" ? "·" : scalar
                }
            )
        )
    }

    /// One line that says how a request ended.
    static func headline(of reply: Reply) -> String {
        let status = reply.result.status
        let style: Style = reply.result.success ? .green : .red
        var line = "\(self.styled(status.uppercased(), style)) \(self.styled(reply.orchestrator, .bold)) \(reply.requestID)"
        line += self.styled("  \(rounded(reply.processingMilliseconds)) ms", .dim)
        if let queued = reply.queuedMilliseconds { line += self.styled(" after \(rounded(queued)) ms in the queue", .dim) }
        return line
    }

    /// A reply for people: how it ended, why, and its data, long texts as they are.
    static func show(_ reply: Reply) {
        self.line(self.headline(of: reply))
        if let error = reply.result.error {
            let category = reply.result.errorCategory.map { " [\($0.rawValue)\(reply.result.retryable ? ", retryable" : "")]" } ?? ""
            self.line("  \(self.styled(self.printable(error), .red))\(category)")
        }
        for (key, value) in reply.result.data { self.show(key, value, indent: 1) }
    }

    private static func show(_ key: String, _ value: JSONValue, indent: Int) {
        let margin = String(repeating: "  ", count: indent)
        switch value {
        case .object(let object) where indent < 3 && !object.isEmpty:
            self.line("\(margin)\(self.styled(key, .cyan)):")
            for (key, value) in object { self.show(key, value, indent: indent + 1) }
        case .string(let text) where text.contains("\n"):
            self.line("\(margin)\(self.styled(key, .cyan)):")
            for line in self.printable(text).split(separator: "\n", omittingEmptySubsequences: false) { self.line("\(margin)  \(line)") }
        case .string(let text):
            self.line("\(margin)\(self.styled(key, .cyan)): \(self.shortened(text))")
        default:
            self.line("\(margin)\(self.styled(key, .cyan)): \(self.shortened(value.serialized(pretty: false)))")
        }
    }

    static func shortened(_ text: String, to count: Int = 160) -> String {
        let text = self.printable(text)
        return text.count > count ? "\(text.prefix(count))…" : text
    }
}

/// One decimal.
func rounded(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() && abs(tenths) < 1e15 ? "\(Int64(tenths)).0" : "\(tenths)"
}
