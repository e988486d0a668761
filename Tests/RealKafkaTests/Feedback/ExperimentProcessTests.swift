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
            try await eventually("every reward", deadline: .now + .seconds(90), tick: .milliseconds(500)) {
                let evaluation = try await self.evaluation(topics)
                let decisions = try await topics.readAll(names.decisions).map { record in
                    try record.withView { try DecisionCodec.decode($0) }
                }
                let concerned = Set(decisions.filter { $0.experiment?.name == "e" }.map(\.id)).count
                return Set(decisions.map(\.id)).count == 1_000 && self.pulls(evaluation) == concerned && concerned > 900
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
    }
}
