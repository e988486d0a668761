import ArgumentParser
import FleetProcess
import Glibc
import JSON
import Wire

struct DeadLettersHistogram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "histogram",
        abstract: "Count dead letters by reason, orchestrator, error category, hour or tenant.",
        discussion: """
            Most frequent first; hours in their order. The tenant is read from the value. Beyond 10,000 different names all others are
            counted as (others).

            Examples:
              fleet deadletters histogram
              fleet deadletters histogram --by hour --since 1d --layer application
              fleet deadletters histogram --by tenant --reason invalid --json | jq .count

            Exit codes: 0 done, 1 failed, 64 usage.
            """
    )

    enum Kind: String, CaseIterable, ExpressibleByArgument, Sendable {
        case reason, orchestrator
        case errorCategory = "error-category"
        case hour, tenant

        func name(of letter: StoredLetter) -> String? {
            switch self {
            case .reason: letter.headers.reason
            case .orchestrator: letter.headers.orchestrator
            case .errorCategory: letter.headers.errorCategory
            case .hour: "\(WireTime.text(letter.time).prefix(13)):00Z"
            case .tenant: letter.tenant
            }
        }
    }

    @OptionGroup var options: DeadLetterOptions

    @Option(help: "What to count by.")
    var by: Kind = .reason

    @Flag(help: "One JSON object a line: name (null where a letter tells none), count.")
    var json = false

    func run() async throws {
        try await deadLetterReporting {
            var counts = DeadLetterCounts()
            try self.options.forEach { counts.add(self.by.name(of: $0)) }
            for line in counts.sorted(byName: self.by == .hour).map({ self.json ? $0.json : self.row($0, of: counts) }) {
                Console.line(line)
            }
            if counts.total == 0 { FleetProcess.complain("no dead letters match") }
        }
    }

    private func row(_ entry: DeadLetterCounts.Entry, of counts: DeadLetterCounts) -> String {
        let share = Double(entry.count) / Double(max(1, counts.total))
        let percent = "\(Int((share * 100).rounded()))%"
        let number = "\(entry.count)"
        var line = DeadLetterText.cell(entry.name ?? "(none)", 32)
        line += " " + String(repeating: " ", count: max(0, 10 - number.count)) + number
        line += " " + String(repeating: " ", count: max(0, 4 - percent.count)) + percent
        guard isatty(STDOUT_FILENO) == 1 else { return line }
        let bar = String(repeating: "█", count: max(1, Int((Double(entry.count) / Double(max(1, counts.largest)) * 30).rounded())))
        return "\(line) \(Console.styled(bar, .cyan))"
    }
}

/// How often each name occurs; memory is bounded whatever the names are.
struct DeadLetterCounts: Sendable {
    struct Entry: Sendable, Hashable {
        let name: String?
        let count: Int

        var json: String {
            JSONValue.object(["name": self.name.map { .string($0) } ?? .null, "count": .integer(Int64(self.count))]).serialized(
                pretty: false
            )
        }
    }

    /// Different names that are told apart.
    static let limit = 10_000
    private static let others = "(others)"

    private(set) var total = 0
    private var counts: [String?: Int] = [:]

    mutating func add(_ name: String?) {
        self.total += 1
        let name = name.map { String(decoding: $0.utf8.prefix(256), as: UTF8.self) }
        if self.counts[name] != nil || self.counts.count < Self.limit {
            self.counts[name, default: 0] += 1
        } else {
            self.counts[Self.others, default: 0] += 1
        }
    }

    var largest: Int { self.counts.values.max() ?? 0 }

    /// The most frequent first, or by name.
    func sorted(byName: Bool) -> [Entry] {
        self.counts.map { Entry(name: $0.key, count: $0.value) }.sorted {
            !byName && $0.count != $1.count ? $0.count > $1.count : $0.name ?? "" < $1.name ?? ""
        }
    }
}
