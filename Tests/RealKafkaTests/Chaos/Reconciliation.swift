import KafkaClient

/// Compares what was asked with what came of it, request by request.
struct Reconciliation {
    /// Requests of the log without a reply and without a dead letter.
    private(set) var lost: [String] = []
    /// Replies beyond the first of each request.
    private(set) var repeatedReplies = 0
    /// Starts beyond the first of each request.
    private(set) var repeatedRuns = 0
    /// Runs of one key at the same time.
    private(set) var overlaps: [String] = []
    /// The same, while one of the workers could not know that its partitions were another's.
    private(set) var excusedOverlaps = 0
    /// Runs that began before the record before them in their key had come to an end.
    private(set) var disorders: [String] = []

    /// Dead letters of requests that no killed worker is known to have run: a lost session was taken for the end of a process.
    private(set) var wronglyAccused: [String] = []

    private let runs: HandlerRuns
    private let replies: [String: [DrillReply]]
    private let incarnations: [String: Incarnation]
    private let doubtful: [String: [ClosedRange<Int64>]]

    /// - Parameters:
    ///   - log: the requests topic, partitions in offset order.
    ///   - letters: the dead letters by request.
    init(
        log: [ConsumedRecord],
        replies: [String: [DrillReply]],
        letters: [String: [ConsumedRecord]],
        runs: HandlerRuns,
        fleet: ChaosFleet
    ) {
        self.runs = runs
        self.replies = replies
        self.incarnations = Dictionary(uniqueKeysWithValues: fleet.incarnations.map { ($0.id, $0) })
        self.doubtful = self.incarnations.mapValues { $0.doubtfulTimes(session: ChaosFleet.session) }
        self.repeatedReplies = replies.values.reduce(0) { $0 + $1.count - 1 }
        self.repeatedRuns = runs.byID.values.reduce(0) { $0 + $1.count - 1 }
        var ofKey: [String: [String]] = [:]
        var known: Set<String> = []
        for record in log {
            let id = record.header("ce_id") ?? ""
            guard known.insert(id).inserted else { continue }
            if replies[id] == nil && letters[id] == nil { self.lost.append(id) }
            if record.key != nil { ofKey["\(record.keyText)", default: []].append(id) }
        }
        self.wronglyAccused = letters.keys.filter { id in
            // A run that has ended is unfinished until its reply stands in the log.
            !(runs.byID[id] ?? []).contains { run in
                let isAnswered = replies[id]?.contains { $0.worker == run.worker } ?? false
                return (run.end == nil || !isAnswered) && self.incarnations[run.worker]?.killedAt != nil
            }
        }
        for ids in ofKey.values { self.followOrder(ids) }
        for (key, ofKey) in Dictionary(grouping: runs.all, by: \.key) where !key.isEmpty { self.findOverlaps(ofKey) }
    }

    /// No record of a key begins before the one before it has ended at least once.
    ///
    /// A killed worker's last events may be missing; then its reply proves the end.
    private mutating func followOrder(_ ids: [String]) {
        for (before, id) in zip(ids, ids.dropFirst()) {
            let ends = (self.runs.byID[before] ?? []).compactMap(\.end) + (self.replies[before] ?? []).map { $0.publishedAt * 1_000_000 }
            guard let first = ends.min() else { continue }
            for run in self.runs.byID[id] ?? [] where run.start < first {
                self.disorders.append("\(id) began in \(run.worker) \(first - run.start) ns before \(before) had ended")
            }
        }
    }

    /// - Parameter runs: of one key, in the order of their starts.
    private mutating func findOverlaps(_ runs: [HandlerRuns.Run]) {
        for (index, run) in runs.enumerated() {
            for later in runs[(index + 1)...] {
                let end = self.end(of: run)
                guard later.start < end else { continue }
                if run.worker != later.worker, self.isDoubtful(run) || self.isDoubtful(later) {
                    self.excusedOverlaps += 1
                } else {
                    self.overlaps.append(
                        "key \(run.key): \(later.id) in \(later.worker) began \(end - later.start) ns before \(run.id) in \(run.worker) ended"
                    )
                }
            }
        }
    }

    /// When a run was over: a killed worker's end with it; nothing is known of one that could not tell its last events before it left.
    private func end(of run: HandlerRuns.Run) -> Int64 { run.end ?? self.incarnations[run.worker]?.killedAt ?? run.start }

    private func isDoubtful(_ run: HandlerRuns.Run) -> Bool {
        (self.doubtful[run.worker] ?? []).contains { $0.overlaps(run.start...max(run.start, self.end(of: run))) }
    }
}
