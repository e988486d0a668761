import FleetTestKit
import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Synchronization
import Testing
import Wire
import WorkerRuntime

@Suite("Order and concurrency", .timeLimit(.minutes(1)))
struct OrderTests {
    @Test("requests of one key run in order, those of other keys beside them, and drain loses nothing of them")
    func perKey() async throws {
        let broker = try EmbeddedBroker.withTopics()
        let running = Mutex<(perKey: [String: Int], order: [String: [Int]], overlap: Bool, now: Int, peak: Int)>(([:], [:], false, 0, 0))
        let orchestrator = ClosureOrchestrator("note") { _, arguments in
            let key = arguments["key"]?.stringValue ?? ""
            let number = Int(arguments["n"]?.integerValue ?? -1)
            running.withLock { state in
                state.perKey[key, default: 0] += 1
                state.now += 1
                state.peak = max(state.peak, state.now)
                if state.perKey[key] != 1 { state.overlap = true }
                state.order[key, default: []].append(number)
            }
            for _ in 0..<(number % 7) { await Task.yield() }
            if number == 0 {
                // Holds its key until every key has begun: without concurrency this would wait for ever.
                try await eventually("all keys at once", tick: .milliseconds(2)) { running.withLock { $0.order.count } == 8 }
            }
            running.withLock { state in
                state.perKey[key, default: 0] -= 1
                state.now -= 1
            }
            return .ok()
        }
        let facade = OrchestrationFacade(logger: .silent)
        try facade.register(orchestrator)
        let names = TopicNames()
        let worker = Worker(.domain, configuration: broker.configuration, facade: facade, logger: .silent)
        var records: [(key: String, value: [UInt8], headers: RecordHeaders)] = []
        for number in 0..<50 {
            for key in 0..<8 {
                let kwargs: JSONObject = ["key": .string("k\(key)"), "n": .integer(Int64(number))]
                let (value, headers) = Request(id: "\(key)-\(number)", orchestrator: "note", tenantID: "acme", kwargs: kwargs).encode()
                records.append(("k\(key)", value, headers))
            }
        }
        try broker.send(records, to: names.requests(.domain))
        try await withRunning(worker) {
            try await eventually("400 requests", deadline: .now + .seconds(30)) {
                running.withLock { $0.order.values.reduce(0) { $0 + $1.count } } == 400
            }
            worker.drain()
        }
        let state = running.withLock { $0 }
        #expect(!state.overlap && state.peak >= 8)
        #expect(state.order.values.allSatisfy { $0 == Array(0..<50) } && state.order.count == 8)
        // Everything is answered once and committed.
        let replies = try await broker.readAll([names.results(.domain)])
        #expect(Set(replies.compactMap { $0.headers["ce_causationid"] }).count == 400 && replies.count == 400)
        #expect(try await broker.committed(group: "fleet.domain", TopicPartition(topic: names.requests(.domain), partition: 0)) == 400)
    }
}

@Suite("The end of a worker", .timeLimit(.minutes(1)))
struct EndTests {
    private let names = TopicNames()
    private var requests: TopicPartition { TopicPartition(topic: self.names.requests(.domain), partition: 0) }

    private func worker(
        _ broker: EmbeddedBroker,
        _ stage: Stage,
        _ configure: (inout WorkerConfiguration) -> Void = { _ in }
    ) throws -> Worker {
        let facade = OrchestrationFacade(logger: .silent)
        try facade.register(
            ClosureOrchestrator("play") { context, _ in
                try await stage.play(context.requestID)
                return .ok()
            }
        )
        var configuration = broker.configuration
        configuration.concurrency = 2
        // Commits come with the drain only.
        configuration.commitInterval = 600_000
        configure(&configuration)
        return Worker(.domain, configuration: configuration, facade: facade, logger: .silent)
    }

    @Test("drain finishes, answers and commits what runs, and takes nothing more; what is left runs next time")
    func drain() async throws {
        let broker = try EmbeddedBroker.withTopics()
        try broker.send((0..<5).map { Request(id: "\($0)", orchestrator: "play", tenantID: "acme") })
        let stage = Stage()
        let first = try self.worker(broker, stage)
        try await withRunning(first) {
            try await eventually("the first handler") { stage.started == ["0"] }
            first.drain()
            try await eventually("draining") { first.health.unreadyReason == "draining" }
            stage.open()
        }
        #expect(stage.started == ["0"] && stage.ended == ["0"])
        #expect(try await broker.readAll([self.names.results(.domain)]).map { $0.headers["ce_causationid"] } == ["0"])
        #expect(try await broker.committed(group: "fleet.domain", self.requests) == 1)

        let next = Stage()
        next.open()
        let second = try self.worker(broker, next)
        try await withRunning(second) {
            try await eventually("the others") { next.ended.count == 4 }
            second.drain()
        }
        #expect(next.ended == ["1", "2", "3", "4"])
        #expect(try await broker.committed(group: "fleet.domain", self.requests) == 5)
    }

    @Test("stop cancels what runs and commits nothing of it")
    func stop() async throws {
        let broker = try EmbeddedBroker.withTopics()
        try broker.send([Request(id: "0", orchestrator: "play", tenantID: "acme")])
        let stage = Stage()
        let worker = try self.worker(broker, stage)
        try await withRunning(worker) {
            try await eventually("the handler") { stage.started == ["0"] }
            worker.stop()
        }
        #expect(stage.ended.isEmpty)
        #expect(try await broker.readAll([self.names.results(.domain)]).isEmpty)
        #expect(try await broker.committed(group: "fleet.domain", self.requests) < 1)
    }

    @Test("a drain whose time is over cancels what runs and commits nothing of it")
    func drainTimeout() async throws {
        let broker = try EmbeddedBroker.withTopics()
        try broker.send([Request(id: "0", orchestrator: "play", tenantID: "acme")])
        let stage = Stage()
        let worker = try self.worker(broker, stage) { $0.drainTimeout = 50 }
        try await withRunning(worker) {
            try await eventually("the handler") { stage.started == ["0"] }
            // Nobody opens the stage: only the cancellation can end the handler.
            worker.drain()
        }
        #expect(stage.ended.isEmpty)
        #expect(try await broker.committed(group: "fleet.domain", self.requests) < 1)
    }

    @Test("a worker that was told to end before it ran ends at once", arguments: [true, false])
    func endBeforeRun(_ drains: Bool) async throws {
        let worker = try self.worker(EmbeddedBroker.withTopics(), Stage())
        drains ? worker.drain() : worker.stop()
        try await worker.run()
    }
}
