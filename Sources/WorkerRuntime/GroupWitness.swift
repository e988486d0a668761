import Delivery
import KafkaClient
import Observability
import Synchronization

/// What the group says about its members.
struct Testimony: Sendable {
    /// Monotonic milliseconds when it was asked.
    let askedAt: Int64
    /// The numbers of the processes in it; nil when it cannot be asked, now or ever.
    let alive: Set<UInt32>?
    /// It cannot be asked: what is known stands.
    let isFinal: Bool
}

/// Asks, on threads of its own, which processes are in a group.
final class GroupWitness: Sendable {
    private let group: String
    private let configuration: KafkaConfiguration
    private let logger: Logger
    private let throttle = LogThrottle()
    private let isAsking = Atomic<Bool>(false)

    init(group: String, configuration: KafkaConfiguration, logger: Logger) {
        self.group = group
        self.configuration = configuration
        self.logger = logger
    }

    /// Asks unless it does already; the answer goes to the mailbox.
    func ask(_ answers: Mailbox<Testimony>) {
        guard !self.isAsking.exchange(true, ordering: .acquiringAndReleasing) else { return }
        Task {
            let askedAt = monotonicMilliseconds()
            let answer: Testimony
            do {
                let clients = try await onOwnThread { [group, configuration, logger] in
                    var silent = logger
                    silent.logLevel = .critical
                    let admin = try KafkaAdmin(configuration: configuration, observer: KafkaObserver(logger: silent))
                    return try admin.clientIDs(inGroup: group, milliseconds: 3_000)
                }
                answer = Testimony(
                    askedAt: askedAt,
                    alive: Set(clients.compactMap { GroupMember($0, group: self.group)?.process }),
                    isFinal: false
                )
            } catch {
                let passes = (error as? KafkaError)?.isRetriable ?? false
                if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
                    let metadata: Logger.Metadata = ["group": "\(self.group)", "error": "\(error)"]
                    self.logger.notice("the group does not tell who is in it", metadata: metadata.merging(leftOut) { $1 })
                }
                answer = Testimony(askedAt: askedAt, alive: nil, isFinal: !passes)
            }
            self.isAsking.store(false, ordering: .releasing)
            answers.send(answer)
        }
    }
}

/// Accused processes, and what the group says about them.
extension DeliveryLoop {
    /// Milliseconds that an accused process has to show up in the group again.
    ///
    /// Its partitions go on after a session, 6 s; so it may be cut off for 20 s and is not taken for dead.
    static let testimonyPatience: Int64 = 15_000

    /// Asks the group about accused processes, and passes on what it has told.
    func hearTestimonies(_ now: Int64) {
        self.testimonies.take(into: &self.testimonyLetters)
        for (_, entry) in self.assigned where !self.testimonyLetters.isEmpty && !self.machine.accused(of: entry.index).isEmpty {
            for testimony in self.testimonyLetters where testimony.askedAt >= entry.since {
                let isLast =
                    testimony.isFinal || testimony.alive != nil && testimony.askedAt - entry.since >= DeliveryLoop.testimonyPatience
                guard testimony.alive != nil || isLast else { continue }
                self.machine.heard(entry.index, alive: testimony.alive ?? [], isLast: isLast)
            }
        }
        self.hasAccused = self.assigned.values.contains { !self.machine.accused(of: $0.index).isEmpty }
        guard self.hasAccused, now >= self.nextQuestion else { return }
        self.nextQuestion = now + 1_000
        self.witness.ask(self.testimonies)
    }
}
