public import ArgumentParser
import KafkaClient
import Orchestration
public import Wire

struct DeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deadletters",
        abstract: "Look at requests that could not be served, send them again, or delete them.",
        discussion: """
            Examples:
              fleet deadletters histogram
              fleet deadletters list --layer domain --reason unknown_orchestrator --since 2h
              fleet deadletters show 3:1042 --layer domain
              fleet deadletters replay --reason expired --dry-run
              fleet deadletters purge --until 14d

            Every one of them takes the same selection. Exit codes: 0 done, 1 failed, 64 usage.
            """,
        subcommands: [
            DeadLettersList.self, DeadLettersShow.self, DeadLettersHistogram.self, DeadLettersReplay.self, DeadLettersPurge.self,
        ]
    )
}

/// Whose dead letters are meant.
enum DeadLetterOrigin: String, CaseIterable, ExpressibleByArgument, Sendable {
    case domain, application, infrastructure
    /// Signals that break the contract, not requests.
    case feedback

    /// Those whose dead letters are requests.
    static let layers: [DeadLetterOrigin] = [.domain, .application, .infrastructure]

    func topic(_ names: TopicNames) -> String {
        switch self {
        case .domain: names.deadLetters(.domain)
        case .application: names.deadLetters(.application)
        case .infrastructure: names.deadLetters(.infrastructure)
        case .feedback: names.feedbackDeadLetters
        }
    }
}

extension DeadLetterReason: ExpressibleByArgument {}

/// Which dead letters are meant: the options that all commands about them share.
struct DeadLetterOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions

    @Option(help: "domain, application, infrastructure, or feedback for signals. (default: the three layers)")
    var layer: DeadLetterOrigin?

    @Option(help: "Only those that died of this reason; repeat for more.")
    var reason: [DeadLetterReason] = []

    @Option(help: ArgumentHelp("Only those that asked for this orchestrator.", valueName: "name"))
    var orchestrator: String?

    @Option(
        help: ArgumentHelp(
            "Only those that died at this time or later: RFC 3339, or a duration such as 90s, 2h or 1d12h, meaning ago.",
            valueName: "time"
        ),
        transform: { try DeadLetterTime.parse($0, now: WireTime.now) }
    )
    var since: Int64?

    @Option(
        help: ArgumentHelp("Only those that died before this time; in the same forms.", valueName: "time"),
        transform: { try DeadLetterTime.parse($0, now: WireTime.now) }
    )
    var until: Int64?

    @Option(
        help: ArgumentHelp(
            "Only those with this text in the key, the error message, the message's id (ce_id) or the value; case matters.",
            valueName: "text"
        )
    )
    var filter: String?

    @Option(help: ArgumentHelp("End after so many of them, oldest first.", valueName: "number"))
    var max: Int?

    func validate() throws {
        guard self.max ?? 1 > 0 else { throw ValidationError("--max must be above 0") }
        guard self.filter != "" else { throw ValidationError("--filter must not be empty") }
        if let since = self.since, let until = self.until, since >= until {
            throw ValidationError("--since must be before --until")
        }
    }

    var selection: DeadLetterSelection {
        DeadLetterSelection(
            reasons: Set(self.reason.map(\.rawValue)),
            orchestrator: self.orchestrator,
            since: self.since,
            until: self.until,
            filter: self.filter
        )
    }

    /// The topics that are meant and exist, and whatever else the cluster has.
    ///
    /// - Throws: when a topic that was asked for, or every topic, is missing.
    func topics(_ cluster: DeadLetterCluster) throws -> [(origin: DeadLetterOrigin, topic: String)] {
        let names = self.connection.names
        let wanted = (self.layer.map { [$0] } ?? DeadLetterOrigin.layers).map { (origin: $0, topic: $0.topic(names)) }
        let found = wanted.filter { cluster.partitions[$0.topic] != nil }
        guard found.isEmpty else { return found }
        let list = wanted.map(\.topic).joined(separator: ", ")
        throw DeadLetterFailure(
            "no dead letter topic: \(list) \(wanted.count == 1 ? "does" : "do") not exist; create with: fleet topics create"
        )
    }
}

/// What ends a command about dead letters, in a sentence for people.
struct DeadLetterFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The cluster's topics with their partitions; asked for as a whole, because asking for one by name may create it.
struct DeadLetterCluster: Sendable {
    let partitions: [String: [Int32]]

    init(_ admin: KafkaAdmin) throws {
        self.partitions = Dictionary(try admin.describeTopics().map { ($0.name, $0.partitions.map(\.id).sorted()) }) { first, _ in first }
    }
}
