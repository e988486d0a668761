/// The output of a process as lines, held within a bound of bytes: the oldest lines make room for new ones.
struct LineBuffer: Sendable {
    /// What a held line costs besides its text, so that empty lines are bounded too.
    private static let lineOverhead = 64

    let byteLimit: Int
    private var held: [CapturedLine] = []
    private var firstHeld = 0
    private var heldBytes = 0
    private var partialOutput: [UInt8] = []
    private var partialError: [UInt8] = []
    /// The number that the next complete line will get; also how many lines were complete so far.
    private(set) var nextNumber = 0

    init(byteLimit: Int) {
        self.byteLimit = max(1_024, byteLimit)
    }

    /// The lines still held, oldest first.
    var lines: ArraySlice<CapturedLine> { self.held[self.firstHeld...] }

    /// How many complete lines made room for newer ones.
    var droppedLines: Int { self.nextNumber - self.lines.count }

    /// The held lines whose number is not less than `number`.
    func lines(from number: Int) -> ArraySlice<CapturedLine> {
        let skipped = max(0, number) - self.droppedLines
        return skipped <= 0 ? self.lines : self.lines.dropFirst(skipped)
    }

    /// Takes the next bytes of a stream; a line longer than half the bound is broken into several.
    mutating func append(_ bytes: some Sequence<UInt8>, to stream: CapturedLine.Stream) {
        var partial = self.takePartial(of: stream)
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                self.complete(&partial, stream)
            } else {
                partial.append(byte)
                if partial.count >= self.byteLimit / 2 { self.complete(&partial, stream) }
            }
        }
        self.setPartial(partial, of: stream)
    }

    /// Makes a line of what a stream ended with, if it did not end with a newline.
    mutating func finish(_ stream: CapturedLine.Stream) {
        var partial = self.takePartial(of: stream)
        if !partial.isEmpty { self.complete(&partial, stream) }
    }

    private mutating func complete(_ partial: inout [UInt8], _ stream: CapturedLine.Stream) {
        self.held.append(CapturedLine(number: self.nextNumber, stream: stream, bytes: partial))
        self.nextNumber += 1
        self.heldBytes += partial.count + Self.lineOverhead
        partial.removeAll(keepingCapacity: true)
        while self.heldBytes > self.byteLimit, self.firstHeld < self.held.count {
            self.heldBytes -= self.held[self.firstHeld].byteCount + Self.lineOverhead
            self.firstHeld += 1
        }
        if self.firstHeld > 1_024, self.firstHeld > self.held.count / 2 {
            self.held.removeFirst(self.firstHeld)
            self.firstHeld = 0
        }
    }

    private mutating func takePartial(of stream: CapturedLine.Stream) -> [UInt8] {
        var taken: [UInt8] = []
        switch stream {
        case .standardOutput: swap(&taken, &self.partialOutput)
        case .standardError: swap(&taken, &self.partialError)
        }
        return taken
    }

    private mutating func setPartial(_ bytes: [UInt8], of stream: CapturedLine.Stream) {
        switch stream {
        case .standardOutput: self.partialOutput = bytes
        case .standardError: self.partialError = bytes
        }
    }
}
