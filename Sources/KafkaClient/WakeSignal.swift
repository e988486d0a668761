import CFleetSystem
import Glibc
import Synchronization

/// A wake-up that librdkafka's queues and other threads give to the one thread that owns a client.
///
/// It is an eventfd: librdkafka writes to it when a queue turns non-empty, others call ``raise()``, the owner waits in ``wait(milliseconds:)``.
/// Wake-ups merge: after a wait the owner looks at everything it owns.
public final class WakeSignal: Sendable {
    /// The eventfd; -1 when none could be had, then ``wait(milliseconds:)`` degrades to a short sleep.
    package let descriptor: Int32
    private let raised = Atomic<Bool>(false)

    /// Creates a signal that nobody has raised.
    public init() {
        self.descriptor = cfleetsystem_eventfd()
    }

    deinit {
        if self.descriptor >= 0 { close(self.descriptor) }
    }

    /// Wakes the owner; cheap when it is already woken.
    public func raise() {
        guard !self.raised.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var one: UInt64 = 1
        _ = write(self.descriptor, &one, 8)
    }

    /// Waits until somebody raises the signal or the time is over; a negative time waits without end.
    public func wait(milliseconds: Int32) {
        guard self.descriptor >= 0 else {
            usleep(10_000)
            return
        }
        var request = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&request, 1, milliseconds) > 0 {
            var count: UInt64 = 0
            _ = read(self.descriptor, &count, 8)
        }
        self.raised.store(false, ordering: .sequentiallyConsistent)
    }
}
