import Delivery

/// What can happen to requests that wait in retry topics.
enum RetryEvent: Sendable {
    case read(source: Int, count: Int)
    case succeed(Int)
    /// The run fails; nil waits in the worker, else in the topic with this number for so long.
    case fail(Int, tier: Int?, wait: Int64)
    case due(Int)
    /// The broker takes the oldest outputs, or says that it has them.
    case deliver(to: Int, count: Int)
    case acknowledge(Int)
    /// The broker has the newest output, and says that it has not.
    case deliverTwice
    case commit
    case time(Int64)
    case patienceEnds
    case die
}

/// A delivery machine with a diversion, owned as the worker's loop owns them, in processes that die, beside logs that stay.
///
/// Source 0 is the partition of requests, the others are its retry partitions.
struct RetrySystem: InterleavedSystem, ~Copyable {
    static let sources = 3
    static let requests = 60
    static let keys = 4
    static let failuresEach = 2

    struct Copy {
        let origin: Int64
        let due: Int64
    }

    struct Flight {
        enum Stage: Equatable {
            case taken, running, parked, aside, publishing
        }

        let source: Int
        let origin: Int64
        let place: RetryDiversion.Place?
        var stage = Stage.taken
        var token: DeliveryMachine.OutputToken = 0
    }

    struct Output {
        let slot: DeliveryMachine.Slot
        let token: DeliveryMachine.OutputToken
        let copy: (tier: Int, copy: Copy)?
    }

    /// Outputs, offsets and metadata become durable together.
    let isTransactional: Bool
    let limits: DeliveryLimits

    // What stays.
    var logs: [[Copy]] = [[], []]
    var group: [(offset: Int64?, text: String)] = Array(repeating: (nil, ""), count: RetrySystem.sources)
    var now: Int64 = 0
    var failures: [Int: Int] = [:]
    var completed: Set<Int64> = []
    /// Replies that others can see.
    var replies: [Int64] = []
    var deaths = 0
    var diverted = 0
    var held = 0
    var spilled = 0
    var dropped = 0
    var resent = 0

    // What dies.
    var machine: DeliveryMachine
    var diversion: RetryDiversion
    var partitions: [DeliveryMachine.Partition] = []
    var positions: [Int64] = []
    /// The newest request that was copied and may not be committed; -1 for none.
    var newestCopied: Int64 = -1
    var flights: [DeliveryMachine.Slot: Flight] = [:]
    var unsent: [Output] = []
    var sent: [Output] = []
    /// Records whose start a commit has told.
    var granted: [DeliveryMachine.Slot] = []

    init(limits: DeliveryLimits, isTransactional: Bool) {
        self.limits = limits
        self.isTransactional = isTransactional
        self.machine = DeliveryMachine(limits: limits)
        self.diversion = RetryDiversion(limits: RetryDiversion.Limits(patience: 1_000, held: limits.records / 4))
        self.begin()
    }

    static func key(_ origin: Int64) -> UInt64 { UInt64(origin * 7 % 11) % UInt64(Self.keys) }

    static func event(using generator: inout SeededGenerator) -> RetryEvent {
        let choice = generator.below(8)
        switch generator.below(100) {
        case 0..<25: return .read(source: generator.below(Self.sources), count: 1 + generator.below(4))
        case 25..<38: return .succeed(choice)
        case 38..<50:
            let isLong = generator.below(4) > 0
            return .fail(choice, tier: isLong ? generator.below(Self.sources - 1) : nil, wait: Int64(500 + generator.below(6_000)))
        case 50..<55: return .due(choice)
        case 55..<68: return .deliver(to: generator.below(Self.sources), count: 1 + generator.below(4))
        case 68..<81: return .acknowledge(1 + generator.below(4))
        case 81: return .deliverTwice
        case 82..<90: return .commit
        case 90..<96: return .time(Int64(generator.below(3_000)))
        case 96..<98: return .patienceEnds
        default: return .die
        }
    }

    static func simpler(_ event: RetryEvent) -> [RetryEvent] {
        switch event {
        case .read(let source, let count) where count > 1: [.read(source: source, count: 1)]
        case .fail(let choice, .some, let wait) where choice > 0: [.fail(0, tier: 0, wait: wait)]
        case .succeed(let choice) where choice > 0: [.succeed(0)]
        default: []
        }
    }

