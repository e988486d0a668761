import KafkaClient
import Observability
import Orchestration
import Wire

/// Reads the whole control topic, so that every worker knows every command.
final class ControlReader: Sendable {
    /// How long the first requests may wait for the first reading.
    static let patience = Duration.seconds(5)

    private let cancelled: CancelledRequests
    private let table: TableReader

    init(
        topic: String,
        configuration: KafkaConfiguration,
        cancelled: CancelledRequests,
        layer: String,
        logger: Logger,
        registry: MetricsRegistry
    ) {
        self.cancelled = cancelled
        let commands = ControlCommands(cancelled: cancelled, layer: layer, logger: logger, registry: registry)
        self.table = TableReader(
            topic: topic,
            configuration: configuration,
            wording: TableReader.Wording(
                client: "control",
                isMissing: "requests cannot be cancelled here until the control topic can be read",
                isBack: "the control topic is read again"
            ),
            logger: logger,
            registry: registry,
            events: TableReader.Events(
                take: { commands.take($0) },
                caughtUp: { _ in cancelled.readOnce() },
                givenUp: { cancelled.readOnce() },
                clean: { cancelled.removeOutdated(now: WireTime.now) }
            )
        )
    }

    /// Reads until ``end()``.
    func run() async {
        let patience = Task {
            guard (try? await OrchestrationClock.system.sleep(ControlReader.patience)) != nil else { return }
            self.cancelled.readOnce()
        }
        await self.table.run()
        patience.cancel()
        self.cancelled.readOnce()
    }

    /// Ends the reading soon, and lets go who waits for it.
    func end() {
        self.table.end()
        self.cancelled.readOnce()
    }
}

/// Takes what stands on the control topic.
private struct ControlCommands: Sendable {
    let cancelled: CancelledRequests
    let layer: String
    let logger: Logger
    let registry: MetricsRegistry
    private let throttle = LogThrottle()

    init(cancelled: CancelledRequests, layer: String, logger: Logger, registry: MetricsRegistry) {
        self.cancelled = cancelled
        self.layer = layer
        self.logger = logger
        self.registry = registry
    }

    func take(_ record: ConsumedRecord) {
        let decoded: Result<ControlRecord, WireError> = record.withView { view in
            Result { () throws(WireError) in try ControlRecord(decoding: view) }
        }
        switch decoded {
        case .success(let command):
            switch self.cancelled.take(command, timestamp: record.timestamp, now: WireTime.now) {
            case .cancelled: self.count("cancel")
            case .withdrawn: self.count("withdrawn")
            case .outdated: self.count("outdated")
            // Components and experiments are others' business.
            case .elsewhere: self.count("elsewhere")
            case .unknown(let name):
                self.count("unknown")
                self.log(record, "a command that is not known here is ignored", ["command": "\(name)"])
            }
        case .failure(let error):
            self.count("broken")
            self.log(record, "a broken command is ignored", ["error": "\(error)"])
        }
    }

    private func count(_ outcome: String) { self.registry.counter(.controlRecords, self.layer, outcome).increment() }

    private func log(_ record: ConsumedRecord, _ message: String, _ more: Logger.Metadata) {
        guard let leftOut = self.throttle.admit(at: monotonicMilliseconds()) else { return }
        let place: Logger.Metadata = ["partition": "\(record.source)", "offset": "\(record.offset)"]
        self.logger.notice("\(message)", metadata: place.merging(more) { $1 }.merging(leftOut) { $1 })
    }
}
