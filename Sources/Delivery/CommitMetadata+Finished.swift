/// The finished ranges above a base, as distances from it: rising, from 1 on.
struct FinishedRuns: Sequence, IteratorProtocol {
    private let ranges: [Range<Int64>]
    private let base: Int64
    private var index = 0

    /// - Parameters:
    ///   - ranges: rising, none empty, none touching the next.
    ///   - base: 0 or above.
    init(ranges: [Range<Int64>], base: Int64) {
        self.ranges = ranges
        self.base = base
    }

    mutating func next() -> Range<Int64>? {
        while self.index < self.ranges.count {
            let range = self.ranges[self.index]
            self.index += 1
            guard range.upperBound > self.base else { continue }
            let upper = range.upperBound - self.base
            // The base itself is never finished.
            let lower = range.lowerBound > self.base ? range.lowerBound - self.base : 1
            if lower < upper { return lower..<upper }
        }
        return nil
    }
}

/// How, and how far, the finished offsets are written.
struct FinishedPlan {
    let codec: CommitMetadata.Codec
    /// What they take.
    let bytes: Int
    /// What all of them would take in the form that is the shorter one for all.
    let wholeBytes: Int
    let leftOut: Int
    /// The distance where the writing ends.
    private let end: Int64

    /// Measures both forms in one pass.
    init(_ finished: FinishedRuns, room: Int) {
        var runs = RunLengths(room: room)
        var bitmap = Bitmap(room: room)
        var count = 0
        for run in finished {
            count += run.count
            runs.add(run)
            bitmap.add(run)
        }
        let isBitmap = bitmap.kept > runs.kept || (bitmap.kept == runs.kept && bitmap.bytes < runs.bytes)
        self.codec = isBitmap ? .bitmap : .runs
        self.bytes = isBitmap ? bitmap.bytes : runs.bytes
        self.end = isBitmap ? bitmap.end : runs.end
        self.leftOut = count - (isBitmap ? bitmap.kept : runs.kept)
        self.wholeBytes = min(runs.wholeBytes, bitmap.wholeBytes)
    }

    /// Appends what the plan has room for; the ranges must be those that were measured.
    func write(_ finished: FinishedRuns, to body: inout [UInt8]) {
        switch self.codec {
        case .runs: self.writeRuns(finished, to: &body)
        case .bitmap: self.writeBitmap(finished, to: &body)
        }
    }

    private func writeRuns(_ finished: FinishedRuns, to body: inout [UInt8]) {
        var next: Int64 = 1
        for run in finished {
            guard run.lowerBound < self.end else { return }
            let upper = min(run.upperBound, self.end)
            appendVarint(UInt64(run.lowerBound - next), to: &body)
            appendVarint(UInt64(upper - run.lowerBound - 1), to: &body)
            next = upper + 1
        }
    }

    private func writeBitmap(_ finished: FinishedRuns, to body: inout [UInt8]) {
        var first: Int64?
        var start = 0
        for run in finished {
            guard run.lowerBound < self.end else { return }
            if first == nil {
                appendVarint(UInt64(run.lowerBound - 1), to: &body)
                start = body.count
                body.append(contentsOf: repeatElement(0, count: bitmapBytes(self.end - run.lowerBound)))
            }
            let origin = first ?? run.lowerBound
            first = origin
            var bit = Int(run.lowerBound - origin)
            let end = Int(min(run.upperBound, self.end) - origin)
            while bit < end {
                let shift = bit & 7
                let width = min(8 - shift, end - bit)
                body[start + bit >> 3] |= UInt8(truncatingIfNeeded: (1 << width - 1) << shift)
                bit += width
            }
        }
    }
}

/// Measures the ranges as gaps and lengths.
private struct RunLengths {
    let room: Int
    var bytes = 0
    var wholeBytes = 0
    var kept = 0
    var end: Int64 = 0
    private var next: Int64 = 1
    private var isFull = false

    init(room: Int) { self.room = room }

    mutating func add(_ run: Range<Int64>) {
        let gapBytes = varintBytes(UInt64(run.lowerBound - self.next))
        self.wholeBytes += gapBytes + varintBytes(UInt64(run.count - 1))
        self.next = run.upperBound &+ 1
        guard !self.isFull else { return }

        var length = min(run.upperBound, CommitMetadata.window) - run.lowerBound
        let lengthRoom = self.room - self.bytes - gapBytes
        // A length that has no room is cut to the longest one that has.
        if length > 0, varintBytes(UInt64(length - 1)) > lengthRoom { length = lengthRoom > 0 ? 1 << Int64(7 * lengthRoom) : 0 }
        self.isFull = length < run.count
        guard length > 0 else { return }
        self.bytes += gapBytes + varintBytes(UInt64(length - 1))
        self.kept += Int(length)
        self.end = run.lowerBound + length
    }
}

/// Measures the ranges as one bit an offset.
private struct Bitmap {
    let room: Int
    var bytes = 0
    var wholeBytes = 0
    var kept = 0
    var end: Int64 = 0
    private var first: Int64?
    /// The distance where the room ends.
    private var limit: Int64 = 0

    init(room: Int) { self.room = room }

    mutating func add(_ run: Range<Int64>) {
        let first = self.first ?? run.lowerBound
        let gapBytes = varintBytes(UInt64(first - 1))
        if self.first == nil {
            self.first = first
            let bits = Int64(max(0, self.room - gapBytes)) * 8
            self.limit = first < CommitMetadata.window ? min(CommitMetadata.window, first + bits) : 0
        }
        self.wholeBytes = gapBytes + bitmapBytes(run.upperBound - first)
        guard run.lowerBound < self.limit else { return }
        self.end = min(run.upperBound, self.limit)
        self.kept += Int(self.end - run.lowerBound)
        self.bytes = gapBytes + bitmapBytes(self.end - first)
    }
}

/// The bytes of so many bits, at least one.
private func bitmapBytes(_ bits: Int64) -> Int { Int((bits - 1) / 8) + 1 }

// MARK: Varints

/// The bytes of a number in LEB128.
func varintBytes(_ value: UInt64) -> Int { value < 0x80 ? 1 : (70 - value.leadingZeroBitCount) / 7 }

/// Appends a number in LEB128: seven bits a byte, lowest first, the highest bit set on all but the last.
func appendVarint(_ value: UInt64, to body: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
        body.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    body.append(UInt8(truncatingIfNeeded: rest))
}
