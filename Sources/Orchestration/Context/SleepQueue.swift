#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Wakes sleeping tasks, all of them from one thread.
///
/// `Task.sleep` arms a timer of the system for every sleep: 4 to 7 µs of processor time each, as much as a whole request costs here. This queue is
/// one heap and one waiting thread: about 1 µs. A sleep that is cancelled ends at once and leaves nothing but its place in the heap, which is
/// cleared before such places are the majority.
final class SleepQueue: @unchecked Sendable {  // the heap and the continuations are touched under `mutex` only
    /// The queue of the machine's clock; its thread starts with the first sleep.
    static let shared = SleepQueue()

    private struct Entry {
        /// Monotonic nanoseconds.
        let time: Int64
        let id: UInt64
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var heap: [Entry] = []
    /// Resumed with true when its time has come, with false when it is cancelled.
    private var sleepers: [UInt64: UnsafeContinuation<Bool, Never>] = [:]
    private var nextID: UInt64 = 0
    private var hasThread = false

    init() {
        pthread_mutex_init(self.mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        #if !canImport(Darwin)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        #endif
        pthread_cond_init(self.condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    /// Waits; throws `CancellationError` as soon as the task is cancelled.
    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        guard duration > .zero else { return }
        let id = self.makeID()
        let time = SleepQueue.time(after: duration)
        let hasSlept = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                self.add(Entry(time: time, id: id), continuation)
                // Cancelled before it was added: then the handler below found nothing.
                if Task.isCancelled { self.cancel(id) }
            }
        } onCancel: {
            self.cancel(id)
        }
        if !hasSlept { throw CancellationError() }
    }

    /// Sleeps that have neither ended nor been cancelled.
    var count: Int { self.locked { self.sleepers.count } }
    /// Places in the heap, those of cancelled sleeps included.
    var heapCount: Int { self.locked { self.heap.count } }

    private func makeID() -> UInt64 {
        self.locked {
            self.nextID += 1
            return self.nextID
        }
    }

    private func add(_ entry: Entry, _ continuation: UnsafeContinuation<Bool, Never>) {
        let isFirst = self.locked {
            self.sleepers[entry.id] = continuation
            self.push(entry)
            self.startThread()
            return self.heap[0].id == entry.id
        }
        if isFirst { pthread_cond_signal(self.condition) }
    }

    private func cancel(_ id: UInt64) {
        let continuation = self.locked {
            let continuation = self.sleepers.removeValue(forKey: id)
            if self.heap.count > 64, self.heap.count > self.sleepers.count * 2 {
                self.heap.removeAll { self.sleepers[$0.id] == nil }
                // What is sorted is a heap.
                self.heap.sort { $0.time < $1.time }
            }
            return continuation
        }
        continuation?.resume(returning: false)
    }

    private func startThread() {
        guard !self.hasThread else { return }
        self.hasThread = true
        var thread = pthread_t()
        let started = pthread_create(
            &thread,
            nil,
            { pointer in
                pointer.map { Unmanaged<SleepQueue>.fromOpaque($0).takeRetainedValue().run() }
                return nil
            },
            Unmanaged.passRetained(self).toOpaque()
        )
        // Without a thread now, the next sleep tries again.
        if started == 0 { pthread_detach(thread) } else { self.hasThread = false }
    }

    private func run() {
        var due: [UnsafeContinuation<Bool, Never>] = []
        pthread_mutex_lock(self.mutex)
        while true {
            let now = SleepQueue.now
            while let first = self.heap.first, first.time <= now {
                self.popFirst()
                if let continuation = self.sleepers.removeValue(forKey: first.id) { due.append(continuation) }
            }
            if !due.isEmpty {
                pthread_mutex_unlock(self.mutex)
                for continuation in due { continuation.resume(returning: true) }
                due.removeAll(keepingCapacity: true)
                pthread_mutex_lock(self.mutex)
            } else if let first = self.heap.first {
                var time = timespec(tv_sec: Int(first.time / 1_000_000_000), tv_nsec: Int(first.time % 1_000_000_000))
                pthread_cond_timedwait(self.condition, self.mutex, &time)
            } else {
                pthread_cond_wait(self.condition, self.mutex)
            }
        }
    }

    // MARK: The heap

    private func push(_ entry: Entry) {
        self.heap.append(entry)
        var index = self.heap.count - 1
        while index > 0, self.heap[(index - 1) / 2].time > self.heap[index].time {
            self.heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private func popFirst() {
        self.heap.swapAt(0, self.heap.count - 1)
        self.heap.removeLast()
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < self.heap.count else { return }
            if child + 1 < self.heap.count, self.heap[child + 1].time < self.heap[child].time { child += 1 }
            guard self.heap[child].time < self.heap[index].time else { return }
            self.heap.swapAt(index, child)
            index = child
        }
    }

    private func locked<R>(_ body: () -> R) -> R {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return body()
    }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Never beyond 100 years.
    private static func time(after duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return self.now + min(seconds, 3_153_600_000) * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
