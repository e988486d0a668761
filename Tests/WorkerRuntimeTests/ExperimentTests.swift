import Feedback
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

/// A fleet with one orchestrator that chooses between two models, of which the second is better.
private final class ExperimentScene: Sendable {
    let broker: EmbeddedBroker
    let names = TopicNames()
    let worker: Worker
    private let sent = Atomic<Int>(0)

    init() throws {
        self.broker = try EmbeddedBroker.withTopics(partitions: 2)
        let facade = OrchestrationFacade(logger: .silent)
        try facade.register(
            ClosureOrchestrator("pick") { context, _ in
                let decision = try context.choose(.model, among: ["worse", "better"])
                let signal = FeedbackSignal(
                    source: .userExplicit,
                    componentType: .model,
                    componentID: decision.chosen.id,
                    reward: decision.chosen.id == "better" ? 0.9 : 0.5
                )
                context.emit(signal)
                return .ok(["model": .string(decision.chosen.id)])
            }
        )
        self.worker = Worker(.domain, configuration: self.broker.configuration, facade: facade, logger: .silent)
    }

    func feedback(_ id: String, _ logger: Logger = .silent) -> FeedbackWorker {
        var configuration = self.broker.configuration
        configuration.workerID = id
        return FeedbackWorker(configuration: configuration, schedule: FeedbackSchedule(processingInterval: 20), logger: logger)
    }

    func command(_ order: ControlOrder, at time: Int64 = WireTime.now) throws {
        let command = ControlCommand(order, time: time)
        let (value, headers) = command.encode(source: "/test", time: WireTime.now)
        try self.broker.send([(String(decoding: command.key, as: UTF8.self), value, headers)], to: self.names.control)
    }

    func define(_ definition: JSONObject) throws { try self.command(.define(experiment: "e", definition: definition)) }

    func request(_ count: Int) throws {
        let first = self.sent.add(count, ordering: .relaxed).oldValue
        try self.broker.send((0..<count).map { Request(id: "r\(first + $0)", orchestrator: "pick", tenantID: "acme") })
    }

    /// How the experiment stands; nil before it does, and when it is no more.
    func standing() async throws -> ExperimentStanding? {
        let key = ExperimentStanding.key(of: "e")
        let last = try await self.broker.readAll([self.names.policies]).last { $0.key == key }
        return try last?.value.map { try ExperimentStanding(decoding: $0) }
    }

    func decisions() async throws -> [Decision] {
        try await self.broker.readAll([self.names.decisions]).map { record in
            try record.withView { try DecisionCodec.decode($0) }
        }
    }
}

@Suite("Experiments in a fleet", .timeLimit(.minutes(2)))
struct ExperimentTests {
    @Test("are looked at in the shadow, measured, promoted, and ended by a command")
    func life() async throws {
        let scene = try ExperimentScene()
        let log = InMemoryLogHandler(level: .notice)
        let feedback = scene.feedback("f", Logger(label: "f") { _ in log })
        try await withRunning(feedback) {
            try await withRunning(scene.worker) {
                try scene.define([
                    "component_type": "model", "control": "uniform", "variants": ["v": ["policy": "arm:better", "fraction": 0.5]],
                    "auto_activate_after": 120, "minimum_samples": 30,
                ])
                try await eventually("a standing", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
                    try await scene.standing()?.experiment.phase == .shadow
                }
                // Requests go on until it is decided.
                try await eventually("a winner", deadline: .now + .seconds(60), tick: .milliseconds(50)) {
                    try scene.request(20)
                    return try await scene.standing()?.experiment.phase == .promoted
                }
                let experiment = try #require(try await scene.standing()?.experiment)
                #expect(experiment.winner == "v" && (experiment.arms["v"]?.pulls ?? 0) >= 30)
                #expect(experiment.arms["v"]?.shadow?.refusal == nil && (experiment.arms["v"]?.shadow?.improvement ?? 0) > 0)
                let before = Set(try await scene.decisions().map(\.id))
                try await eventually("everybody's choice", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
                    try scene.request(20)
                    let last = try await scene.decisions().filter { !before.contains($0.id) }.suffix(40)
                    return last.count == 40 && last.allSatisfy { $0.experiment?.variant == "v" }
                        && last.count { $0.chosen.id == "better" } > 30
                }

                try scene.command(.stop(experiment: "e"))
                try await eventually("its end", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
                    try await scene.standing() == nil
                }
                try await eventually("choices without it", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
                    try scene.request(20)
                    return try await scene.decisions().suffix(10).allSatisfy { $0.experiment == nil }
                }
                scene.worker.drain()
            }
            feedback.drain()
        }
        let events = log.entries.filter { $0.message == "experiment" }.compactMap { $0.metadata["event"]?.description }
        #expect(events == ["activated", "promoted"])
        let decisions = try await scene.decisions()
        let shadows = decisions.compactMap { $0.experiment?.shadow }
        #expect(!shadows.isEmpty && shadows.allSatisfy { $0.variant == "v" })
        #expect(Double(shadows.count { $0.componentID == "better" }) > 0.9 * Double(shadows.count))
        #expect(decisions.filter { $0.experiment?.shadow != nil }.allSatisfy { $0.experiment?.variant == "control" })
        // What is logged is the probability over both variants.
        let active = decisions.filter { $0.experiment?.variant == "v" && $0.propensity < 0.9 }
        #expect(!active.isEmpty && active.allSatisfy { abs($0.propensity - ($0.chosen.id == "better" ? 0.745 : 0.255)) < 1e-9 })
    }

