import Orchestration
import Testing

@testable import Feedback

/// What experiments make of a question.
@Suite("Experiment board") struct ExperimentBoardTests {
    private static func board() throws -> ExperimentBoard {
        let definition = try ExperimentDefinition(
            componentType: .model,
            control: .current,
            variants: [.init(name: "v", policy: .uniform, fraction: 0.5)],
            startsActive: true
        )
        let board = ExperimentBoard()
        board.take(
            "e",
            ExperimentStanding(experiment: Experiment(name: "e", definition: definition), definedAt: 0, updatedAt: 0, worker: "w")
        )
        return board
    }

    private static let question = ComponentQuestion(type: .model, candidates: ["a", "b", "c"], tenantID: "acme", scopeID: "s")

    private static func odds(_ ids: [String]) -> [ComponentOdds.Candidate] {
        ids.map { ComponentOdds.Candidate(id: $0, probability: 1 / Double(ids.count), policyVersion: 1) }
    }

    @Test("has no say when a component was disabled or enabled while the odds were put together")
    func disabledMeanwhile() throws {
        let board = try Self.board()
        #expect(board.odds(of: Self.question) { _ in Self.odds(["a", "b", "c"]) }?.experiment?.name == "e")
        for (control, variant) in [(["a", "b", "c"], ["a", "b"]), (["a", "b"], ["a", "b", "c"]), (["a", "b"], ["b", "c"])] {
            #expect(board.odds(of: Self.question) { Self.odds($0 == .current ? control : variant) } == nil)
        }
    }
}
