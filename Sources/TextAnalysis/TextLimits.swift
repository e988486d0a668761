/// How much of a text is analysed.
public struct TextLimits: Sendable, Hashable {
    /// The longest text that is analysed whole, in bytes of UTF-8.
    ///
    /// Default 1 MiB; values below 1 count as 1.
    ///
    /// A longer text is analysed up to the last whole Unicode scalar within the limit, and ``TextDocument/isTruncated`` says so.
    public var maximumBytes: Int

    /// The defaults: 1 MiB.
    public static let `default` = TextLimits()

    /// Makes limits.
    ///
    /// - Parameter maximumBytes: The longest text that is analysed whole, in bytes of UTF-8.
    public init(maximumBytes: Int = 1 << 20) {
        self.maximumBytes = max(1, maximumBytes)
    }

    /// The part of a text within the limit, and whether anything was left out.
    func clip(_ text: String) -> (text: String, isTruncated: Bool) {
        let bytes = text.utf8
        guard let end = bytes.index(bytes.startIndex, offsetBy: self.maximumBytes, limitedBy: bytes.endIndex), end < bytes.endIndex else {
            return (text, false)
        }
        // Slicing rounds an index inside a scalar down to its start.
        return (String(text[..<end]), true)
    }
}
