/// Decides what happens to every record between the log and the commit: a pure state machine, no clock, no I/O.
///
/// A record's way: `received` → (waits in its lane) → taken by `takeStarts` → runs → `handled` → its outputs are published → `acknowledged` →
/// finished, and the partition's base may move. A failed one is `parked` until its retry is due. A partition's way: `assigned` → reading →
/// `revoking` (nothing new starts; what runs may end) → `retired`. The owner performs what is returned: give records to handlers, publish
/// outputs, commit. Slots are small integers; the owner keeps whatever belongs to them in arrays of its own.
///
/// What a commit carries beside the base lets nothing finished run again after a crash, and finds the record that ends its worker's process;
/// see DeliveryMachine+Starts.swift.
public struct DeliveryMachine: ~Copyable, Sendable {
    /// Names a record in flight.
    public typealias Slot = Int32
    /// Names one output of one record in flight, or its wait for a retry: slot, number of the output, and the slot's generation, so that a
    /// report whose slot was given away meanwhile is known to be late.
    public typealias OutputToken = UInt64
    /// Names an assigned partition; valid until it is retired.
    public typealias Partition = Int32

    enum State: UInt8 {
        /// Can become `waiting` or `ready`.
        case free
        /// Waits in its lane. Can become `ready`, or `free` when its partition is revoked.
        case waiting
        /// First of its lane. Can become `declaring`, `running`, or `free`.
        case ready
        /// A commit that tells of its start is wanted or under way. Can become `running`, or `free`.
        case declaring
        /// Given to a handler. Can become `publishing`, `parked`, `aside`, or `free`.
        case running
        /// Waits, out of its lane, for others of its key. Can become `waiting`, `ready`, or `free`.
        case aside
        /// Has failed or was postponed, and waits for its next start, still first of its lane. Can become `ready`, or `free`.
        case parked
        /// Its outputs are on their way. Can become `free`.
        case publishing
    }

    struct Record {
        var state: State = .free
        /// A worker's process has ended while it ran.
        var isSuspect = false
        /// It was handed out to be put away.
        var isPoison = false
        var partition: Partition = 0
        var epoch: UInt32 = 0
        var pending: Int32 = 0
        var generation: UInt32 = 0
        var next: Slot = KeyLanes.none
        var bytes: Int = 0
        var lane: UInt64 = 0
        var ticket: PartitionTracker.Ticket = 0
    }

    enum PartitionState: UInt8 {
        case retired, reading, revoking
    }

    struct PartitionRecord {
        var state: PartitionState = .retired
        var epoch: UInt32 = 0
        /// What its lanes are named by.
        var place: Int32 = 0
        var tracker = PartitionTracker()
        var attempts = AttemptLedger()
        /// Records that run or publish.
        var active = 0
        /// Slots that it holds.
        var held = 0
        /// The lowest offset that found no room and has not come again; nothing above it is taken in before, else the base would pass it.
        var refused: Int64 = .max
        /// Below this offset an owner before may have crashed: starts are told in a commit first.
        var suspiciousBelow: Int64 = -1
        /// That owner; 0 if nobody knows.
        var accused: UInt32 = 0
        var testimony = Testimony.last
        var commits = CommitState()
    }

    let limits: DeliveryLimits
    let ordering: Ordering
    /// The number of this process, which its commits name.
    let identity: UInt32
    var records: [Record]
    var freeSlots: [Slot]
    var partitions: [PartitionRecord] = []
    var lanes: KeyLanes
    /// The first of their lanes, in the order in which they came to be.
    var ready: [Slot] = []
    /// Records given to handlers and not returned.
    var running = 0
    /// Records whose start a commit is to tell.
    var declaring = 0
    /// The suspect that runs alone, or is about to.
    var solo: Slot?
    var commitNumber: UInt64 = 0
    /// Others may run beside the suspect.
    var isGateForced = false
    /// The partition whose next commit says that a suspect runs alone no more.
    var telling: Partition?

    /// Bytes of the records in flight.
    public private(set) var bytesInFlight = 0
    /// Records that ended after their partition had left (invariant I5: such an end changes nothing).
    public private(set) var staleCompletions = 0

