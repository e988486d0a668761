import Dispatch
import Synchronization

/// Runs blocking work on a bounded number of threads of its own, so that Swift's cooperative pool waits for no disk, parser or child.
///
/// Each lane is a serial dispatch queue: on Linux a serial queue has a thread of its own while it works and none while it rests, whereas
/// a concurrent queue would share its threads with the cooperative pool. Work beyond the number of lanes waits in the order of its arrival.
final class BlockingLanes: Sendable {
    private struct State {
        var idle: [DispatchQueue]
        var waiting: [@Sendable () -> Void] = []
    }

    private let state: Mutex<State>

    /// Lanes named `<label>.<n>`; at least one.
    init(label: String, count: Int) {
        self.state = Mutex(State(idle: (0..<max(1, count)).map { DispatchQueue(label: "\(label).\($0)") }))
    }

    /// Runs the work on a free lane and returns what it returns.
    ///
    /// A task cancelled while its work waits for a lane gets `CancellationError` at once and the work never starts; work that has started
    /// learns of the cancellation through the flag it is given.
    func run<Value: Sendable>(_ work: @escaping @Sendable (CancellationFlag) throws -> Value) async throws -> Value {
        let flag = CancellationFlag()
        let promise = Promise<Value>()
        return try await withTaskCancellationHandler {
            try await promise.value {
                self.submit {
                    guard promise.start() else { return }
                    promise.finish(Result { try work(flag) })
                }
            }
        } onCancel: {
            flag.cancel()
            promise.abandonUnlessStarted()
        }
    }

    private func submit(_ job: @escaping @Sendable () -> Void) {
        let lane = self.state.withLock { state -> DispatchQueue? in
            guard let lane = state.idle.popLast() else {
                state.waiting.append(job)
                return nil
            }
            return lane
        }
        lane?.async { self.drain(lane: lane, first: job) }
    }

    private func drain(lane: DispatchQueue?, first: @Sendable () -> Void) {
        first()
        while let next = self.next(orReturn: lane) {
            next()
        }
    }

    private func next(orReturn lane: DispatchQueue?) -> (@Sendable () -> Void)? {
        self.state.withLock { state in
            if state.waiting.isEmpty {
                if let lane { state.idle.append(lane) }
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}

/// Tells work that runs outside of Swift's tasks that its task was cancelled.
final class CancellationFlag: Sendable {
    private let cancelled = Atomic(false)

    var isCancelled: Bool { self.cancelled.load(ordering: .relaxed) }

    func cancel() {
        self.cancelled.store(true, ordering: .relaxed)
    }

    /// Throws `CancellationError` once the task was cancelled.
    func check() throws {
        if self.isCancelled { throw CancellationError() }
    }
}
