import Observability
import Orchestration
import Synchronization
import Wire

/// The instruments of a request handler, looked up once per orchestrator.
final class RequestMetrics: Sendable {
    private struct PerOrchestrator {
        let succeeded: Counter
        let duration: Histogram
    }

    private let registry: MetricsRegistry
    private let layer: String
    private let orchestrators = Mutex<[String: PerOrchestrator]>([:])
    let undecodable: Counter
    let signals: Counter
    let decisions: Counter
    /// Time between a record's timestamp and its start.
    let queueTime: Histogram
    private let replies: Counter
    private let skipped: Counter
    private let cancelledRunning: Counter
    private let cancelledWaiting: Counter

    init(registry: MetricsRegistry, layer: OrchestrationLayer) {
        self.registry = registry
        self.layer = layer.rawValue
        self.undecodable = registry.counter(.recordsUndecodable, layer.rawValue)
        self.signals = registry.counter(.signals, layer.rawValue)
        self.decisions = registry.counter(.decisions, layer.rawValue)
        self.queueTime = registry.histogram(.recordQueueTime, layer.rawValue)
        self.replies = registry.counter(.replies, layer.rawValue)
        self.skipped = registry.counter(.recordsSkipped, layer.rawValue, "orchestrator")
        self.cancelledRunning = registry.counter(.recordsCancelled, layer.rawValue, "running")
        self.cancelledWaiting = registry.counter(.recordsCancelled, layer.rawValue, "waiting")
    }

    /// Counts a finished execution; the name comes from the registry of orchestrators, never from outside alone.
    func count(_ result: StepResult, orchestrator: String, milliseconds: Double) {
        let instruments = self.orchestrators.withLock { known in
            if let instruments = known[orchestrator] { return instruments }
            let instruments = PerOrchestrator(
                succeeded: self.registry.counter(.recordsSucceeded, self.layer, orchestrator),
                duration: self.registry.histogram(.recordDuration, self.layer, orchestrator)
            )
            known[orchestrator] = instruments
            return instruments
        }
        instruments.duration.record(milliseconds / 1000)
        self.replies.increment()
        if result.isSkipped {
            self.skipped.increment()
        } else if result.isCancelled {
            self.cancelledRunning.increment()
        } else if result.success {
            instruments.succeeded.increment()
        } else {
            self.registry.counter(.recordsFailed, self.layer, orchestrator, result.errorCategory?.rawValue ?? "none").increment()
        }
    }

    /// Counts a request that was cancelled before it began.
    func cancelledBeforeStart() {
        self.replies.increment()
        self.cancelledWaiting.increment()
    }

    /// Counts a request that was answered without a run because of its idempotency key.
    func deduplicated(_ outcome: String) {
        self.replies.increment()
        self.registry.counter(.requestsDeduplicated, self.layer, outcome).increment()
    }

    func dead(_ reason: DeadLetterReason) {
        self.registry.counter(.recordsDead, self.layer, reason.rawValue).increment()
    }
}
