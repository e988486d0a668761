import ArgumentParser
import FleetProcess
import Glibc
import KafkaClient
import Wire

struct DeadLettersPurge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Delete dead letters from the beginning of their topics up to a time or an offset.",
        discussion: """
            Kafka can only delete from a partition's beginning: so there is no purge by reason, orchestrator, text, number or --since. What
            would go is shown first, and asked for on a terminal; elsewhere --yes is needed. Deleted letters cannot be had back.

            Examples:
              fleet deadletters purge --until 14d
              fleet deadletters purge --layer domain --until 2026-11-01T00:00:00Z --yes
              fleet deadletters purge --layer domain --until 3:1042
              fleet deadletters purge --all --dry-run

            Exit codes: 0 done, 1 failed or not confirmed, 64 usage.
            """
    )

    /// What stays.
    enum Bound: Sendable, Hashable {
        /// Milliseconds since 1970: everything that died then or later.
        case time(Int64)
        /// The letter in this place and what follows it in its partition.
        case place(DeadLettersShow.Place)

        init(parsing text: String, now: Int64) throws(ValidationError) {
            if let place = DeadLettersShow.Place(argument: text) {
                self = .place(place)
            } else {
                self = .time(try DeadLetterTime.parse(text, now: now))
            }
        }
    }

    /// What goes of a partition.
    struct Cut: Sendable, Hashable {
        let origin: DeadLetterOrigin
        let source: TopicPartition
        let first: Int64
        /// The first that stays.
        let end: Int64
        let stays: Int64

        var count: Int64 { self.end - self.first }
    }

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "domain, application, infrastructure, or feedback for signals. (default: the three layers)")
    var layer: DeadLetterOrigin?

    @Option(
        help: ArgumentHelp(
            "Delete what died before this time (RFC 3339, or a duration such as 14d, meaning ago), or in one partition what stands before partition:offset.",
            valueName: "time|place"
        ),
        transform: { try Bound(parsing: $0, now: WireTime.now) }
    )
    var until: Bound?

    @Flag(help: "Delete everything.")
    var all = false

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "Show what would go, and change nothing.")
    var dryRun = false

    @Option(help: .hidden) var reason: [String] = []
    @Option(help: .hidden) var orchestrator: String?
    @Option(help: .hidden) var since: String?
    @Option(help: .hidden) var filter: String?
    @Option(help: .hidden) var max: String?

    func validate() throws {
        let selected = [
            ("--reason", !self.reason.isEmpty), ("--orchestrator", self.orchestrator != nil), ("--since", self.since != nil),
            ("--filter", self.filter != nil), ("--max", self.max != nil),
        ].filter(\.1).map(\.0)
        guard selected.isEmpty else {
            throw ValidationError(
                "\(selected.joined(separator: ", ")): Kafka can only delete from a partition's beginning up to an offset, so single letters cannot be deleted; use --until or --all"
            )
        }
        guard self.all != (self.until != nil) else { throw ValidationError("give either --until or --all") }
        if case .place = self.until, self.layer == nil { throw ValidationError("--until partition:offset needs --layer") }
        guard self.yes || self.dryRun || Self.isTerminal else {
            throw ValidationError("nobody can be asked without a terminal: give --yes (or --dry-run)")
        }
    }

    private static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    func run() async throws {
        try await deadLetterReporting {
            var options = DeadLetterOptions()
            options.connection = self.connection
            options.layer = self.layer
            let admin = try options.admin()
            let cuts = try self.cuts(of: try options.ranges(admin), admin)
            let total = cuts.reduce(0) { $0 + $1.count }
            for cut in cuts {
                Console.line("\(cut.source): \(cut.count) letters (\(cut.first) to \(cut.end - 1)); \(cut.stays) stay")
            }
            guard total > 0 else {
                Console.line("nothing to delete")
                return
            }
            if self.dryRun {
                Console.line("dry run: \(total) letters would be deleted")
                return
            }
            guard self.yes || Self.isConfirmed("Delete these \(total) letters for good? Type yes: ") else {
                throw DeadLetterFailure("not confirmed: nothing was deleted")
            }
            try admin.deleteRecords(before: Dictionary(cuts.map { ($0.source, $0.end) }) { first, _ in first })
            Console.line("\(total) letters deleted")
        }
    }

    private func cuts(
        of ranges: [(origin: DeadLetterOrigin, source: TopicPartition, offsets: Range<Int64>)],
        _ admin: KafkaAdmin
    ) throws -> [Cut] {
        var ends: [TopicPartition: Int64?] = [:]
        switch self.until {
        case .time(let time): ends = try admin.offsets(at: time, of: ranges.map(\.source))
        case .place(let place):
            guard let range = ranges.first(where: { $0.source.partition == place.partition }) else {
                throw DeadLetterFailure("there is no partition \(place.partition)")
            }
            ends = [range.source: place.offset]
        case nil: break
        }
        return ranges.compactMap { origin, source, offsets in
            // Nothing as young as that: all of it goes. A partition that was not asked about: nothing.
            guard let end = self.all ? .some(nil) : ends[source] else { return nil }
            let bound = min(end ?? offsets.upperBound, offsets.upperBound)
            guard bound > offsets.lowerBound else { return nil }
            return Cut(origin: origin, source: source, first: offsets.lowerBound, end: bound, stays: offsets.upperBound - bound)
        }
    }

    private static func isConfirmed(_ question: String) -> Bool {
        let bytes = Array(question.utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        return readLine(strippingNewline: true) == "yes"
    }
}
