import KafkaClient
import KafkaProcess
import Orchestration
import Synchronization
import Testing
import Wire
import WorkerRuntime

@Suite("A worker with as many handlers as keys", .timeLimit(.minutes(2)))
struct ManyKeysTests {
    private static let keys = 1_000

    @Test("handles all of them at the same time")
    func overlap() async throws {
        let broker = try EmbeddedBroker.withTopics(partitions: 8)
        let running = Mutex<(now: Int, peak: Int, ended: Int)>((0, 0, 0))
        let facade = OrchestrationFacade(logger: .silent)
        try facade.register(
            ClosureOrchestrator("wait") { context, _ in
                running.withLock { state in
                    state.now += 1
                    state.peak = max(state.peak, state.now)
                }
                try await context.clock.sleep(.milliseconds(3))
                // Nobody ends before all have begun: with fewer at a time this would wait for ever.
                try await eventually("all keys at once", deadline: .now + .seconds(60), tick: .milliseconds(20)) {
                    running.withLock { $0.peak } == Self.keys
                }
                running.withLock { state in
                    state.now -= 1
                    state.ended += 1
                }
                return .ok()
            }
        )
        var configuration = broker.configuration
        configuration.concurrency = Self.keys
        configuration.signals = .off
        let worker = Worker(.domain, configuration: configuration, facade: facade, logger: .silent)
        try await withRunning(worker) {
            let records = (0..<Self.keys).map { number in
                let (value, headers) = Request(id: "\(number)", orchestrator: "wait", tenantID: "acme").encode()
                return ("key-\(number)", value, headers)
            }
            try broker.send(records, to: TopicNames().requests(.domain))
            try await eventually("every reply", deadline: .now + .seconds(60), tick: .milliseconds(50)) {
                let replies = try await broker.readAll([TopicNames().results(.domain)])
                return Set(replies.compactMap { $0.headers["ce_causationid"] }).count == Self.keys
            }
            worker.drain()
        }
        #expect(running.withLock { $0.peak == Self.keys && $0.ended == Self.keys })
    }
}
