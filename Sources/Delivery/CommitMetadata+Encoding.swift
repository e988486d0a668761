// The body, after the checksum: flags (bit 0: open, bit 1: an owner follows), owner (4 bytes), codec, number of started records, the started
// records, the finished offsets.
//
// Numbers are varints (LEB128, shortest form). All offsets are written as distances that rise from the base.
//   started    the gap above the lowest distance that can come next, times two, plus one when details follow; without: one start that is
//              not over, no failure, not alone
//   details    0 alone running number of accused (2 bits) 000, then starts (4 bits) failures (4 bits); or 1 and so on, then starts,
//              failures; then the accused (4 bytes each)
//   runs       of each range: the gap above the lowest distance that can come next, length - 1
//   bitmap     the gap below the first finished offset, then one bit an offset from it on, lowest bit first

extension CommitMetadata {
    /// How the finished offsets are written; the shorter form is taken.
    public enum Codec: String, Sendable, CaseIterable {
        /// Gaps and lengths of ranges.
        case runs
        /// One bit an offset.
        case bitmap

        /// What stands for it in the text.
        var code: UInt8 {
            switch self {
            case .runs: 1
            case .bitmap: 2
            }
        }
    }

    /// The text of an offset commit, and what it does not say.
    public struct Encoded: Sendable, Hashable {
        /// ASCII, at most `CommitMetadata.maximumBytes` long, never empty.
        public var text: String
        /// How the finished offsets are written.
        public var codec: Codec
        /// Finished offsets above the base that are not written: they run again after a crash.
        ///
        /// Always the highest ones, so whatever is read back is a part of what was encoded.
        public var leftOut: Int
        /// Started records at or above the base that are not written, the highest ones: their counts are forgotten in a crash.
        public var startedLeftOut: Int
        /// What the whole value takes of `CommitMetadata.maximumBytes`; above 1 something is left out.
        ///
        /// An owner that takes no more records in from 0.75 on leaves room for what is in flight.
        public var share: Double
    }

    /// Offsets this far above the base and farther are not written, and a text that has one is unreadable: no window is near it.
    static let window: Int64 = 1 << 32
    /// Checksum, flags, owner and codec.
    private var headerBytes: Int { Self.checksumBytes + (self.owner == 0 ? 2 : 6) }

    /// Writes the value as the text of a commit of this base: one pass to measure, one to write.
    ///
    /// When it is too long, the started records go first, then as many finished offsets as fit, both from the lowest up. What lies below
    /// the base needs no word and is not counted as left out.
    ///
    /// - Parameter base: the committed offset, 0 or above (a lower one counts as 0); never finished itself.
    public func encoded(base: Int64) -> Encoded {
        let base = max(0, base)
        let started = StartedPlan(self.started, base: base, room: Self.maximumBodyBytes - self.headerBytes)
        let runs = FinishedRuns(ranges: self.finished, base: base)
        let finished = FinishedPlan(runs, room: Self.maximumBodyBytes - self.headerBytes - started.bytes)

        var body: [UInt8] = []
        body.reserveCapacity(self.headerBytes + started.bytes + finished.bytes)
        body.append(contentsOf: repeatElement(0, count: Self.checksumBytes))
        body.append((self.isOpen ? 1 : 0) | (self.owner == 0 ? 0 : 2))
        if self.owner != 0 { appendWord(self.owner, to: &body) }
        body.append(finished.codec.code)
        started.write(self.started, base: base, to: &body)
        finished.write(runs, to: &body)

        let wholeBytes = Self.textBytes(body: self.headerBytes + started.wholeBytes + finished.wholeBytes)
        return Encoded(
            text: Self.text(sealing: &body, base: base),
            codec: finished.codec,
            leftOut: finished.leftOut,
            startedLeftOut: started.leftOut,
            share: Double(wholeBytes) / Double(Self.maximumBytes)
        )
    }
}

extension CommitMetadata.Started {
    /// One start that is not over, no failure, not alone: the usual record, which is written without details.
    var isPlain: Bool { self.starts == 1 && self.isRunning && self.failures == 0 && !self.isAlone && self.accused.isEmpty }
    /// The counts fit four bits each.
    var isShort: Bool { self.starts <= 15 && self.failures <= 15 }

    fileprivate func bytes(gap: Int64) -> Int {
        varintBytes(UInt64(gap) << 1) + (self.isPlain ? 0 : (self.isShort ? 2 : 3) + 4 * self.accused.count)
    }

    fileprivate func write(gap: Int64, to body: inout [UInt8]) {
        appendVarint(UInt64(gap) << 1 | (self.isPlain ? 0 : 1), to: &body)
        guard !self.isPlain else { return }
        let details: UInt8 = (self.isAlone ? 0x40 : 0) | (self.isRunning ? 0x20 : 0) | UInt8(self.accused.count) << 3
        if self.isShort {
            body.append(details)
            body.append(UInt8(self.starts) << 4 | UInt8(self.failures))
        } else {
            body.append(0x80 | details)
            body.append(UInt8(self.starts))
            body.append(UInt8(self.failures))
        }
        for process in self.accused { appendWord(process, to: &body) }
    }
}

/// Which started records are written.
private struct StartedPlan {
    /// What they take, their number included.
    private(set) var bytes: Int
    /// What all at or above the base would take.
    private(set) var wholeBytes: Int
    private(set) var leftOut: Int
    private var written: Range<Int>

    init(_ started: [CommitMetadata.Started], base: Int64, room: Int) {
        let first = started.firstIndex { $0.offset >= base } ?? started.count
        self.wholeBytes = varintBytes(UInt64(started.count - first))
        self.bytes = self.wholeBytes
        var end = first
        var next = base
        for index in first..<started.count {
            let offset = started[index].offset
            let bytes = started[index].bytes(gap: offset - next)
            // Offsets rise, so this is not above the next one.
            next = offset &+ 1
            self.wholeBytes += bytes
            if end == index, self.bytes + bytes <= room, offset - base < CommitMetadata.window {
                self.bytes += bytes
                end += 1
            }
        }
        self.written = first..<end
        self.leftOut = started.count - end
    }

    func write(_ started: [CommitMetadata.Started], base: Int64, to body: inout [UInt8]) {
        appendVarint(UInt64(self.written.count), to: &body)
        var next = base
        for record in started[self.written] {
            record.write(gap: record.offset - next, to: &body)
            next = record.offset &+ 1
        }
    }
}

/// Four bytes, the lowest first.
private func appendWord(_ word: UInt32, to body: inout [UInt8]) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) { body.append(UInt8(truncatingIfNeeded: word >> shift)) }
}
