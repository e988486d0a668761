import ApplicationOrchestrators
import Foundation
import JSON
import Orchestration
import Testing

@Suite("Examples of the document")
struct DocumentTests {
    private static let document = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../deploy/docs/feedback-orchestrators.md"
    )

    @Test("are all served")
    func examples() async throws {
        let text = try String(contentsOf: Self.document, encoding: .utf8)
        let benches = [
            "unified_feedback": try Bench { UnifiedFeedbackOrchestrator(policies: $0, clock: $1) },
            "advanced_bandits": try Bench { AdvancedBanditsOrchestrator(policies: $0, clock: $1) },
        ]
        var operations: Set<String> = []
        for line in text.split(separator: "\n") {
            for (name, bench) in benches {
                guard line.hasPrefix("    \(name) {") else { continue }
                let json = try JSONValue(parsing: String(line.dropFirst(name.utf8.count + 5)))
                let kwargs = try #require(json.objectValue)
                let outcome = await bench.run(Arguments(kwargs))
                let operation = kwargs["operation"]?.stringValue ?? "default"
                operations.insert("\(name).\(operation)")
                #expect(outcome.result.success, "\(line): \(outcome.result.error ?? "")")
                #expect(outcome.result.metadata["warnings"] == nil, "\(line)")
                #expect(outcome.result.isSkipped == ["start", "stop"].contains(operation), "\(line)")
                if operation == "submit_trajectory_feedback" { #expect(outcome.data["signals_submitted"] == 5) }
                if operation == "submit_tool_feedback" { #expect(outcome.data["reward"] == .number(0.76)) }
            }
        }
        #expect(operations.count == 10 + 6, "\(operations.sorted())")
    }
}
