import KafkaClient
import Observability
import Synchronization
import Wire

/// Reads a whole topic, or what is not too old of it, on a thread of its own and in no group, and goes on reading what comes.
///
/// A topic that is missing or cannot be read stops nothing: that is logged once, and tried again from its beginning.
final class TableReader: Sendable {
    /// What is done with what is read; everything is called on the reader's thread.
    struct Events: Sendable {
        let take: @Sendable (ConsumedRecord) -> Void
        /// Everything has been taken that was there when this mark was made; 0 is the start.
        let caughtUp: @Sendable (_ mark: Int) -> Void
        /// The topic cannot be read, and that does not pass by itself: waiting for it is of no use.
        let givenUp: @Sendable () -> Void
        /// Called about once a minute.
        let clean: @Sendable () -> Void
    }

    /// What stands in the log.
    struct Wording: Sendable {
        /// The name of the Kafka client in metrics.
        let client: String
        /// A topic that cannot be read, a warning.
        let isMissing: String
        /// It can be read again.
        let isBack: String
    }

    /// Milliseconds until a topic is tried again that cannot be read; doubled each time up to the longest.
    private static let pause: Int32 = 1_000
    private static let longestPause: Int32 = 60_000

    private let topic: String
    /// Milliseconds before now that reading begins with; nil: with the topic's beginning.
    private let span: Int64?
    private let configuration: KafkaConfiguration
    private let wording: Wording
    private let events: Events
    private let logger: Logger
    private let registry: MetricsRegistry
    private let wake = WakeSignal()
    private let isEnding = Atomic<Bool>(false)
    private let newestMark = Atomic<Int>(0)

    init(
        topic: String,
        span: Int64? = nil,
        configuration: KafkaConfiguration,
        wording: Wording,
        logger: Logger,
        registry: MetricsRegistry,
        events: Events
    ) {
        self.topic = topic
        self.span = span
        self.configuration = configuration
        self.wording = wording
        self.logger = logger
        self.registry = registry
        self.events = events
    }

    /// Reads until ``end()``.
    func run() async {
        do {
            try await onOwnThread { self.read() }
        } catch {
            self.logger.warning("\(self.wording.isMissing)", metadata: ["topic": "\(self.topic)", "error": "\(error)"])
            self.events.givenUp()
        }
    }

    /// Ends the reading soon.
    func end() {
        self.isEnding.store(true, ordering: .releasing)
        self.wake.raise()
    }

    /// Has ``Events/caughtUp`` called with this mark when everything has been taken that is in the topic now; a mark is greater than those before.
    func mark(_ number: Int) {
        self.newestMark.store(number, ordering: .releasing)
        self.wake.raise()
    }

    private var goesOn: Bool { !self.isEnding.load(ordering: .acquiring) }

    // MARK: The thread

    private func read() {
        var pause = TableReader.pause
        var isMissed = false
        while self.goesOn {
            do throws(KafkaError) {
                try self.readTopic { mark in
                    pause = TableReader.pause
                    self.events.caughtUp(mark)
                    if isMissed { self.logger.info("\(self.wording.isBack)", metadata: ["topic": "\(self.topic)"]) }
                    isMissed = false
                }
            } catch {
                guard self.goesOn else { return }
                if !isMissed {
                    self.logger.warning("\(self.wording.isMissing)", metadata: ["topic": "\(self.topic)", "error": "\(error)"])
                }
                isMissed = true
                // A broker that is away comes back, and what waits for it meanwhile has nothing to do.
                if error.isRetriable { pause = TableReader.pause } else { self.events.givenUp() }
                self.wake.wait(milliseconds: pause)
                pause = min(pause * 2, TableReader.longestPause)
            }
        }
    }

    /// Reads the topic until ``end()`` or until something is wrong with it.
    private func readTopic(_ caughtUp: (_ mark: Int) -> Void) throws(KafkaError) {
        // The worker's other clients say what is wrong with the broker.
        var silent = self.logger
        silent.logLevel = .critical
        let observer = KafkaObserver(
            logger: silent,
            onError: { [registry, wording] in registry.counter(.kafkaErrors, wording.client, $0.name).increment() }
        )
        // Asked before the reader looks where the topic ends.
        var mark = self.newestMark.load(ordering: .acquiring)
        let reader = try TopicReader(
            configuration: self.configuration,
            observer: observer,
            topics: [self.topic],
            from: self.span.map { .time(WireTime.now - $0) } ?? .beginning,
            wake: self.wake
        )
        var told = -1
        var nextCleaning: Int64 = 0
        while self.goesOn {
            let newest = self.newestMark.load(ordering: .acquiring)
            if newest > mark {
                mark = newest
                try reader.markEnds()
            }
            if told < mark, reader.isCaughtUp {
                told = mark
                caughtUp(mark)
            }
            for record in try reader.read(milliseconds: 60_000) { self.events.take(record) }
            if let problem = reader.takeProblem() { throw problem }
            let now = monotonicMilliseconds()
            if now >= nextCleaning {
                nextCleaning = now + 60_000
                self.events.clean()
            }
        }
    }
}
