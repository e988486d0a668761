import JSON
import Orchestration
import Synchronization

/// An orchestrator made of a closure.
struct ClosureOrchestrator: Orchestrator {
    let name: String
    let layer: OrchestrationLayer
    let body: @Sendable (OrchestrationContext, Arguments) async throws -> StepResult

    init(
        _ name: String,
        _ layer: OrchestrationLayer = .domain,
        _ body: @escaping @Sendable (OrchestrationContext, Arguments) async throws -> StepResult
    ) {
        self.name = name
        self.layer = layer
        self.body = body
    }

    func orchestrate(_ context: OrchestrationContext, _ arguments: Arguments) async throws -> StepResult {
        try await self.body(context, arguments)
    }
}

/// Writes down in which order requests start and end.
final class Journal: Sendable {
    struct Entry: Sendable, Hashable {
        let id: String
        let isStart: Bool
    }

    private let state = Mutex<(entries: [Entry], running: Int, peak: Int)>(([], 0, 0))

    var entries: [Entry] { self.state.withLock { $0.entries } }
    var started: [String] { self.entries.filter(\.isStart).map(\.id) }
    /// Handlers that run now.
    var running: Int { self.state.withLock { $0.running } }
    /// The most handlers that ran at the same time.
    var peak: Int { self.state.withLock { $0.peak } }

    /// Runs a body between a start and an end.
    func record<R>(_ id: String, _ body: () async throws -> R) async rethrows -> R {
        self.state.withLock { state in
            state.entries.append(Entry(id: id, isStart: true))
            state.running += 1
            state.peak = max(state.peak, state.running)
        }
        defer {
            self.state.withLock { state in
                state.entries.append(Entry(id: id, isStart: false))
                state.running -= 1
            }
        }
        return try await body()
    }
}
