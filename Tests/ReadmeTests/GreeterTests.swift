import FleetTestKit
import JSON
import Orchestration
import Testing

@Test func greets() async throws {
    let outcome = try await OrchestratorHarness(Greeter()).run(["name": "Ada"])
    #expect(outcome.result.data["greeting"] == "Hello, Ada!")
    #expect(outcome.signals.count == 1)
}
