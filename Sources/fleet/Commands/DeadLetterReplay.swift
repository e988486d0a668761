import Glibc
import KafkaClient
import Wire

/// What a replay did.
struct ReplayReport: Sendable {
    var matched = 0
    var replayed = 0
    var guarded = 0
    var failed = 0
    var notReplayable = 0
    /// Selected, but sent by a replay with another selection before.
    var sentBefore = 0
    /// Letters that were not looked at, because the replay ended early.
    var leftOver: Int64 = 0
    var targets: [String: Int] = [:]
    var droppedDeadlines = 0
    /// What ended the replay before its end.
    var failure: String?
    var wasInterrupted = false

    /// Everything that was selected was sent.
    var isComplete: Bool { self.failure == nil && !self.wasInterrupted && self.replayed == self.matched }
}

/// Sends dead letters again: reads in rounds, sends a round, waits until the broker has acknowledged it, and only then commits the position.
///
/// A replay that ends anywhere loses nothing; only one that is killed between an acknowledgement and its commit sends that round again.
/// Owned by one thread.
final class DeadLetterReplay {
    struct Plan {
        var work: ReplayWork
        /// Letters a second; nil for as fast as it goes.
        var rate: Double?
        /// Letters to send at most.
        var max: Int?
        var keepsDeadlines = false
        var isDry = false
    }

    /// Who watches.
    struct Observer {
        var isInterrupted: () -> Bool = { false }
        /// A letter that was not sent, and why.
        var note: (StoredLetter, String) -> Void = { _, _ in }
        var progress: (_ report: ReplayReport, _ looked: Int64, _ total: Int64) -> Void = { _, _, _ in }
    }

    private struct Sent {
        let letter: StoredLetter
        let topic: String
        var outcome: KafkaError??
    }

    /// What is sent before it is waited for.
    private static let round = (records: 500, bytes: 8 << 20, milliseconds: Int64(250))

    private let plan: Plan
    private let policy: ReplayPolicy
    private let ledger: ReplayLedger
    private let reader: DeadLetterReader
    private let producer: KafkaProducer
    private let observer: Observer
    private let total: Int64
    private let watch = Stopwatch()
    private var pacer: ReplayPacer?
    private var positions: [TopicPartition: ReplayPosition]
    private var committed: [TopicPartition: Int64]
    /// Taken from the reader, not yet sent.
    private var pending: StoredLetter?
    private var looked: Int64 = 0
    private var report = ReplayReport()

    init(
        _ plan: Plan,
        policy: ReplayPolicy,
        ledger: ReplayLedger,
        ranges: [(origin: DeadLetterOrigin, source: TopicPartition, offsets: Range<Int64>)],
        connection: ConnectionOptions,
        observer: Observer
    ) throws {
        self.plan = plan
        self.policy = policy
        self.ledger = ledger
        self.observer = observer
        self.positions = ledger.own
        self.committed = ledger.committed
        self.pacer = plan.rate.map { ReplayPacer(rate: $0) }
        let rest = ranges.map { range in
            let start = max(range.offsets.lowerBound, ledger.own[range.source]?.start ?? 0)
            return (range.origin, range.source, min(start, range.offsets.upperBound)..<range.offsets.upperBound)
        }
        self.total = rest.reduce(0) { $0 + Int64($1.2.count) }
        self.reader = try DeadLetterReader(rest, configuration: try connection.readerConfiguration("replay"), group: ledger.group)
        var configuration = try connection.clientConfiguration("replay")
        for (name, value) in [
            ("message.timeout.ms", "30000"), ("message.max.bytes", "100000000"), ("linger.ms", "0"),
            // A batch is refused as a whole: so a letter that is too large takes no other with it.
            ("batch.num.messages", "1"),
        ] where configuration[name] == nil { configuration[name] = value }
        self.producer = try KafkaProducer(configuration: configuration, observer: ConnectionOptions.observer)
    }

