import Orchestration
import Synchronization
import Wire

/// Brings together which requests are cancelled and which run here.
///
/// What is cancelled is kept for a while, because the request may wait, be parked for another attempt, not have come yet, or come again after a
/// crash. Memory is bounded: the newest commands count, up to a number, to the bytes of their texts, and to an age.
final class CancelledRequests: Sendable {
    /// How much is kept of what is cancelled.
    struct Limits: Sendable {
        /// When there are more, the oldest eighth is forgotten; 100,000.
        var requests = 100_000
        /// Bytes of ids, reasons and names of issuers; when there are more, the oldest are forgotten until an eighth is free; 32 MiB.
        var bytes = 32 << 20
        /// Milliseconds since the command's record that it counts for; 24 hours.
        var age: Int64 = 86_400_000
    }

    /// What becomes of a request whose turn has come.
    enum Start {
        /// It runs until it ends or this is cancelled; ``end(_:_:)`` must follow.
        case run(RunCancellation)
        /// It does not run: this is its result.
        case cancelled(StepResult)
    }

    /// What a record of the control topic changed.
    enum Change: Sendable, Hashable {
        /// The request is cancelled, and so many runs of it here.
        case cancelled(running: Int)
        case withdrawn
        /// The command is older than commands count for.
        case outdated
        /// It is about something else than a request.
        case elsewhere
        /// A scope, type or command of a later version.
        case unknown(String)
    }

    fileprivate struct Command {
        let reason: String?
        let issuedBy: String?
        /// Milliseconds since 1970.
        let timestamp: Int64

        var result: StepResult {
            var result = StepResult.cancelled(reason: self.reason ?? "The request was cancelled")
            if let issuedBy { result.metadata["cancelled_by"] = .string(issuedBy) }
            return result
        }

        func bytes(under id: String) -> Int { id.utf8.count + (self.reason?.utf8.count ?? 0) + (self.issuedBy?.utf8.count ?? 0) }
    }

    fileprivate struct State {
        var commands: [String: Command] = [:]
        var bytes = 0
        var running: [String: [RunCancellation]] = [:]
        var isRead = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let limits: Limits
    private let state = Mutex(State())
    private let isRead = Atomic<Bool>(false)

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// The commands that are kept.
    var count: Int { self.state.withLock { $0.commands.count } }

    // MARK: Requests

    /// Asks when a request's turn has come.
    func begin(_ requestID: String, now: Int64) -> Start {
        self.state.withLock { state in
            if !state.commands.isEmpty, let command = state.commands[requestID] {
                if now - command.timestamp < self.limits.age { return .cancelled(command.result) }
                state.forget(requestID)
            }
            let run = RunCancellation()
            state.running[requestID, default: []].append(run)
            return .run(run)
        }
    }

    /// Forgets a run that has ended.
    func end(_ requestID: String, _ run: RunCancellation) {
        self.state.withLock { state in
            guard var runs = state.running.removeValue(forKey: requestID) else { return }
            runs.removeAll { $0 === run }
            if !runs.isEmpty { state.running[requestID] = runs }
        }
    }

    // MARK: Commands

    /// Takes a record of the control topic in; a command that comes again changes nothing.
    ///
    /// - Parameters:
    ///   - timestamp: the record's, milliseconds since 1970; one that lies ahead, or none, counts as now.
    func take(_ record: ControlRecord, timestamp: Int64, now: Int64) -> Change {
        switch record {
        case .unknown(let name): return .unknown(name)
        case .withdrawn(.request(let requestID)):
            self.state.withLock { $0.forget(requestID) }
            return .withdrawn
        case .withdrawn: return .elsewhere
        case .command(let command):
            guard case .cancel(let requestID) = command.order else { return .elsewhere }
            let kept = Command(
                reason: command.reason,
                issuedBy: command.issuedBy,
                timestamp: timestamp > 0 ? min(timestamp, now) : now
            )
            guard now - kept.timestamp < self.limits.age else {
                // It takes the place of what was said before all the same.
                self.state.withLock { $0.forget(requestID) }
                return .outdated
            }
            let runs = self.state.withLock { state in
                state.forget(requestID)
                state.commands[requestID] = kept
                state.bytes += kept.bytes(under: requestID)
                if state.commands.count > self.limits.requests || state.bytes > self.limits.bytes { state.shrink(self.limits, now: now) }
                return state.running[requestID] ?? []
            }
            // Outside of the lock: a cancelled handler may end at once.
            let result = kept.result
            return .cancelled(running: runs.count { $0.cancel(result) })
        }
    }

    /// Forgets what counts no longer.
    func removeOutdated(now: Int64) {
        self.state.withLock { $0.removeOutdated(self.limits, now: now) }
    }

    // MARK: The first reading

    /// Waits until the control topic was read for the first time, or given up for now.
    func waitUntilRead() async {
        if self.isRead.load(ordering: .acquiring) { return }
        await withCheckedContinuation { continuation in
            let mayGo = self.state.withLock { state in
                if !state.isRead { state.waiting.append(continuation) }
                return state.isRead
            }
            if mayGo { continuation.resume() }
        }
    }

    /// Lets everybody go who waits for the first reading.
    func readOnce() {
        if self.isRead.exchange(true, ordering: .acquiringAndReleasing) { return }
        let waiting = self.state.withLock { state in
            state.isRead = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

extension CancelledRequests.State {
    fileprivate mutating func forget(_ requestID: String) {
        if let command = self.commands.removeValue(forKey: requestID) { self.bytes -= command.bytes(under: requestID) }
    }

    fileprivate mutating func removeOutdated(_ limits: CancelledRequests.Limits, now: Int64) {
        for (id, command) in self.commands where now - command.timestamp >= limits.age { self.forget(id) }
    }

    /// Makes room for an eighth of what may be kept, so that this is seldom done; the oldest go.
    fileprivate mutating func shrink(_ limits: CancelledRequests.Limits, now: Int64) {
        self.removeOutdated(limits, now: now)
        for (id, _) in self.commands.sorted(by: { $0.value.timestamp < $1.value.timestamp }) {
            guard self.commands.count > limits.requests / 8 * 7 || self.bytes > limits.bytes / 8 * 7 else { return }
            self.forget(id)
        }
    }
}
