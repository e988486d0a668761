import ArgumentParser
import FleetProcess
import WorkerRuntime

@main
struct FeedbackOrchestrator: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feedback-orchestrator",
        abstract: "Consumes feedback signals, counts them per component and publishes policy snapshots.",
        discussion: """
            Examples:
              feedback-orchestrator --bootstrap-servers localhost:9092
              feedback-orchestrator --publish-interval 5000 --admin-address 127.0.0.1:8081

            Exit codes: 0 drained, 1 failed or left records unfinished, 64 usage, 78 configuration.
            """
    )

    @OptionGroup var options: WorkerOptions

    @Option(help: ArgumentHelp("Milliseconds between snapshots of what changed.", valueName: "ms"))
    var publishInterval = 1_000

    func validate() throws {
        guard self.publishInterval >= 10 else {
            throw ValidationError("--publish-interval must be 10 or more, found \(self.publishInterval)")
        }
    }

    func run() async throws {
        try await FleetProcess.run(self.options) { configuration, logger, registry, onReady in
            [
                FeedbackWorker(
                    configuration: configuration,
                    publishInterval: .milliseconds(self.publishInterval),
                    logger: logger,
                    registry: registry
                ) { _ in onReady() }
            ]
        }
    }
}
