/// Appending of text to a log line so that no text can end the line or break out of its quotes.
package enum LogText {
    /// A longer text is cut here and ends in "…", so that a hostile error message cannot flood the log.
    static let maximumBytes = 16_384

    private static let hexadecimal = Array("0123456789abcdef".utf8)

    /// Appends a JSON string with its quotes.
    package static func appendQuoted(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        Self.appendEscaped(text, to: &line)
        line.append(UInt8(ascii: "\""))
    }

    /// Appends the text with quotes only if it is empty or has spaces, quotes, equals signs, backslashes or control characters.
    static func appendQuotedIfNeeded(_ text: String, to line: inout [UInt8]) {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy {
                $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "\\")
            }
        if isPlain && text.utf8.count <= Self.maximumBytes {
            line.append(contentsOf: text.utf8)
        } else {
            Self.appendQuoted(text, to: &line)
        }
    }

    /// Appends the text with JSON's escapes for control characters and, when asked for, for quotes and backslashes.
    static func appendEscaped(_ text: String, isQuoted: Bool = true, to line: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            var end = utf8.count
            if end > Self.maximumBytes {
                end = Self.maximumBytes
                while end > 0 && utf8[end] & 0xC0 == 0x80 { end -= 1 }
            }
            for byte in utf8[..<end] {
                switch byte {
                case UInt8(ascii: "\"") where isQuoted, UInt8(ascii: "\\") where isQuoted:
                    line.append(UInt8(ascii: "\\"))
                    line.append(byte)
                case 0x20...0x7E, 0x80...: line.append(byte)
                case UInt8(ascii: "\n"): line.append(contentsOf: "\\n".utf8)
                case UInt8(ascii: "\r"): line.append(contentsOf: "\\r".utf8)
                case UInt8(ascii: "\t"): line.append(contentsOf: "\\t".utf8)
                default:
                    line.append(contentsOf: "\\u00".utf8)
                    line.append(Self.hexadecimal[Int(byte >> 4)])
                    line.append(Self.hexadecimal[Int(byte & 0xF)])
                }
            }
            if end < utf8.count { line.append(contentsOf: "…".utf8) }
        }
    }
}

extension Logger.MetadataValue {
    /// The members of nested dictionaries with their keys joined by dots, in the order of the keys; of equal keys the later one stays.
    static func flatten(_ metadata: Logger.Metadata) -> [(key: String, value: Logger.MetadataValue)] {
        var flat: [String: Logger.MetadataValue] = [:]
        flat.reserveCapacity(metadata.count)
        func visit(_ members: Logger.Metadata, prefix: String) {
            for (key, value) in members {
                if case .dictionary(let nested) = value, !nested.isEmpty {
                    visit(nested, prefix: prefix + key + ".")
                } else {
                    flat[prefix + key] = value
                }
            }
        }
        visit(metadata, prefix: "")
        return flat.sorted { $0.key < $1.key }
    }
}
