import Feedback
import Foundation
import JSON
import KafkaClient
import KafkaProcess
import Observability
import Orchestration
import Testing
import Wire
import WorkerRuntime

@testable import fleet

/// A broker of its own with the fleet's topics and what a fleet would have written on them.
private struct FeedbackScene {
    let broker: EmbeddedBroker
    let names = TopicNames()
    private let producer: KafkaProducer

    init(topics: Bool = true) throws {
        LoggingSystem.bootstrap { _ in InMemoryLogHandler(level: .critical) }
        self.broker = try EmbeddedBroker(logger: Logger(label: "test"))
        if topics { try TopicProvision.create(self.names, partitions: 2, on: self.broker) }
        self.producer = try KafkaProducer(
            configuration: KafkaConfiguration(bootstrapServers: self.broker.bootstrapServers).merging(["linger.ms": "0"]),
            observer: KafkaObserver(logger: Logger(label: "test"))
        )
    }

    func run(_ arguments: [String]) async throws -> ChildProcess.Completion {
        try await fleet(["feedback"] + arguments + ["--bootstrap-servers", self.broker.bootstrapServers])
    }

    func send(_ value: [UInt8]?, key: [UInt8], to topic: String) throws {
        try self.producer.send(value, RecordHeaders(), to: try self.producer.topic(topic), key: key)
    }

    func publish(
        _ type: ComponentType,
        _ id: String,
        signals: Int64 = 10,
        reward: Double = 0.5,
        health: Double = 1,
        availability: ComponentAvailability = .enabled,
        reason: String? = nil,
        version: Int64 = 1,
        at time: Double = Double(WireTime.now) / 1_000
    ) throws {
        let snapshot = PolicySnapshot(
            policyVersion: version,
            componentType: type,
            componentID: id,
            signals: signals,
            meanReward: reward,
            bySource: [:],
            availability: availability,
            reason: reason,
            health: ComponentHealth(runningReward: reward / 2, score: health),
            learners: ["thompson": ["version": 1]],
            firstSignalAt: 0,
            lastSignalAt: 0,
            updatedAt: time,
            worker: "feedback-1"
        )
        try self.send(snapshot.encode(source: "/test", time: 0).value, key: snapshot.key, to: self.names.policies)
    }

    /// Decisions with their rewards, all but every tenth.
    func log(_ decisions: [(Decision, Double)]) throws {
        for (index, (decision, reward)) in decisions.enumerated() {
            let key = Array(decision.chosen.id.utf8)
            try self.send(DecisionCodec.encode(decision), key: key, to: self.names.decisions)
            guard !index.isMultiple(of: 10) else { continue }
            let signal = SignalCodec.encode(ChoiceWorld.signal(decision, reward), id: "unused", timestamp: 0)
            try self.send(signal, key: key, to: self.names.signals(decision.chosen.type))
        }
    }

    /// What stands on the control topic now, the newest of each scope.
    func commands() throws -> [ControlScope: ControlCommand] {
        var options = ConnectionOptions()
        options.bootstrapServers = self.broker.bootstrapServers
        options.topicPrefix = ""
        options.kafka = []
        return try FeedbackTopicsReader(connection: options).commands().mapValues(\.command)
    }
}

