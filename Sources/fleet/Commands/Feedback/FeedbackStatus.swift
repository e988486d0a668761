import ArgumentParser
import Feedback
import FleetProcess
import JSON
import KafkaClient
import Orchestration
import Wire

struct FeedbackStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "What has been learned in all: signals, components, how fresh it is, and how far the feedback orchestrators are behind.",
        discussion: """
            Read from feedback.policies, which holds what is known of every component, and fleet.control. LAG is how many signals and decisions the
            group of the feedback orchestrators has yet to read.

            Examples:
              fleet feedback status
              fleet feedback status --json | jq .lag

            Exit codes: 0 shown, 1 failed, 64 usage.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Option(
        help: ArgumentHelp(
            "Consumer group of the feedback orchestrators. (default: fleet.feedback behind the topic prefix)",
            valueName: "name"
        )
    )
    var groupID: String?

    @Flag(help: "One JSON object.")
    var json = false

    func run() async throws {
        try await feedbackReporting {
            let source = FeedbackTopicsReader(connection: self.connection)
            let policies = try source.policies()
            let summary = FeedbackSummary(
                policies.values.map(\.snapshot),
                commands: try source.commands(),
                lag: try self.lag(source),
                now: Double(WireTime.now) / 1_000
            )
            if self.json { Console.line(JSONValue.object(summary.json).description) } else { summary.lines.forEach { Console.line($0) } }
        }
    }

    /// Records that the group has yet to read; or why that cannot be told.
    private func lag(_ source: FeedbackTopicsReader) throws -> FeedbackSummary.Lag {
        let group = self.groupID ?? "\(self.connection.topicPrefix)fleet.feedback"
        let admin = try source.admin()
        let topics = [source.names.decisions] + ComponentType.allCases.map { source.names.signals($0) }
        let found = try admin.describeTopics().filter { topics.contains($0.name) }
        guard found.count == topics.count else {
            let missing = topics.filter { topic in !found.contains { $0.name == topic } }
            return .unknown("\(missing.joined(separator: ", ")) missing; create with: fleet topics create")
        }
        do throws(KafkaError) {
            // By name: the embedded broker tells nothing to who asks for all.
            let places = found.flatMap { topic in topic.partitions.map { TopicPartition(topic: topic.name, partition: $0.id) } }
            let committed = try admin.committedOffsets(group: group, partitions: places)
            guard committed.contains(where: { $0.offset >= 0 }) else { return .unknown("the group \(group) has committed nothing yet") }
            var lag: Int64 = 0
            for point in committed {
                let (low, high) = try admin.watermarks(of: point.source)
                lag += max(0, high - max(low, point.offset))
            }
            return .records(lag, group: group)
        } catch {
            return .unknown("\(error)")
        }
    }
}

/// What there is to say of all components together.
struct FeedbackSummary: Sendable {
    enum Lag: Sendable, Hashable {
        case records(Int64, group: String)
        case unknown(String)
    }

    struct Count: Sendable, Hashable {
        var components = 0
        var disabled = 0
        var probing = 0
        var signals: Int64 = 0
    }

    let types: [ComponentType: Count]
    let newest: PolicySnapshot?
    let disabledByCommand: [ComponentID]
    let experiments: [String]
    let lag: Lag
    let now: Double

    init(_ snapshots: [PolicySnapshot], commands: [ControlScope: FeedbackTopicsReader.Command], lag: Lag, now: Double) {
        var types: [ComponentType: Count] = [:]
        for snapshot in snapshots {
            types[snapshot.componentType, default: Count()].components += 1
            let signals = types[snapshot.componentType]?.signals ?? 0
            types[snapshot.componentType]?.signals = signals.adding(clamped: snapshot.signals)
            switch snapshot.availability {
            case .enabled: break
            case .disabled: types[snapshot.componentType, default: Count()].disabled += 1
            case .probing: types[snapshot.componentType, default: Count()].probing += 1
            }
        }
        self.types = types
        self.newest = snapshots.max { ($0.updatedAt, $0.component.description) < ($1.updatedAt, $1.component.description) }
        var disabled: [ComponentID] = []
        var experiments: [String] = []
        for command in commands.values {
            switch command.command.order {
            case .component(let component, .disable): disabled.append(component)
            case .define(let name, _): experiments.append(name)
            case .component, .cancel, .stop: break
            }
        }
        self.disabledByCommand = disabled.sorted { $0.description < $1.description }
        self.experiments = experiments.sorted()
        self.lag = lag
        self.now = now
    }

    private var components: Int { self.types.values.reduce(0) { $0 + $1.components } }
    private var signals: Int64 { self.types.values.reduce(0) { $0.adding(clamped: $1.signals) } }

    var lines: [String] {
        var lines = ["signals      \(self.signals) about \(self.components) components"]
        for type in ComponentType.allCases {
            guard let count = self.types[type] else { continue }
            var line = "             \(type.rawValue): \(count.components), \(count.signals) signals"
            if count.disabled > 0 { line += Console.styled(", \(count.disabled) disabled", .red) }
            if count.probing > 0 { line += Console.styled(", \(count.probing) probing", .yellow) }
            lines.append(line)
        }
        if let newest {
            lines.append(
                "newest       \(ago(self.now - newest.updatedAt)), \(DeadLetterText.escaped(newest.component.description, to: 80))"
                    + (newest.worker.isEmpty ? "" : " by \(DeadLetterText.escaped(newest.worker, to: 80))")
            )
        } else {
            lines.append("newest       nothing has been learned yet: send signals, and see that a feedback-orchestrator runs")
        }
        switch self.lag {
        case .records(let count, let group): lines.append("lag          \(count) records, group \(group)")
        case .unknown(let reason): lines.append("lag          cannot be told: \(reason)")
        }
        if !self.disabledByCommand.isEmpty {
            let list = self.disabledByCommand.prefix(10).map { DeadLetterText.escaped($0.description, to: 80) }.joined(separator: ", ")
            lines.append("disabled     by command: \(list)\(self.disabledByCommand.count > 10 ? ", …" : "")")
        }
        if !self.experiments.isEmpty {
            let list = self.experiments.prefix(10).map { DeadLetterText.escaped($0, to: 80) }.joined(separator: ", ")
            lines.append("experiments  \(list)\(self.experiments.count > 10 ? ", …" : "")")
        }
        return lines
    }

    var json: JSONObject {
        var types = JSONObject()
        for type in ComponentType.allCases {
            guard let count = self.types[type] else { continue }
            types[type.rawValue] = [
                "components": .integer(Int64(count.components)), "disabled": .integer(Int64(count.disabled)),
                "probing": .integer(Int64(count.probing)), "signals": .integer(count.signals),
            ]
        }
        var object: JSONObject = [
            "signals": .integer(self.signals), "components": .integer(Int64(self.components)), "types": .object(types),
            "newest_update": self.newest.map { .number($0.updatedAt) } ?? .null,
            "newest_component": self.newest.map { .string($0.component.description) } ?? .null,
            "disabled_by_command": .array(self.disabledByCommand.map { .string($0.description) }),
            "experiments": .array(self.experiments.map { .string($0) }),
        ]
        switch self.lag {
        case .records(let count, _): object["lag"] = .integer(count)
        case .unknown(let reason):
            object["lag"] = .null
            object["lag_unknown"] = .string(reason)
        }
        return object
    }
}
