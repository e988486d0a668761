import Synchronization

/// Collects the signals and decisions of one request until its reply is made, and passes progress on.
///
/// A signal about a chosen component is joined with its decision. Memory is bounded: signals beyond the capacity, and whatever a run that
/// was given up still says after `close()`, are counted and dropped.
public final class SignalCollector: OrchestrationRecorder {
    private struct State {
        var signals: [FeedbackSignal] = []
        var log = DecisionLog()
        var dropped = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let capacity: Int
    private let onProgress: @Sendable (Progress) -> Void

    /// Creates a collector.
    ///
    /// - Parameters:
    ///   - capacity: The most signals it holds, 1,000 by default.
    ///   - onProgress: Called for every progress report until the collector is closed, on the reporting task; must not block.
    public init(capacity: Int = 1_000, onProgress: @escaping @Sendable (Progress) -> Void = { _ in }) {
        self.capacity = capacity
        self.onProgress = onProgress
    }

    /// The signals so far, in the order they came.
    public var signals: [FeedbackSignal] { self.state.withLock { $0.signals } }

    /// The decisions so far, in the order they were made, at most 256.
    public var decisions: [Decision] { self.state.withLock { $0.log.decisions } }

    /// How many signals were dropped.
    public var droppedCount: Int { self.state.withLock { $0.dropped } }

    /// Takes the signals out and refuses everything that comes later.
    ///
    /// A second call gives none.
    public func close() -> [FeedbackSignal] {
        self.state.withLock { state in
            defer { state.signals = [] }
            state.isClosed = true
            return state.signals
        }
    }

    /// Keeps the signal, or counts it as dropped.
    public func record(_ signal: FeedbackSignal) {
        self.state.withLock { state in
            if state.isClosed || state.signals.count >= self.capacity {
                state.dropped += 1
            } else {
                state.signals.append(state.log.stamped(signal))
            }
        }
    }

    /// Keeps the decision, unless the collector is closed.
    public func record(_ decision: Decision) {
        self.state.withLock { state in
            if !state.isClosed { state.log.add(decision) }
        }
    }

    /// Passes the report on, unless the collector is closed.
    public func record(_ progress: Progress) {
        let isOpen = self.state.withLock { !$0.isClosed }
        if isOpen { self.onProgress(progress) }
    }
}