    /// Replays until everything is done, enough is sent, something fails, or it is interrupted.
    func run() -> ReplayReport {
        do {
            while try self.round() { self.observer.progress(self.report, self.looked, self.total) }
        } catch {
            self.report.failure = "\(error)"
        }
        if self.report.failure != nil || self.report.wasInterrupted || self.report.replayed == self.plan.max {
            self.report.leftOver = max(0, self.total - self.looked)
        }
        return self.report
    }

    /// - Returns: whether there is more.
    private func round() throws -> Bool {
        var sent: [Sent] = []
        var next: [TopicPartition: Int64] = [:]
        // Whatever ends the round, what was sent is waited for and remembered.
        let filled = Result { try self.fill(&sent, &next) }
        let settled = Result { try self.settle(sent, next) }
        let goesOn = try filled.get()
        try settled.get()
        return goesOn
    }

    private func fill(_ sent: inout [Sent], _ next: inout [TopicPartition: Int64]) throws -> Bool {
        let end = self.watch.milliseconds + Self.round.milliseconds
        var bytes = 0
        while sent.count < Self.round.records, bytes < Self.round.bytes, self.watch.milliseconds < end {
            if self.observer.isInterrupted() {
                self.report.wasInterrupted = true
                return false
            }
            if let max = self.plan.max, self.report.replayed + sent.count >= max { return false }
            guard let letter = self.pending else {
                switch try self.reader.next(milliseconds: sent.isEmpty ? 200 : 0) {
                case .letter(let letter): self.pending = letter
                case .waiting: if !sent.isEmpty { return true }
                case .end: return false
                }
                continue
            }
            if self.isWanted(letter) {
                switch self.policy.decide(letter.headers, hasValue: letter.record.withView { $0.value != nil }) {
                case .send(let topic, let partition):
                    // A long wait is for the next round: until then what was sent is remembered.
                    guard self.waitForTurn(isRoundEmpty: sent.isEmpty) else { return true }
                    bytes += letter.record.byteCount
                    try self.send(letter, topic, partition, &sent)
                case .guarded:
                    self.report.guarded += 1
                    self.observer.note(letter, "guarded: it was replayed \(letter.headers.replayCount) times already (--max-replays)")
                case .notReplayable(let reason):
                    self.report.notReplayable += 1
                    self.observer.note(letter, "not replayable: \(reason)")
                case .missing(let topic):
                    throw DeadLetterFailure(
                        "topic \(topic) does not exist, where \(letter.origin.rawValue) \(letter.place) and maybe others have to go: create it, "
                            + "send them elsewhere with --to, or select others"
                    )
                }
                self.report.matched += 1
            }
            self.pending = nil
            self.looked += 1
            next[letter.record.source] = letter.record.offset + 1
        }
        return true
    }

    private func isWanted(_ letter: StoredLetter) -> Bool {
        guard letter.matches(self.plan.work.selection) else { return false }
        guard !self.ledger.hasSent(letter) else {
            if self.positions[letter.record.source].map({ letter.record.offset >= $0.next }) ?? true { self.report.sentBefore += 1 }
            return false
        }
        return true
    }

    /// Waits as the rate says.
    ///
    /// - Returns: false when the letter has to wait for another round.
    private func waitForTurn(isRoundEmpty: Bool) -> Bool {
        guard let pacer = self.pacer, !self.plan.isDry else { return true }
        let delay = pacer.delay(at: self.watch.nanoseconds)
        guard delay > 0 else { return true }
        if delay > 50_000_000 {
            guard isRoundEmpty else { return false }
            usleep(50_000)
            return false
        }
        usleep(UInt32(clamping: delay / 1_000))
        return true
    }

