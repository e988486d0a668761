import JSON
import KafkaProcess
import Testing

@Suite("fleet bench loop", .timeLimit(.minutes(2)))
struct LoopBenchTests {
    @Test("learns which model is right for which task, and learns anew when the world changes")
    func loop() async throws {
        let run = try await fleet(["bench", "loop", "--requests", "4000", "--concurrency", "4", "--json"])
        #expect(run.status == .exited(0), "\(run.standardError)\(run.standardOutput)")
        let report = try JSONValue(parsing: run.standardOutput)
        #expect(report["right_shares"]?.arrayValue?.count == 40)
        #expect(report["learned_after_requests"]?.integerValue ?? 0 > 0 && report["recovered_after_requests"]?.integerValue ?? 0 > 0)
    }
}