    /// Creates a machine without partitions; room for all records that the limits allow is taken at once.
    ///
    /// - Parameter identity: a number that no other process of the group has; 0 for none: then every lost session counts as a crash.
    public init(limits: DeliveryLimits = DeliveryLimits(), ordering: Ordering = .key, identity: UInt32 = 0) {
        self.limits = limits
        self.ordering = ordering
        self.identity = identity
        self.records = Array(repeating: Record(), count: limits.records)
        self.freeSlots = (0..<Int32(limits.records)).reversed()
        self.lanes = KeyLanes(capacity: limits.records)
    }

    /// Records in flight: waiting, running, parked or publishing.
    public var recordsInFlight: Int { self.records.count - self.freeSlots.count }

    // MARK: Partitions

    /// A partition has arrived.
    ///
    /// - Parameters:
    ///   - place: a number of its own that it has each time it comes: a record whose run outlived an earlier assignment so holds its key
    ///     back in the next one. By default it is the returned index: then partitions that come back are taken for new ones. Partitions of one
    ///     place share their lanes, and must leave together.
    ///   - committed: where the group stands; nil when it has committed nothing.
    ///   - metadata: what was committed with that offset; nil when there was nothing that could be read.
    ///   - isNews: the metadata says more than was committed, and the next commit is to say it.
    ///   - end: the next offset of the log, as far as it is known: a crashed owner cannot have come further.
    public mutating func assigned(
        place: Int32? = nil,
        committed: Int64? = nil,
        metadata: CommitMetadata? = nil,
        isNews: Bool = false,
        end: Int64 = .max
    ) -> Partition {
        let index = self.partitions.firstIndex { $0.state == .retired && $0.active == 0 } ?? self.partitions.count
        if index == self.partitions.count { self.partitions.append(PartitionRecord()) }
        var partition = PartitionRecord(state: .reading, epoch: self.partitions[index].epoch &+ 1, place: place ?? Int32(index))
        if let committed {
            partition.tracker = PartitionTracker(base: committed, restored: metadata?.finished ?? [])
            partition.commits.committed = committed
            if let metadata {
                partition.attempts = AttemptLedger(metadata.started, owner: metadata.isOpen ? metadata.owner : 0)
                partition.commits.isOpen = metadata.isOpen
                // What its next owner finds must name this one.
                partition.commits.isOurs = metadata.owner == self.identity
                if metadata.isOpen {
                    partition.suspiciousBelow = min(end, committed.advanced(upTo: self.limits.window))
                    partition.accused = metadata.owner
                }
                // It has lost its session, and lives.
                partition.acquit([self.identity])
                partition.testimony = partition.accusedProcesses.isEmpty ? .last : .none
            }
        }
        if isNews { partition.commits.changed() }
        self.partitions[index] = partition
        return Partition(index)
    }

    /// How many records of a partition may be read now.
    ///
    /// Partitions share the slots by a dynamic threshold (Choudhury and Hahne, 1998): one may hold at most four times what is free. Those with
    /// a backlog so come to equal shares, and one that is alone, or stuck, leaves a fifth.
    public func capacity(of partition: Partition) -> Int {
        let index = Int(partition)
        guard self.partitions[index].state == .reading, self.partitions[index].refused == .max, self.bytesInFlight < self.limits.bytes,
            // What an owner before has left in the metadata goes only by reading on.
            self.partitions[index].commits.share < CommitState.fullShare || self.partitions[index].held == 0
        else { return 0 }
        let free = self.freeSlots.count
        let share = 4 * free - self.partitions[index].held
        return max(0, min(free, share, self.windowLeft(of: index)))
    }

    /// Offsets between the committed base and the newest record that are still to be had.
    private func windowLeft(of index: Int) -> Int {
        let committed = self.partitions[index].commits.committed
        let newest = self.partitions[index].tracker.lastOffset
        guard committed >= 0, newest >= committed else { return self.limits.window }
        return self.limits.window - Int(newest - committed) - 1
    }

    /// A partition is about to leave: nothing of it begins any more; what runs may end, be published and committed.
    ///
    /// What is finished is told to the next owner in the commit, so a record that has not begun is simply given up. May be told again while the
    /// partition leaves.
    ///
    /// - Parameter notBegun: started slots that the owner has taken back before a handler began with them; those of other partitions are ignored.
    /// - Returns: slots that are free now: whoever has the partition next reads their records again.
    public mutating func revoking(_ partition: Partition, notBegun: [Slot]) -> [Slot] {
        let index = Int(partition)
        guard self.partitions[index].state != .retired else { return [] }
        self.partitions[index].state = .revoking
        return self.giveUpNotBegun(of: partition, notBegun)
    }

