/// Knows which records of one partition are finished, and how far the partition may be committed.
///
/// Records finish in any order; the base moves only over finished ones, so it never passes an unfinished record (invariant I1). Offsets may have
/// gaps (compaction, transaction markers). The window is a ring buffer of offsets with a mark; every operation is constant time. What an earlier
/// owner has finished above the base is told at the beginning, and is finished as soon as it is admitted.
public struct PartitionTracker: Sendable {
    /// Names an admitted record: its running number in this partition.
    public typealias Ticket = UInt64

    private var offsets: [Int64]
    private var isFinished: [Bool]
    private var headTicket: Ticket = 0
    private var nextTicket: Ticket = 0
    /// Finished by an earlier owner; those below `nextRestored` were passed by the newest admitted offset.
    private var restored: [Range<Int64>]
    private var nextRestored = 0
    /// The newest admitted offset; -1 before the first.
    private(set) var lastOffset: Int64 = -1

    /// The offset that may be committed: every record below it is finished.
    ///
    /// Nil until the first record is admitted, or as told at the beginning.
    public private(set) var base: Int64?

    /// Creates an empty tracker.
    ///
    /// - Parameters:
    ///   - capacity: the window's initial room in records, a power of two.
    ///   - base: where the group stands; nil when it has committed nothing.
    ///   - restored: what was finished above that base, rising and disjoint.
    public init(capacity: Int = 64, base: Int64? = nil, restored: [Range<Int64>] = []) {
        let capacity = max(2, capacity.nextPowerOfTwo)
        self.offsets = Array(repeating: 0, count: capacity)
        self.isFinished = Array(repeating: false, count: capacity)
        self.base = base
        self.restored = restored
    }

    /// The records between the base and the newest admitted one, finished or not.
    public var windowCount: Int { Int(self.nextTicket - self.headTicket) }

    /// What became of an offset that was to be admitted.
    public enum Admission: Sendable, Hashable {
        /// It is in the window.
        case admitted(Ticket)
        /// An earlier owner has finished it.
        case finishedBefore
        /// It is not above the last one (a record that was delivered before), or no log can have it.
        case refused
    }

    /// Takes a record in; offsets must rise.
    public mutating func admit(_ offset: Int64) -> Admission {
        guard offset > self.lastOffset, offset < .max else { return .refused }
        if self.lastOffset < 0, let base = self.base, offset < base {
            // The log was made anew, or cut: what was committed is about other records.
            self.base = nil
            self.restored = []
        }
        if self.windowCount == self.offsets.count { self.grow() }
        let index = Int(self.nextTicket) & (self.offsets.count - 1)
        self.offsets[index] = offset
        self.isFinished[index] = false
        self.lastOffset = offset
        // A gap right above the base is not a record: with an empty window the base stands at this one.
        if self.windowCount == 0 { self.base = max(offset, self.base ?? offset) }
        self.nextTicket += 1
        while self.nextRestored < self.restored.count, self.restored[self.nextRestored].upperBound <= offset { self.nextRestored += 1 }
        if self.nextRestored < self.restored.count, self.restored[self.nextRestored].contains(offset) {
            self.finish(self.nextTicket - 1)
            return .finishedBefore
        }
        return .admitted(self.nextTicket - 1)
    }

    /// The offset of a record in the window.
    func offset(of ticket: Ticket) -> Int64 { self.offsets[Int(ticket) & (self.offsets.count - 1)] }

    /// Marks a record finished and moves the base as far as it can go.
    ///
    /// - Returns: false when the ticket is not in the window or finished already.
    @discardableResult
    public mutating func finish(_ ticket: Ticket) -> Bool {
        guard ticket >= self.headTicket, ticket < self.nextTicket else { return false }
        let mask = self.offsets.count - 1
        guard !self.isFinished[Int(ticket) & mask] else { return false }
        self.isFinished[Int(ticket) & mask] = true
        var base = self.base ?? 0
        while self.headTicket < self.nextTicket, self.isFinished[Int(self.headTicket) & mask] {
            base = self.offsets[Int(self.headTicket) & mask] + 1
            self.headTicket += 1
        }
        // A gap right above the base is not a record: the base stands at the next unfinished one, or behind what was finished before.
        if self.headTicket < self.nextTicket {
            base = self.offsets[Int(self.headTicket) & mask]
        } else if self.nextRestored < self.restored.count, self.restored[self.nextRestored].contains(base) {
            base = self.restored[self.nextRestored].upperBound
        }
        self.base = max(base, self.base ?? base)
        return true
    }

    /// The offsets above the base that are finished, rising and disjoint: what a crash need not run again.
    ///
    /// Offsets between two of them that are no records count as finished.
    public var finishedAboveBase: [Range<Int64>] {
        var finished: [Range<Int64>] = []
        var start: Int64?
        var end: Int64 = 0
        for ticket in self.headTicket..<self.nextTicket {
            let index = Int(ticket) & (self.offsets.count - 1)
            if self.isFinished[index] {
                if start == nil { start = self.offsets[index] }
                end = self.offsets[index] + 1
            } else if let first = start {
                finished.append(first..<end)
                start = nil
            }
        }
        if let first = start { finished.append(first..<end) }
        // What nobody has read again yet.
        for range in self.restored[self.nextRestored...] {
            let lower = max(range.lowerBound, self.lastOffset + 1, self.base ?? 0)
            guard lower < range.upperBound else { continue }
            if let last = finished.last, last.upperBound == lower {
                finished[finished.count - 1] = last.lowerBound..<range.upperBound
            } else {
                finished.append(lower..<range.upperBound)
            }
        }
        return finished
    }

    private mutating func grow() {
        var offsets = Array(repeating: Int64(0), count: self.offsets.count * 2)
        var isFinished = Array(repeating: false, count: offsets.count)
        var ticket = self.headTicket
        while ticket < self.nextTicket {
            offsets[Int(ticket) & (offsets.count - 1)] = self.offsets[Int(ticket) & (self.offsets.count - 1)]
            isFinished[Int(ticket) & (offsets.count - 1)] = self.isFinished[Int(ticket) & (self.offsets.count - 1)]
            ticket += 1
        }
        self.offsets = offsets
        self.isFinished = isFinished
    }
}

extension Int {
    /// The smallest power of two that is not below this positive number.
    var nextPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
