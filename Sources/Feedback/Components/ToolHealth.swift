import JSON

/// How well a tool works (spec §5.12).
public enum ToolHealth {
    /// Below, a tool is not to be used.
    public static let disableBelow = 0.4
    /// From here on it may come back.
    public static let enableFrom = 0.5

    /// .7 · success rate + .2 · (1 − share of errors among the last 100) + .1 · max(0, 1 − latency of successes / 30,000 ms).
    ///
    /// - Parameters:
    ///   - errorShare: nil without any use; counts full then.
    ///   - latency: milliseconds, of uses that succeeded; nil without any; counts full then.
    public static func score(successRate: Double, errorShare: Double?, latency: Double?) -> Double {
        let speed = max(0, 1 - (latency ?? 0) / 30_000)
        // What is missing to 1, so that nothing missing is exactly 1.
        return min(max(1 - 0.7 * (1 - successRate) - 0.2 * (errorShare ?? 0) - 0.1 * (1 - speed), 0), 1)
    }

    /// `healthy` from .8 on, `degraded` from ``disableBelow`` on, else `unhealthy`.
    public static func bucket(_ score: Double) -> String {
        score >= 0.8 ? "healthy" : score >= self.disableBelow ? "degraded" : "unhealthy"
    }
}

/// Whether each of the last 100 uses succeeded.
struct RecentOutcomes: Sendable, Hashable {
    static let capacity = 100

    /// Two words of bits, the newest lowest; 1 is an error.
    private var high: UInt64 = 0
    private var low: UInt64 = 0
    private(set) var count = 0

    init() {}

    /// Reads `0` for a success and `1` for an error, the oldest first.
    init(text: String) {
        for byte in text.utf8.suffix(Self.capacity) where byte == 0x30 || byte == 0x31 { self.add(isError: byte == 0x31) }
    }

    var text: String {
        String((0..<self.count).reversed().map { self.isError(at: $0) ? "1" : "0" }.joined())
    }

    private func isError(at age: Int) -> Bool { (age < 64 ? self.low >> UInt64(age) : self.high >> UInt64(age - 64)) & 1 == 1 }

    mutating func add(isError: Bool) {
        self.high = (self.high << 1 | self.low >> 63) & (1 << UInt64(Self.capacity - 64) - 1)
        self.low = self.low << 1 | (isError ? 1 : 0)
        self.count = min(self.count + 1, Self.capacity)
    }

    /// Nil without any use.
    var errorShare: Double? {
        self.count > 0 ? Double(self.low.nonzeroBitCount + self.high.nonzeroBitCount) / Double(self.count) : nil
    }
}
