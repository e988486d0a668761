import Feedback
import JSON
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Synchronization
import Testing
import Wire
import WorkerRuntime

@Suite("Feedback worker", .timeLimit(.minutes(1)))
struct FeedbackWorkerTests {
    private func record(_ signal: FeedbackSignal, id: String) -> (key: String, value: [UInt8], headers: RecordHeaders) {
        (
            signal.componentID, SignalCodec.encode(signal, id: id, timestamp: 1_790_000_000),
            SignalCodec.headers(id: id, causedBy: CloudEvent(id: "cause"), source: "/test", time: 1_790_000_000_000)
        )
    }

    @Test("counts signals, publishes snapshots of what changed, and keeps what is no signal as a dead letter")
    func feedback() async throws {
        let broker = try EmbeddedBroker.withTopics()
        let names = TopicNames()
        let registry = MetricsRegistry()
        let worker = FeedbackWorker(
            configuration: broker.configuration,
            schedule: FeedbackSchedule(processingInterval: 20),
            logger: .silent,
            registry: registry
        )
        let newest = { @Sendable () async throws -> [String: PolicySnapshot] in
            var newest: [String: PolicySnapshot] = [:]
            for record in try await broker.readAll([names.policies]) where ComponentID(record.keyText) != nil {
                let snapshot = try PolicySnapshot(decoding: record.value ?? [])
                #expect(record.headers["ce_type"] == PolicySnapshot.type && snapshot.worker == "in-process")
                if let before = newest[record.keyText] { #expect(snapshot.policyVersion > before.policyVersion) }
                newest[record.keyText] = snapshot
            }
            return newest
        }
        try await withRunning(worker) {
            let tools = (0..<10).map { number in
                self.record(
                    FeedbackSignal(
                        source: number < 4 ? .toolExecution : .userExplicit,
                        componentType: .tool,
                        componentID: "grep",
                        reward: number < 5 ? 1 : 0
                    ),
                    id: "t\(number)"
                )
            }
            let bad: [(key: String, value: [UInt8], headers: RecordHeaders)] = [
                ("bad-json", Array("{".utf8), RecordHeaders()),
                (
                    "bad-reward", Array(#"{"source": "agent_task", "component_type": "tool", "component_id": "x", "reward": 7}"#.utf8),
                    RecordHeaders()
                ),
            ]
            try broker.send(Array(tools[..<5]) + bad + Array(tools[5...]), to: names.signals(.tool))
            let agent = FeedbackSignal(source: .agentTask, componentType: .agent, componentID: "grep", reward: 0.25)
            try broker.send([self.record(agent, id: "a")], to: names.signals(.agent))
            try await eventually("all signals in snapshots", deadline: .now + .seconds(20), tick: .milliseconds(100)) {
                let snapshots = try await newest()
                return snapshots["tool/grep"]?.signals == 10 && snapshots["agent/grep"]?.signals == 1
            }
            let snapshots = try await newest()
            #expect(Set(snapshots.keys) == ["tool/grep", "agent/grep"])
            #expect(snapshots["tool/grep"]?.meanReward == 0.5 && snapshots["agent/grep"]?.meanReward == 0.25)
            #expect(snapshots["tool/grep"]?.bySource == [.toolExecution: 4, .userExplicit: 6])
            let standings = try await broker.readAll([names.policies]).filter { $0.headers["ce_type"] == PartitionStanding.type }
            let standing = try PartitionStanding(decoding: #require(standings.last?.value))
            #expect(standings.last?.key == standing.key && standing.worker == "in-process")
            #expect(standing.unread == [.signals(.tool): 0, .signals(.agent): 0] && standing.healthChecks == 0)

            let letters = try await broker.readAll([names.feedbackDeadLetters])
            #expect(letters.map(\.keyText).sorted() == ["bad-json", "bad-reward"])
            for letter in letters {
                #expect(letter.headers["x-dlq-reason"] == (letter.keyText == "bad-json" ? "undecodable" : "invalid"))
                #expect(letter.headers["x-dlq-source-topic"] == names.signals(.tool))
                #expect(letter.value == bad.first { $0.key == letter.keyText }?.value)
            }
            worker.drain()
        }
        #expect(
            String(decoding: registry.prometheusText(), as: UTF8.self).contains(
                #"fleet_worker_records_dead_total{layer="feedback",reason="invalid"} 1"#
            )
        )
        #expect(try await broker.committed(group: "fleet.feedback", TopicPartition(topic: names.signals(.tool), partition: 0)) == 12)
        #expect(try await broker.readAll([names.feedbackState]).contains { $0.keyText == "checkpoint" })
    }

    @Test("goes on where another one was, and counts nothing twice")
    func handOver() async throws {
        let broker = try EmbeddedBroker.withTopics()
        let names = TopicNames()
        let count = { @Sendable () async throws -> Int64 in
            let last = try await broker.readAll([names.policies]).last { $0.keyText == "memory/m" }
            return try last.map { try PolicySnapshot(decoding: $0.value ?? []).signals } ?? 0
        }
        for round in 1...3 {
            let worker = FeedbackWorker(
                configuration: broker.configuration,
                schedule: FeedbackSchedule(processingInterval: 20),
                logger: .silent
            )
            try await withRunning(worker) {
                let signal = FeedbackSignal(source: .agentTask, componentType: .memory, componentID: "m", reward: 1)
                // Five new ones, and what was sent before once more.
                try broker.send((0..<5 * round).map { self.record(signal, id: "m\($0)") }, to: names.signals(.memory))
                try await eventually("all are counted", deadline: .now + .seconds(20), tick: .milliseconds(50)) {
                    try await count() == Int64(5 * round)
                }
                worker.drain()
            }
        }
        #expect(try await count() == 15)
    }

    @Test("obeys commands about components, and tells what came of them")
    func commands() async throws {
        let broker = try EmbeddedBroker.withTopics(partitions: 3)
        let names = TopicNames()
        let component = ComponentID(.tool, "grep")
        let schedule = FeedbackSchedule(processingInterval: 20)
        let worker = FeedbackWorker(configuration: broker.configuration, schedule: schedule, logger: .silent)
        let send = { @Sendable (order: ComponentOrder, time: Int64) in
            let command = ControlCommand(.component(component, order), reason: "too slow", issuedBy: "ops", time: time)
            let (value, headers) = command.encode(source: "/test", time: time)
            try broker.send([(String(decoding: command.key, as: UTF8.self), value, headers)], to: names.control)
        }
        let wait = { @Sendable (availability: ComponentAvailability, reason: String?) async throws in
            try await eventually("\(availability)", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
                let last = try await broker.readAll([names.policies]).last { $0.keyText == "\(component)" }
                guard let record = last else { return false }
                let snapshot = try PolicySnapshot(decoding: record.value ?? [])
                return snapshot.availability == availability && snapshot.reason == reason
            }
        }
        // Given before anybody is there, and while the worker runs.
        try send(.disable, 1_000)
        try await withRunning(worker) {
            try await wait(.disabled, "too slow (ops)")
            try send(.enable, 2_000)
            try await wait(.enabled, nil)
            worker.drain()
        }
    }

    @Test("does not start on topics that have not the same number of partitions, and says what to do")
    func partitionCounts() async throws {
        let broker = try EmbeddedBroker(logger: .silent)
        let names = TopicNames()
        for name in names.all { try broker.createTopic(name, partitions: name == names.signals(.tool) ? 2 : 3) }
        let error = await #expect(throws: WorkerError.self) {
            try await FeedbackWorker(configuration: broker.configuration, logger: .silent).run()
        }
        #expect(error?.code == .startFailed && error?.message.contains("feedback.signals.tool: 2") == true)
    }

    @Test("does not go on with a state that was learned with another number of partitions")
    func otherPartitionCount() async throws {
        let broker = try EmbeddedBroker.withTopics(partitions: 2)
        let checkpoint = #"{"v": 1, "partitions": 5, "positions": {}}"#
        try broker.send([("checkpoint", Array(checkpoint.utf8), RecordHeaders())], to: TopicNames().feedbackState)
        let error = await #expect(throws: WorkerError.self) {
            try await FeedbackWorker(configuration: broker.configuration, logger: .silent).run()
        }
        #expect(error?.code == .startFailed && error?.message.contains("learned with 5 partitions and the topics have 2") == true)
    }

    @Test("does not promise exactly once on the embedded broker")
    func exactlyOnce() async throws {
        let broker = try EmbeddedBroker.withTopics()
        var configuration = broker.configuration
        configuration.delivery = .exactlyOnce
        let worker = FeedbackWorker(configuration: configuration, logger: .silent)
        let error = await #expect(throws: WorkerError.self) { try await worker.run() }
        #expect(error?.code == .configuration && error?.message.contains("at_least_once") == true)
    }

    @Test("does not start with a configuration that has mistakes")
    func mistakes() async throws {
        var configuration = WorkerConfiguration()
        configuration.concurrency = 0
        configuration.bootstrapServers = ""
        let worker = FeedbackWorker(configuration: configuration, logger: .silent)
        let error = await #expect(throws: WorkerError.self) { try await worker.run() }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("concurrency") == true && error?.message.contains("bootstrap-servers") == true)
    }
}
