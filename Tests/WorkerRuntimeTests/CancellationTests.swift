import FleetTestKit
import JSON
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Synchronization
import Testing
import Wire
import WorkerRuntime

extension EmbeddedBroker {
    fileprivate typealias ControlRecord = (key: [UInt8], value: [UInt8]?, headers: RecordHeaders)

    /// Puts commands to cancel requests on the control topic.
    fileprivate func cancel(_ requestIDs: [String], _ reason: String? = nil) throws {
        try self.control(
            requestIDs.map { id in
                let command = ControlCommand(.cancel(requestID: id), reason: reason, issuedBy: "test", time: WireTime.now)
                let (value, headers) = command.encode(source: "/test", time: WireTime.now)
                return (command.key, value, headers)
            }
        )
    }

    fileprivate func cancel(_ requestID: String, _ reason: String? = nil) throws { try self.cancel([requestID], reason) }

    /// Puts any records on the control topic and waits until the broker has them.
    fileprivate func control(_ records: [ControlRecord]) throws {
        let producer = try KafkaProducer(
            configuration: KafkaConfiguration(bootstrapServers: self.bootstrapServers).merging(["linger.ms": "0"]),
            observer: KafkaObserver(logger: .silent)
        )
        let topic = try producer.topic(TopicNames().control)
        for record in records {
            let outcome = record.headers.withView { headers in
                record.key.withUnsafeBytes { key in
                    guard let value = record.value else {
                        return producer.produce(to: topic, key: key, value: nil, headers: headers, token: 1)
                    }
                    return value.withUnsafeBytes { producer.produce(to: topic, key: key, value: $0, headers: headers, token: 1) }
                }
            }
            #expect(outcome == .accepted)
        }
        while producer.queueLength > 0 { producer.flush(milliseconds: 100) { #expect($1 == nil) } }
    }
}

/// Ids of requests that began, and handlers that wait for their end.
private final class Runs: Sendable {
    private let ids = Mutex<[String]>([])
    private let isOpen = Atomic<Bool>(false)

    var all: [String] { self.ids.withLock { $0 } }
    func count(_ id: String) -> Int { self.all.count { $0 == id } }
    func note(_ id: String) { self.ids.withLock { $0.append(id) } }
    /// Lets deaf handlers end.
    func open() { self.isOpen.store(true, ordering: .releasing) }
    var isReleased: Bool { self.isOpen.load(ordering: .acquiring) }

    var orchestrators: [any Orchestrator] {
        [
            ClosureOrchestrator("done") { context, arguments in
                self.note(context.requestID)
                return .ok(arguments.object)
            },
            // Waits until it is cancelled.
            ClosureOrchestrator("hold") { context, _ in
                self.note(context.requestID)
                try await context.clock.sleep(.seconds(600))
                return .ok()
            },
            // Takes its cancellation for a failure that passes.
            ClosureOrchestrator("mistaken") { context, _ in
                self.note(context.requestID)
                try? await context.clock.sleep(.seconds(600))
                return .networkError()
            },
            // Fails at once, and wants to be tried again a little later.
            ClosureOrchestrator("flaky") { context, _ in
                self.note(context.requestID)
                return .fail("busy", category: .network, retryable: true, metadata: ["retry_after": 5])
            },
            // Does not care.
            ClosureOrchestrator("deaf") { context, _ in
                self.note(context.requestID)
                while !self.isReleased { await Task.detached { try? await Task.sleep(for: .milliseconds(5)) }.value }
                return .ok()
            },
        ]
    }
}

/// A worker, what it counts and logs, and the broker that it works on.
private struct Scene: Sendable {
    let broker: EmbeddedBroker
    let runs = Runs()
    let registry = MetricsRegistry()
    let log: InMemoryLogHandler
    let worker: Worker
    let names = TopicNames()

    /// - Parameter grace: what a cancelled handler has to end in.
    init(_ broker: EmbeddedBroker? = nil, grace: Duration = .seconds(1), _ configure: (inout WorkerConfiguration) -> Void = { _ in }) throws
    {
        self.broker = try broker ?? EmbeddedBroker.withTopics()
        let (handler, logger) = InMemoryLogHandler.makeLogger(level: .info)
        self.log = handler
        var configuration = self.broker.configuration
        configure(&configuration)
        let facade = OrchestrationFacade(logger: logger, cancellationGrace: grace)
        for orchestrator in self.runs.orchestrators { try facade.register(orchestrator) }
        self.worker = Worker(.domain, configuration: configuration, facade: facade, logger: logger, registry: self.registry)
    }

    func send(_ orchestrator: String, _ id: String, key: String) throws {
        try self.broker.send([Request(id: "event-\(id)", orchestrator: orchestrator, tenantID: "acme", requestID: id)], key: key)
    }

    /// The replies to a request so far.
    func replies(_ id: String) async throws -> [Reply] {
        let records = try await self.broker.readAll([self.names.results(.domain)])
        return try records.map { try Reply(decoding: $0.value ?? []) }.filter { $0.requestID == id }
    }

    func reply(_ id: String) async throws -> Reply {
        var replies: [Reply] = []
        try await eventually("the reply of \(id)", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
            replies = try await self.replies(id)
            return !replies.isEmpty
        }
        return replies[0]
    }

    func waitUntilBegun(_ id: String, _ count: Int = 1) async throws {
        try await eventually("the start of \(id)", deadline: .now + .seconds(30), tick: .milliseconds(2)) { self.runs.count(id) >= count }
    }

    /// Waits until the worker has taken so many records of a kind from the control topic.
    func waitUntilTaken(_ outcome: String, _ count: Int64) async throws {
        let counter = self.registry.counter(.controlRecords, "domain", outcome)
        try await eventually("\(count) control records: \(outcome)", deadline: .now + .seconds(30), tick: .milliseconds(2)) {
            counter.value >= count
        }
    }

    func cancelled(_ stage: String) -> Int64 { self.registry.counter(.recordsCancelled, "domain", stage).value }

    /// Nothing was put away or tried again, and everything that was sent is committed.
    func expectCleanEnd(requests: Int64) async throws {
        #expect(try await self.broker.readAll([self.names.deadLetters(.domain)]).isEmpty)
        let source = TopicPartition(topic: self.names.requests(.domain), partition: 0)
        #expect(try await self.broker.committed(group: "fleet.domain", source) == requests)
    }
}

@Suite("Cancellation by request id", .timeLimit(.minutes(2)))
struct CancellationTests {
    private func expectCancelled(_ reply: Reply, _ reason: String) {
        #expect(reply.result.isCancelled && reply.result.status == "cancelled" && !reply.result.success && !reply.result.retryable)
        #expect(reply.result.error == reason && reply.result.metadata["cancelled_by"] == "test")
        #expect(reply.result.errorCategory == nil)
    }

    @Test("running, waiting in a lane, not yet there, unknown, finished, withdrawn: each is answered once, and nothing else is touched")
    func everyState() async throws {
        let scene = try Scene()
        try await withRunning(scene.worker) {
            // Runs, and another waits behind it in its lane, and a third one that nobody cancels.
            try scene.send("hold", "running", key: "a")
            try scene.send("done", "waiting", key: "a")
            try scene.send("done", "behind", key: "a")
            try scene.send("mistaken", "mistaken", key: "b")
            try scene.send("done", "finished", key: "c")
            try await scene.waitUntilBegun("running")
            try await scene.waitUntilBegun("mistaken")
            _ = try await scene.reply("finished")

            try scene.broker.cancel("waiting", "not this one")
            try scene.broker.cancel("unknown")
            try scene.broker.cancel("finished")
            try scene.broker.cancel("early", "never mind")
            try scene.broker.cancel("withdrawn")
            try scene.broker.control([(ControlScope.request("withdrawn").key, nil, RecordHeaders())])
            try await scene.waitUntilTaken("cancel", 5)
            try await scene.waitUntilTaken("withdrawn", 1)
            // The lane is still held: the one that waits has no answer.
            #expect(try await scene.replies("waiting").isEmpty)
            #expect(scene.runs.count("waiting") == 0)
            try scene.broker.cancel("running", "enough")
            try scene.broker.cancel("mistaken", "enough")
            try scene.send("hold", "early", key: "d")
            try scene.send("done", "withdrawn", key: "d")

            self.expectCancelled(try await scene.reply("running"), "enough")
            self.expectCancelled(try await scene.reply("waiting"), "not this one")
            self.expectCancelled(try await scene.reply("mistaken"), "enough")
            self.expectCancelled(try await scene.reply("early"), "never mind")
            for id in ["behind", "withdrawn"] { #expect(try await scene.reply(id).result.success, "\(id)") }
            scene.worker.drain()
        }
        for id in ["running", "waiting", "mistaken", "early", "behind", "withdrawn", "finished"] {
            #expect(try await scene.replies(id).count == 1, "\(id)")
            #expect(scene.runs.count(id) == (["waiting", "early"].contains(id) ? 0 : 1), "\(id)")
        }
        #expect(try await scene.replies("unknown").isEmpty)
        #expect(scene.cancelled("running") == 2 && scene.cancelled("waiting") == 2)
        #expect(scene.registry.counter(.recordsRetried, "domain").value == 0)
        let lines = scene.log.entries.filter { $0.message == "request cancelled" }
        #expect(lines.count == 4 && lines.allSatisfy { $0.level == .info && $0.metadata["issued_by"] == "test" })
        #expect(Set(lines.compactMap { $0.metadata["request_id"]?.description }) == ["running", "waiting", "mistaken", "early"])
        try await scene.expectCleanEnd(requests: 7)
    }

    @Test("a request that failed and waits for its next attempt is answered when its turn comes, without another attempt")
    func parked() async throws {
        let scene = try Scene()
        try await withRunning(scene.worker) {
            try scene.send("flaky", "parked", key: "a")
            try await scene.waitUntilBegun("parked")
            try await eventually("a parked request", tick: .milliseconds(2)) {
                scene.registry.counter(.recordsRetried, "domain").value == 1
            }
            try scene.broker.cancel("parked", "enough")
            let reply = try await scene.reply("parked")
            self.expectCancelled(reply, "enough")
            #expect(reply.attempt == 2)
            scene.worker.drain()
        }
        #expect(scene.runs.count("parked") == 1)
        try await scene.expectCleanEnd(requests: 1)
    }

    @Test("a command that was given before the worker started counts for what waited, too")
    func beforeTheStart() async throws {
        let scene = try Scene()
        try scene.broker.send((0..<200).map { Request(id: "\($0)", orchestrator: "done", tenantID: "acme") })
        try scene.broker.cancel((0..<100).map { "\($0 * 2)" }, "enough")
        try await withRunning(scene.worker) {
            try await eventually("200 replies", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
                try await scene.broker.readAll([scene.names.results(.domain)]).count == 200
            }
            scene.worker.drain()
        }
        #expect(Set(scene.runs.all) == Set((0..<100).map { "\($0 * 2 + 1)" }) && scene.runs.all.count == 100)
        #expect(scene.cancelled("waiting") == 100)
    }

    @Test("a handler that ignores its cancellation is given up, and holds nobody up, not even where there is room for one only")
    func ignored() async throws {
        let scene = try Scene { $0.concurrency = 1 }
        try await withRunning(scene.worker) {
            try scene.send("deaf", "deaf", key: "a")
            try scene.send("done", "same key", key: "a")
            try scene.send("done", "other key", key: "b")
            try await scene.waitUntilBegun("deaf")
            #expect(scene.runs.all == ["deaf"])
            try scene.broker.cancel("deaf", "enough")
            let reply = try await scene.reply("deaf")
            self.expectCancelled(reply, "enough")
            #expect(reply.result.metadata["stuck"] == true)
            for id in ["same key", "other key"] { #expect(try await scene.reply(id).result.success, "\(id)") }
            #expect(!scene.runs.isReleased)
            scene.runs.open()
            scene.worker.drain()
        }
        #expect(try await scene.replies("deaf").count == 1)
        #expect(scene.log.entries.contains { $0.message == "orchestrator_stuck" })
        try await scene.expectCleanEnd(requests: 3)
    }

    @Test("whoever ran what was cancelled is replaced, however often that happens")
    func replaced() async throws {
        let scene = try Scene { $0.concurrency = 1 }
        try await withRunning(scene.worker) {
            for number in 0..<6 {
                let (id, orchestrator) = ("r\(number)", number.isMultiple(of: 2) ? "hold" : "mistaken")
                try scene.send(orchestrator, id, key: "a")
                try await scene.waitUntilBegun(id)
                try scene.broker.cancel(id, "enough")
                self.expectCancelled(try await scene.reply(id), "enough")
                try scene.send("done", "after \(id)", key: "a")
                #expect(try await scene.reply("after \(id)").result.success)
            }
            scene.worker.drain()
        }
        #expect(scene.runs.all.count == 12)
        try await scene.expectCleanEnd(requests: 12)
    }

    @Test("a handler that ends while it is given up is answered once, and its runner replaced once")
    func givenUpAtItsEnd() async throws {
        let scene = try Scene(grace: .zero) { $0.concurrency = 4 }
        let ids = (0..<100).map { "r\($0)" }
        try await withRunning(scene.worker) {
            for id in ids { try scene.send("hold", id, key: id) }
            for id in ids {
                try await scene.waitUntilBegun(id)
                try scene.broker.cancel(id, "enough")
            }
            try scene.send("done", "last", key: "last")
            #expect(try await scene.reply("last").result.success)
            try await eventually("all replies", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
                try await scene.broker.readAll([scene.names.results(.domain)]).count >= 101
            }
            scene.worker.drain()
        }
        let replies = try await scene.broker.readAll([scene.names.results(.domain)]).map { try Reply(decoding: $0.value ?? []) }
        #expect(replies.map(\.requestID).sorted() == (ids + ["last"]).sorted())
        #expect(replies.allSatisfy { $0.requestID == "last" || $0.result.isCancelled })
        try await scene.expectCleanEnd(requests: 101)
    }

    @Test("broken records, those of later versions and those for others are counted, and the next command counts all the same")
    func strangers() async throws {
        let scene = try Scene()
        try await withRunning(scene.worker) {
            try scene.broker.control([
                (Array("layer/domain".utf8), Array(#"{"command":"pause"}"#.utf8), RecordHeaders()),
                (Array("request/x".utf8), Array(#"{"command":"hurry"}"#.utf8), RecordHeaders()),
                (Array("request/x".utf8), Array("{".utf8), RecordHeaders()),
                ([0xff], Array(#"{"command":"cancel"}"#.utf8), RecordHeaders()),
                (Array("request/".utf8), nil, RecordHeaders()),
                (Array("component/model/y".utf8), Array(#"{"command":"disable"}"#.utf8), RecordHeaders()),
                (Array("experiment/y".utf8), nil, RecordHeaders()),
            ])
            try scene.broker.cancel("y")
            try await scene.waitUntilTaken("unknown", 2)
            try await scene.waitUntilTaken("broken", 3)
            try await scene.waitUntilTaken("elsewhere", 2)
            try await scene.waitUntilTaken("cancel", 1)
            try scene.send("done", "x", key: "a")
            try scene.send("done", "y", key: "a")
            #expect(try await scene.reply("y").result.isCancelled)
            #expect(try await scene.reply("x").result.success)
            scene.worker.drain()
        }
        #expect(scene.log.entries.count { $0.message == "a broken command is ignored" } == 3)
        #expect(scene.log.entries.count { $0.message == "a command that is not known here is ignored" } == 2)
    }

    @Test("without its control topic a worker works, says so once, and finds the topic when it is there")
    func missingTopic() async throws {
        let broker = try EmbeddedBroker(logger: .silent)
        let names = TopicNames()
        for name in names.all where name != names.control { try broker.createTopic(name, partitions: 1) }
        let scene = try Scene(broker)
        let missing = "requests cannot be cancelled here until the control topic can be read"
        try await withRunning(scene.worker) {
            try scene.send("done", "first", key: "a")
            #expect(try await scene.reply("first").result.success)
            try await eventually("the warning") { scene.log.entries.contains { $0.message == missing } }
            try broker.createTopic(names.control, partitions: 3)
            try broker.cancel("second")
            try await scene.waitUntilTaken("cancel", 1)
            try scene.send("done", "second", key: "a")
            #expect(try await scene.reply("second").result.isCancelled)
            scene.worker.drain()
        }
        let lines = scene.log.entries.filter { $0.message == missing }
        #expect(lines.count == 1 && lines[0].level == .warning && lines[0].metadata["error"]?.description.contains("fleet.control") == true)
        #expect(scene.log.entries.contains { $0.message == "the control topic is read again" })
    }
}
