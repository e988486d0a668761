import ArgumentParser
import Dispatch
import FleetProcess
import Glibc
import JSON
import KafkaClient
import Synchronization
import Wire

struct DeadLettersReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Send dead letters again, to where they came from or to another topic.",
        discussion: """
            Sends key, value and original headers as they were, without x-dlq-* and x-attempt, and with x-dlq-replay-count. Deadlines that
            have passed (x-deadline-ms, ce_expirytime) are dropped, because the request would expire again at once; --keep-deadlines keeps
            them. To original, a letter goes to the partition that it came from, so order is kept.

            A position is committed only after the broker has acknowledged what was sent, so an interrupted replay goes on where it stood
            and a second one finds nothing to do. Selections may overlap: each is remembered with its own position, and a letter that any
            of them has sent to the same place is not sent again. To send letters once more on purpose, name another --group. What died of
            being too large for its topic is reported and stays. Letters are not deleted: fleet deadletters purge does that.

            Ctrl-C ends after what was sent is acknowledged, with the report; a second one ends at once.

            Examples:
              fleet deadletters replay --layer domain --dry-run
              fleet deadletters replay --layer domain --reason unknown_orchestrator --rate 50
              fleet deadletters replay --orchestrator summarize --since 2h --max 10
              fleet deadletters replay --reason invalid --to parked.requests

            Exit codes: 0 everything selected was sent, 1 something was not, 64 usage.
            """
    )

    @OptionGroup var options: DeadLetterOptions

    @Option(help: ArgumentHelp("original (the topic that each letter came from), or a topic's name.", valueName: "topic"))
    var to = "original"

    @Option(help: ArgumentHelp("Leave letters alone that were replayed so often.", valueName: "number"))
    var maxReplays = ReplayWork.defaultMaxReplays

    @Option(help: ArgumentHelp("Letters a second at most. (default: as fast as it goes)", valueName: "number"))
    var rate: Double?

    @Option(help: ArgumentHelp("Consumer group that remembers what was sent. (default: fleet.deadletters.replay)", valueName: "name"))
    var group: String?

    @Flag(help: "Tell what would be sent, and change nothing.")
    var dryRun = false

    @Flag(help: "Keep deadlines that have passed.")
    var keepDeadlines = false

    @Flag(help: "The report as one JSON object.")
    var json = false

    func validate() throws {
        guard (0...1_000_000).contains(self.maxReplays) else { throw ValidationError("--max-replays must be 0 to 1000000") }
        if let rate = self.rate, !(rate > 0 && rate <= 1_000_000) { throw ValidationError("--rate must be above 0 and at most 1000000") }
        guard self.group.map({ !$0.isEmpty && $0.utf8.count <= 200 }) ?? true else {
            throw ValidationError("--group must have 1 to 200 bytes")
        }
        guard ReplayPolicy.isName(self.to) else { throw ValidationError("--to \(Console.shortened(self.to)): not a topic's name") }
        let names = self.options.connection.names
        guard !DeadLetterOrigin.allCases.contains(where: { $0.topic(names) == self.to }) else {
            throw ValidationError("--to \(self.to): dead letters cannot be replayed into a dead letter topic")
        }
        let bytes = ReplayPosition(work: self.work, next: 0).metadata.utf8.count
        guard bytes <= ReplayPosition.maximumWorkBytes else {
            throw ValidationError(
                "the selection takes \(bytes) bytes to remember, \(ReplayPosition.maximumWorkBytes) are possible: shorten --filter or --orchestrator"
            )
        }
    }

    private var work: ReplayWork {
        ReplayWork(
            selection: self.options.selection,
            target: self.to == "original" ? nil : self.to,
            maxReplays: self.maxReplays
        )
    }

    func run() async throws {
        let interruption = Interruption()
        try await deadLetterReporting {
            let report = try self.replay(interruption)
            self.tell(report)
            guard report.isComplete else { throw ExitCode.failure }
        }
    }

    private func replay(_ interruption: Interruption) throws -> ReplayReport {
        let admin = try self.options.admin()
        let cluster = try DeadLetterCluster(admin)
        let names = self.options.connection.names
        let policy = ReplayPolicy(work: self.work, topics: cluster.partitions.mapValues(\.count), names: names)
        if let target = self.work.target, policy.topics[target] == nil {
            throw DeadLetterFailure("topic \(target) does not exist: nothing was sent")
        }
        let ranges = try self.options.ranges(admin)
        let ledger = try ReplayLedger(
            base: self.group ?? "\(names.prefix)fleet.deadletters.replay",
            work: self.work,
            ranges: Dictionary(ranges.map { ($0.source, $0.offsets) }) { first, _ in first },
            admin: admin
        )
        var notes = 0
        let progress = ReplayProgress()
        let replay = try DeadLetterReplay(
            DeadLetterReplay.Plan(
                work: self.work,
                rate: self.rate,
                max: self.options.max,
                keepsDeadlines: self.keepDeadlines,
                isDry: self.dryRun
            ),
            policy: policy,
            ledger: ledger,
            ranges: ranges,
            connection: self.options.connection,
            observer: DeadLetterReplay.Observer(
                isInterrupted: { interruption.isRaised },
                note: { letter, text in
                    notes += 1
                    guard notes <= 20 else { return }
                    progress.clear()
                    FleetProcess.complain("\(letter.origin.rawValue) \(letter.place) \(DeadLetterText.escaped(text))")
                },
                progress: { progress.show($0, looked: $1, of: $2) }
            )
        )
        let report = replay.run()
        progress.clear()
        if notes > 20 { FleetProcess.complain("… and \(notes - 20) more that were not sent") }
        return report
    }

    private func tell(_ report: ReplayReport) {
        if self.json {
            Console.line(report.json(isDry: self.dryRun))
        } else {
            for line in report.lines(isDry: self.dryRun) { Console.line(line) }
        }
        if let failure = report.failure { FleetProcess.complain("fleet: \(failure)") }
    }
}