@Suite("fleet feedback", .serialized, .timeLimit(.minutes(2)))
struct FeedbackCommandTests {
    @Test("components are listed, chosen by type, sorted and limited, and one of them is shown in full")
    func components() async throws {
        let scene = try FeedbackScene()
        try scene.publish(.model, "gpt-4", signals: 5, reward: 0.8, health: 0.7)
        try scene.publish(.model, "gpt-4", signals: 120, reward: 0.81, health: 0.75, version: 2)
        try scene.publish(.model, "old\u{1b}[2J", signals: 40, reward: 0.2, health: 0.1, availability: .disabled, reason: "health 0.1")
        try scene.publish(.tool, "search", signals: 7, reward: 0.6, availability: .probing)
        try scene.publish(.tool, "gone")
        try scene.send(nil, key: Array("tool/gone".utf8), to: scene.names.policies)
        try scene.send(Array("{".utf8), key: Array("tool/broken".utf8), to: scene.names.policies)

        let all = try await scene.run(["components"])
        #expect(all.status.isSuccess && all.outputLines.count == 4, "\(all.standardError)")
        #expect(all.outputLines[0].hasPrefix("COMPONENT") && all.outputLines[1].hasPrefix("model/gpt-4"))
        for word in ["120", "0.810", "0.405", "0.750", "enabled"] { #expect(all.outputLines[1].contains(word), "\(word)") }
        #expect(all.outputLines[2].hasPrefix("model/old\\u{1b}[2J") && all.outputLines[2].hasSuffix("health 0.1"))
        #expect(all.outputLines[3].contains("probing") && !all.standardOutput.contains("\u{1b}"))
        #expect(all.standardError.contains("1 records of feedback.policies break the contract"))

        let worst = try await scene.run(["components", "--sort", "health", "--limit", "1", "--json"])
        #expect(worst.outputLines.count == 1)
        let json = try JSONValue(parsing: worst.standardOutput)
        #expect(json["component_id"] == "old\u{1b}[2J" && json["availability"] == "disabled" && json["signals"] == 40)
        let tools = try await scene.run(["components", "--type", "tool"])
        #expect(tools.outputLines.count == 2 && tools.outputLines[1].hasPrefix("tool/search"))
        let none = try await scene.run(["components", "--type", "prompt"])
        #expect(
            none.status.isSuccess && none.standardOutput.isEmpty
                && none.standardError.contains("nothing is known of components of type prompt")
        )

        let one = try await scene.run(["policies", "model/gpt-4", "--compact"])
        #expect(try JSONValue(parsing: one.standardOutput)["learners"] == ["thompson": ["version": 1]])
        #expect(try JSONValue(parsing: one.standardOutput)["policy_version"] == 2)
        let missing = try await scene.run(["policies", "model/gpt-5", "tool/search"])
        #expect(missing.status == .exited(1) && missing.standardOutput.contains("\"component_id\": \"search\""))
        #expect(missing.standardError.contains("nothing is known of model/gpt-5; known of this type: gpt-4, old\\u{1b}[2J"))
    }

