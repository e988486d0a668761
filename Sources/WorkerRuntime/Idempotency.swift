import KafkaClient
import Observability
import Wire

/// What the workers of a layer know of requests with idempotency keys: what this one remembers, and the topic that brings in what others do.
final class Idempotency: Sendable {
    let replies: RememberedReplies
    private let table: TableReader
    /// Milliseconds that records may be older than the window and are read all the same: clocks differ, and a reply is told a little later than the
    /// time that it bears.
    private static let slack: Int64 = 600_000

    init(
        topic: String,
        window: Int64,
        configuration: KafkaConfiguration,
        layer: String,
        logger: Logger,
        registry: MetricsRegistry
    ) {
        let forgotten = registry.counter(.repliesForgotten, layer)
        let replies = RememberedReplies(
            limits: RememberedReplies.Limits(window: window),
            onForgotten: { forgotten.increment(by: Int64($0)) }
        )
        self.replies = replies
        let records = IdempotencyRecords(replies: replies, layer: layer, logger: logger, registry: registry)
        self.table = TableReader(
            topic: topic,
            span: window + Idempotency.slack,
            configuration: configuration,
            wording: TableReader.Wording(
                client: "idempotency",
                isMissing: "idempotency keys work within this process only until their topic can be read",
                isBack: "the topic of idempotency keys is read again"
            ),
            logger: logger,
            registry: registry,
            events: TableReader.Events(
                take: { records.take($0) },
                caughtUp: { replies.read(upTo: $0) },
                givenUp: { replies.topicIsMissing() },
                clean: { replies.removeOutdated(now: WireTime.now) }
            )
        )
    }

    /// Reads the topic until ``end()``.
    func run() async { await self.table.run() }

    /// Ends the reading soon.
    func end() { self.table.end() }

    /// Requests that an owner before may have answered have come: what it remembers is read before they begin.
    func partitionsCame() { self.table.mark(self.replies.mark(tick: monotonicMilliseconds())) }
}

/// Takes what stands on the topic of remembered replies.
private struct IdempotencyRecords: Sendable {
    let replies: RememberedReplies
    let layer: String
    let logger: Logger
    let registry: MetricsRegistry
    private let throttle = LogThrottle()

    init(replies: RememberedReplies, layer: String, logger: Logger, registry: MetricsRegistry) {
        self.replies = replies
        self.layer = layer
        self.logger = logger
        self.registry = registry
    }

    func take(_ record: ConsumedRecord) {
        let decoded: Result<RememberedRecord, WireError> = record.withView { view in
            Result { () throws(WireError) in try RememberedRecord(decoding: view) }
        }
        switch decoded {
        case .success(let remembered):
            switch self.replies.take(remembered, value: record.value ?? [], now: WireTime.now) {
            case .remembered: self.count("remembered")
            case .forgotten: self.count("forgotten")
            case .outdated: self.count("outdated")
            case .unknown(let name):
                self.count("unknown")
                self.log(record, "a remembered reply that is not known here is ignored", ["found": "\(name)"])
            }
        case .failure(let error):
            self.count("broken")
            self.log(record, "a broken remembered reply is ignored", ["error": "\(error)"])
        }
    }

    private func count(_ outcome: String) { self.registry.counter(.idempotencyRecords, self.layer, outcome).increment() }

    private func log(_ record: ConsumedRecord, _ message: String, _ more: Logger.Metadata) {
        guard let leftOut = self.throttle.admit(at: monotonicMilliseconds()) else { return }
        let place: Logger.Metadata = ["partition": "\(record.source)", "offset": "\(record.offset)"]
        self.logger.notice("\(message)", metadata: place.merging(more) { $1 }.merging(leftOut) { $1 })
    }
}
