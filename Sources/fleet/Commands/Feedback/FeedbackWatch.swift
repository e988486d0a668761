import ArgumentParser
import Glibc
import KafkaClient
import Orchestration
import Wire

struct FeedbackWatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show live which components of a type are chosen, and how well they do.",
        discussion: """
            Bars are shares of the decisions of the last minutes, read from feedback.decisions; rewards are those of feedback.policies. On a terminal the
            picture is drawn anew every second, until Ctrl-C; elsewhere, and with --once, it is drawn once and without colours.

            Examples:
              fleet feedback watch model
              fleet feedback watch tool --window 1h --interval 5
              fleet feedback watch agent --once > agents.txt

            Exit codes: 0 shown, 1 failed, 64 usage.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "model, tool, agent, threshold, prompt or memory.")
    var type: ComponentType = .model

    @Option(
        help: ArgumentHelp("How far back decisions count: a duration such as 90s, 5m or 1h, at most 1d.", valueName: "duration"),
        transform: { text in
            guard let duration = DeadLetterTime.duration(text), (1_000...86_400_000).contains(duration) else {
                throw ValidationError("\"\(Console.shortened(text))\": expected a duration of 1s to 1d, such as 90s, 5m or 1h")
            }
            return duration
        }
    )
    var window: Int64 = 300_000

    @Option(help: ArgumentHelp("Seconds between pictures.", valueName: "seconds"))
    var interval = 1.0

    @Option(help: ArgumentHelp("Lines of the picture. (default: as the terminal has)", valueName: "number"))
    var lines: Int?

    @Flag(help: "One picture, then end.")
    var once = false

    func validate() throws {
        guard self.interval >= 0.1, self.interval <= 3_600 else { throw ValidationError("--interval must be 0.1 to 3600 seconds") }
        guard self.lines ?? 4 >= 4 else { throw ValidationError("--lines must be at least 4") }
    }

    func run() async throws {
        try await feedbackReporting {
            let source = FeedbackTopicsReader(connection: self.connection)
            let names = source.names
            let policyReader = try source.reader([names.policies], from: .beginning)
            let decisionReader = try source.reader([names.decisions], from: .time(WireTime.now - self.window))
            let isLive = !self.once && isatty(STDOUT_FILENO) == 1
            var policies: [ComponentID: FeedbackTopicsReader.Policy] = [:]
            var decisions = RecentDecisions(window: Double(self.window) / 1_000)
            var drawn = 0
            let watch = Stopwatch()
            var heard: Int64 = 0
            while true {
                let end = watch.milliseconds + (isLive && drawn > 0 ? Int64(self.interval * 1_000) : 200)
                repeat {
                    for record in try decisionReader.read(milliseconds: Int32(clamping: max(1, min(200, end - watch.milliseconds)))) {
                        if let decision = record.withView({ try? DecisionCodec.decode($0) }) { decisions.add(decision) }
                        heard = watch.milliseconds
                    }
                    for record in try policyReader.read(milliseconds: 1) {
                        _ = FeedbackTopicsReader.take(record, into: &policies)
                        heard = watch.milliseconds
                    }
                    if let problem = decisionReader.takeProblem() ?? policyReader.takeProblem() { throw problem }
                } while watch.milliseconds < end
                guard decisionReader.isCaughtUp, policyReader.isCaughtUp else {
                    guard watch.milliseconds - heard < FeedbackTopicsReader.patience else {
                        throw FeedbackFailure("the brokers have told nothing for \(FeedbackTopicsReader.patience / 1_000) s")
                    }
                    continue
                }
                let now = WireTime.now
                decisions.forget(now: Double(now) / 1_000)
                self.draw(policies, decisions, now, over: &drawn, isLive: isLive)
                if !isLive { return }
            }
        }
    }

    /// Draws over the lines that were drawn last.
    private func draw(
        _ policies: [ComponentID: FeedbackTopicsReader.Policy],
        _ decisions: RecentDecisions,
        _ now: Int64,
        over drawn: inout Int,
        isLive: Bool
    ) {
        let size = Terminal.size
        let picture = FeedbackPicture(
            type: self.type,
            snapshots: Dictionary(
                policies.filter { $0.key.type == self.type }.map { ($0.key.id, $0.value.snapshot) },
                uniquingKeysWith: { first, _ in first }
            ),
            counts: decisions.counts(of: self.type, now: Double(now) / 1_000),
            window: decisions.window,
            now: now
        )
        let lines = picture.lines(width: size.columns, height: self.lines ?? (isLive ? max(4, size.rows - 1) : .max))
        // Up to the first line, then everything below it is taken away.
        let start = drawn > 0 ? "\u{1b}[\(drawn)A\u{1b}[J" : ""
        Console.line(start + lines.joined(separator: "\n"))
        drawn = isLive ? lines.count : 0
    }
}

/// The terminal that is written to.
enum Terminal {
    /// 100 columns and 24 rows where there is none.
    static var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (100, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
