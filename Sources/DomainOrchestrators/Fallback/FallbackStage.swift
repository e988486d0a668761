import JSON
import Orchestration

/// The five stages of a run and what is said when each begins (spec §3.2).
enum FallbackStage: Int, Sendable, CaseIterable {
    case start = 1
    case acquisition
    case analysis
    case factCheck
    case report

    var name: String {
        switch self {
        case .start: "start"
        case .acquisition: "content_acquisition"
        case .analysis: "content_analysis"
        case .factCheck: "fact_verification"
        case .report: "report"
        }
    }

    private var message: String {
        switch self {
        case .start: "Starting basic analysis (agents unavailable)"
        case .acquisition: "Running basic content pipeline"
        case .analysis: "Performing basic content analysis"
        case .factCheck: "Running basic fact verification"
        case .report: "Generating report"
        }
    }

    /// Ten cells, ⌊step·10/5⌋ of them filled, and the count: `████░░░░░░ 2/5`.
    var bar: String {
        let total = Self.allCases.count
        let filled = self.rawValue * 10 / total
        return String(repeating: "█", count: filled) + String(repeating: "░", count: 10 - filled) + " \(self.rawValue)/\(total)"
    }

    /// What is reported when the stage begins, or, with an error, when it ends the run.
    func progress(error: String? = nil) -> Progress {
        var data: JSONObject = ["bar": .string(self.bar)]
        if let error { data["error"] = .string(error) }
        return Progress(
            stage: self.name,
            step: self.rawValue,
            total: Self.allCases.count,
            message: error ?? self.message,
            data: data
        )
    }
}
