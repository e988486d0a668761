import Glibc

/// The lines of standard input, each bounded.
struct StandardInputLines {
    struct TooLong: Error, CustomStringConvertible {
        let limit: Int
        var description: String { "longer than \(self.limit) bytes" }
    }

    /// The number of the line that came last, or is being read; from 1.
    private(set) var number = 0
    private let limit: Int
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false

    init(limit: Int) { self.limit = limit }

    /// The next line that is not empty, without its end; nil at the end of the input.
    mutating func next() throws(TooLong) -> [UInt8]? {
        while let line = try self.read() {
            if !line.isEmpty { return line }
        }
        return nil
    }

    private mutating func read() throws(TooLong) -> [UInt8]? {
        self.number += 1
        var searched = self.position
        while true {
            if let end = self.buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { self.position = end + 1 }
                guard end - self.position <= self.limit else { throw TooLong(limit: self.limit) }
                return Array(self.buffer[self.position..<end])
            }
            self.buffer.removeFirst(self.position)
            self.position = 0
            searched = self.buffer.count
            guard searched <= self.limit else { throw TooLong(limit: self.limit) }
            guard !self.isAtEnd, self.fill() else {
                self.isAtEnd = true
                defer { self.buffer = [] }
                return self.buffer.isEmpty ? nil : self.buffer
            }
        }
    }

    /// Appends what there is; false at the end.
    private mutating func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count > 0 { self.buffer += chunk[..<count] }
            return count > 0
        }
    }
}
