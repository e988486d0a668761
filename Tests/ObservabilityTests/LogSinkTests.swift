import Glibc
import Testing

@testable import Observability

@Suite("Log sinks")
struct LogSinkTests {
    /// Both ends of a pipe or a socket pair, closed at the end.
    private struct Ends: ~Copyable {
        var reader: Int32 = -1
        var writer: Int32 = -1

        init(socket: Bool = false) throws {
            var ends: [Int32] = [-1, -1]
            let made = socket ? socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) : pipe(&ends)
            try #require(made == 0)
            (self.reader, self.writer) = (ends[0], ends[1])
        }

        mutating func closeReader() {
            close(self.reader)
            self.reader = -1
        }

        /// Everything readable up to the end, after closing the writer.
        mutating func readToEnd() -> String {
            close(self.writer)
            self.writer = -1
            return self.readSome()
        }

        /// Everything readable up to the end or, without waiting, up to the present.
        func readSome(waiting: Bool = true) -> String {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            _ = fcntl(self.reader, F_SETFL, waiting ? 0 : O_NONBLOCK)
            while true {
                let count = read(self.reader, &chunk, chunk.count)
                guard count > 0 else { break }
                bytes += chunk[..<count]
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        deinit {
            if self.reader >= 0 { close(self.reader) }
            if self.writer >= 0 { close(self.writer) }
        }
    }

    @Test("lines arrive whole and in order, on a pipe and on a socket", arguments: [false, true])
    func whole(socket: Bool) throws {
        var ends = try Ends(socket: socket)
        let sink = LogSink(fileDescriptor: ends.writer)
        #expect(!sink.isTerminal)
        let logger = Logger(label: "l") { JSONLogHandler(label: $0, sink: sink, now: { LogTimestamp(seconds: 0) }) }
        logger.info("one")
        logger.warning("two", metadata: ["k": "v"])
        #expect(
            ends.readToEnd() == #"{"time":"1970-01-01T00:00:00.000Z","level":"info","logger":"l","message":"one"}"# + "\n"
                + #"{"time":"1970-01-01T00:00:00.000Z","level":"warning","logger":"l","message":"two","k":"v"}"# + "\n"
        )
        #expect(sink.droppedLines == 0)
    }

    @Test("a closed reader costs the line, not the process", arguments: [false, true])
    func closedReader(socket: Bool) throws {
        var ends = try Ends(socket: socket)
        let sink = LogSink(fileDescriptor: ends.writer)
        ends.closeReader()
        sink.write(Array("lost\n".utf8))
        sink.write(Array("lost\n".utf8))
        #expect(sink.droppedLines == 2)
    }

    @Test("a descriptor that is not open costs the line")
    func badDescriptor() {
        let sink = LogSink(fileDescriptor: 987_654)
        sink.write(Array("lost\n".utf8))
        #expect(sink.droppedLines == 1)
    }

    @Test("a reader that stalls costs lines; a torn line ends before the next one begins", arguments: [false, true])
    func stalledReader(socket: Bool) throws {
        var ends = try Ends(socket: socket)
        let sink = LogSink(fileDescriptor: ends.writer)
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 1_000_000)
        sink.write(long + [UInt8(ascii: "\n")])
        #expect(sink.droppedLines == 1)
        sink.write(Array("dropped at once\n".utf8))
        #expect(sink.droppedLines == 2)
        let torn = ends.readSome(waiting: false)
        let isTorn = !torn.isEmpty && torn.utf8.count < long.count && torn.utf8.allSatisfy { $0 == UInt8(ascii: "x") }
        #expect(isTorn)
        sink.write(Array("taken again\n".utf8))
        #expect(sink.droppedLines == 2)
        #expect(ends.readToEnd() == "\ntaken again\n")
    }

    @Test("lines of many tasks never interleave")
    func interleaving() async throws {
        var ends = try Ends()
        let sink = LogSink(fileDescriptor: ends.writer)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    let logger = Logger(label: "l") { StreamLogHandler(label: $0, sink: sink, now: { LogTimestamp(seconds: 0) }) }
                    for _ in 0..<50 { logger.info("\(String(repeating: "\(task)", count: 100))") }
                }
            }
        }
        let lines = ends.readToEnd().split(separator: "\n")
        #expect(lines.count == 200)
        #expect(Set(lines).count == 4)
    }

    @Test("automatic is JSON where there is no terminal")
    func format() throws {
        let ends = try Ends()
        let sink = LogSink(fileDescriptor: ends.writer)
        #expect(LogFormat.automatic.makeHandler(label: "l", level: .debug, sink: sink) is JSONLogHandler)
        #expect(LogFormat.text.makeHandler(label: "l", level: .debug, sink: sink) is StreamLogHandler)
        #expect(LogFormat.json.makeHandler(label: "l", level: .debug, sink: sink).logLevel == .debug)
        var primary: Int32 = 0
        var secondary: Int32 = 0
        try #require(openpty(&primary, &secondary, nil, nil, nil) == 0)
        let terminal = LogSink(fileDescriptor: secondary)
        #expect(terminal.isTerminal)
        #expect(LogFormat.automatic.makeHandler(label: "l", level: .debug, sink: terminal) is StreamLogHandler)
        close(primary)
        close(secondary)
    }
}
