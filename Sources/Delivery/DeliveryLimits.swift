/// Which records must keep their order.
public enum Ordering: String, Sendable, CaseIterable {
    /// Records of one key of a partition run one after another; keyless records in any order.
    case key
    /// Every record may run at any time.
    case none
    /// A partition's records run one after another.
    case partition
}

/// How much may be in flight, and how often a record may end its worker's process.
public struct DeliveryLimits: Sendable, Hashable {
    /// Records taken from the log and not yet finished, all partitions together.
    public var records: Int
    /// Bytes of those records.
    ///
    /// Reading stops when they are reached, so the last read may pass them.
    public var bytes: Int
    /// The span of one partition between its committed base and its newest record; bounds what a stuck record can hold back, and how far
    /// above the base a crash can have come.
    public var window: Int
    /// Starts of a record without an end after which it is put away as poison; at least 3, because the first crash cannot tell which of the
    /// running records was to blame, and the second only narrows it down.
    public var starts: Int

    /// Defaults: 2,048 records (more fall out of the processor's cache before they are done: measured 12 µs a record against 15 with 8,192),
    /// 64 MiB, a window of 65,536 records a partition, 3 starts.
    public init(records: Int = 2_048, bytes: Int = 64 << 20, window: Int = 65_536, starts: Int = 3) {
        self.records = min(max(1, records), 1 << 23)
        self.bytes = max(1, bytes)
        self.window = max(1, window)
        self.starts = min(max(3, starts), 100)
    }
}
