import Feedback
import Foundation
import JSON
import KafkaClient
import KafkaProcess
import Orchestration
import Testing
import Wire

extension RealKafkaSuite {
    /// An experiment that real processes run and the tool commands.
    @Suite struct ExperimentProcessTests {
        private static let options = ["--processing-interval", "100", "--kafka", "session.timeout.ms=6000"]

        private func feedback(_ arguments: [String], _ topics: TestTopics) async throws -> ChildProcess.Completion {
            try await ChildProcess.run(
                ChildProcess.buildProduct("fleet"),
                arguments: ["feedback"] + arguments + ["--bootstrap-servers", topics.bootstrapServers, "--topic-prefix", topics.prefix],
                deadline: .now + .seconds(60)
            )
        }

        /// How the experiment stands, and what its decisions say.
        private func evaluation(_ topics: TestTopics) async throws -> JSONValue {
            let report = try await self.feedback(["experiments", "evaluate", "e", "--json", "--min-effective", "5"], topics)
            return try JSONValue(parsing: report.requireSuccess().standardOutput)
        }

        private func pulls(_ evaluation: JSONValue) -> Int64 {
            (evaluation["experiment"]?["arms"]?.objectValue ?? [:]).reduce(0) { $0 + ($1.value["pulls"]?.integerValue ?? 0) }
        }

        private func choose(_ numbers: Range<Int>, _ topics: TestTopics) async throws {
            let choice: JSONObject = ["choose": ["among": ["better": 0.9, "worse": 0.5], "noise": 0.1]]
            let requests = numbers.map { Request(id: "r\($0)", orchestrator: "probe", tenantID: "acme", kwargs: choice) }
            try await Submitter.send(requests.map { TestRecord($0) }, to: topics.names.requests(.application), of: topics)
        }

