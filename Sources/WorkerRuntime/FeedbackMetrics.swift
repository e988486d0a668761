import Feedback
import Observability
import Wire

/// The instruments of a feedback orchestrator, looked up once.
struct FeedbackMetrics: Sendable {
    private let taken: Counter
    private let waits: Counter
    private let replayed: Counter
    private let duplicate: Counter
    private let corrected: Counter
    private let late: Counter
    private let components: Gauge
    private let waiting: Gauge
    let unrewarded: Counter
    let disabled: Counter
    let consolidations: Counter
    let writes: Counter
    let failedWrites: Counter
    let givenUpLetters: Counter
    let writeTime: Histogram
    private let registry: MetricsRegistry

    init(registry: MetricsRegistry) {
        self.registry = registry
        self.taken = registry.counter(.feedbackRecords, "taken")
        self.waits = registry.counter(.feedbackRecords, "waits")
        self.replayed = registry.counter(.feedbackRecords, "replayed")
        self.duplicate = registry.counter(.feedbackRecords, "duplicate")
        self.corrected = registry.counter(.feedbackRecords, "corrected")
        self.late = registry.counter(.feedbackRecords, "late")
        self.components = registry.gauge(.feedbackComponents)
        self.waiting = registry.gauge(.feedbackWaiting)
        self.unrewarded = registry.counter(.feedbackUnrewarded)
        self.disabled = registry.counter(.feedbackDisabled)
        self.consolidations = registry.counter(.feedbackConsolidations)
        self.writes = registry.counter(.feedbackWrites, "written")
        self.givenUpLetters = registry.counter(.undelivered, "feedback")
        self.failedWrites = registry.counter(.feedbackWrites, "failed")
        self.writeTime = registry.histogram(.feedbackWriteTime)
    }

    func count(_ outcome: FeedbackShard.Outcome) {
        switch outcome {
        case .taken: self.taken.increment()
        case .waits: self.waits.increment()
        case .replayed: self.replayed.increment()
        case .duplicate: self.duplicate.increment()
        case .corrected: self.corrected.increment()
        case .late: self.late.increment()
        }
    }

    func dead(_ reason: DeadLetterReason) { self.registry.counter(.recordsDead, "feedback", reason.rawValue).increment() }

    func observe(_ shards: some Sequence<FeedbackShard>) {
        var (components, waiting) = (0, 0)
        for shard in shards {
            components += shard.componentCount
            waiting += shard.waitingCount
        }
        self.components.set(components)
        self.waiting.set(waiting)
    }
}
