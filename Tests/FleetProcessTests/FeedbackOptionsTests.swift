import ArgumentParser
import Feedback
import FleetProcess
import Orchestration
import Testing

@Suite("Options of the feedback orchestrator")
struct FeedbackOptionsTests {
    /// The file is an option of the worker.
    private struct Command: ParsableCommand {
        @OptionGroup var options: WorkerOptions
        @OptionGroup var feedback: FeedbackOptions
    }

    private func parse(_ words: [String] = [], _ environment: [String: String] = [:], file: String = "{}") throws -> FeedbackSettings {
        var sources = FeedbackOptions.configurationSources
        sources.environment = { environment[$0] }
        sources.readFile = { _ in Array(file.utf8) }
        let command = try #require(try Command.parseAsRoot(words, configuration: sources) as? Command)
        return try command.feedback.settings()
    }

    @Test("priors come from the command line, the environment and the file, all together")
    func priors() throws {
        #expect(try self.parse().priors.isEmpty)
        let settings = try self.parse(
            ["--prior", "model=0.6", "--prior", "prompt/a=b=0.7"],
            ["FLEET_CONFIG": "fleet.json", "FLEET_PRIOR": "model/gpt-4=0.8:0.05:0.9,tool/search=0.1:0.2"],
            file: #"{"prior": ["agent=0.3"]}"#
        )
        #expect(
            settings.priors == [
                "model": ColdStartPrior(mean: 0.6), "prompt/a=b": ColdStartPrior(mean: 0.7), "agent": ColdStartPrior(mean: 0.3),
                "model/gpt-4": ColdStartPrior(mean: 0.8, variance: 0.05, confidence: 0.9),
                "tool/search": ColdStartPrior(mean: 0.1, variance: 0.2),
            ]
        )
    }

    @Test("several learners of a type come from the environment too, whose lists end at commas")
    func learners() throws {
        let settings = try self.parse([], ["FLEET_LEARNER": "model=lin_ts,thompson,tool=ucb1"])
        #expect(settings.learners[.model] == [.linTS, .thompson] && settings.learners[.tool] == [.ucb1])
        #expect(try self.parse(["--learner", "model=lin_ts,thompson"]).learners[.model] == [.linTS, .thompson])
        #expect(throws: ValidationError.self) { try self.parse([], ["FLEET_LEARNER": "thompson,model=lin_ts"]) }
    }

    @Test("all mistakes are told at once")
    func mistakes() throws {
        let error = try #require(throws: ValidationError.self) {
            try self.parse([
                "--prior", "model", "--prior", "robot=0.5", "--prior", "model/=0.5", "--prior", "model=2", "--prior", "model=0.5:",
                "--prior", "model=0.5:0.1:0.1:0.1", "--prior", "model=nan", "--reward-wait", "-1", "--learner", "x",
            ])
        }
        let lines = error.message.split(separator: "\n")
        #expect(lines.count == 9, "\(error.message)")
        #expect(lines.contains("--prior needs <type>=<mean> or <type>/<id>=<mean>, such as model/gpt-4=0.8, found 'model'"))
        #expect(lines.contains("--prior robot=0.5: 'robot' names no component type, and no component as <type>/<id>"))
        #expect(lines.contains("--prior model=2: mean, variance and confidence must be numbers from 0 to 1, such as 0.8:0.05:0.9"))
    }
}