        @Test func rewardsCountOnceThoughOrchestratorsAreKilledAndTheWinnerIsPromoted() async throws {
            let topics = try await TestTopics.unused()
            let names = topics.names
            try await topics.create(names.all.map { TopicSpecification(name: $0, partitions: 3, settings: names.settings(of: $0)) })
            let worker = try await WorkerProcess.ready("application-worker", id: "w", of: topics, ["--enable-probe"])
            var orchestrators = [try await WorkerProcess.ready("feedback-orchestrator", id: "f0", of: topics, Self.options)]
            orchestrators.append(try await WorkerProcess.ready("feedback-orchestrator", id: "f1", of: topics, Self.options))
            func define(_ samples: Int) async throws {
                let definition: JSONObject = [
                    "component_type": "model", "control": "uniform", "variants": ["v": ["policy": "arm:better", "fraction": 0.5]],
                    "phase": "active", "minimum_samples": .integer(Int64(samples)),
                ]
                let text = JSONValue.object(definition).description
                _ = try await self.feedback(["experiments", "define", "e", text], topics).requireSuccess()
            }
            func waitUntilTaken() async throws {
                try await eventually("the experiment", deadline: .now + .seconds(60), tick: .milliseconds(200)) {
                    let list = try await self.feedback(["experiments", "list", "--json"], topics).requireSuccess().standardOutput
                    return try JSONValue(parsing: list)["phase"] == "active"
                }
            }
            // Nothing is decided, so that every reward is counted.
            try await define(1_000_000)
            try await waitUntilTaken()
            var sent = 0
            for round in 0..<4 {
                for _ in 0..<10 {
                    try await self.choose(sent..<sent + 25, topics)
                    sent += 25
                    try await Task.sleep(for: .milliseconds(100))
                }
                // In turn: whichever of both counts, it is killed twice.
                let victim = orchestrators[round % 2]
                victim.child.signal(SIGKILL)
                _ = try await victim.child.waitForExit(deadline: .now + .seconds(20))
                orchestrators[round % 2] = try await WorkerProcess.ready(
                    "feedback-orchestrator",
                    id: "f\(round + 2)",
                    of: topics,
                    Self.options
                )
            }
            var counts = ""
            do {
                try await eventually("every reward", deadline: .now + .seconds(90), tick: .milliseconds(500)) {
                    let pulls = try await self.pulls(self.evaluation(topics))
                    let decisions = try await topics.readAll(names.decisions).map { record in
                        try record.withView { try DecisionCodec.decode($0) }
                    }
                    let all = Set(decisions.map(\.id)).count
                    let concerned = Set(decisions.filter { $0.experiment?.name == "e" }.map(\.id)).count
                    counts = "\(all) decisions, \(concerned) of the experiment, \(pulls) rewards counted"
                    return all == 1_000 && pulls == concerned && concerned > 900
                }
            } catch {
                Issue.record("\(counts)")
                throw error
            }
            let evaluation = try await self.evaluation(topics)
            #expect(evaluation["experiment"]?["phase"] == "active" && evaluation["candidates"]?[0]?["policy"] == "arm:better")
            #expect((evaluation["candidates"]?[0]?["improvement"]?.doubleValue ?? 0) > 0.05)

            // The same again, with few samples: it is a new experiment, and is decided.
            try await define(30)
            try await waitUntilTaken()
            var winner: JSONValue?
            for _ in 0..<60 where winner == nil {
                try await self.choose(sent..<sent + 25, topics)
                sent += 25
                try await Task.sleep(for: .milliseconds(200))
                let list = try await self.feedback(["experiments", "list", "--json"], topics).requireSuccess().standardOutput
                if try JSONValue(parsing: list)["phase"] == "promoted" {
                    winner = try await self.evaluation(topics)["experiment"]?["winner"]
                }
            }
            #expect(winner == "v")
            for process in [worker] + orchestrators { #expect(try await process.drain() == .exited(0)) }
        }

        @Test func whoGoesOnReadsDecisionsOfTheWholeRewardWaitAndCountsNoneTwice() async throws {
            let topics = try await TestTopics.unused()
            let names = topics.names
            try await topics.create(names.all.map { TopicSpecification(name: $0, partitions: 1, settings: names.settings(of: $0)) })
            let now = WireTime.now
            let json: JSONObject = ["component_type": "model", "control": "uniform", "variants": ["better": 0.5], "phase": "active"]
            let definition = try ExperimentDefinition(json: json)
            let command = ControlCommand(.define(experiment: "e", definition: json), time: now)
            let (order, orderHeaders) = command.encode(source: "/test", time: now)
            func send(_ key: [UInt8], _ value: [UInt8], _ headers: RecordHeaders, to topic: String) async throws {
                let record = TestRecord(key: String(decoding: key, as: UTF8.self), value: value, headers: headers)
                try await Submitter.send([record], to: topic, of: topics)
            }
            try await send(command.key, order, orderHeaders, to: names.control)
            func decision(_ id: String) -> Decision {
                Decision(
                    id: id,
                    chosen: ComponentID(.model, "better"),
                    candidates: ["better", "worse"],
                    propensity: 0.5,
                    scopeID: id,
                    requestID: id,
                    rootID: id,
                    decidedAt: Double(now + 1) / 1_000,
                    experiment: .init(name: "e", variant: "better")
                )
            }
            func signal(_ id: String, _ reward: Double) -> FeedbackSignal {
                FeedbackSignal(
                    source: .userExplicit,
                    componentType: .model,
                    componentID: "better",
                    reward: reward,
                    metadata: ["decision_id": .string(id)]
                )
            }
            for id in ["counted", "waits"] {
                let headers = DecisionCodec.headers(of: decision(id), source: "/test", time: now)
                try await send(Array("model/better".utf8), DecisionCodec.encode(decision(id)), headers, to: names.decisions)
            }
            // As if it had been published in an hour: what was decided now is an hour old then.
            var run = ExperimentRun(name: "e", definition: definition, definedAt: now)
            run.take(decision("counted"))
            run.take(signal("counted", 0.25), at: 0, of: 0)
            var standing = run.standing(now: Double(now) / 1_000 + 3_600, worker: "before")
            standing.positions = [:]
            let (value, headers) = standing.encode(source: "/test", time: now)
            try await send(ExperimentStanding.key(of: "e"), value, headers, to: names.policies)
            let feedback = try await WorkerProcess.ready(
                "feedback-orchestrator",
                id: "f",
                of: topics,
                Self.options + ["--reward-wait", "7200"]
            )
            for (id, reward) in [("counted", 1.0), ("waits", 0.75)] {
                let value = SignalCodec.encode(signal(id, reward), id: "s-\(id)", timestamp: Double(now) / 1_000)
                try await send(Array("model/better".utf8), value, RecordHeaders(), to: names.signals(.model))
            }
            try await eventually("both", deadline: .now + .seconds(60), tick: .milliseconds(200)) {
                try await self.pulls(self.evaluation(topics)) == 2
            }
            let arm = try await self.evaluation(topics)["experiment"]?["arms"]?["better"]
            #expect(arm?["mean"] == 0.5 && arm?["pulls"] == 2)
            #expect(try await feedback.drain() == .exited(0))
        }
    }
}
