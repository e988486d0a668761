import Glibc
import Synchronization

/// The file descriptor that log lines go to, one `write(2)` a line.
///
/// Writing never kills and never stalls the process: a line that a closed, full or broken descriptor does not take is dropped and counted
/// (``droppedLines``). A reader that stops reading a pipe holds up one line for at most 100 ms; lines after it are dropped at once until
/// the reader takes something again. Lines up to `PIPE_BUF` (4,096 bytes) reach a pipe in one piece even when several processes share
/// it; longer ones only stay in one piece among the lines of this process.
public final class LogSink: Sendable {
    /// Standard error, file descriptor 2.
    public static let standardError = LogSink(fileDescriptor: STDERR_FILENO)

    /// Standard output, file descriptor 1.
    public static let standardOutput = LogSink(fileDescriptor: STDOUT_FILENO)

    /// What a descriptor leads to decides how it is written to without blocking or being killed by SIGPIPE.
    private enum Kind {
        case file, pipe, socket
    }

    private struct State {
        /// The last line was not taken: do not wait for the next one.
        var isStalled = false
        /// A line was taken only in part: begin the next one on a new line.
        var isLineOpen = false
    }

    /// Whether the descriptor is a terminal.
    public let isTerminal: Bool

    private let fileDescriptor: Int32
    private let kind: Kind
    private let state = Mutex(State())
    private let dropped = Atomic<Int64>(0)

    /// Creates a sink over a descriptor, which stays the caller's to close, and only after the last line.
    ///
    /// Two sinks over one descriptor may interleave long lines: share one sink.
    public init(fileDescriptor: Int32) {
        self.fileDescriptor = fileDescriptor
        self.isTerminal = isatty(fileDescriptor) == 1
        var status = stat()
        let known = fstat(fileDescriptor, &status) == 0
        switch known ? status.st_mode & S_IFMT : 0 {
        case S_IFREG: self.kind = .file
        case S_IFSOCK: self.kind = .socket
        default: self.kind = .pipe
        }
    }

    /// How many lines were not written, or only in part, since the sink was created.
    public var droppedLines: Int64 { self.dropped.load(ordering: .relaxed) }

    /// Writes a line, which must end in a newline, or drops and counts it.
    func write(_ line: [UInt8]) {
        let isWritten = self.state.withLock { state in
            if state.isLineOpen {
                // Closing the torn line first keeps the damage to that line.
                guard self.writeAll([UInt8(ascii: "\n")], waiting: .zero) == 1 else { return false }
                state.isLineOpen = false
            }
            let count = self.writeAll(line, waiting: state.isStalled ? .zero : .milliseconds(100))
            state.isStalled = count < line.count
            state.isLineOpen = count > 0 && count < line.count
            return count == line.count
        }
        if !isWritten { self.dropped.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Writes until everything is written, the descriptor fails, or waiting used up the budget; returns how much was written.
    private func writeAll(_ bytes: [UInt8], waiting budget: Duration) -> Int {
        bytes.withUnsafeBytes { buffer in
            var written = 0
            var deadline: ContinuousClock.Instant?
            while written < buffer.count {
                if !self.isReady(waiting: .zero) {
                    let now = ContinuousClock.now
                    let end = deadline ?? now + budget
                    deadline = end
                    guard now < end, self.isReady(waiting: end - now) else { break }
                }
                let count = self.writeSome(UnsafeRawBufferPointer(rebasing: buffer[written...]))
                if count > 0 {
                    written += count
                } else if errno != EINTR {
                    break
                }
            }
            return written
        }
    }

    private func isReady(waiting duration: Duration) -> Bool {
        guard self.kind != .file else { return true }
        var request = pollfd(fd: self.fileDescriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&request, 1, Int32(duration / .milliseconds(1))) == 1 else { return false }
        return request.revents & Int16(POLLOUT) != 0 && request.revents & Int16(POLLERR | POLLNVAL) == 0
    }

    private func writeSome(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch self.kind {
        case .file:
            Glibc.write(self.fileDescriptor, bytes.baseAddress, bytes.count)
        case .socket:
            send(self.fileDescriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        case .pipe:
            // A pipe that polls as writable takes PIPE_BUF bytes without blocking.
            Self.withoutBrokenPipeSignal { Glibc.write(self.fileDescriptor, bytes.baseAddress, min(bytes.count, Int(PIPE_BUF))) }
        }
    }

    /// Runs `body` so that a broken pipe is only an `EPIPE`: the signal is held back on this thread and taken away again.
    private static func withoutBrokenPipeSignal(_ body: () -> Int) -> Int {
        var brokenPipe = sigset_t()
        sigemptyset(&brokenPipe)
        sigaddset(&brokenPipe, SIGPIPE)
        var pending = sigset_t()
        sigpending(&pending)
        let wasPending = sigismember(&pending, SIGPIPE) == 1
        var previous = sigset_t()
        pthread_sigmask(SIG_BLOCK, &brokenPipe, &previous)
        let result = body()
        let code = errno
        if result < 0 && code == EPIPE && !wasPending {
            var now = timespec(tv_sec: 0, tv_nsec: 0)
            while sigtimedwait(&brokenPipe, nil, &now) == -1 && errno == EINTR {}
        }
        pthread_sigmask(SIG_SETMASK, &previous, nil)
        errno = code
        return result
    }
}