    /// Records of a partition that run or publish.
    public func active(in partition: Partition) -> Int { self.partitions[Int(partition)].active }

    /// A partition has left: whatever of it still runs ends as a stale completion.
    ///
    /// - Parameter notBegun: started slots that the owner has taken back before a handler began with them; those of other partitions are ignored.
    /// - Returns: the slots that are free now.
    public mutating func retired(_ partition: Partition, notBegun: [Slot]) -> [Slot] {
        let index = Int(partition)
        guard self.partitions[index].state != .retired else { return [] }
        self.partitions[index].state = .retired
        if self.telling == partition { self.telling = nil }
        var released = self.giveUpNotBegun(of: partition, notBegun)
        for slot in self.slots(of: partition, [.publishing]) {
            self.release(slot)
            self.partitions[index].active -= 1
            released.append(slot)
        }
        return released
    }

    // MARK: Records

    /// What to do with a record that was read.
    public enum Reception: Sendable, Hashable {
        /// Keep it: `takeStarts` tells when it may begin.
        case taken(Slot)
        /// Forget it: it is finished, an owner before has seen to that.
        case finishedBefore
        /// Forget it: it was delivered before, or its partition is not read any more.
        case drop
        /// Keep it and bring it again, before anything later of its partition: there is no room, the owner read more than
        /// ``capacity(of:)``.
        case full
    }

    /// A record was read.
    ///
    /// - Parameters:
    ///   - keyHash: a hash of the record's key, 0 for a record without a key.
    ///   - bytes: what it holds in memory.
    public mutating func received(_ partition: Partition, offset: Int64, keyHash: UInt64, bytes: Int) -> Reception {
        let index = Int(partition)
        guard self.partitions[index].state == .reading, offset > self.partitions[index].tracker.lastOffset else { return .drop }
        guard offset <= self.partitions[index].refused, !self.freeSlots.isEmpty else {
            self.partitions[index].refused = min(self.partitions[index].refused, offset)
            return .full
        }
        let ticket: PartitionTracker.Ticket
        switch self.partitions[index].tracker.admit(offset) {
        case .refused: return .drop
        case .finishedBefore:
            self.partitions[index].refused = .max
            self.partitions[index].commits.changed()
            return .finishedBefore
        case .admitted(let admitted): ticket = admitted
        }
        self.partitions[index].refused = .max
        let slot = self.freeSlots.removeLast()
        self.bytesInFlight += bytes
        self.partitions[index].held += 1
        // Where a group without commits begins, or one whose log was made anew: what it knows is about other records.
        if self.partitions[index].commits.committed < 0 || offset < self.partitions[index].commits.committed {
            self.partitions[index].attempts = AttemptLedger()
            self.partitions[index].suspiciousBelow = -1
            self.partitions[index].commits = CommitState()
            self.partitions[index].commits.committed = offset
        }
        // Only a commit lets it begin.
        if !self.isInWindow(offset, of: index) { self.partitions[index].commits.changed() }
        let lane = self.lane(partition, keyHash)
        self.records[Int(slot)] = Record(
            state: .ready,
            isSuspect: self.partitions[index].attempts.isSuspect(offset),
            partition: partition,
            epoch: self.partitions[index].epoch,
            generation: self.records[Int(slot)].generation,
            bytes: bytes,
            lane: lane,
            ticket: ticket
        )
        if self.enterLane(slot) { self.ready.append(slot) }
        return .taken(slot)
    }

    /// A handler has returned; its lane goes on at once, before the outputs are acknowledged.
    ///
    /// - Parameter outputs: the number of acknowledgements to wait for; with 0 the record is finished.
    /// - Returns: whether to publish the outputs; false for a record whose partition has left: its new owner has it again.
    public mutating func handled(_ slot: Slot, outputs: Int) -> Bool {
        guard self.ended(slot) else { return false }
        let lane = self.records[Int(slot)].lane
        let index = Int(self.records[Int(slot)].partition)
        // Poison stays what it is until its dead letter is durable.
        if !self.records[Int(slot)].isPoison, self.partitions[index].attempts.survived(self.offset(of: slot)) {
            self.partitions[index].commits.changed()
        }
        if outputs == 0 {
            self.finish(slot)
        } else {
            self.records[Int(slot)].state = .publishing
            self.records[Int(slot)].pending = Int32(outputs)
        }
        self.leaveLane(lane)
        return true
    }

