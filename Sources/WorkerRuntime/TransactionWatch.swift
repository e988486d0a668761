import KafkaClient
import Observability
import Synchronization

/// Exactly once: ends the transactions that workers left open which are gone from the group, so that readers need not wait for the broker.
///
/// A transactional id is ended by taking it. Should its worker live, it takes its id back (``DeliveryLoop/lost(_:openFor:)``).
final class TransactionWatch: Sendable {
    /// Milliseconds between two looks at the group.
    private static let pause: Int32 = 1_000
    /// Milliseconds that one call waits for the broker.
    private static let patience: Int32 = 2_000

    private let configuration: WorkerConfiguration
    private let group: String
    private let observer: KafkaObserver
    private let wake = WakeSignal()
    private let isEnded = Atomic<Bool>(false)

    init(configuration: WorkerConfiguration, group: String, observer: KafkaObserver) {
        self.configuration = configuration
        self.group = group
        self.observer = observer
    }

    /// Ends ``run()`` as soon as its call to the broker is over.
    func stop() {
        self.isEnded.store(true, ordering: .releasing)
        self.wake.raise()
    }

    /// Looks at the group every second, until it is stopped; blocks its thread.
    func run() throws {
        // Errors of these clients are passing or come up at the delivery's own.
        let observer = KafkaObserver(logger: self.observer.logger)
        var configuration = self.configuration.clientConfiguration("watch-\(self.group)")
        // Nobody polls an admin client, so its statistics would pile up.
        configuration["statistics.interval.ms"] = "0"
        let admin = try KafkaAdmin(configuration: configuration, observer: observer)
        var departed = DepartedWorkers(own: self.configuration.workerID)
        while !self.isEnded.load(ordering: .acquiring) {
            self.wake.wait(milliseconds: TransactionWatch.pause)
            // What cannot be seen now is seen at the next look.
            guard let clients = try? admin.clientIDs(inGroup: self.group, milliseconds: TransactionWatch.patience) else { continue }
            let present = Set(clients.compactMap { GroupMember($0, group: self.group)?.workerID })
            for id in departed.look(present, now: monotonicMilliseconds()) { self.end(id, observer) }
        }
    }

    /// Takes the transactional id of a worker that is gone.
    private func end(_ workerID: String, _ observer: KafkaObserver) {
        var configuration = self.configuration
        configuration.workerID = workerID
        guard let producer = try? KafkaProducer(configuration: configuration.producerConfiguration(group: self.group), observer: observer)
        else { return }
        let deadline = monotonicMilliseconds() + 10_000
        var outcome = producer.initTransactions(milliseconds: TransactionWatch.patience)
        while outcome.isRetriable, monotonicMilliseconds() < deadline, !self.isEnded.load(ordering: .acquiring) {
            outcome = producer.initTransactions(milliseconds: TransactionWatch.patience)
        }
        var metadata: Logger.Metadata = ["left": "\(workerID)"]
        if let error = outcome.error { metadata["error"] = "\(error)" }
        self.observer.logger.info(
            outcome == .success ? "ended the transactions of a worker that left" : "could not end the transactions of a worker that left",
            metadata: metadata
        )
    }
}
