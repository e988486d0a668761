public import ArgumentParser
public import Feedback
import FleetProcess
public import Orchestration
import WorkerRuntime

struct FeedbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feedback",
        abstract: "Look at what the fleet has learned, compare ways to choose, and disable, enable or reset components.",
        discussion: """
            A component is a model, tool, agent, threshold, prompt or memory; it is named TYPE/ID.

            Examples:
              fleet feedback status
              fleet feedback components --type model --sort health
              fleet feedback watch model
              fleet feedback disable model/gpt-4 --reason "The provider has an outage"
              fleet feedback experiments evaluate --type model --since 1d

            Exit codes: 0 done, 1 failed, 2 what was waited for did not come in time, 64 usage.
            """,
        subcommands: [
            FeedbackStatus.self, FeedbackComponents.self, FeedbackPolicies.self, FeedbackWatch.self, FeedbackExperiments.self,
            FeedbackDisable.self, FeedbackEnable.self, FeedbackReset.self,
        ]
    )
}

extension ComponentType: ExpressibleByArgument {}

extension ComponentID: ExpressibleByArgument {
    /// Reads `TYPE/ID`.
    public init?(argument: String) { self.init(argument) }
}

extension PolicyName: ExpressibleByArgument {
    /// Reads `uniform`, `arm:ID`, `algorithm:NAME` or `current`.
    public init?(argument: String) { self.init(argument) }
}

extension IntervalMethod: ExpressibleByArgument {}

/// What ends a command, in a sentence for people.
struct FeedbackFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Runs a command's body on a thread that may wait, and turns its errors into one line on stderr and exit code 1.
func feedbackReporting<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await reporting {
        do {
            return try await onOwnThread(body)
        } catch let failure as FeedbackFailure {
            FleetProcess.complain("fleet: \(failure)")
            throw ExitCode.failure
        }
    }
}
