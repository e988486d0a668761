import KafkaClient
import Synchronization

/// Something that consumes until it is told to end: a ``Worker`` or a ``FeedbackWorker``.
public protocol FleetService: Sendable {
    /// Works until ``drain()`` or ``stop()``.
    func run() async throws
    /// Takes nothing more, finishes what runs, commits, and lets ``run()`` return.
    func drain()
    /// Lets ``run()`` return now; what is unfinished runs again elsewhere.
    func stop()
    /// How it is doing.
    var health: ServiceHealth { get }
}

/// How a service is doing, readable from any thread at any time.
public final class ServiceHealth: Sendable {
    private let lastTurn = Atomic<Int64>(0)
    private let isAssigned = Atomic<Bool>(false)
    private let isDraining = Atomic<Bool>(false)
    private let isLookingAtRetries = Atomic<Bool>(false)
    private let unfinished = Atomic<Int>(0)
    private let patience: Int64
    private let statistics: KafkaStatistics

    init(patience: Int, statistics: KafkaStatistics) {
        self.patience = Int64(patience)
        self.statistics = statistics
    }

    func turned(at milliseconds: Int64) { self.lastTurn.store(milliseconds, ordering: .relaxed) }
    func assigned() { self.isAssigned.store(true, ordering: .relaxed) }
    func ended(unfinished: Int) { self.unfinished.store(unfinished, ordering: .releasing) }
    func looksAtRetries(_ looks: Bool) { self.isLookingAtRetries.store(looks, ordering: .relaxed) }
    func draining() { self.isDraining.store(true, ordering: .relaxed) }

    /// Records that had been taken and were not finished when it ended; they run again elsewhere.
    public var unfinishedRecords: Int { self.unfinished.load(ordering: .acquiring) }

    /// It has joined its group.
    public var hasStarted: Bool { self.isAssigned.load(ordering: .relaxed) }

    /// Its loop turns: it looked at its queues within the drain's time and half a minute.
    ///
    /// A broker that is away does not make it dead.
    public var isLive: Bool {
        let last = self.lastTurn.load(ordering: .relaxed)
        return last == 0 || monotonicMilliseconds() - last < self.patience
    }

    /// Why it takes no requests now; nil when it does.
    public var unreadyReason: String? {
        if self.isDraining.load(ordering: .relaxed) { return "draining" }
        if self.isLookingAtRetries.load(ordering: .relaxed) { return "reads its retry topics" }
        if !self.hasStarted { return "not in its group yet" }
        if !self.statistics.isBrokerReachable { return "no broker reachable" }
        return nil
    }
}
