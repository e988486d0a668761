import Delivery

/// What must be true of deliveries, told in the simplest way: lists, and no cleverness.
struct DeliveryModel {
    /// A record in flight.
    struct Flight {
        enum Stage: Equatable {
            case waiting
            /// Started, not taken by a runner yet.
            case queued
            case running
            case publishing(left: Int)
        }

        let assignment: Int
        let source: Int
        let partition: DeliveryMachine.Partition
        let offset: Int64
        let key: UInt64
        let bytes: Int
        var stage: Stage
    }

    /// A source in the hands of the machine.
    struct Assignment {
        let number: Int
        let partition: DeliveryMachine.Partition
        /// The next offset of the log to be read.
        var position: Int64
        var isRevoking = false
        /// Every record taken in, and whether it is finished; the finished ones at the front are dropped.
        var window: [(offset: Int64, isFinished: Bool)] = []
        var lastAdmitted: Int64?
        /// Records that found no room, in order.
        var held: [Int64] = []
        /// The offset that the machine knows to be committed.
        var known: Int64?
        /// The newest offset started, by lane.
        var lastStarted: [UInt64: Int64] = [:]

        /// The offset that may be committed; it moves when a record is finished.
        var base: Int64?

        /// The finished records above the base.
        var finishedAboveBase: [Int64] { self.window.filter(\.isFinished).map(\.offset) }

        mutating func finish(_ offset: Int64) {
            if let index = self.window.firstIndex(where: { $0.offset == offset }) { self.window[index].isFinished = true }
            while self.window.first?.isFinished == true { self.window.removeFirst() }
            self.base = self.window.first?.offset ?? self.lastAdmitted.map { $0 + 1 }
        }
    }

    /// A commit that the broker has decided about and not answered yet.
    struct Commit {
        let source: Int
        let offset: Int64
        let succeeds: Bool
    }

    let limits: DeliveryLimits
    let ordering: Ordering
    var flights: [Flight?]
    var assignments: [Assignment?]
    var commits: [Commit] = []
    /// What the group has committed, by source.
    var group: [Int64]
    /// Every offset that was finished, by source.
    var done: [Set<Int64>]
    /// The newest offset taken in, by source.
    var newest: [Int64]
    var assignmentsMade = 0
    var received = 0
    var finished = 0
    var givenUp = 0
    var stale = 0

    init(limits: DeliveryLimits, ordering: Ordering, sources: Int) {
        self.limits = limits
        self.ordering = ordering
        self.flights = Array(repeating: nil, count: limits.records)
        self.assignments = Array(repeating: nil, count: sources)
        self.group = Array(repeating: 0, count: sources)
        self.done = Array(repeating: [], count: sources)
        self.newest = Array(repeating: -1, count: sources)
    }

    // MARK: The log

    /// The log's record at an offset; nil for the one of about eight that is no record.
    ///
    /// The log is endless and always the same. Hashes of keys are few and close to each other, and one record of five has no key.
    func record(_ source: Int, _ offset: Int64) -> (key: UInt64, bytes: Int)? {
        var generator = SeededGenerator(seed: UInt64(source) << 32 ^ UInt64(offset))
        guard generator.below(8) != 0 else { return nil }
        let keys: [UInt64] = [0, 1, 2, 3, 1 << 63]
        return (keys[generator.below(keys.count)], 1 + generator.below(20))
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

    /// The newest offset of an assignment whose record has begun, or is finished above the base; -1 without one.
    func newestBegun(_ assignment: Assignment) -> Int64 {
        let begun = self.slots { flight in
            flight.assignment == assignment.number && flight.stage != .waiting && flight.stage != .queued
        }
        return (begun.map(\.flight.offset) + assignment.finishedAboveBase).max() ?? -1
    }

    /// What becomes of a record that comes in.
    func reception(_ source: Int, _ assignment: Assignment, _ offset: Int64, _ key: UInt64) -> Reception {
        if assignment.isRevoking || offset <= assignment.lastAdmitted ?? -1 { return .drop }
        if !assignment.held.isEmpty || !self.flights.contains(where: { $0 == nil }) { return .full }
        return self.lane(of: source, key).isEmpty ? .start : .wait
    }

    enum Reception { case start, wait, drop, full }

    /// The records of a lane that have not been handled, those of earlier assignments first, each in offset order.
    func lane(of source: Int, _ key: UInt64) -> [(slot: DeliveryMachine.Slot, flight: Flight)] {
        guard let lane = self.lane(key) else { return [] }
        return self.slots { flight in
            if case .publishing = flight.stage { return false }
            return flight.source == source && self.lane(flight.key) == lane
        }
        .sorted { ($0.flight.assignment, $0.flight.offset) < ($1.flight.assignment, $1.flight.offset) }
    }

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

    func capacity(_ assignment: Assignment) -> Int {
        guard !assignment.isRevoking, assignment.held.isEmpty, self.bytes < self.limits.bytes else { return 0 }
        let free = self.flights.count { $0 == nil }
        let held = self.slots { $0.assignment == assignment.number }.count
        return max(0, min(free, 4 * free - held, self.limits.window - assignment.window.count))
    }
}
