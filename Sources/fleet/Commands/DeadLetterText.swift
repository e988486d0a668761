import JSON
import KafkaClient
import Wire

/// A dead letter as it is read, with its headers decoded once.
struct StoredLetter: Sendable {
    let origin: DeadLetterOrigin
    let record: ConsumedRecord
    let headers: DeadLetterHeaders

    init(origin: DeadLetterOrigin, record: ConsumedRecord) {
        self.origin = origin
        self.record = record
        self.headers = record.withView { DeadLetterHeaders($0.headers) }
    }

    /// When it died: the time of its record, or where that has none, what the headers tell; milliseconds since 1970.
    var time: Int64 { self.record.timestamp > 0 ? self.record.timestamp : self.headers.lastFailureAt ?? 0 }

    var place: String { "\(self.record.source.partition):\(self.record.offset)" }

    /// The message's id; at most 1 KiB of it.
    var id: String? {
        self.record.withView { view in
            var id: String?
            view.headers.forEach { name, value in
                if let value, name.elementsEqual("ce_id".utf8) { id = String(decoding: value.prefix(1024), as: UTF8.self) }
            }
            return id
        }
    }

    /// The key as text, bytes that are no UTF-8 repaired; at most 1 KiB of it.
    var key: String? {
        self.record.withView { view in view.key.map { String(decoding: $0.prefix(1024), as: UTF8.self) } }
    }

    /// Whose request it is, read from the value.
    var tenant: String? {
        guard let value = self.record.value else { return nil }
        let limits = JSONLimits(maximumBytes: value.count, maximumDepth: 64)
        guard let body = try? JSONValue(parsing: value, limits: limits) else { return nil }
        return (body["context"]?["tenant_id"] ?? body["data"]?["context"]?["tenant_id"])?.stringValue
    }

    func matches(_ selection: DeadLetterSelection) -> Bool {
        self.record.withView { selection.matches($0, self.headers, time: self.time) }
    }
}

/// Dead letters as text for people and as JSON.
enum DeadLetterText {
    /// Text from outside in one line: what would move the cursor, change the direction of writing, or is not visible, is written out.
    ///
    /// - Parameter count: the number of Unicode scalars of the text at most; what is cut ends with an ellipsis.
    static func escaped(_ text: String, to count: Int = .max) -> String {
        var line = ""
        var left = count
        for scalar in text.unicodeScalars {
            guard left > 0 else { return line + "…" }
            left -= 1
            switch scalar {
            case "\n": line += "\\n"
            case "\t": line += "\\t"
            case "\r": line += "\\r"
            // They join the parts of an emoji.
            case "\u{200c}", "\u{200d}": line.unicodeScalars.append(scalar)
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
                    line += "\\u{\(String(scalar.value, radix: 16))}"
                default: line.unicodeScalars.append(scalar)
                }
            }
        }
        return line
    }

    /// A cell of a table: escaped, cut and filled up to a width.
    static func cell(_ text: String, _ width: Int) -> String {
        let text = self.escaped(text, to: 1024)
        guard text.count > width else { return text + String(repeating: " ", count: width - text.count) }
        return text.prefix(width - 1) + "…"
    }

    static let header = row(["DIED AT", "LAYER", "AT", "REASON", "ORCHESTRATOR", "TRIED", "REPLAYED", "KEY"], "ERROR")

    private static let widths = [24, 14, 12, 20, 24, 5, 8, 20]

    private static func row(_ cells: [String], _ last: String) -> String {
        zip(cells, self.widths).map { self.cell($0, $1) }.joined(separator: " ") + " " + last
    }

    /// One line of the table.
    static func row(_ letter: StoredLetter) -> String {
        let headers = letter.headers
        return self.row(
            [
                WireTime.text(letter.time), letter.origin.rawValue, letter.place, headers.reason ?? "-", headers.orchestrator ?? "-",
                headers.attempts.map { "\($0)" } ?? "-", "\(headers.replayCount)", letter.key ?? "-",
            ],
            self.escaped(headers.errorMessage ?? "-", to: 160)
        )
    }

    /// A dead letter as one JSON object.
    ///
    /// - Parameter whole: with all headers and the value.
    static func json(_ letter: StoredLetter, whole: Bool = false) -> String {
        let headers = letter.headers
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.beginObject()
        writer.member("layer", letter.origin.rawValue)
        writer.member("topic", letter.record.source.topic)
        writer.member("partition", letter.record.source.partition)
        writer.member("offset", letter.record.offset)
        writer.member("died_at", WireTime.text(letter.time))
        writer.member("reason", headers.reason)
        writer.member("orchestrator", headers.orchestrator)
        writer.member("error_category", headers.errorCategory)
        writer.member("error_message", headers.errorMessage)
        writer.member("attempts", headers.attempts.map { JSONValue.integer(Int64($0)) } ?? .null)
        writer.member("replay_count", headers.replayCount)
        writer.member("first_failure_at", headers.firstFailureAt.map { WireTime.text($0) })
        writer.member("last_failure_at", headers.lastFailureAt.map { WireTime.text($0) })
        writer.member("source_topic", headers.sourceTopic)
        writer.member("source_partition", headers.sourcePartition.map { JSONValue.integer(Int64($0)) } ?? .null)
        writer.member("source_offset", headers.sourceOffset.map { JSONValue.integer($0) } ?? .null)
        writer.member("consumer_group", headers.consumerGroup)
        writer.member("worker", headers.worker)
        writer.member("id", letter.id)
        writer.member("key", letter.key)
        letter.record.withView { view in
            writer.member("value_bytes", view.value.map { JSONValue.integer(Int64($0.count)) } ?? .null)
        }
        if whole {
            writer.key("headers")
            writer.object(JSONObject(letter.record.headers.pairs.map { ($0.name, .string($0.value)) }))
            writer.key("value")
            if let value = letter.record.value {
                let limits = JSONLimits(maximumBytes: value.count, maximumDepth: 64)
                writer.value((try? JSONValue(parsing: value, limits: limits)) ?? .string(String(decoding: value, as: UTF8.self)))
            } else {
                writer.null()
            }
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The value for people: JSON laid out, other text escaped line by line, bytes in hexadecimal.
    static func lines(of value: [UInt8]) -> [String] {
        let limits = JSONLimits(maximumBytes: value.count, maximumDepth: 64)
        let text: String
        if let json = try? JSONValue(parsing: value, limits: limits) {
            text = json.serialized(pretty: true)
        } else if let plain = String(validating: value, as: UTF8.self) {
            text = plain
        } else {
            return self.hexadecimal(value)
        }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { self.escaped(String($0)) }
    }

    /// Sixteen bytes a line, 4 KiB at most.
    static func hexadecimal(_ bytes: [UInt8]) -> [String] {
        let shown = bytes.prefix(4096)
        var lines = stride(from: 0, to: shown.count, by: 16).map { start in
            let line = shown[start..<min(start + 16, shown.count)]
            let digits = line.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            let text = String(String.UnicodeScalarView(line.map { (0x20..<0x7f).contains($0) ? Unicode.Scalar($0) : "." }))
            let number = String(start, radix: 16)
            return String(repeating: "0", count: max(0, 6 - number.count)) + number + "  "
                + digits + String(repeating: " ", count: 49 - digits.count) + text
        }
        if bytes.count > shown.count { lines.append("… \(bytes.count - shown.count) more bytes") }
        return lines
    }
}
