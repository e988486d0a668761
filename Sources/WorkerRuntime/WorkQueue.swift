import Delivery
import KafkaClient
import Synchronization

/// A record that waits for a runner.
struct WorkItem: Sendable {
    let slot: Int32
    let record: ConsumedRecord
    var attempt = DeliveryAttempt()
}

/// Hands records from the delivery thread to the runners, which are tasks.
///
/// At most one wake-up is under way at a time: a runner that wakes and finds more to do wakes the next. Quick handlers are so served by as many
/// runners as there are processors, while handlers that wait bring the others in, one after another.
final class WorkQueue: Sendable {
    private struct State: ~Copyable {
        var items: [WorkItem?] = Array(repeating: nil, count: 1024)
        var head = 0
        var count = 0
        /// Runners that sleep; each is resumed with true when it is the one wake-up under way.
        var idle: [UnsafeContinuation<Bool, Never>] = []
        var isWaking = false
        var isClosed = false

        mutating func append(_ item: WorkItem) {
            if self.count == self.items.count {
                var larger: [WorkItem?] = []
                larger.reserveCapacity(self.items.count * 2)
                for index in 0..<self.count { larger.append(self.items[(self.head + index) & (self.items.count - 1)]) }
                larger.append(contentsOf: repeatElement(nil, count: self.items.count))
                self.items = larger
                self.head = 0
            }
            self.items[(self.head + self.count) & (self.items.count - 1)] = item
            self.count += 1
        }

        mutating func popFirst() -> WorkItem? {
            guard self.count > 0 else { return nil }
            let item = self.items[self.head]
            self.items[self.head] = nil
            self.head = (self.head + 1) & (self.items.count - 1)
            self.count -= 1
            return item
        }

        /// The runner to wake now, if one should be.
        mutating func nextToWake() -> UnsafeContinuation<Bool, Never>? {
            guard !self.isWaking, self.count > 0, let runner = self.idle.popLast() else { return nil }
            self.isWaking = true
            return runner
        }
    }

    private enum Turn {
        case run(WorkItem)
        case sleep
        case end
    }

    private let state = Mutex(State())

    /// Hands items to the runners, in order.
    func push(_ items: [WorkItem]) {
        guard !items.isEmpty else { return }
        let runner = self.state.withLock { state in
            for item in items { state.append(item) }
            return state.nextToWake()
        }
        runner?.resume(returning: true)
    }

    /// The next item; waits for one.
    ///
    /// Nil when the queue is closed.
    func next() async -> WorkItem? {
        var wasWoken = false
        while true {
            let (turn, runner): (Turn, UnsafeContinuation<Bool, Never>?) = self.state.withLock { state in
                if wasWoken { state.isWaking = false }
                guard let item = state.popFirst() else { return (state.isClosed ? .end : .sleep, nil) }
                return (.run(item), state.nextToWake())
            }
            runner?.resume(returning: true)
            switch turn {
            case .run(let item):
                return item
            case .end:
                return nil
            case .sleep:
                wasWoken = await withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
                    let mayGo = self.state.withLock { state in
                        guard state.count == 0, !state.isClosed else { return true }
                        state.idle.append(continuation)
                        return false
                    }
                    if mayGo { continuation.resume(returning: false) }
                }
            }
        }
    }

    /// Takes back what no runner has begun.
    func removeAll(where isRemoved: (WorkItem) -> Bool) -> [WorkItem] {
        self.state.withLock { state in
            var removed: [WorkItem] = []
            var kept: [WorkItem] = []
            while let item = state.popFirst() {
                if isRemoved(item) { removed.append(item) } else { kept.append(item) }
            }
            for item in kept { state.append(item) }
            return removed
        }
    }

    /// Lets every runner end once the queue is empty.
    func close() {
        let runners = self.state.withLock { state in
            state.isClosed = true
            defer { state.idle.removeAll() }
            return state.idle
        }
        for runner in runners { runner.resume(returning: false) }
    }
}