extension ReplayReport {
    /// For people: what became of how many letters.
    func lines(isDry: Bool) -> [String] {
        func line(_ name: String, _ count: Int64, _ remark: String = "") -> String {
            let number = "\(count)"
            return DeadLetterText.cell(name, 14) + " " + String(repeating: " ", count: max(0, 9 - number.count)) + number
                + (remark.isEmpty ? "" : "  \(remark)")
        }
        var lines = [line("matched", Int64(self.matched)), line(isDry ? "would replay" : "replayed", Int64(self.replayed))]
        for (topic, count) in self.targets.sorted(by: { $0.key < $1.key }) { lines.append(line("", Int64(count), "to \(topic)")) }
        if self.droppedDeadlines > 0 { lines.append(line("", Int64(self.droppedDeadlines), "deadlines that had passed were dropped")) }
        lines.append(line("guarded", Int64(self.guarded)))
        lines.append(line("failed", Int64(self.failed)))
        if self.notReplayable > 0 { lines.append(line("not replayable", Int64(self.notReplayable))) }
        if self.sentBefore > 0 {
            lines.append(line("sent before", Int64(self.sentBefore), "by a replay with another selection; not counted above"))
        }
        lines.append(line("left over", self.leftOver, self.leftOver > 0 ? "not looked at" : ""))
        if isDry { lines.append("dry run: nothing was changed") }
        if self.wasInterrupted { lines.append("interrupted; the same command goes on from here") }
        return lines
    }

    func json(isDry: Bool) -> String {
        let object: JSONObject = [
            "dry_run": .bool(isDry), "matched": .integer(Int64(self.matched)), "replayed": .integer(Int64(self.replayed)),
            "guarded": .integer(Int64(self.guarded)), "failed": .integer(Int64(self.failed)),
            "not_replayable": .integer(Int64(self.notReplayable)), "sent_before": .integer(Int64(self.sentBefore)),
            "left_over": .integer(self.leftOver), "dropped_deadlines": .integer(Int64(self.droppedDeadlines)),
            "interrupted": .bool(self.wasInterrupted), "failure": self.failure.map { .string($0) } ?? .null,
            "targets": .object(
                JSONObject(self.targets.sorted(by: { $0.key < $1.key }).map { ($0.key, .integer(Int64($0.value))) })
            ),
        ]
        return JSONValue.object(object).serialized(pretty: false)
    }
}

/// The first Ctrl-C or SIGTERM asks for the end, a second one is not held up.
private final class Interruption: @unchecked Sendable {  // the sources are made in init and cancelled once
    private let raised = Raised()
    private let sources: [any DispatchSourceSignal]

    private final class Raised: Sendable {
        let value = Atomic<Bool>(false)
    }

    init() {
        let raised = self.raised
        self.sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { @Sendable in
                raised.value.store(true, ordering: .releasing)
                for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
            }
            source.activate()
            return source
        }
    }

    deinit {
        for source in self.sources { source.cancel() }
    }

    var isRaised: Bool { self.raised.value.load(ordering: .acquiring) }
}

/// How far a replay is, on stderr: one line that is drawn anew on a terminal, otherwise a line every ten seconds.
private final class ReplayProgress {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var last = WireTime.now
    private var isShown = false

    func show(_ report: ReplayReport, looked: Int64, of total: Int64) {
        let now = WireTime.now
        guard now - self.last >= (self.isTerminal ? 200 : 10_000) else { return }
        self.last = now
        let text = "replayed \(report.replayed), looked at \(looked) of \(total)"
        if self.isTerminal {
            self.write("\r\u{1b}[K\(text)")
            self.isShown = true
        } else {
            self.write("\(text)\n")
        }
    }

    /// Makes room for another line.
    func clear() {
        if self.isShown { self.write("\r\u{1b}[K") }
        self.isShown = false
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
