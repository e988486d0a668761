/// Which records begin, and when.
///
/// Normally the first record of every lane begins at once. Three things hold it back:
///
/// - A partition is open to nobody until a commit says that it is at work. Whoever finds that mark later knows that the owner did not come to an
///   orderly end.
/// - Where an owner has crashed, starts are told in a commit before they happen, 64 at a time: if the process ends again, the next owner knows
///   who was running.
/// - Those are suspects. A suspect runs alone, and a commit says so before: if the process ends once more, there is no doubt. One that has been
///   started too often, the last time alone, is poison. Neighbours that only happened to run at the same time are cleared by their own end.
extension DeliveryMachine {
    /// Told starts of one partition at the same time.
    static let startsAtOnce = 64

    /// A record to be given to a handler.
    public struct Start: Sendable, Hashable {
        /// The record's slot.
        public var slot: Slot
        /// What was tried before; a poisonous record is to be put away.
        public var attempt: DeliveryAttempt
    }

    /// Hands out every record that may begin now.
    public mutating func takeStarts(_ body: (Start) -> Void) {
        guard !self.ready.isEmpty else { return }
        var kept = 0
        for index in self.ready.indices {
            let slot = self.ready[index]
            switch self.decide(slot) {
            case .stay:
                self.ready[kept] = slot
                kept += 1
            case .declare(let alone):
                let partition = Int(self.records[Int(slot)].partition)
                self.records[Int(slot)].state = .declaring
                self.declaring += 1
                let accused = self.partitions[partition].accused
                self.partitions[partition].attempts.starting(self.offset(of: slot), alone: alone, accused: accused)
                self.partitions[partition].commits.declare(slot)
            case .start(let attempt):
                self.records[Int(slot)].isPoison = attempt.isPoison
                self.begin(slot)
                body(Start(slot: slot, attempt: attempt))
            }
        }
        self.ready.removeSubrange(kept...)
    }

    /// Hands out the records whose starts a commit has told.
    mutating func grant(_ slot: Slot, _ body: (Start) -> Void) {
        guard self.records[Int(slot)].state == .declaring else { return }
        let attempt = self.attempt(slot)
        self.declaring -= 1
        self.begin(slot)
        body(Start(slot: slot, attempt: attempt))
    }

    /// The record that runs alone or waits to.
    public var suspect: Slot? { self.solo }

    /// Whether a suspect runs alone, or waits for the others to end so that it can.
    ///
    /// Its owner loses patience after a while: ``openGate()``.
    public var isGateClosed: Bool { (self.solo != nil && !self.isGateForced) || self.telling != nil }

    /// Lets the others run beside the suspect, and the suspect beside the others: a record that takes long must not hold a worker up.
    ///
    /// They begin when a commit has said so.
    public mutating func openGate() {
        guard let slot = self.solo, !self.isGateForced else { return }
        self.isGateForced = true
        self.partitions[Int(self.records[Int(slot)].partition)].attempts.notAlone(self.offset(of: slot))
        self.tellNotAlone(slot)
    }

    mutating func endSolo() {
        if let slot = self.solo { self.tellNotAlone(slot) }
        self.solo = nil
        self.isGateForced = false
    }

    /// Nobody starts before a commit has taken back that a suspect runs alone: it would be blamed for what another does.
    private mutating func tellNotAlone(_ slot: Slot) {
        let record = self.records[Int(slot)]
        guard record.state == .declaring || record.state == .running,
            self.partitions[Int(record.partition)].state != .retired
        else { return }
        self.partitions[Int(record.partition)].commits.changedForAll()
        self.telling = record.partition
    }

    private enum Decision {
        case stay
        case declare(alone: Bool)
        case start(DeliveryAttempt)
    }

    private mutating func decide(_ slot: Slot) -> Decision {
        let record = self.records[Int(slot)]
        let index = Int(record.partition)
        guard self.partitions[index].commits.isOpenToUs, self.isInWindow(self.offset(of: slot), of: index) else { return .stay }
        if record.isSuspect {
            let attempt = self.attempt(slot)
            if attempt.isPoison { return self.partitions[index].testimony == .last ? .start(attempt) : .stay }
            if self.partitions[index].testimony == .none { return .stay }
            if self.solo == nil, self.telling == nil { self.solo = slot }
            let isQuiet = self.running == 0 && self.declaring == 0
            return self.solo == slot && (isQuiet || self.isGateForced) ? .declare(alone: !self.isGateForced) : .stay
        }
        if self.isGateClosed { return .stay }
        guard self.partitions[index].suspiciousBelow >= 0, self.offset(of: slot) < self.partitions[index].suspiciousBelow else {
            return .start(self.attempt(slot))
        }
        return self.partitions[index].active + self.partitions[index].commits.declaredCount < Self.startsAtOnce
            ? .declare(alone: false) : .stay
    }

    private func attempt(_ slot: Slot) -> DeliveryAttempt {
        self.partitions[Int(self.records[Int(slot)].partition)].attempts.attempt(self.offset(of: slot), limit: self.limits.starts)
    }

    private mutating func begin(_ slot: Slot) {
        self.records[Int(slot)].state = .running
        self.running += 1
        self.partitions[Int(self.records[Int(slot)].partition)].active += 1
    }
}
