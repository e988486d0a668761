/// Knows which records of one partition are finished, and how far the partition may be committed.
///
/// Records finish in any order; the base moves only over finished ones, so it never passes an unfinished record (invariant I1). Offsets may have
/// gaps (compaction, transaction markers). The window is a ring buffer of offsets with a mark; every operation is constant time.
public struct PartitionTracker: Sendable {
    /// Names an admitted record: its running number in this partition.
    public typealias Ticket = UInt64

    private var offsets: [Int64]
    private var isFinished: [Bool]
    private var headTicket: Ticket = 0
    private var nextTicket: Ticket = 0
    /// The newest admitted offset; -1 before the first.
    private(set) var lastOffset: Int64 = -1

    /// The offset that may be committed: every record below it is finished.
    ///
    /// Nil until the first record is admitted.
    public private(set) var base: Int64?

    /// Creates an empty tracker.
    ///
    /// - Parameter capacity: the window's initial room in records, a power of two.
    public init(capacity: Int = 64) {
        let capacity = max(2, capacity.nextPowerOfTwo)
        self.offsets = Array(repeating: 0, count: capacity)
        self.isFinished = Array(repeating: false, count: capacity)
    }

    /// The records between the base and the newest admitted one, finished or not.
    public var windowCount: Int { Int(self.nextTicket - self.headTicket) }

    /// Takes a record in; offsets must rise.
    ///
    /// - Returns: its ticket, or nil for an offset that is not above the last one (a record that was delivered before) or that no log can
    ///   have.
    public mutating func admit(_ offset: Int64) -> Ticket? {
        guard offset > self.lastOffset, offset < .max else { return nil }
        if self.windowCount == self.offsets.count { self.grow() }
        let index = Int(self.nextTicket) & (self.offsets.count - 1)
        self.offsets[index] = offset
        self.isFinished[index] = false
        self.lastOffset = offset
        if self.base == nil { self.base = offset }
        defer { self.nextTicket += 1 }
        return self.nextTicket
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
        while self.headTicket < self.nextTicket, self.isFinished[Int(self.headTicket) & mask] {
            self.base = self.offsets[Int(self.headTicket) & mask] + 1
            self.headTicket += 1
        }
        // A gap right above the base is not a record: the base stands at the next unfinished one.
        if self.headTicket < self.nextTicket { self.base = self.offsets[Int(self.headTicket) & mask] }
        return true
    }

    /// The offsets above the base that are finished, rising: what a crash need not run again.
    public var finishedAboveBase: [Int64] {
        var finished: [Int64] = []
        var ticket = self.headTicket
        while ticket < self.nextTicket {
            let index = Int(ticket) & (self.offsets.count - 1)
            if self.isFinished[index] { finished.append(self.offsets[index]) }
            ticket += 1
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
