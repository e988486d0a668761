import KafkaClient
import Observability
import Orchestration
import Synchronization
import Wire

/// Reads the whole control topic on a thread of its own, from its beginning and in no group, so that every worker knows every command.
///
/// A topic that is missing or cannot be read stops nothing: that is logged once, and tried again.
final class ControlReader: Sendable {
    /// How long the first requests may wait for the first reading.
    static let patience = Duration.seconds(5)
    /// Milliseconds until a topic is tried again that cannot be read; doubled each time up to the longest.
    private static let pause: Int32 = 1_000
    private static let longestPause: Int32 = 60_000

    private let topic: String
    private let configuration: KafkaConfiguration
    private let cancelled: CancelledRequests
    private let logger: Logger
    private let registry: MetricsRegistry
    private let layer: String
    private let wake = WakeSignal()
    private let isEnding = Atomic<Bool>(false)
    private let throttle = LogThrottle()

    init(
        topic: String,
        configuration: KafkaConfiguration,
        cancelled: CancelledRequests,
        layer: String,
        logger: Logger,
        registry: MetricsRegistry
    ) {
        self.topic = topic
        self.configuration = configuration
        self.cancelled = cancelled
        self.layer = layer
        self.logger = logger
        self.registry = registry
    }

    /// Reads until ``end()``.
    func run() async {
        let patience = Task {
            guard (try? await OrchestrationClock.system.sleep(ControlReader.patience)) != nil else { return }
            self.cancelled.readOnce()
        }
        do {
            try await onOwnThread { self.read() }
        } catch {
            self.logger.warning("requests cannot be cancelled here", metadata: ["error": "\(error)"])
        }
        patience.cancel()
        self.cancelled.readOnce()
    }

    /// Ends the reading soon, and lets go who waits for it.
    func end() {
        self.isEnding.store(true, ordering: .releasing)
        self.wake.raise()
        self.cancelled.readOnce()
    }

    private var goesOn: Bool { !self.isEnding.load(ordering: .acquiring) }

    // MARK: The thread

    private func read() {
        var pause = ControlReader.pause
        var isMissed = false
        while self.goesOn {
            do throws(KafkaError) {
                try self.readTopic {
                    pause = ControlReader.pause
                    self.cancelled.readOnce()
                    if isMissed { self.logger.info("the control topic is read again", metadata: ["topic": "\(self.topic)"]) }
                    isMissed = false
                }
            } catch {
                guard self.goesOn else { return }
                if !isMissed {
                    self.logger.warning(
                        "requests cannot be cancelled here until the control topic can be read",
                        metadata: ["topic": "\(self.topic)", "error": "\(error)"]
                    )
                }
                isMissed = true
                // A broker that is away comes back, and what waits for it meanwhile has nothing to do.
                if error.isRetriable { pause = ControlReader.pause } else { self.cancelled.readOnce() }
                self.wake.wait(milliseconds: pause)
                pause = min(pause * 2, ControlReader.longestPause)
            }
        }
    }

    /// Reads the topic from its beginning until ``end()`` or until something is wrong with it.
    ///
    /// - Parameter caughtUp: called when everything has been read that was there at the start.
    private func readTopic(_ caughtUp: () -> Void) throws(KafkaError) {
        // The worker's other clients say what is wrong with the broker.
        var silent = self.logger
        silent.logLevel = .critical
        let observer = KafkaObserver(
            logger: silent,
            onError: { [registry] in registry.counter(.kafkaErrors, "control", $0.name).increment() }
        )
        let reader = try TopicReader(
            configuration: self.configuration,
            observer: observer,
            topics: [self.topic],
            from: .beginning,
            wake: self.wake
        )
        var isCaughtUp = false
        var nextCleaning: Int64 = 0
        while self.goesOn {
            for record in try reader.read(milliseconds: 60_000) { self.take(record) }
            if let problem = reader.takeProblem() { throw problem }
            if !isCaughtUp, reader.isCaughtUp {
                isCaughtUp = true
                caughtUp()
            }
            let now = monotonicMilliseconds()
            if now >= nextCleaning {
                nextCleaning = now + 60_000
                self.cancelled.removeOutdated(now: WireTime.now)
            }
        }
    }

    private func take(_ record: ConsumedRecord) {
        let decoded: Result<ControlRecord, WireError> = record.withView { view in
            Result { () throws(WireError) in try ControlRecord(decoding: view) }
        }
        switch decoded {
        case .success(let command):
            switch self.cancelled.take(command, timestamp: record.timestamp, now: WireTime.now) {
            case .cancelled: self.count("cancel")
            case .withdrawn: self.count("withdrawn")
            case .outdated: self.count("outdated")
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
