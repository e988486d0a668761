import ArgumentParser
import FleetProcess
import JSON
import Orchestration
import Wire

struct FeedbackPolicies: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policies",
        abstract: "Show all that is known of a component, as JSON: counts, health, learners and details.",
        discussion: """
            The snapshot is that of the topic feedback.policies, by which workers choose.

            Examples:
              fleet feedback policies model/gpt-4
              fleet feedback policies model/gpt-4 tool/search --compact | jq .health

            Exit codes: 0 shown, 1 nothing is known of a component, 64 usage.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: ArgumentHelp("Which; TYPE is model, tool, agent, threshold, prompt or memory.", valueName: "type/id"))
    var components: [ComponentID]

    @Flag(help: "One JSON object a line instead of laying them out.")
    var compact = false

    func run() async throws {
        try await feedbackReporting {
            let policies = try FeedbackTopicsReader(connection: self.connection).policies()
            var missing: [ComponentID] = []
            for component in self.components {
                guard let policy = policies[component] else {
                    missing.append(component)
                    continue
                }
                let limits = JSONLimits(maximumBytes: policy.value.count, maximumDepth: 64)
                guard let json = try? JSONValue(parsing: policy.value, limits: limits) else { continue }
                Console.line(self.compact ? json.description : json.serialized(pretty: true))
            }
            guard missing.isEmpty else {
                throw FeedbackFailure(missing.map { Self.explain($0, known: Array(policies.keys)) }.joined(separator: "\nfleet: "))
            }
        }
    }

    /// That nothing is known of a component, and of which others of its type something is.
    static func explain(_ component: ComponentID, known: [ComponentID]) -> String {
        let others = known.filter { $0.type == component.type }.map(\.id).sorted()
        let list = others.prefix(10).map { DeadLetterText.escaped($0, to: 60) }.joined(separator: ", ")
        let name = DeadLetterText.escaped(component.description, to: 300)
        guard !others.isEmpty else { return "nothing is known of \(name), nor of any other \(component.type.rawValue)" }
        return "nothing is known of \(name); known of this type: \(list)\(others.count > 10 ? " and \(others.count - 10) more" : "")"
    }
}
