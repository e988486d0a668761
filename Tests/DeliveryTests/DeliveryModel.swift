import Delivery

/// What is true of deliveries, told in the simplest way: lists, and no cleverness.
struct DeliveryModel {
    /// A record in flight.
    struct Flight {
        enum Stage: Equatable {
            /// Taken in; begins when the machine says so.
            case held
            /// Handed out, not taken by a runner yet.
            case queued
            case running
            case parked
            case publishing(left: Int)
        }

        let assignment: Int
        let source: Int
        let partition: DeliveryMachine.Partition
        let offset: Int64
        let key: UInt64
        let bytes: Int
        var stage = Stage.held
        var attempt = DeliveryAttempt()
        var retryToken: DeliveryMachine.OutputToken = 0
    }

    /// A source in the hands of the machine.
    struct Assignment {
        let number: Int
        let partition: DeliveryMachine.Partition
        /// The next offset of the log to be read.
        var position: Int64
        /// What was committed when it arrived.
        let found: CommitMetadata?
        var suspiciousBelow: Int64
        var isRevoking = false
        var lastAdmitted: Int64?
        /// Records that found no room, in order.
        var held: [Int64] = []
        /// What was finished since it arrived.
        var finished: Set<Int64> = []
        /// What the machine knows to be committed.
        var known: Int64?
        /// The newest offset started, by lane.
        var lastStarted: [UInt64: Int64] = [:]
    }

    /// What a group has committed of a source: durable.
    struct Group {
        var offset: Int64?
        var text = ""

        var metadata: CommitMetadata? {
            guard let offset, case .found(let metadata) = CommitMetadata.decode(self.text, base: offset) else { return nil }
            return metadata
        }

        func tellsFinished(_ offset: Int64) -> Bool {
            offset < self.offset ?? 0 || (self.metadata?.finished.contains { $0.contains(offset) } ?? false)
        }

        func started(_ offset: Int64) -> CommitMetadata.Started? { self.metadata?.started.first { $0.offset == offset } }
    }

    /// A commit that the broker has decided about and not answered yet.
    struct Commit {
        let source: Int
        let commit: DeliveryMachine.Commit
        let succeeds: Bool
    }

    let limits: DeliveryLimits
    let ordering: Ordering
    /// Whether some records of the log end the process that runs them.
    let hasPoison: Bool
    var flights: [Flight?]
    var assignments: [Assignment?]
    var commits: [Commit] = []
    var group: [Group]
    /// Every offset that was finished, by source.
    var done: [Set<Int64>]
    /// The process at work, and those that live without work; 0 where nobody has a number.
    var process: UInt32
    var living: Set<UInt32> = []
    /// Sources that this process has lost while it ran something of them.
    var lostAtWork: Set<Int> = []
    /// Sessions lost.
    var losses = 0
    /// How often each record of the log has begun without coming to an end.
    var deaths: [[Int64: Int]]
    /// The newest offset taken in, by source.
    var newest: [Int64]
    /// Whether something else than a poisonous record has ended a process, or the gate was opened by force: then blame may be wrong.
    var isBlameUncertain = false
    var wasGateForced = false
    var assignmentsMade = 0
    var received = 0
    var finished = 0
    var crashes = 0
    var putAway = 0
    var skipped = 0
    var ranAlone = 0

    init(limits: DeliveryLimits, ordering: Ordering, sources: Int, hasPoison: Bool, hasIdentity: Bool) {
        self.process = hasIdentity ? 1 : 0
        self.limits = limits
        self.ordering = ordering
        self.hasPoison = hasPoison
        self.flights = Array(repeating: nil, count: limits.records)
        self.assignments = Array(repeating: nil, count: sources)
        self.group = Array(repeating: Group(), count: sources)
        self.done = Array(repeating: [], count: sources)
        self.deaths = Array(repeating: [:], count: sources)
        self.newest = Array(repeating: -1, count: sources)
    }

    // MARK: The log

    /// The log's record at an offset; nil for the one of about eight that is no record.
    ///
    /// The log is endless and always the same. Hashes of keys are few and close to each other, and one record of five has no key.
    func record(_ source: Int, _ offset: Int64) -> (key: UInt64, bytes: Int, isPoison: Bool)? {
        var generator = SeededGenerator(seed: UInt64(source) << 32 ^ UInt64(offset))
        guard generator.below(8) != 0 else { return nil }
        let keys: [UInt64] = [0, 1, 2, 3, 1 << 63]
        return (keys[generator.below(keys.count)], 1 + generator.below(20), self.hasPoison && generator.below(25) == 0)
    }

    /// The first offset of a record at or above an offset.
    func nextRecord(_ source: Int, from offset: Int64) -> Int64 {
        var offset = offset
        while self.record(source, offset) == nil { offset += 1 }
        return offset
    }

    // MARK: Answers

    /// The lane of a key; nil when the record may run at any time.
    func lane(_ key: UInt64) -> UInt64? {
        switch self.ordering {
        case .none: nil
        case .partition: 0
        case .key: key == 0 ? nil : key
        }
    }

    func isStale(_ flight: Flight) -> Bool { self.assignments[flight.source]?.number != flight.assignment }

    func isPoison(_ flight: Flight) -> Bool { self.record(flight.source, flight.offset)?.isPoison ?? false }

    /// Records in flight, by slot.
    func slots(where isWanted: (Flight) -> Bool = { _ in true }) -> [(slot: DeliveryMachine.Slot, flight: Flight)] {
        self.flights.enumerated().compactMap { index, flight in
            flight.flatMap { isWanted($0) ? (DeliveryMachine.Slot(index), $0) : nil }
        }
    }

    /// One of those that are wanted.
    func pick(_ choice: Int, where isWanted: (Flight) -> Bool) -> (slot: DeliveryMachine.Slot, flight: Flight)? {
        let slots = self.slots(where: isWanted)
        return slots.isEmpty ? nil : slots[choice % slots.count]
    }

    var bytes: Int { self.flights.reduce(0) { $0 + ($1?.bytes ?? 0) } }
}
