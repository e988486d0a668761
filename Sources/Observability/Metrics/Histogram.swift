import Synchronization

/// A distribution of measurements over fixed buckets, such as durations in seconds.
///
/// Recording is one atomic addition to one bucket and a compare-and-exchange loop for the sum (a `Double` kept as its bits in one atomic
/// word): no lock, no allocation. Buckets are cumulated when exported, not when recorded. The sum and the buckets are read one after
/// the other, so an export during recording may show a sum a few measurements ahead of or behind its buckets; both catch up.
public final class Histogram: Sendable {
    /// Upper bounds in seconds from 1 ms to 10 min, for durations of jobs that call models and tools.
    public static let defaultBounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
    ]

    /// The upper bounds of the buckets, ascending; a last bucket without bound follows them.
    public let bounds: [Double]

    /// One count a bucket, `bounds.count + 1` of them; allocated in `init`, freed in `deinit`, shared as atomics in between.
    private nonisolated(unsafe) let counts: UnsafeMutablePointer<Atomic<Int64>>
    private let sumBits = Atomic<UInt64>(0)

    /// Creates a histogram that belongs to no registry.
    ///
    /// - Parameter bounds: upper bounds of the buckets (inclusive); sorted here, duplicates and non-finite ones are left out.
    public init(bounds: [Double] = Histogram.defaultBounds) {
        self.bounds = Set(bounds.filter(\.isFinite)).sorted()
        self.counts = .allocate(capacity: self.bounds.count + 1)
        for index in 0...self.bounds.count {
            (self.counts + index).initialize(to: Atomic(0))
        }
    }

    deinit {
        self.counts.deinitialize(count: self.bounds.count + 1)
        self.counts.deallocate()
    }

    /// Records one measurement; one that is not finite is ignored.
    public func record(_ value: Double) {
        guard value.isFinite else { return }
        var low = 0
        var high = self.bounds.count
        while low < high {
            let middle = (low + high) / 2
            if self.bounds[middle] < value { low = middle + 1 } else { high = middle }
        }
        self.counts[low].wrappingAdd(1, ordering: .relaxed)
        self.sumBits.addDouble(value)
    }

    /// Records a duration in seconds.
    public func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.record(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    /// Records a duration given in nanoseconds as seconds.
    public func recordNanoseconds(_ nanoseconds: Int64) {
        self.record(Double(nanoseconds) * 1e-9)
    }

    /// How many measurements were recorded.
    public var count: Int64 { self.bucketCounts.reduce(0, +) }

    /// The sum of all measurements.
    public var sum: Double { Double(bitPattern: self.sumBits.load(ordering: .relaxed)) }

    /// How many measurements fell into each bucket, not cumulated; the last is the bucket without bound.
    public var bucketCounts: [Int64] {
        (0...self.bounds.count).map { self.counts[$0].load(ordering: .relaxed) }
    }
}
