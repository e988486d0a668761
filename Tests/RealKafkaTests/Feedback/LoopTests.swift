import JSON
import KafkaProcess
import Testing

extension RealKafkaSuite {
    /// Workers choose, signals flow, policies come back, in a world that changes half way.
    @Suite struct LoopTests {
        @Test func workersLearnWhichModelIsRightAndLearnAnewWhenTheWorldChanges() async throws {
            let kafka = try await RealKafka.shared().bootstrapServers
            let run = try await ChildProcess.run(
                ChildProcess.buildProduct("fleet"),
                arguments: ["bench", "loop", "--on-broker", "--bootstrap-servers", kafka, "--requests", "6000", "--concurrency", "8"],
                environment: [:]
            )
            print(run.standardOutput)
            #expect(run.status == .exited(0), "\(run.standardError)\(run.standardOutput)")
        }
    }
}
