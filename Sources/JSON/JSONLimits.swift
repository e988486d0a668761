/// How large and how deep a document may be before it is refused.
public struct JSONLimits: Sendable, Hashable {
    /// Bytes of the whole document; default 1 MiB.
    public var maximumBytes: Int
    /// Containers inside each other, the outermost included; default 64, always within 1 … ``depthCeiling``.
    public var maximumDepth: Int {
        didSet { self.maximumDepth = Self.clamped(self.maximumDepth) }
    }

    /// The largest depth any document may have: values are walked recursively, so the depth is a bound on stack use.
    public static let depthCeiling = 512

    /// 1 MiB and 64 levels.
    public static let `default` = JSONLimits()

    /// Creates limits; a depth outside 1 … ``depthCeiling`` is moved to the nearer end.
    public init(maximumBytes: Int = 1 << 20, maximumDepth: Int = 64) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = Self.clamped(maximumDepth)
    }

    private static func clamped(_ depth: Int) -> Int {
        min(max(depth, 1), Self.depthCeiling)
    }
}