    /// A handler has failed, and the record is to be handled once more; its lane waits for it.
    ///
    /// - Returns: what to tell ``retryDue(_:)`` when the time has come; nil for a record whose partition has left, and for one of a partition
    ///   that leaves: its next owner knows of the failure and retries it.
    public mutating func failed(_ slot: Slot) -> OutputToken? {
        guard self.ended(slot) else { return nil }
        let index = Int(self.records[Int(slot)].partition)
        self.partitions[index].attempts.failed(self.offset(of: slot))
        self.partitions[index].commits.changed()
        self.records[Int(slot)].isSuspect = false
        return self.park(slot)
    }

    /// A handler has not begun with a record, because something else must end before; its lane waits for it, and no attempt is counted.
    ///
    /// What is known of it stays as it is: one that is suspected of having ended a process still is.
    /// - Returns: as ``failed(_:)``.
    public mutating func postponed(_ slot: Slot) -> OutputToken? {
        guard self.ended(slot) else { return nil }
        let index = Int(self.records[Int(slot)].partition)
        if self.partitions[index].attempts.notBegun(self.offset(of: slot)) { self.partitions[index].commits.changed() }
        return self.park(slot)
    }

    private mutating func park(_ slot: Slot) -> OutputToken? {
        let record = self.records[Int(slot)]
        let index = Int(record.partition)
        self.partitions[index].active -= 1
        guard self.partitions[index].state == .reading else {
            self.leaveLane(record.lane)
            self.release(slot)
            return nil
        }
        self.records[Int(slot)].state = .parked
        return self.token(of: slot, output: 0)
    }

    /// The time of a parked record has come.
    public mutating func retryDue(_ token: OutputToken) {
        guard let slot = self.slot(token, .parked) else { return }
        self.records[Int(slot)].state = .ready
        self.ready.append(slot)
    }

    /// The token of a record's output; never 0.
    public func token(of slot: Slot, output: Int) -> OutputToken {
        OutputToken(self.records[Int(slot)].generation) << 40 | OutputToken(output & 0xffff) << 24 | OutputToken(slot + 1)
    }

    /// The slot and the number of the output that a token names; nil when the slot has been given away since.
    public func output(_ token: OutputToken) -> (slot: Slot, output: Int)? {
        self.slot(token, .publishing).map { ($0, Int(token >> 24) & 0xffff) }
    }

    /// The partition of a record whose outputs are on their way; nil for any other slot.
    public func partition(ofPublishing slot: Slot) -> Partition? {
        self.records[Int(slot)].state == .publishing ? self.records[Int(slot)].partition : nil
    }

    func slot(_ token: OutputToken, _ state: State) -> Slot? {
        let slot = Int(token & 0xff_ffff) - 1
        guard self.records.indices.contains(slot), self.records[slot].state == state,
            OutputToken(self.records[slot].generation) & 0xff_ffff == token >> 40
        else { return nil }
        return Slot(slot)
    }

    /// One output of a record is durable.
    ///
    /// - Returns: true when it was the last one: the record is finished and its slot is free.
    @discardableResult
    public mutating func acknowledged(_ slot: Slot) -> Bool {
        guard self.records[Int(slot)].state == .publishing else { return false }
        self.records[Int(slot)].pending -= 1
        guard self.records[Int(slot)].pending == 0 else { return false }
        self.finish(slot)
        return true
    }

    /// How many outputs of a record are not durable yet.
    public func pendingOutputs(of slot: Slot) -> Int {
        self.records[Int(slot)].state == .publishing ? Int(self.records[Int(slot)].pending) : 0
    }

    // MARK: Inside

    private func lane(_ partition: Partition, _ keyHash: UInt64) -> UInt64 {
        let place = self.partitions[Int(partition)].place
        switch self.ordering {
        case .none: return 0
        case .partition: return UInt64(place) &+ 1
        case .key:
            guard keyHash != 0 else { return 0 }
            // The partition's place stands above 44 bits of the hash: partitions share no lane, so one that leaves takes only its own waiting
            // records along.
            let mixed = (keyHash ^ UInt64(truncatingIfNeeded: place)) &* 0x9e37_79b9_7f4a_7c15
            return UInt64(place + 1) << 44 | (mixed ^ (mixed >> 32)) & 0xfff_ffff_ffff
        }
    }

