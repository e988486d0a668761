import JSON

/// Transcripts as JSON, in the shapes that transcribers and downloaders write.
///
/// - `"…"`, `{"transcript": …}`, `{"text": …}`, `{"transcription": …}`, `{"data": …}` with any of these inside;
/// - `{"segments": […]}` or a bare array, each segment a string or `{"text": "…", "start": s, "end": s | "duration": s, "speaker"?: "…"}`,
///   also with `{"offsets": {"from": ms, "to": ms}}`;
/// - `{"results": {"transcripts": [{"transcript": "…"}]}}`.
///
/// `title`, `language` and `duration` beside the transcript are taken over. A change of speaker starts a new line.
enum TranscriptJSON {
    /// Documents of up to this many bytes are looked into by the sniffing of `DocumentKind`; larger ones must be named as JSON.
    static let sniffedBytes = 1 << 20

    static func isJSON(_ bytes: [UInt8]) -> Bool {
        guard bytes.count <= Self.sniffedBytes, let value = try? JSONValue(parsing: bytes) else { return false }
        return value.objectValue != nil || value.arrayValue != nil
    }

    static func read(_ bytes: [UInt8], charset: String?) throws(DocumentError) -> Document {
        let value: JSONValue
        do {
            // RFC 8259 wants UTF-8; anything else is turned into it first.
            let text = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xEF, 0xBB, 0xBF])
            let utf8 = text ? Array(TextDecoder.decode(bytes, declared: charset).utf8) : bytes
            value = try JSONValue(parsing: utf8, limits: JSONLimits(maximumBytes: max(utf8.count, 1), maximumDepth: 64))
        } catch {
            throw DocumentError(error.byteOffset.map { "byte \($0): \(error.message)" } ?? error.message)
        }
        var found = Finding()
        guard try Self.take(value, at: "", into: &found) else { throw Self.nothing(in: value) }
        return Document(
            kind: .transcriptJSON,
            text: found.lines.joined(separator: "\n"),
            title: found.title,
            duration: found.lastEnd ?? found.duration,
            language: found.language,
            segmentCount: found.segmentCount
        )
    }

    private struct Finding {
        var lines: [String] = []
        var title: String?
        var language: String?
        var duration: Double?
        var lastEnd: Double?
        var segmentCount: Int?
    }

    /// Takes the transcript out of a value; false when there is none in it.
    private static func take(_ value: JSONValue, at path: String, into found: inout Finding) throws(DocumentError) -> Bool {
        switch value {
        case .string(let text):
            found.lines = [text]
            return true
        case .array(let elements):
            try Self.takeSegments(elements, at: path, into: &found)
            return true
        case .object(let object):
            found.title = found.title ?? object["title"]?.stringValue
            found.language = found.language ?? (object["language"] ?? object["language_code"])?.stringValue
            found.duration = found.duration ?? object["duration"]?.doubleValue.flatMap(Self.time)
            // Segments carry the times; a full text beside them carries the better punctuation.
            let whole = ["transcript", "text"].lazy.compactMap { object[$0]?.stringValue }.first
            if let segments = object["segments"]?.arrayValue {
                try Self.takeSegments(segments, at: Self.join(path, "segments"), into: &found)
                if let whole, !TextLines.trimmed(whole).isEmpty { found.lines = [whole] }
                return true
            }
            for name in ["transcript", "text", "transcription", "data", "results"] {
                guard let inner = object[name], !inner.isNull, name != "data" && name != "results" || inner.objectValue != nil else {
                    continue
                }
                if try Self.take(inner, at: Self.join(path, name), into: &found) { return true }
            }
            guard let transcripts = object["transcripts"]?.arrayValue else { return false }
            try Self.takeSegments(transcripts, at: Self.join(path, "transcripts"), into: &found)
            return true
        case .null, .bool, .integer, .number:
            throw DocumentError("\(path.isEmpty ? "the document" : path): expected text or segments, found \(value.kindName)")
        }
    }

    private static func takeSegments(_ segments: [JSONValue], at path: String, into found: inout Finding) throws(DocumentError) {
        var speaker: String?
        for (index, segment) in segments.enumerated() {
            let place = "\(path)[\(index)]"
            let text: String
            switch segment {
            case .string(let line):
                text = line
            case .object(let object):
                guard let value = object["text"] ?? object["transcript"] else { throw DocumentError("\(place).text: missing") }
                guard let line = value.stringValue else {
                    throw DocumentError("\(place).text: expected string, found \(value.kindName)")
                }
                text = line
                found.lastEnd = [found.lastEnd, Self.end(of: object)].compactMap { $0 }.max()
            case .null, .bool, .integer, .number, .array:
                throw DocumentError("\(place): expected a segment, found \(segment.kindName)")
            }
            let line = TextLines.trimmed(text)
            guard !line.isEmpty else { continue }
            let current = segment["speaker"]?.stringValue
            if let last = found.lines.indices.last, current == speaker {
                found.lines[last] += " " + line
            } else {
                found.lines.append(line)
            }
            speaker = current
        }
        found.segmentCount = segments.count
    }

    /// Where a segment ends, in seconds.
    private static func end(of segment: JSONObject) -> Double? {
        if let end = segment["end"]?.doubleValue { return Self.time(end) }
        if let start = segment["start"]?.doubleValue, let duration = segment["duration"]?.doubleValue { return Self.time(start + duration) }
        return segment["offsets"]?["to"]?.doubleValue.flatMap { Self.time($0 / 1_000) }
    }

    /// A number of seconds that can be one.
    private static func time(_ seconds: Double) -> Double? {
        seconds.isFinite && seconds >= 0 && seconds < 1e9 ? seconds : nil
    }

    private static func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }

    private static func nothing(in value: JSONValue) -> DocumentError {
        let keys = (value.objectValue?.keys ?? []).prefix(10).map { TextLines.singleLine($0, limit: 40) }.joined(separator: ", ")
        return DocumentError(
            "no transcript in it: expected transcript, text or segments, found \(keys.isEmpty ? "no members" : "the members \(keys)")"
        )
    }
}
