/// One line that a child process wrote.
public struct CapturedLine: Sendable, Hashable, CustomStringConvertible {
    /// Where the line was written to.
    public enum Stream: Sendable, Hashable {
        case standardOutput, standardError
    }

    /// Position among all lines of both streams, counted from 0 at the start of the process.
    public let number: Int
    /// Where the line was written to.
    public let stream: Stream
    /// The line without its newline; invalid UTF-8 is repaired with U+FFFD.
    public let text: String
    /// Bytes that the line was read from, without its newline; what it counts against the bound.
    let byteCount: Int

    init(number: Int, stream: Stream, bytes: [UInt8]) {
        self.number = number
        self.stream = stream
        self.text = String(decoding: bytes, as: UTF8.self)
        self.byteCount = bytes.count
    }

    /// The line's text.
    public var description: String { self.text }
}
