import ApplicationOrchestrators
import ArgumentParser
import FleetProcess
import Orchestration

@main
struct ApplicationWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "application-worker",
        abstract: "Serves orchestration requests of the application layer.",
        discussion: """
            Examples:
              application-worker --bootstrap-servers localhost:9092 --create-topics
              FLEET_CONCURRENCY=256 application-worker --config worker.json --admin-address 0.0.0.0:8080

            Exit codes: 0 drained, 1 failed or left records unfinished, 64 usage, 78 configuration.
            """
    )

    @OptionGroup var options: WorkerOptions

    func run() async throws {
        try await FleetProcess.serve(.application, self.options) { facade, policies, _ in
            try ApplicationLayer.register(on: facade, policies: policies)
        }
    }
}