    @Test("that are broken, stopped or withdrawn begin nothing, and the first is told")
    func nothing() async throws {
        let scene = try ExperimentScene()
        let log = InMemoryLogHandler(level: .notice)
        let feedback = scene.feedback("f", Logger(label: "f") { _ in log })
        try scene.command(.define(experiment: "broken", definition: ["component_type": "robot"]))
        try scene.command(.define(experiment: "stopped", definition: ["component_type": "model", "variants": ["better": 0.5]]))
        try scene.command(.stop(experiment: "stopped"))
        // One that stood before and is defined no more.
        let definition = try ExperimentDefinition(json: ["component_type": "model", "variants": ["better": 0.5]])
        let orphan = ExperimentStanding(
            experiment: Experiment(name: "orphan", definition: definition),
            definedAt: 1,
            updatedAt: 1,
            worker: "x"
        )
        let (value, headers) = orphan.encode(source: "/x", time: 1)
        try scene.broker.send([("experiment/orphan", value, headers)], to: scene.names.policies)
        try scene.define(["component_type": "model", "variants": ["better": 0.5], "phase": "active"])
        try await withRunning(feedback) {
            try await eventually("a standing", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
                try await scene.standing()?.experiment.phase == .active
            }
            feedback.drain()
        }
        let records = try await scene.broker.readAll([scene.names.policies])
        #expect(Set(records.map(\.keyText)) == ["experiment/e", "experiment/orphan"])
        #expect(records.last { $0.keyText == "experiment/orphan" }?.value == nil)
        let broken = log.entries.filter { $0.message == "a broken experiment is ignored" }
        #expect(
            broken.count == 1 && broken.first?.metadata["error"]?.description.hasPrefix("experiment broken: component_type must be") == true
        )
    }

    @Test("go on from a standing with hostile numbers, and begin anew where it is another's or of another definition")
    func hostileStandings() async throws {
        let scene = try ExperimentScene()
        let json: JSONObject = ["component_type": "model", "variants": ["better": 0.5], "phase": "active"]
        let definition = try ExperimentDefinition(json: json)
        var other = definition
        other.minimumSamples = 7
        let now = WireTime.now
        func stands(_ key: String, _ name: String, _ definition: ExperimentDefinition, time: Int64) throws {
            var experiment = Experiment(name: name, definition: definition)
            try experiment.record(0.5, of: "control")
            let standing = ExperimentStanding(
                experiment: experiment,
                definedAt: time,
                positions: ["model/0": .max, "model/-1": 5, "model/99": 5, "robot/0": 1, "model": 1],
                counted: "?",
                updatedAt: 1e300,
                worker: "hostile"
            )
            let (value, headers) = standing.encode(source: "/x", time: 1)
            try scene.broker.send([("experiment/\(key)", value, headers)], to: scene.names.policies)
        }
        try stands("same", "same", definition, time: now)
        try stands("changed", "changed", other, time: now)
        try stands("e", "another", definition, time: now)
        // Before 1970: its standing has another time than its definition.
        try stands("old", "old", definition, time: 0)
        for name in ["same", "changed", "e"] { try scene.command(.define(experiment: name, definition: json), at: now) }
        try scene.command(.define(experiment: "old", definition: json), at: -1_000)
        let log = InMemoryLogHandler(level: .info)
        let feedback = scene.feedback("f", Logger(label: "f") { _ in log })
        try await withRunning(feedback) {
            try await eventually("a standing", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
                try await scene.standing()?.worker == "f"
            }
            feedback.drain()
        }
        let begun = log.entries.filter { $0.message == "experiment begins" }.compactMap { $0.metadata["experiment"]?.description }
        #expect(begun.sorted() == ["changed", "e"])
        #expect(try await scene.standing()?.experiment.baseline.pulls == 0)
        #expect(!log.entries.contains { $0.message == "experiments wait" })
    }

    @Test("that are looked at again from their beginning stand as they did until all of it has been read")
    func catchingUp() async throws {
        let scene = try ExperimentScene()
        try scene.define(["component_type": "model", "variants": ["better": 0.5], "auto_activate_after": 1_000_000])
        try await withRunning(scene.worker) {
            for number in 0..<2 {
                let feedback = scene.feedback("f\(number)")
                try await withRunning(feedback) {
                    try await eventually("a standing of f\(number)", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
                        if number == 0 { try scene.request(10) }
                        let standing = try await scene.standing()
                        return standing?.worker == "f\(number)" && (standing?.experiment.baseline.pulls ?? 0) >= 60
                    }
                    feedback.drain()
                }
            }
            scene.worker.drain()
        }
        let key = ExperimentStanding.key(of: "e")
        let standings = try await scene.broker.readAll([scene.names.policies]).filter { $0.key == key }.compactMap(\.value)
            .map { try ExperimentStanding(decoding: $0) }
        let first = try #require(standings.last { $0.worker == "f0" })
        let others = standings.filter { $0.worker == "f1" }
        #expect(!others.isEmpty && others.allSatisfy { $0.experiment.baseline.pulls >= first.experiment.baseline.pulls })
    }

    @Test("count each reward once, though the feedback orchestrator that counts is another one meanwhile")
    func handOver() async throws {
        let scene = try ExperimentScene()
        try scene.define([
            "component_type": "model", "control": "uniform", "variants": ["v": ["policy": "arm:better", "fraction": 0.5]],
            "phase": "active",
            "minimum_samples": 1_000_000,
        ])
        let pulls = { @Sendable () async throws -> Int in
            try await scene.standing()?.experiment.arms.values.reduce(0) { $0 + $1.pulls } ?? 0
        }
        // Decisions that the experiment had a say in, each with one reward.
        let expected = { @Sendable () async throws -> Int in
            Set(try await scene.decisions().filter { $0.experiment != nil }.map(\.id)).count
        }
        try await withRunning(scene.worker) {
            for number in 0..<2 {
                let feedback = scene.feedback("f\(number)")
                try await withRunning(feedback) {
                    try await eventually("some rewards", deadline: .now + .seconds(30), tick: .milliseconds(50)) {
                        try scene.request(10)
                        return try await pulls() >= 60 * (number + 1)
                    }
                    // It ends while requests are under way.
                    try scene.request(30)
                    feedback.drain()
                }
            }
            let last = scene.feedback("last")
            try await withRunning(last) {
                try await eventually("all rewards", deadline: .now + .seconds(30), tick: .milliseconds(100)) {
                    let (counted, wanted) = (try await pulls(), try await expected())
                    return counted == wanted && wanted > 150
                }
                last.drain()
            }
            scene.worker.drain()
        }
        #expect(try await pulls() == expected())
        #expect(try await scene.standing()?.worker == "last")
    }
}
