import Delivery

/// Generated commit metadata: one seed names one sequence of values (SplitMix64).
struct CommitMetadataSamples {
    /// What the finished offsets look like.
    enum Shape: CaseIterable {
        case nothing, dense, sparse, alternating, longRuns, random, clusters, far
    }

    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func number(below bound: UInt64) -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return (mixed ^ (mixed >> 31)) % bound
    }

    mutating func number(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(self.number(below: UInt64(range.upperBound - range.lowerBound) + 1))
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(self.number(below: 256)) } }

    /// A base anywhere in a log, the far ends included, with room for so many offsets above.
    mutating func base(room: Int64 = 1 << 40) -> Int64 {
        switch self.number(0...3) {
        case 0: self.number(0...3)
        case 1: self.number(0...1_000_000)
        case 2: self.number(0...(.max - room))
        default: .max - room
        }
    }

    /// At most so many ranges of one shape, all above the base.
    mutating func ranges(_ shape: Shape, count: Int, above base: Int64) -> [Range<Int64>] {
        var ranges: [Range<Int64>] = []
        var next = base + 1
        for index in 0..<count {
            let (gap, length): (Int64, Int64) =
                switch shape {
                case .nothing: (0, 0)
                case .dense: (self.number(1...2), self.number(1...60))
                case .sparse: (self.number(1...5_000), 1)
                case .alternating: (1, 1)
                case .longRuns: (self.number(1...100_000), self.number(1...1_000_000))
                case .random: (self.number(1...20), self.number(1...20))
                case .clusters: (index % 40 == 0 ? self.number(1...3_000) : 1, self.number(1...3))
                case .far: (self.number(1...(1 << 20)), self.number(1...(1 << 20)))
                }
            guard length > 0 else { return [] }
            // The first may follow the base at once, the others have a gap before them.
            let lower = next + (index == 0 ? gap - 1 : gap)
            ranges.append(lower..<lower + length)
            next = lower + length
        }
        return ranges
    }

    /// Unfinished records in the gaps, at most so many, the base often among them.
    mutating func started(count: Int, base: Int64, outside ranges: [Range<Int64>]) -> [CommitMetadata.Started] {
        var started: [CommitMetadata.Started] = []
        var next = base
        var index = 0
        while started.count < count {
            next += self.number(0...3) == 0 ? self.number(0...300) : 0
            while index < ranges.count, ranges[index].upperBound <= next { index += 1 }
            if index < ranges.count, ranges[index].contains(next) { next = ranges[index].upperBound }
            started.append(self.record(next))
            next += 1
        }
        return started
    }

    mutating func record(_ offset: Int64) -> CommitMetadata.Started {
        switch self.number(0...3) {
        case 0:
            CommitMetadata.Started(
                offset: offset,
                starts: Int(self.number(1...255)),
                failures: Int(self.number(0...255)),
                isAlone: self.number(0...1) == 1,
                isRunning: self.number(0...1) == 1,
                accused: self.processes()
            )
        case 1:
            CommitMetadata.Started(
                offset: offset,
                starts: Int(self.number(0...16)),
                failures: Int(self.number(1...16)),
                isAlone: self.number(0...9) == 0,
                isRunning: self.number(0...3) > 0,
                accused: self.processes()
            )
        default:
            CommitMetadata.Started(offset: offset)
        }
    }

    private mutating func processes() -> [UInt32] {
        (0..<self.number(0...4)).map { _ in UInt32(truncatingIfNeeded: self.number(below: 1 << 32)) }
    }

    /// A value whose finished set and started list have at most so many entries.
    mutating func value(base: Int64, ranges: Int, started: Int) -> CommitMetadata {
        let shape = Shape.allCases[Int(self.number(below: UInt64(Shape.allCases.count)))]
        let finished = self.ranges(shape, count: Int(self.number(0...Int64(ranges))), above: base)
        return CommitMetadata(
            isOpen: self.number(0...1) == 1,
            owner: self.number(0...1) == 1 ? UInt32(truncatingIfNeeded: self.number(below: 1 << 32)) : 0,
            finished: finished,
            started: self.started(count: Int(self.number(0...Int64(started))), base: base, outside: finished)
        )
    }
}

extension CommitMetadata {
    var finishedCount: Int { self.finished.reduce(0) { $0 + $1.count } }

    /// The value without its highest finished offsets and started records.
    func withoutHighest(finished leftOut: Int, started startedLeftOut: Int) -> CommitMetadata {
        var kept: [Range<Int64>] = []
        var room = self.finishedCount - leftOut
        for range in self.finished where room > 0 {
            let count = min(room, range.count)
            kept.append(range.lowerBound..<range.lowerBound + Int64(count))
            room -= count
        }
        return CommitMetadata(isOpen: self.isOpen, owner: self.owner, finished: kept, started: self.started.dropLast(startedLeftOut))
    }
}

// MARK: Sizes by counting of their own

extension CommitMetadata {
    private static func varint(_ value: Int64) -> Int { String(value, radix: 2).count.quotientRoundedUp(by: 7) }

    /// The bytes of the two forms of the finished set, without regard to how the encoder counts.
    func sizes(base: Int64) -> (runs: Int, bitmap: Int) {
        var runs = 0
        var next = base + 1
        for range in self.finished {
            runs += Self.varint(range.lowerBound - next) + Self.varint(Int64(range.count) - 1)
            next = range.upperBound + 1
        }
        guard let first = self.finished.first, let last = self.finished.last else { return (0, 0) }
        return (runs, Self.varint(first.lowerBound - base - 1) + Int(last.upperBound - first.lowerBound).quotientRoundedUp(by: 8))
    }

    /// The most finished offsets, from the lowest up, that either form has room for.
    func mostFinished(base: Int64, room: Int) -> Int {
        guard let first = self.finished.first else { return 0 }
        let end = first.lowerBound + Int64(room - Self.varint(first.lowerBound - base - 1)) * 8
        let bitmap = self.finished.reduce(0) { $0 + $1.clamped(to: first.lowerBound..<max(first.lowerBound, end)).count }
        var runs = 0
        var rest = room
        var next = base + 1
        for range in self.finished {
            rest -= Self.varint(range.lowerBound - next)
            next = range.upperBound + 1
            let lengths = [range.count, 1 << 28, 1 << 21, 1 << 14, 1 << 7].filter {
                $0 <= range.count && Self.varint(Int64($0) - 1) <= rest
            }
            guard let length = lengths.max() else { break }
            runs += length
            rest -= Self.varint(Int64(length) - 1)
            if length < range.count { break }
        }
        return max(runs, bitmap)
    }
}

extension Int {
    fileprivate func quotientRoundedUp(by divisor: Int) -> Int { (self + divisor - 1) / divisor }
}