    /// Whether an offset is as near to the committed base as a crashed owner can have come; one behind a gap in the log need not be.
    func isInWindow(_ offset: Int64, of index: Int) -> Bool {
        offset < self.partitions[index].commits.committed.advanced(upTo: self.limits.window)
    }

    /// The slots of a partition in some states.
    private func slots(of partition: Partition, _ states: Set<State>) -> [Slot] {
        self.records.indices.filter { states.contains(self.records[$0].state) && self.records[$0].partition == partition }.map { Slot($0) }
    }

    func offset(of slot: Slot) -> Int64 {
        self.partitions[Int(self.records[Int(slot)].partition)].tracker.offset(of: self.records[Int(slot)].ticket)
    }

    /// Frees what no handler has begun with, and what waits for a retry.
    private mutating func giveUpNotBegun(of partition: Partition, _ notBegun: [Slot]) -> [Slot] {
        let waiting = self.slots(of: partition, [.waiting])
        for slot in waiting { self.lanes.clearWaiting(self.records[Int(slot)].lane) }
        let takenBack = Set(notBegun).filter {
            self.records[Int($0)].state == .running && self.records[Int($0)].partition == partition
        }
        self.running -= takenBack.count
        self.partitions[Int(partition)].active -= takenBack.count
        let aside = self.slots(of: partition, [.aside])
        let heads = self.slots(of: partition, [.ready, .declaring, .parked]) + takenBack
        for slot in heads {
            if self.records[Int(slot)].state == .declaring { self.declaring -= 1 }
            self.partitions[Int(partition)].attempts.notBegun(self.offset(of: slot))
            if self.solo == slot { self.endSolo() }
            self.leaveLane(self.records[Int(slot)].lane)
        }
        let givenUp = waiting + aside + heads
        for slot in givenUp { self.release(slot) }
        if !givenUp.isEmpty {
            self.ready.removeAll { self.records[Int($0)].state != .ready }
            self.partitions[Int(partition)].commits.forgetDeclared()
        }
        return givenUp
    }

    /// A record enters its lane; false when it has to wait there.
    mutating func enterLane(_ slot: Slot) -> Bool {
        let lane = self.records[Int(slot)].lane
        guard lane != 0, let before = self.lanes.enter(lane, slot: slot) else { return true }
        if before != KeyLanes.none { self.records[Int(before)].next = slot }
        self.records[Int(slot)].state = .waiting
        return false
    }

    mutating func leaveLane(_ lane: UInt64) {
        guard lane != 0, let next = self.lanes.leave(lane, next: { self.records[Int($0)].next }) else { return }
        self.records[Int(next)].state = .ready
        self.ready.append(next)
    }

    /// A run is over; false when its partition has left, and the slot is free.
    mutating func ended(_ slot: Slot) -> Bool {
        guard self.records[Int(slot)].state == .running else { return false }
        self.running -= 1
        if self.solo == slot { self.endSolo() }
        let record = self.records[Int(slot)]
        let index = Int(record.partition)
        guard self.partitions[index].state == .retired || self.partitions[index].epoch != record.epoch else { return true }
        self.staleCompletions += 1
        self.partitions[index].active -= 1
        self.leaveLane(record.lane)
        self.release(slot)
        return false
    }

    private mutating func finish(_ slot: Slot) {
        let index = Int(self.records[Int(slot)].partition)
        self.partitions[index].attempts.finished(self.offset(of: slot))
        self.partitions[index].tracker.finish(self.records[Int(slot)].ticket)
        self.partitions[index].commits.changed()
        self.partitions[index].active -= 1
        self.release(slot)
    }

    mutating func release(_ slot: Slot) {
        self.bytesInFlight -= self.records[Int(slot)].bytes
        // The partition of a stale record may be another one by now.
        let record = self.records[Int(slot)]
        if self.partitions[Int(record.partition)].epoch == record.epoch { self.partitions[Int(record.partition)].held -= 1 }
        self.records[Int(slot)] = Record(generation: record.generation &+ 1)
        self.freeSlots.append(slot)
    }
}

extension Int64 {
    /// The sum, or the largest number.
    func advanced(upTo count: Int) -> Int64 {
        let (sum, overflow) = self.addingReportingOverflow(Int64(count))
        return overflow ? .max : sum
    }
}
