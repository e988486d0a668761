import Dispatch
import Foundation
import Glibc
import Synchronization

/// The running child behind a ``ChildProcess``: started, read and reaped by one thread that lives as long as the child.
///
/// That thread is also the parent in the sense of the kernel's parent-death signal, so the child dies with this process and not earlier.
final class ChildProcessCore: Sendable {
    private struct State {
        var output: LineBuffer
        var exitStatus: ExitStatus?
        /// Counts changes of output and status, so that a waiter cannot miss one between looking and waiting.
        var generation = 0
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
        var nextWaiter = 0
    }

    /// What a waiter looks at.
    struct Snapshot {
        let lines: [CapturedLine]
        let exitStatus: ExitStatus?
        let nextLine: Int
        let generation: Int
    }

    /// Carries the outcome of the start from the owning thread to the caller.
    private final class HandOver: Sendable {
        let result = Mutex<Result<ChildProcessCore, KafkaProcessError>?>(nil)
    }

    let processID: pid_t
    private let state: Mutex<State>
    private let ended = DispatchGroup()

    private init(_ processID: pid_t, captureBytes: Int) {
        self.processID = processID
        self.state = Mutex(State(output: LineBuffer(byteLimit: captureBytes)))
        self.ended.enter()
    }

    /// Starts the process and the thread that owns it.
    static func start(_ request: SpawnRequest, captureBytes: Int) throws(KafkaProcessError) -> ChildProcessCore {
        let started = DispatchSemaphore(value: 0)
        let handOver = HandOver()
        let thread = Thread {
            do throws(KafkaProcessError) {
                let spawned = try request.spawn()
                let core = ChildProcessCore(spawned.processID, captureBytes: captureBytes)
                handOver.result.withLock { $0 = .success(core) }
                started.signal()
                core.readAndReap(spawned)
            } catch {
                handOver.result.withLock { $0 = .failure(error) }
                started.signal()
            }
        }
        thread.name = "child-process"
        thread.start()
        started.wait()
        guard let outcome = handOver.result.withLock({ $0 }) else {
            throw KafkaProcessError(.startFailed, "the thread that starts \(request.executable) ended early")
        }
        return try outcome.get()
    }

    // MARK: The owning thread

    private func readAndReap(_ spawned: SpawnRequest.Spawned) {
        let queue = DispatchQueue(label: "child-process.\(self.processID)")
        let readers = [
            PipeReader(spawned.outputDescriptor, on: queue) { self.append($0, to: .standardOutput) },
            PipeReader(spawned.errorDescriptor, on: queue) { self.append($0, to: .standardError) },
        ]
        var information = siginfo_t()
        while waitid(P_PID, id_t(self.processID), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        // Until waitpid the child is a zombie that keeps its id, so the group cannot be anybody else's.
        Glibc.kill(-self.processID, SIGKILL)
        queue.sync { readers.forEach { $0.finish() } }
        self.change { state in
            var status: Int32 = 0
            while waitpid(self.processID, &status, 0) == -1, errno == EINTR {}
            state.output.finish(.standardOutput)
            state.output.finish(.standardError)
            state.exitStatus = ExitStatus(waitStatus: status)
        }
        self.ended.leave()
    }

    private func append(_ bytes: ArraySlice<UInt8>, to stream: CapturedLine.Stream) {
        self.change { $0.output.append(bytes, to: stream) }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiters = self.state.withLock { state in
            body(&state)
            state.generation += 1
            defer { state.waiters.removeAll() }
            return state.waiters
        }
        waiters.values.forEach { $0.resume() }
    }

    // MARK: Looking and signalling

    var exitStatus: ExitStatus? { self.state.withLock { $0.exitStatus } }

    var droppedLines: Int { self.state.withLock { $0.output.droppedLines } }

    /// What is there now, with the lines from `number` on.
    func snapshot(from number: Int) -> Snapshot {
        self.state.withLock { state in
            Snapshot(
                lines: Array(state.output.lines(from: number)),
                exitStatus: state.exitStatus,
                nextLine: state.output.nextNumber,
                generation: state.generation
            )
        }
    }

    /// Sends a signal to the child (or to its whole group) if it was not reaped yet.
    @discardableResult
    func signal(_ number: Int32, group: Bool = false) -> Bool {
        self.state.withLock { state in
            guard state.exitStatus == nil else { return false }
            return Glibc.kill(group ? -self.processID : self.processID, number) == 0
        }
    }

    /// Blocks the calling thread until the child was reaped; false if that did not happen in time.
    func blockUntilExit(seconds: Int) -> Bool {
        self.ended.wait(timeout: .now() + .seconds(seconds)) == .success
    }

    // MARK: Waiting

    /// Calls `check` with new lines and the status, now and after every change, until it returns a value or throws.
    func wait<Value: Sendable>(
        from first: Int,
        deadline: ContinuousClock.Instant,
        timeout: @escaping @Sendable () -> KafkaProcessError,
        _ check: @escaping @Sendable (_ lines: [CapturedLine], _ status: ExitStatus?) throws -> Value?
    ) async throws -> Value {
        let start = self.snapshot(from: first)
        if let value = try check(start.lines, start.exitStatus) { return value }
        return try await withDeadline(deadline, timeout: timeout) {
            var seen = start
            while true {
                try await self.waitForChange(after: seen.generation)
                seen = self.snapshot(from: max(first, seen.nextLine))
                if let value = try check(seen.lines, seen.exitStatus) { return value }
            }
        }
    }

    private func waitForChange(after generation: Int) async throws {
        let waiter = self.state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let outcome: Result<Void, any Error>? = self.state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.generation != generation { return .success(()) }
                    state.waiters[waiter] = continuation
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            self.state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume(throwing: CancellationError())
        }
    }
}
