import KafkaClient
import Synchronization
import Wire
import WorkerRuntime

/// Random numbers that a seed repeats (SplitMix64: Steele, Lea and Flood, 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Sends requests at a steady pace until it is told to stop, whatever becomes of the brokers.
final class ChaosLoad: Sendable {
    private final class Box: Sendable {
        let isEnded = Atomic<Bool>(false)
    }

    private let box = Box()
    private let task: Task<(sent: Int, acknowledged: Set<Int>), any Error>

    /// - Parameter makeRecord: makes the record of a number; told in order.
    init(_ drill: Drill, perSecond: Int, _ makeRecord: @escaping @Sendable (Int) -> TestRecord) {
        let (box, topic) = (self.box, drill.requests)
        // librdkafka before 2.3.0 gives an idempotent producer up when a broker dies at the wrong moment (confluentinc/librdkafka#4438). With one
        // request under way at a time the order holds all the same; a request may come twice.
        let configuration = drill.topics.configuration.merging([
            "enable.idempotence": "false", "max.in.flight.requests.per.connection": "1",
        ])
        self.task = Task {
            try await onOwnThread {
                let wake = WakeSignal()
                let producer = try KafkaProducer(configuration: configuration, observer: .silent, wake: wake)
                let topic = try producer.topic(topic)
                var (sent, reported, acknowledged) = (0, 0, Set<Int>())
                func readReports() {
                    producer.readReports { token, error in
                        reported += 1
                        if error == nil { acknowledged.insert(Int(token) - 1) }
                    }
                }
                let began = HandlerRuns.now
                while !box.isEnded.load(ordering: .acquiring) || reported < sent {
                    wake.wait(milliseconds: 10)
                    readReports()
                    let due = Int(HandlerRuns.now - began) * perSecond / 1_000_000_000
                    while sent < due, !box.isEnded.load(ordering: .acquiring) {
                        // Token 0 would have no report.
                        let outcome = producer.produce(makeRecord(sent), to: topic, token: UInt(sent + 1))
                        if case .refused(let error) = outcome { throw error }
                        guard outcome == .accepted else { break }
                        sent += 1
                    }
                }
                return (sent, acknowledged)
            }
        }
    }

    deinit { self.box.isEnded.store(true, ordering: .releasing) }

    /// Sends no more and returns when the brokers have acknowledged everything, or given it up.
    func stop() async throws -> (sent: Int, acknowledged: Set<Int>) {
        self.box.isEnded.store(true, ordering: .releasing)
        return try await self.task.value
    }
}
