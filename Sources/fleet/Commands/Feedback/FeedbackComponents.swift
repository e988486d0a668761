import ArgumentParser
import FleetProcess
import Glibc
import JSON
import Orchestration
import Wire

struct FeedbackComponents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "components",
        abstract: "List the components that something is known of.",
        discussion: """
            MEAN is that of all rewards, RUNNING that of the last ones, HEALTH that of the last hundred with their errors and deviation. A component
            that is disabled is not chosen; one that is probing is tried again.

            Examples:
              fleet feedback components
              fleet feedback components --type model --sort health --limit 5
              fleet feedback components --json | jq 'select(.availability != "enabled")'

            Exit codes: 0 done, 1 failed, 64 usage.
            """
    )

    enum Order: String, CaseIterable, ExpressibleByArgument, Sendable {
        case name, signals, mean, running, health, updated
    }

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "Only components of this type.")
    var type: ComponentType?

    @Option(help: "What they are ordered by: names and health upwards, the most signals, the highest rewards and the newest first.")
    var sort: Order = .name

    @Option(help: ArgumentHelp("End after so many.", valueName: "number"))
    var limit: Int?

    @Flag(help: "One JSON object a line; fleet feedback policies has all of one.")
    var json = false

    func validate() throws {
        guard self.limit ?? 1 > 0 else { throw ValidationError("--limit must be above 0") }
    }

    func run() async throws {
        try await feedbackReporting {
            let policies = try FeedbackTopicsReader(connection: self.connection).policies()
            let shown = Self.sorted(
                policies.values.map(\.snapshot).filter { self.type == nil || $0.componentType == self.type },
                by: self.sort
            )
            .prefix(self.limit ?? .max)
            if self.json {
                for snapshot in shown { Console.line(JSONValue.object(Self.json(snapshot)).description) }
            } else if !shown.isEmpty {
                Self.table(Array(shown), now: Double(WireTime.now) / 1_000).show()
            }
            if shown.isEmpty {
                FleetProcess.complain("nothing is known of \(self.type.map { "components of type \($0.rawValue)" } ?? "any component") yet")
            }
        }
    }

    /// By name where all else is equal.
    static func sorted(_ snapshots: [PolicySnapshot], by order: Order) -> [PolicySnapshot] {
        func key(_ snapshot: PolicySnapshot) -> Double {
            switch order {
            case .name: 0
            case .signals: -Double(snapshot.signals)
            case .mean: -snapshot.meanReward
            case .running: -snapshot.health.runningReward
            case .health: snapshot.health.score
            case .updated: -snapshot.updatedAt
            }
        }
        return snapshots.sorted { (key($0), $0.component.description) < (key($1), $1.component.description) }
    }

    static func table(_ snapshots: [PolicySnapshot], now: Double) -> TextTable {
        var table = TextTable([
            .init(title: "COMPONENT", maximumWidth: 56), .init(title: "SIGNALS", isNumber: true), .init(title: "MEAN", isNumber: true),
            .init(title: "RUNNING", isNumber: true), .init(title: "HEALTH", isNumber: true), .init(title: "STATE"),
            .init(title: "VERSION", isNumber: true), .init(title: "UPDATED", isNumber: true), .init(title: "REASON", maximumWidth: 80),
        ])
        for snapshot in snapshots {
            table.add([
                snapshot.component.description, "\(snapshot.signals)", decimals(snapshot.meanReward, 3),
                decimals(snapshot.health.runningReward, 3), decimals(snapshot.health.score, 3), snapshot.availability.rawValue,
                "\(snapshot.policyVersion)", ago(now - snapshot.updatedAt), snapshot.reason ?? "",
            ])
        }
        return table
    }

    static func json(_ snapshot: PolicySnapshot) -> JSONObject {
        [
            "component_type": .string(snapshot.componentType.rawValue), "component_id": .string(snapshot.componentID),
            "signals": .integer(snapshot.signals), "mean_reward": .number(snapshot.meanReward),
            "running_reward": .number(snapshot.health.runningReward), "health_score": .number(snapshot.health.score),
            "availability": .string(snapshot.availability.rawValue), "reason": snapshot.reason.map { .string($0) } ?? .null,
            "policy_version": .integer(snapshot.policyVersion), "updated_at": .number(snapshot.updatedAt),
        ]
    }
}
