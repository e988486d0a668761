/// What is committed beside the base of one partition, so that after a crash only unfinished records run again.
///
/// A pure value: its two lists are in order and disjoint whatever they are made from. `encoded(base:)` turns it into the text of an offset
/// commit, `decode(_:base:)` reads that back.
public struct CommitMetadata: Sendable, Hashable {
    /// A record that was given to a handler, or failed, and is not finished.
    public struct Started: Sendable, Hashable {
        /// The record's offset.
        public var offset: Int64
        /// It was running alone when this was written: if the process died, it was this record.
        public var isAlone: Bool
        /// It was running when this was written: its last start is not over.
        public var isRunning: Bool
        /// The processes that are said to have ended over its earlier starts, oldest first, the last three at most: if one of them lives, it
        /// has ended over nothing.
        public private(set) var accused: [UInt32]
        private var startCount: UInt8
        private var failureCount: UInt8

        /// Describes one record.
        ///
        /// - Parameters:
        ///   - starts: times it was given to a handler, 0...255; what lies outside becomes the nearest of these.
        ///   - failures: failed attempts whose retry is pending or was done, 0...255; likewise.
        ///   - isRunning: the last start is not over; one that was never started does not run.
        ///   - accused: processes, by ``CommitMetadata/owner``; the last three are kept, and no more than there are starts.
        public init(
            offset: Int64,
            starts: Int = 1,
            failures: Int = 0,
            isAlone: Bool = false,
            isRunning: Bool = true,
            accused: [UInt32] = []
        ) {
            self.offset = offset
            self.isAlone = isAlone
            self.isRunning = isRunning && starts > 0
            self.accused = accused.suffix(min(Self.maximumAccused, max(0, starts)))
            self.startCount = UInt8(clamping: starts)
            self.failureCount = UInt8(clamping: failures)
        }

        /// Times it was given to a handler that never came to an end, 0...255.
        public var starts: Int { Int(self.startCount) }

        /// Failed attempts whose retry is pending or was done, 0...255.
        public var failures: Int { Int(self.failureCount) }

        /// Processes that are remembered of one record: as many as make it poison by default.
        static let maximumAccused = 3
    }

    /// The owner that wrote it was still at work.
    ///
    /// An orderly end writes false; true found at an assignment means that the owner crashed or was lost.
    public var isOpen: Bool

    /// The process that says so, by a number of its own; in the farewell of an open partition the process whose crash made it suspicious, and 0
    /// if nobody knows.
    ///
    /// A session that was lost looks like a crash until its owner shows up in the group again.
    public var owner: UInt32

    /// Finished offsets above the base: rising ranges, none empty, none touching the next.
    ///
    /// Offsets that no record has may lie in a range; the fewer ranges, the shorter the text.
    public let finished: [Range<Int64>]

    /// Records that are started and not finished, rising, one entry an offset; the base may be among them.
    public let started: [Started]

    /// Creates a value; costs one pass when both lists are in order already.
    ///
    /// - Parameters:
    ///   - finished: in any order; what overlaps or touches becomes one range.
    ///   - started: in any order; of two entries for one offset the higher counts are kept, and an offset that is finished is dropped.
    public init(isOpen: Bool, owner: UInt32 = 0, finished: [Range<Int64>] = [], started: [Started] = []) {
        self.isOpen = isOpen
        self.owner = owner
        self.finished = Self.areRising(finished) ? finished : Self.united(finished)
        self.started = Self.areRising(started, outside: self.finished) ? started : Self.sorted(started, outside: self.finished)
    }

    /// Creates a value from single offsets, such as those of a tracker's window.
    ///
    /// - Parameters:
    ///   - finishedOffsets: in one pass when they rise; `Int64.max`, which no log has, is ignored.
    ///   - started: see `init(isOpen:owner:finished:started:)`.
    public init(isOpen: Bool, owner: UInt32 = 0, finishedOffsets: some Sequence<Int64>, started: [Started] = []) {
        var ranges: [Range<Int64>] = []
        for offset in finishedOffsets where offset < .max {
            if let last = ranges.last, last.upperBound == offset {
                ranges[ranges.count - 1] = last.lowerBound..<offset + 1
            } else {
                ranges.append(offset..<offset + 1)
            }
        }
        self.init(isOpen: isOpen, owner: owner, finished: ranges, started: started)
    }
}

// MARK: Order

extension CommitMetadata {
    private static func areRising(_ ranges: [Range<Int64>]) -> Bool {
        var end = Int64.min
        for range in ranges {
            guard !range.isEmpty, range.lowerBound > end else { return false }
            end = range.upperBound
        }
        return true
    }

    private static func united(_ ranges: [Range<Int64>]) -> [Range<Int64>] {
        var united: [Range<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = united.last, range.lowerBound <= last.upperBound {
                united[united.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                united.append(range)
            }
        }
        return united
    }

    /// Whether the offsets rise and none is in a range; the ranges must rise.
    static func areRising(_ started: [Started], outside ranges: [Range<Int64>]) -> Bool {
        var index = 0
        var last: Int64?
        for record in started {
            if let last, record.offset <= last { return false }
            last = record.offset
            while index < ranges.count, ranges[index].upperBound <= record.offset { index += 1 }
            if index < ranges.count, ranges[index].lowerBound <= record.offset { return false }
        }
        return true
    }

    private static func sorted(_ started: [Started], outside ranges: [Range<Int64>]) -> [Started] {
        var sorted: [Started] = []
        var index = 0
        for record in started.sorted(by: { $0.offset < $1.offset }) {
            while index < ranges.count, ranges[index].upperBound <= record.offset { index += 1 }
            if index < ranges.count, ranges[index].lowerBound <= record.offset { continue }
            if let last = sorted.last, last.offset == record.offset {
                sorted[sorted.count - 1] = Started(
                    offset: record.offset,
                    starts: max(last.starts, record.starts),
                    failures: max(last.failures, record.failures),
                    isAlone: last.isAlone || record.isAlone,
                    isRunning: last.isRunning || record.isRunning,
                    accused: last.accused.count > record.accused.count ? last.accused : record.accused
                )
            } else {
                sorted.append(record)
            }
        }
        return sorted
    }
}
