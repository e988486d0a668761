import KafkaProcess
import Synchronization

/// Keeps a worker's process alive as a service manager does: when it ends, it is started again under the same id.
///
/// With static membership the next process has the partitions of the one before at once and not after its session; but then the group tells the
/// living from the dead no more.
final class Supervisor: Sendable {
    private struct State {
        var current: WorkerProcess
        var deaths: [KafkaProcess.ExitStatus] = []
        var isEnding = false
    }

    private final class Box: Sendable {
        let state: Mutex<State>
        init(_ first: WorkerProcess) { self.state = Mutex(State(current: first)) }
    }

    private let box: Box
    private let task: Task<Void, any Error>

    init(_ binary: String, id: String, of topics: TestTopics, isStatic: Bool = true, _ arguments: [String]) throws {
        let start: @Sendable () throws -> WorkerProcess = {
            try WorkerProcess(binary, id: id, of: topics, arguments + (isStatic ? ["--static-membership"] : []))
        }
        let first = try start()
        let box = Box(first)
        self.box = box
        self.task = Task {
            var current = first
            while true {
                let status = try await current.child.waitForExit(deadline: .now + .seconds(600))
                let next: WorkerProcess? = try box.state.withLock { state in
                    guard !state.isEnding else { return nil }
                    state.deaths.append(status)
                    state.current = try start()
                    return state.current
                }
                guard let next else { return }
                current = next
            }
        }
    }

    deinit { self.task.cancel() }

    /// How the processes ended that nobody had told to.
    var deaths: [KafkaProcess.ExitStatus] { self.box.state.withLock { $0.deaths } }

    /// The process that runs now.
    var current: WorkerProcess { self.box.state.withLock { $0.current } }

    /// Ends the process in an orderly way, and starts no other.
    func drain() async throws -> KafkaProcess.ExitStatus {
        let last = self.box.state.withLock { state in
            state.isEnding = true
            return state.current
        }
        return try await last.drain()
    }
}