    mutating func apply(_ event: RetryEvent) throws(Violation) {
        switch event {
        case .read(let source, let count): try self.read(source, count)
        case .succeed(let choice): if let slot = self.pick(choice, .running) { self.succeed(slot) }
        case .fail(let choice, let tier, let wait): if let slot = self.pick(choice, .running) { self.fail(slot, tier, wait) }
        case .due(let choice): if let slot = self.pick(choice, .parked) { self.due(slot) }
        case .deliver(let topic, let count): for _ in 0..<count { self.deliver(to: topic) }
        case .acknowledge(let choice): self.acknowledge(choice)
        case .deliverTwice: self.deliverTwice()
        case .commit: self.commit()
        case .time(let milliseconds): self.now += milliseconds
        case .patienceEnds: self.endPatience()
        case .die: self.die()
        }
        try self.start()
    }

    /// Everything comes to its end in a bounded number of rounds: nothing is lost, and nothing circulates.
    mutating func settle() throws(Violation) {
        for _ in 0..<3_000 {
            self.now += 700
            for source in (0..<Self.sources).reversed() { try self.read(source, 8) }
            self.endPatience()
            try self.start()
            for slot in self.flights.keys.sorted() where self.flights[slot]?.stage == .parked { self.due(slot) }
            for slot in self.flights.keys.sorted() where self.flights[slot]?.stage == .running { self.succeed(slot) }
            while !self.unsent.isEmpty, !self.isTransactional { for topic in 0..<Self.sources { self.deliver(to: topic) } }
            while !self.sent.isEmpty { self.acknowledge(0) }
            self.commit()
            try self.start()
            if self.isDone { break }
        }
        try require(
            self.isDone,
            "something circulates for ever: \(self.group), logs \(self.logs.map(\.count)), \(self.diversion.count) wait"
        )
        try require(self.diversion.isEmpty, "\(self.diversion.count) wait in memory that are nowhere else")
        try require(self.completed.count == Self.requests, "\(Self.requests - self.completed.count) requests are lost")
        try require(Set(self.replies).count == Self.requests, "replies are lost")
        guard self.isTransactional else { return }
        try require(self.replies.count == Self.requests, "\(self.replies.count) replies that can be seen, to \(Self.requests) requests")
        for key in 0..<UInt64(Self.keys) where key != 0 {
            let ofKey = self.replies.filter { Self.key($0) == key }
            try require(ofKey == ofKey.sorted(), "replies of key \(key): \(ofKey)")
        }
    }

    private var isDone: Bool {
        guard self.group[0].offset == Int64(Self.requests), self.flights.isEmpty else { return false }
        return (1..<Self.sources).allSatisfy { self.logs[$0 - 1].isEmpty || self.group[$0].offset == Int64(self.logs[$0 - 1].count) }
    }

    private func pick(_ choice: Int, _ stage: Flight.Stage) -> DeliveryMachine.Slot? {
        let slots = self.flights.filter { $0.value.stage == stage }.keys.sorted()
        return slots.isEmpty ? nil : slots[choice % slots.count]
    }

    // MARK: Processes

    /// A process takes everything over, and looks at what waits first.
    mutating func begin() {
        let metadata = self.group.map { group -> CommitMetadata? in
            guard let offset = group.offset, case .found(let metadata) = CommitMetadata.decode(group.text, base: offset) else { return nil }
            return metadata
        }
        var origins: [Int64] = []
        for source in 1..<Self.sources {
            for (index, copy) in self.logs[source - 1].enumerated() where Int64(index) >= self.group[source].offset ?? 0 {
                if metadata[source]?.finished.contains(where: { $0.contains(Int64(index)) }) ?? false { continue }
                let place = RetryDiversion.Place(tier: source - 1, due: copy.due)
                self.diversion.restored(copy.origin, key: Self.key(copy.origin), place: place)
                origins.append(copy.origin)
            }
        }
        self.partitions = []
        self.positions = []
        let newest = origins.max() ?? -1
        self.newestCopied = newest >= self.group[0].offset ?? 0 ? newest : -1
        for source in 0..<Self.sources {
            var known = metadata[source]
            let base = self.group[source].offset
            let copied = source == 0 ? origins.filter { $0 >= base ?? .max } : []
            if !copied.isEmpty {
                known = CommitMetadata(
                    isOpen: known?.isOpen ?? false,
                    owner: known?.owner ?? 0,
                    finished: (known?.finished ?? []) + copied.map { $0..<$0 + 1 },
                    started: known?.started ?? []
                )
            }
            self.partitions.append(self.machine.assigned(place: 0, committed: base, metadata: known, isNews: !copied.isEmpty))
            self.positions.append(base ?? 0)
        }
    }

    private mutating func die() {
        self.deaths += 1
        self.machine = DeliveryMachine(limits: self.limits)
        self.diversion = RetryDiversion(limits: RetryDiversion.Limits(patience: 1_000, held: self.limits.records / 4))
        self.flights = [:]
        self.unsent = []
        self.sent = []
        self.granted = []
        self.begin()
    }
}
