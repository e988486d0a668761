import Delivery
import KafkaClient
import Orchestration
import Synchronization
import Wire

/// One request on its way through the facade: what its context records into.
///
/// Signals and decisions are kept until the reply is made, progress is published at once. What a handler that was given up still says is
/// dropped.
final class Execution: OrchestrationRecorder, RunOwner {
    /// Signals that one request may emit; more are dropped and counted in the log.
    static let maximumSignals = 1_000

    private struct State: ~Copyable {
        var signals: [FeedbackSignal] = []
        var log = DecisionLog()
        var dropped = 0
        var progressCount = 0
        var isClosed = false
        var run: Run?
    }

    /// What the way of a request is told when its handler has ended, or was given up.
    struct Run: Sendable {
        /// Nanoseconds of the clock that never jumps, and milliseconds since 1970.
        let started: (monotonic: Int64, time: Int64)
        let cancellation: RunCancellation
        /// What the reply is remembered by; nil for a request without an idempotency key.
        let scope: String?
        /// Whose task the handler is on; nil in the hands of anybody else.
        let runner: Runner?
    }

    let request: Request
    let record: ConsumedRecord
    /// What was tried before, here and by earlier workers.
    let attempt: DeliveryAttempt
    private let handler: RequestHandler
    private let state = Mutex(State())

    init(request: consuming Request, record: ConsumedRecord, attempt: DeliveryAttempt, handler: RequestHandler) {
        self.request = request
        self.record = record
        self.attempt = attempt
        self.handler = handler
    }

    /// The number of this attempt, counted from 1, or from what the request's header says; of a request that is put away unrun, its last one's.
    var attempts: Int {
        let before = self.attempt.failures + self.attempt.crashes - (self.attempt.isPoison ? 1 : 0)
        let (sum, overflow) = self.request.event.attempt.addingReportingOverflow(before)
        return overflow ? .max : sum
    }

    /// The handler's run begins.
    func begin(_ run: Run) { self.state.withLock { $0.run = run } }

    /// The handler does not return: the runner is left behind, and somebody else answers.
    func gaveUp(with result: StepResult) {
        guard let run = self.state.withLock({ $0.run }), let runner = run.runner else { return }
        runner.leaveBehind()
        self.handler.logGivenUp(self)
        Task { runner.answer(await self.handler.conclude(self, run, result)) }
    }

    func record(_ signal: FeedbackSignal) {
        self.state.withLock { state in
            if state.isClosed || state.signals.count >= Execution.maximumSignals {
                state.dropped += 1
            } else {
                state.signals.append(state.log.stamped(signal))
            }
        }
    }

    func record(_ decision: Decision) {
        self.state.withLock { state in
            if !state.isClosed { state.log.add(decision) }
        }
    }

    func record(_ progress: Progress) {
        let ordinal: Int? = self.state.withLock { state in
            guard !state.isClosed else { return nil }
            state.progressCount += 1
            return state.progressCount - 1
        }
        if let ordinal { self.handler.publish(progress, ordinal, of: self) }
    }

    /// What was said beside the result.
    struct Said: Sendable {
        var signals: [FeedbackSignal]
        var decisions: [Decision]
        /// Signals and decisions beyond their limits.
        var dropped: (signals: Int, decisions: Int)
    }

    /// Takes out what was said and refuses everything that comes later.
    @discardableResult
    func close() -> Said {
        self.state.withLock { state in
            state.isClosed = true
            let said = Said(
                signals: state.signals,
                decisions: state.log.decisions,
                dropped: (state.dropped, state.log.dropped)
            )
            state.signals = []
            state.log = DecisionLog()
            return said
        }
    }
}
