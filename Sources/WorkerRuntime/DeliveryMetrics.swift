import Observability

/// The instruments of one delivery loop, looked up once.
struct DeliveryMetrics: Sendable {
    let received: Counter
    let inFlight: Gauge
    let bytesInFlight: Gauge
    let oldestUnfinishedAge: Gauge
    let partitions: Gauge
    let stale: Counter
    let dropped: Counter
    let finishedBefore: Counter
    let retried: Counter
    let spilled: Counter
    let diverted: Counter
    let notSpilled: Counter
    let retryKeys: Gauge
    let retryScans: Gauge
    let unreadableMetadata: Counter
    let metadataShare: Gauge
    let commits: Counter
    let commitFailures: Counter
    let deliveryRetries: Counter
    let undelivered: Counter
    let noticesDropped: Counter
    let assignments: Counter
    let revocations: Counter
    let losses: Counter
    let revokeDrain: Histogram

    init(registry: MetricsRegistry, layer: String) {
        self.received = registry.counter(.recordsReceived, layer)
        self.inFlight = registry.gauge(.recordsInFlight, layer)
        self.bytesInFlight = registry.gauge(.bytesInFlight, layer)
        self.oldestUnfinishedAge = registry.gauge(.oldestUnfinishedAge, layer)
        self.partitions = registry.gauge(.partitionsAssigned, layer)
        self.stale = registry.counter(.staleCompletions, layer)
        self.dropped = registry.counter(.recordsRepeated, layer)
        self.finishedBefore = registry.counter(.recordsFinishedBefore, layer)
        self.retried = registry.counter(.recordsRetried, layer)
        self.spilled = registry.counter(.retriesSpilled, layer)
        self.diverted = registry.counter(.retriesDiverted, layer)
        self.notSpilled = registry.counter(.retriesNotSpilled, layer)
        self.retryKeys = registry.gauge(.retryKeysWaiting, layer)
        self.retryScans = registry.gauge(.retryScans, layer)
        self.unreadableMetadata = registry.counter(.unreadableMetadata, layer)
        self.metadataShare = registry.gauge(.metadataShare, layer)
        self.commits = registry.counter(.commits, layer)
        self.commitFailures = registry.counter(.commitFailures, layer)
        self.deliveryRetries = registry.counter(.deliveryRetries, layer)
        self.undelivered = registry.counter(.undelivered, layer)
        self.noticesDropped = registry.counter(.noticesDropped, layer)
        self.assignments = registry.counter(.rebalances, layer, "assigned")
        self.revocations = registry.counter(.rebalances, layer, "revoked")
        self.losses = registry.counter(.rebalances, layer, "lost")
        self.revokeDrain = registry.histogram(.revokeDrainTime, layer)
    }
}