    private func send(_ letter: StoredLetter, _ topic: String, _ partition: Int32?, _ sent: inout [Sent]) throws {
        let replayed = letter.record.withView {
            ReplayedHeaders(of: $0.headers, now: WireTime.now, keepsDeadlines: self.plan.keepsDeadlines)
        }
        self.report.droppedDeadlines += replayed.droppedDeadlines
        sent.append(Sent(letter: letter, topic: topic, outcome: self.plan.isDry ? .some(nil) : nil))
        guard !self.plan.isDry else { return }
        let target = try self.producer.topic(topic)
        while true {
            let outcome = letter.record.withView { view in
                replayed.headers.withView { headers in
                    self.producer.produce(
                        to: target,
                        partition: partition,
                        key: view.key,
                        value: view.value,
                        headers: headers,
                        token: UInt(sent.count)
                    )
                }
            }
            switch outcome {
            case .accepted:
                self.pacer?.sent(at: self.watch.nanoseconds)
                return
            case .refused(let error):
                sent[sent.count - 1].outcome = .some(error)
                return
            case .full:
                self.readReports(&sent, milliseconds: 10)
            }
        }
    }

    private func readReports(_ sent: inout [Sent], milliseconds: Int32) {
        self.producer.flush(milliseconds: milliseconds) { token, error in
            if sent.indices.contains(Int(token) - 1) { sent[Int(token) - 1].outcome = .some(error) }
        }
    }

    /// Waits for the round's acknowledgements, and commits.
    private func settle(_ sent: [Sent], _ next: [TopicPartition: Int64]) throws {
        var sent = sent
        while sent.contains(where: { $0.outcome == nil }) { self.readReports(&sent, milliseconds: 100) }
        var done: [TopicPartition: [Int64]] = [:]
        var failed: [TopicPartition: [Int64]] = [:]
        var failure: KafkaError?
        for one in sent {
            let source = one.letter.record.source
            guard case .some(.some(let error)) = one.outcome else {
                self.report.replayed += 1
                self.report.targets[one.topic, default: 0] += 1
                done[source, default: []].append(one.letter.record.offset)
                continue
            }
            self.report.failed += 1
            failed[source, default: []].append(one.letter.record.offset)
            self.observer.note(one.letter, "failed: \(error)")
            if !error.concernsOneRecord { failure = failure ?? error }
        }
        if !self.plan.isDry { try self.commit(next, done: done, failed: failed) }
        if let failure { throw failure }
    }

    private func commit(_ next: [TopicPartition: Int64], done: [TopicPartition: [Int64]], failed: [TopicPartition: [Int64]]) throws {
        guard !next.isEmpty else { return }
        var isRemembered = true
        var points: [CommitPoint] = []
        for (source, offset) in next {
            var position = self.positions[source] ?? ReplayPosition(work: self.plan.work, next: 0)
            isRemembered = position.advance(to: offset, failed: failed[source] ?? [], sent: done[source] ?? []) && isRemembered
            if self.positions[source] == position { continue }
            self.positions[source] = position
            points.append(CommitPoint(source: source, offset: position.next, metadata: position.metadata))
        }
        // Another replay of the same kind would have moved it.
        let found = try patiently { () throws(KafkaError) in try self.reader.consumer.committed(points.map(\.source)) }
        if let moved = found.first(where: { max(-1, $0.offset) != self.committed[$0.source] ?? -1 }) {
            throw DeadLetterFailure(
                "group \(self.ledger.group) was moved in \(moved.source) by somebody else: is the same replay running twice? "
                    + "What was sent last may have been sent by both"
            )
        }
        try patiently { () throws(KafkaError) in try self.reader.consumer.commit(points, waiting: 10_000) }
        for point in points { self.committed[point.source] = point.offset }
        guard isRemembered else { throw DeadLetterFailure("more than \(ReplayPosition.maximumFailed) letters of one partition failed") }
    }
}

/// Tries again what fails for a moment, as what asks for a group's offsets in the first seconds of a cluster does.
func patiently<R>(_ body: () throws(KafkaError) -> R) throws(KafkaError) -> R {
    for _ in 0..<10 {
        do {
            return try body()
        } catch  where error.isRetriable {
            usleep(500_000)
        }
    }
    return try body()
}

extension KafkaError {
    /// The record itself is refused: another one may be taken.
    fileprivate var concernsOneRecord: Bool { self.isMessageTooLarge || self.name == "INVALID_RECORD" }
}