    @Test("the status tells totals, the newest update, commands and experiments")
    func status() async throws {
        let scene = try FeedbackScene()
        let empty = try await scene.run(["status"])
        #expect(empty.status.isSuccess && empty.standardOutput.contains("nothing has been learned yet"), "\(empty.standardError)")
        try scene.publish(.model, "a", signals: 100)
        try scene.publish(.model, "b", signals: 20, availability: .disabled, at: 1)
        try scene.publish(.agent, "c", signals: 3, availability: .probing, at: 2)
        for arguments in [
            ["disable", "model/b", "--reason", "worse"], ["disable", "model/a"], ["enable", "model/a"],
            ["experiments", "define", "e", #"{"component_type": "model", "variants": {"b": 0.1}}"#],
        ] {
            let done = try await scene.run(arguments)
            #expect(done.status.isSuccess, "\(done.standardError)")
        }
        let status = try await scene.run(["status"])
        for line in [
            "signals      123 about 3 components", "model: 2, 120 signals, 1 disabled", "agent: 1, 3 signals, 1 probing",
            "model/a by feedback-1", "by command: model/b", "experiments  e",
        ] { #expect(status.standardOutput.contains(line), "\(line) in \(status.standardOutput)") }
        #expect(status.standardOutput.contains("lag "))
        let json = try JSONValue(parsing: try await scene.run(["status", "--json"]).standardOutput)
        #expect(json["signals"] == 123 && json["types"]?["model"]?["disabled"] == 1 && json["newest_component"] == "model/a")
        #expect(json["disabled_by_command"] == ["model/b"] && json["experiments"] == ["e"] && json["lag"] != nil)
    }

    @Test("commands about components stand on the control topic, with reason, issuer and time, and say what happens next")
    func commands() async throws {
        let scene = try FeedbackScene()
        let before = WireTime.now
        let disable = try await scene.run(["disable", "model/gpt-4", "tool/a/b", "--reason", "outage", "--issued-by", "me"])
        #expect(disable.status.isSuccess, "\(disable.standardError)")
        #expect(disable.outputLines[0] == "disable model/gpt-4: sent; it is not chosen until: fleet feedback enable model/gpt-4")
        let tool = ComponentID(.tool, "a/b")
        let command = try #require(try scene.commands()[.component(tool)])
        #expect(command.order == .component(tool, .disable) && command.reason == "outage" && command.issuedBy == "me")
        #expect((before...WireTime.now).contains(command.time ?? 0))

        let enable = try await scene.run(["enable", "tool/a/b", "--json"])
        #expect(enable.standardOutput == #"{"component":"tool/a/b","command":"enable"}"#)
        #expect(try scene.commands()[.component(tool)]?.order == .component(tool, .enable))
        #expect(try scene.commands()[.component(tool)]?.issuedBy?.isEmpty == false)
        let reset = try await scene.run(["reset", "tool/a/b"])
        #expect(reset.standardOutput.contains("what was learned about it is forgotten"))
        #expect(try scene.commands()[.component(tool)]?.order == .component(tool, .reset))
        let withdraw = try await scene.run(["disable", "model/gpt-4", "--withdraw"])
        #expect(withdraw.standardOutput.contains("its health alone decides"))
        #expect(try scene.commands()[.component(ComponentID(.model, "gpt-4"))] == nil)
    }

    @Test("who waits is told when the feedback orchestrator has followed, and when none has")
    func waiting() async throws {
        let scene = try FeedbackScene()
        let nobody = try await scene.run(["disable", "model/m", "--wait", "--timeout", "0.5"])
        #expect(nobody.status == .exited(2) && nobody.standardError.contains("no feedback orchestrator has followed it for model/m"))
        let waiting = try ChildProcess.start(
            ChildProcess.buildProduct("fleet"),
            arguments: [
                "feedback", "disable", "model/m", "--wait", "--json", "--reason", "second", "--bootstrap-servers",
                scene.broker.bootstrapServers,
            ]
        )
        // Whoever owns the component follows the command when it is there; what signals bring about meanwhile is no answer.
        try await eventually("the command", deadline: .now + .seconds(20), tick: .milliseconds(50)) {
            try scene.commands()[.component(ComponentID(.model, "m"))]?.reason == "second"
        }
        try scene.publish(.model, "m", availability: .disabled, version: 6, at: 1)
        try scene.publish(.model, "m", version: 7, at: Double(WireTime.now) / 1_000 + 1)
        try scene.publish(.model, "m", availability: .disabled, version: 8, at: Double(WireTime.now) / 1_000 + 1)
        #expect(try await waiting.waitForExit() == .exited(0))
        let line = try await waiting.waitForLine { $0.stream == .standardOutput }
        #expect(line.text == #"{"component":"model/m","command":"disable","availability":"disabled","policy_version":8}"#)
    }

    @Test("the picture is drawn once where there is no terminal, with the decisions of the window")
    func watch() async throws {
        let scene = try FeedbackScene()
        try scene.publish(.model, "brief", reward: 0.65)
        try scene.log(ChoiceWorld.decisions(50, from: Double(WireTime.now) / 1_000 - 100))
        let picture = try await scene.run(["watch", "model", "--window", "10m"])
        #expect(picture.status.isSuccess, "\(picture.standardError)")
        #expect(picture.outputLines[0].hasPrefix("model: 50 decisions in the last 10 min") && picture.outputLines.count == 4)
        #expect(picture.outputLines[2].hasPrefix("deep") && picture.outputLines[3].contains("0.650"))
        #expect(picture.standardOutput.contains("█") && !picture.standardOutput.contains("\u{1b}"))
        let short = try await scene.run(["watch", "model", "--window", "20s", "--once"])
        #expect(short.outputLines[0].hasPrefix("model: 0 decisions in the last 20 s"))
    }

    @Test("past decisions judge other policies, for people and for scripts")
    func evaluate() async throws {
        let scene = try FeedbackScene()
        try scene.log(ChoiceWorld.decisions(600, from: Double(WireTime.now) / 1_000 - 700))
        let report = try await scene.run(["experiments", "evaluate", "--since", "1h"])
        #expect(report.status.isSuccess && report.standardError.isEmpty, "\(report.standardError)")
        #expect(report.outputLines[0].hasPrefix("model: 540 of 600 decisions have a reward; learners learned from the earlier 270"))
        #expect(report.outputLines.last?.hasPrefix("algorithm:lin_ts would earn 0.") == true)
        let json = try await scene.run([
            "experiments", "evaluate", "--type", "model", "--policy", "arm:deep", "--policy", "arm:none", "--intervals", "bootstrap",
            "--json",
        ])
        let object = try JSONValue(parsing: json.standardOutput)
        #expect(object["judged"] == 540 && object["candidates"]?[0]?["doubly_robust"]?["method"] == "bootstrap")
        #expect(object["candidates"]?[1]?["refused"]?.stringValue?.contains("none of the candidates") == true)
        // A time without decisions, and fewer than there are.
        let none = try await scene.run(["experiments", "evaluate", "--since", "2h", "--until", "1h"])
        #expect(none.status == .exited(1) && none.standardError.contains("there are no decisions since"))
        let few = try await scene.run(["experiments", "evaluate", "--max", "100", "--type", "model"])
        #expect(few.standardError.contains("decisions and signals were left out"))
    }

    @Test("an experiment is defined, listed, judged and stopped")
    func experiments() async throws {
        let scene = try FeedbackScene()
        let file = try TemporaryFile(#"{"component_type": "model", "phase": "active", "variants": {"brief": {"fraction": 0.4}}}"#)
        let dry = try await scene.run(["experiments", "define", "e 1", file.url.path, "--dry-run"])
        #expect(dry.status.isSuccess && dry.standardOutput.contains("\"policy\": \"arm:brief\""), "\(dry.standardError)")
        #expect(try scene.commands().isEmpty)
        let define = try await scene.run(["experiments", "define", "e 1", file.url.path, "--reason", "cheaper", "--issued-by", "me"])
        #expect(define.status.isSuccess && define.standardError.contains("how it stands: fleet feedback experiments evaluate e 1"))
        let again = try await scene.run(["experiments", "define", "e 1", file.url.path, "--reason", "cheaper", "--issued-by", "me"])
        #expect(again.standardError.contains("begins anew"))
        guard case .define(_, let definition)? = try scene.commands()[.experiment("e 1")]?.order else {
            Issue.record("nothing is defined")
            return
        }
        #expect(try ExperimentDefinition(json: definition, strictly: true).startsActive)

        let list = try await scene.run(["experiments", "list"])
        #expect(list.outputLines.count == 2 && list.outputLines[1].hasPrefix("e 1   defined  model  current  brief 40.0 %"))
        #expect(list.outputLines[1].hasSuffix("me  cheaper"))

        try scene.log(ChoiceWorld.decisions(400, from: Double(WireTime.now) / 1_000 + 1, experiment: "e 1"))
        let report = try await scene.run(["experiments", "evaluate", "e 1", "--until", "2100-01-01T00:00:00Z"])
        #expect(report.status.isSuccess && report.outputLines[0].hasPrefix("e 1: "), "\(report.standardError)")
        #expect(report.standardError.contains("no feedback orchestrator has taken the experiment up yet"))
        #expect(report.standardOutput.contains("arm:brief") && report.standardOutput.contains("VARIANT"))
        let json = try JSONValue(
            parsing: try await scene.run(["experiments", "evaluate", "e 1", "--json", "--until", "2100-01-01T00:00:00Z"]).standardOutput
        )
        let pulls = (json["experiment"]?["arms"]?.objectValue ?? [:]).compactMap { $0.value["pulls"]?.integerValue }
        #expect(pulls.reduce(0, +) == 360 && json["candidates"]?[0]?["policy"] == "arm:brief")

        // What a feedback orchestrator has counted counts more.
        var standing = Experiment(name: "e 1", definition: try ExperimentDefinition(json: definition))
        for _ in 0..<70 {
            try standing.record(0.5, of: "control")
            try standing.record(0.9, of: "brief")
        }
        let time = try #require(try scene.commands()[.experiment("e 1")]?.time)
        let counted = ExperimentStanding(experiment: standing, definedAt: time, updatedAt: 0, worker: "f")
        try scene.send(counted.encode(source: "/f", time: 0).value, key: ExperimentStanding.key(of: "e 1"), to: scene.names.policies)
        let decided = try await scene.run(["experiments", "evaluate", "e 1", "--until", "2100-01-01T00:00:00Z"])
        #expect(decided.outputLines[0] == "e 1: promoted" && decided.standardError.isEmpty, "\(decided.standardError)")
        #expect(decided.standardOutput.contains("brief is better than the control, and promoted."))
        #expect(try await scene.run(["experiments", "list"]).outputLines[1].hasPrefix("e 1   promoted  model"))
        let other = ExperimentStanding(experiment: standing, definedAt: time - 1, updatedAt: 0, worker: "f")
        try scene.send(other.encode(source: "/f", time: 0).value, key: ExperimentStanding.key(of: "e 1"), to: scene.names.policies)
        #expect(try await scene.run(["experiments", "list"]).outputLines[1].hasPrefix("e 1   defined  model"))
        // A command that is older than the last changes nothing, though it came later.
        let late = ControlCommand(.stop(experiment: "e 1"), time: time - 60_000)
        try scene.send(late.encode(source: "/f", time: 0).value, key: late.key, to: scene.names.control)
        #expect(try await scene.run(["experiments", "list"]).outputLines[1].hasPrefix("e 1   defined  model"))
        let components = try await scene.run(["components"])
        #expect(
            components.status.isSuccess && components.standardError == "nothing is known of any component yet",
            "\(components.standardError)"
        )

        let stop = try await scene.run(["experiments", "stop", "e 1", "--reason", "enough"])
        #expect(stop.standardOutput == "stopped e 1: choices are made without it again")
        let empty = try await scene.run(["experiments", "list"])
        #expect(empty.standardOutput.isEmpty && empty.standardError.contains("no experiment is defined"))
        let all = try await scene.run(["experiments", "list", "--all", "--json"])
        #expect(try JSONValue(parsing: all.standardOutput)["command"] == "stop")
        for arguments in [["experiments", "stop", "e 1"], ["experiments", "evaluate", "e 2"]] {
            let missing = try await scene.run(arguments)
            #expect(missing.status == .exited(1) && missing.standardError.contains("there is no experiment e"))
        }
    }

    @Test("a topic that is missing is named, with how to make it")
    func missingTopics() async throws {
        let scene = try FeedbackScene(topics: false)
        for (arguments, topic) in [
            (["status"], "feedback.policies"), (["components"], "feedback.policies"), (["watch", "model", "--once"], "feedback.policies"),
            (["disable", "model/a"], "fleet.control"), (["experiments", "list"], "fleet.control"),
            (["experiments", "evaluate"], "feedback.decisions"),
        ] {
            let failed = try await scene.run(arguments)
            #expect(failed.status == .exited(1) && failed.standardOutput.isEmpty, "\(arguments)")
            #expect(failed.standardError.contains(topic) && failed.standardError.contains("fleet topics create"), "\(failed.standardError)")
        }
    }
}
