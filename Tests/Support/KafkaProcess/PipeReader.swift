import Dispatch
import Glibc
import Synchronization

/// Reads one pipe of a child as its bytes arrive and closes it at its end.
final class PipeReader: Sendable {
    private static let chunk = 65_536
    /// Reads per wake-up and at the end of the process; more than any pipe holds (1 MiB for an unprivileged process).
    private static let readsPerDrain = 32

    private let descriptor: Int32
    /// Unsafe in the compiler's eyes only: Dispatch's own type is not marked, its objects may be used from any thread.
    private nonisolated(unsafe) let source: any DispatchSourceRead
    private let isOpen = Mutex(true)
    private let receive: @Sendable (ArraySlice<UInt8>) -> Void

    /// Starts reading; `receive` is called on the queue.
    init(_ descriptor: Int32, on queue: DispatchQueue, receive: @escaping @Sendable (ArraySlice<UInt8>) -> Void) {
        self.descriptor = descriptor
        self.receive = receive
        self.source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        self.source.setEventHandler { self.drain() }
        self.source.setCancelHandler { close(descriptor) }
        self.source.activate()
    }

    /// Takes what the pipe holds and stops reading; on the queue.
    func finish() {
        self.drain()
        self.stop()
    }

    private func drain() {
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        for _ in 0..<Self.readsPerDrain {
            guard self.isOpen.withLock({ $0 }) else { return }
            let count = read(self.descriptor, &buffer, Self.chunk)
            if count > 0 {
                self.receive(buffer[..<count])
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                self.stop()
            } else if errno == EAGAIN {
                return
            }
        }
    }

    private func stop() {
        let wasOpen = self.isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        if wasOpen { self.source.cancel() }
    }
}
