extension CommitMetadata {
    /// What a commit's metadata says.
    public enum Decoding: Sendable, Hashable {
        /// The text is empty: the group has never written any.
        case none
        /// It was written by `encoded(base:)` for this base.
        case found(CommitMetadata)
        /// Another program's text, a damaged one, or one for another base: nothing above the base is known to be finished.
        case unreadable
    }

    /// Reads the metadata of a committed offset; no text can make it trap or take more than half a megabyte.
    ///
    /// - Parameters:
    ///   - text: the metadata as committed.
    ///   - base: the offset it was committed with; one below 0 makes any text unreadable.
    public static func decode(_ text: String, base: Int64) -> Decoding {
        if text.isEmpty { return .none }
        guard base >= 0, let body = Self.body(of: text, base: base) else { return .unreadable }
        var reader = BodyReader(body: body, position: Self.checksumBytes, base: base)
        guard let metadata = reader.metadata() else { return .unreadable }
        return .found(metadata)
    }
}

/// Reads a body and accepts only what the encoder can write; nil from any method is the end.
private struct BodyReader {
    let body: [UInt8]
    var position: Int
    let base: Int64

    mutating func metadata() -> CommitMetadata? {
        guard let flags = self.byte(), flags <= 3, let owner = flags & 2 == 0 ? 0 : self.word(), (owner == 0) == (flags & 2 == 0),
            let code = self.byte(),
            let codec = CommitMetadata.Codec.allCases.first(where: { $0.code == code }),
            let started = self.started()
        else { return nil }
        let ranges =
            switch codec {
            case .runs: self.runs()
            case .bitmap: self.bitmap()
            }
        guard let ranges, CommitMetadata.areRising(started, outside: ranges) else { return nil }
        return CommitMetadata(isOpen: flags & 1 == 1, owner: owner, finished: ranges, started: started)
    }

    private mutating func started() -> [CommitMetadata.Started]? {
        // Each takes a byte at least.
        guard let count = self.varint(), count <= Int64(self.body.count - self.position) else { return nil }
        var started: [CommitMetadata.Started] = []
        started.reserveCapacity(Int(count))
        var next: Int64 = 0
        for _ in 0..<count {
            guard let gap = self.varint(), let offset = self.offset(next + gap >> 1) else { return nil }
            next += gap >> 1 + 1
            guard let record = gap & 1 == 0 ? CommitMetadata.Started(offset: offset) : self.details(of: offset) else { return nil }
            started.append(record)
        }
        return started
    }

    private mutating func details(of offset: Int64) -> CommitMetadata.Started? {
        guard let first = self.byte(), first & 7 == 0, let second = self.byte() else { return nil }
        let isShort = first & 0x80 == 0
        guard let third = isShort ? second & 15 : self.byte() else { return nil }
        let starts = isShort ? second >> 4 : second
        let isRunning = first & 0x20 != 0
        var accused: [UInt32] = []
        for _ in 0..<(first >> 3 & 3) {
            guard let process = self.word() else { return nil }
            accused.append(process)
        }
        // Nobody runs or has ended a process that was never started, and a record without a history is not written.
        guard starts > 0 || (third > 0 && !isRunning), accused.count <= Int(starts) else { return nil }
        let record = CommitMetadata.Started(
            offset: offset,
            starts: Int(starts),
            failures: Int(third),
            isAlone: first & 0x40 != 0,
            isRunning: isRunning,
            accused: accused
        )
        return record.isPlain || record.isShort != isShort ? nil : record
    }

    private mutating func runs() -> [Range<Int64>]? {
        var ranges: [Range<Int64>] = []
        // A range takes two bytes at least.
        ranges.reserveCapacity((self.body.count - self.position) / 2)
        var next: Int64 = 1
        while self.position < self.body.count {
            guard let gap = self.varint(), let length = self.varint(), let range = self.range(next + gap..<next + gap + length + 1)
            else { return nil }
            ranges.append(range)
            next += gap + length + 2
        }
        return ranges
    }

    private mutating func bitmap() -> [Range<Int64>]? {
        guard let gap = self.varint(), self.position < self.body.count, self.body[self.position] & 1 == 1, self.body.last != 0
        else { return nil }
        var ranges: [Range<Int64>] = []
        var start: Int64?
        var distance = gap + 1
        for byte in self.body[self.position...] {
            for bit in 0..<8 {
                let isSet = byte >> bit & 1 == 1
                if isSet, start == nil { start = distance }
                if !isSet, let lower = start {
                    guard let range = self.range(lower..<distance) else { return nil }
                    ranges.append(range)
                    start = nil
                }
                distance += 1
            }
        }
        if let start {
            guard let range = self.range(start..<distance) else { return nil }
            ranges.append(range)
        }
        self.position = self.body.count
        return ranges
    }

    // MARK: Distances

    private func offset(_ distance: Int64) -> Int64? {
        distance < CommitMetadata.window && distance <= .max - self.base ? self.base + distance : nil
    }

    private func range(_ distances: Range<Int64>) -> Range<Int64>? {
        guard distances.upperBound <= CommitMetadata.window, distances.upperBound <= .max - self.base else { return nil }
        return self.base + distances.lowerBound..<self.base + distances.upperBound
    }

    // MARK: Bytes

    private mutating func byte() -> UInt8? {
        guard self.position < self.body.count else { return nil }
        defer { self.position += 1 }
        return self.body[self.position]
    }

    private mutating func word() -> UInt32? {
        guard self.body.count - self.position >= 4 else { return nil }
        defer { self.position += 4 }
        return (0..<4).reduce(0) { $0 | UInt32(self.body[self.position + $1]) << UInt32(8 * $1) }
    }

    /// A number of at most five bytes, hence below 2^35: sums of a few cannot overflow.
    private mutating func varint() -> Int64? {
        var value: Int64 = 0
        for shift in stride(from: Int64(0), to: 35, by: 7) {
            guard let byte = self.byte() else { return nil }
            value |= Int64(byte & 0x7F) << shift
            // A last byte of zero adds nothing: not the shortest form.
            if byte < 0x80 { return byte == 0 && shift > 0 ? nil : value }
        }
        return nil
    }
}
