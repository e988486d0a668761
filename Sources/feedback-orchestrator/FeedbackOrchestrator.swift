import ArgumentParser
import Feedback
import FleetProcess
import WorkerRuntime

@main
struct FeedbackOrchestrator: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feedback-orchestrator",
        abstract: "Learns from feedback signals and publishes policies.",
        discussion: """
            Delivery is exactly_once unless told otherwise: state, policies and offsets are written in one transaction. The embedded broker has none:
            there, say --delivery at_least_once.

            Examples:
              feedback-orchestrator --bootstrap-servers localhost:9092
              feedback-orchestrator --processing-interval 50 --admin-address 127.0.0.1:8081
              feedback-orchestrator --learner model=lin_ucb --learner tool=thompson,lin_ts --reward-wait 3600 --default-reward 0
              feedback-orchestrator --prior model=0.6 --prior model/gpt-4=0.8:0.05:0.9

            Exit codes: 0 drained, 1 failed or left records unfinished, 64 usage, 78 configuration.
            """
    )

    @OptionGroup var options: WorkerOptions
    @OptionGroup var feedback: FeedbackOptions

    func run() async throws {
        let (settings, schedule) = (try self.feedback.settings(), self.feedback.schedule)
        try await FleetProcess.run(self.options) { configuration, logger, registry, onReady in
            var configuration = configuration
            if self.options.delivery == nil { configuration.delivery = .exactlyOnce }
            return [
                FeedbackWorker(
                    configuration: configuration,
                    feedback: settings,
                    schedule: schedule,
                    logger: logger,
                    registry: registry
                ) { _ in onReady() }
            ]
        }
    }
}
