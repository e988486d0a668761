/// Which records must keep their order.
public enum Ordering: String, Sendable, CaseIterable {
    /// Records of one key of a partition run one after another; keyless records in any order.
    case key
    /// Every record may run at any time.
    case none
    /// A partition's records run one after another.
    case partition
}

/// How much may be in flight.
public struct DeliveryLimits: Sendable, Hashable {
    /// Records taken from the log and not yet finished, all partitions together.
    public var records: Int
    /// Bytes of those records.
    ///
    /// Reading stops when they are reached, so the last read may pass them.
    public var bytes: Int
    /// The span of one partition between its base and its newest record; bounds what a stuck record can hold back.
    public var window: Int

    /// Defaults: 2,048 records (more fall out of the processor's cache before they are done: measured 12 µs a record against 15 with 8,192),
    /// 64 MiB, a window of 65,536 records a partition.
    public init(records: Int = 2_048, bytes: Int = 64 << 20, window: Int = 65_536) {
        self.records = min(max(1, records), 1 << 23)
        self.bytes = max(1, bytes)
        self.window = max(1, window)
    }
}

/// Decides what happens to every record between the log and the commit: a pure state machine, no clock, no I/O.
///
/// A record's way: `received` → (waits in its lane) → runs → `handled` → its outputs are published → `acknowledged` → finished, and the
/// partition's base may move. A partition's way: `assigned` → reading → `revoking` (nothing new starts; what runs may end) → `retired`.
/// The owner performs what is returned: start slots, publish outputs, commit. Slots are small integers; the owner keeps whatever belongs to them
/// in arrays of its own.
public struct DeliveryMachine: ~Copyable, Sendable {
    /// Names a record in flight.
    public typealias Slot = Int32
    /// Names one output of one record in flight: slot, number of the output, and the slot's generation, so that the report of an output whose
    /// slot was given away meanwhile is known to be late.
    public typealias OutputToken = UInt64
    /// Names an assigned partition; valid until it is retired.
    public typealias Partition = Int32

    private enum State: UInt8 {
        /// Can become `waiting` or `running`.
        case free
        /// Waits in its lane. Can become `running`, or `free` when its partition is revoked.
        case waiting
        /// Given to a handler. Can become `publishing`, or `free`.
        case running
        /// Its outputs are on their way. Can become `free`.
        case publishing
    }

    private struct Record {
        var state: State = .free
        var partition: Partition = 0
        var epoch: UInt32 = 0
        var pending: Int32 = 0
        var generation: UInt32 = 0
        var next: Slot = KeyLanes.none
        var bytes: Int = 0
        var lane: UInt64 = 0
        var ticket: PartitionTracker.Ticket = 0
    }

    private enum PartitionState: UInt8 {
        case retired, reading, revoking
    }

    private struct PartitionRecord {
        var state: PartitionState = .retired
        var epoch: UInt32 = 0
        /// What its lanes are named by.
        var place: Int32 = 0
        var tracker = PartitionTracker()
        /// Records that run or publish.
        var active = 0
        var waiting = 0
        var committed: Int64 = -1
        var committing: Int64 = -1
        /// The lowest offset that found no room and has not come again; nothing above it is taken in before, else the base would pass it.
        var refused: Int64 = .max
    }

    private let limits: DeliveryLimits
    private let ordering: Ordering
    private var records: [Record]
    private var freeSlots: [Slot]
    private var partitions: [PartitionRecord] = []
    private var lanes: KeyLanes

    /// Bytes of the records in flight.
    public private(set) var bytesInFlight = 0
    /// Records that ended after their partition had left (invariant I5: such an end changes nothing).
    public private(set) var staleCompletions = 0

    /// Creates a machine without partitions; room for all records that the limits allow is taken at once.
    public init(limits: DeliveryLimits = DeliveryLimits(), ordering: Ordering = .key) {
        self.limits = limits
        self.ordering = ordering
        self.records = Array(repeating: Record(), count: limits.records)
        self.freeSlots = (0..<Int32(limits.records)).reversed()
        self.lanes = KeyLanes(capacity: limits.records)
    }

    /// Records in flight: waiting, running or publishing.
    public var recordsInFlight: Int { self.records.count - self.freeSlots.count }

    // MARK: Partitions

    /// A partition has arrived.
    ///
    /// - Parameter place: a number of its own that it has each time it comes: a record whose run outlived an earlier assignment so holds its key
    ///   back in the next one. By default it is the returned index: then partitions that come back are taken for new ones.
    public mutating func assigned(place: Int32? = nil) -> Partition {
        let index = self.partitions.firstIndex { $0.state == .retired && $0.active == 0 } ?? self.partitions.count
        if index == self.partitions.count { self.partitions.append(PartitionRecord()) }
        let epoch = self.partitions[index].epoch &+ 1
        self.partitions[index] = PartitionRecord(state: .reading, epoch: epoch, place: place ?? Int32(index))
        return Partition(index)
    }

    /// How many records of a partition may be read now.
    ///
    /// Partitions share the slots by a dynamic threshold (Choudhury and Hahne, 1998): one may hold at most four times what is free. Those with
    /// a backlog so come to equal shares, and one that is alone, or stuck, leaves a fifth.
    public func capacity(of partition: Partition) -> Int {
        let index = Int(partition)
        guard self.partitions[index].state == .reading, self.partitions[index].refused == .max, self.bytesInFlight < self.limits.bytes
        else { return 0 }
        let free = self.freeSlots.count
        let share = 4 * free - self.partitions[index].active - self.partitions[index].waiting
        return max(0, min(free, share, self.limits.window - self.partitions[index].tracker.windowCount))
    }

    /// What becomes of the records of a leaving partition that no handler has begun.
    public struct Leaving: Sendable, Hashable {
        /// Slots that are free now: whoever has the partition next reads their records again.
        public var givenUp: [Slot]
        /// Slots to be given to a handler all the same, in offset order.
        public var goOn: [Slot]
    }

    /// A partition is about to leave: nothing of it begins any more, except what closes the gaps below records that have begun.
    ///
    /// A commit cannot pass an unfinished record, so whatever is finished above one runs again for the partition's next owner. Records below the
    /// newest one that has begun are therefore finished here, and only those above it are given up. May be told again while the partition leaves.
    ///
    /// - Parameter notBegun: started slots that the owner has taken back before a handler began with them; those of other partitions are ignored.
    public mutating func revoking(_ partition: Partition, notBegun: [Slot]) -> Leaving {
        let index = Int(partition)
        guard self.partitions[index].state != .retired else { return Leaving(givenUp: [], goOn: []) }
        self.partitions[index].state = .revoking
        let notBegun = self.started(notBegun, of: partition)
        let waiting = self.slots(of: partition, .waiting)
        var newest = self.partitions[index].tracker.finishedAboveBase.last ?? -1
        for slot in self.slots(of: partition, .publishing) { newest = max(newest, self.offset(of: slot)) }
        let taken = Set(notBegun)
        for slot in self.slots(of: partition, .running) where !taken.contains(slot) { newest = max(newest, self.offset(of: slot)) }

        // Offsets rise along a lane: what is given up of it is its end, and with its head all of it.
        self.clearWaiting(waiting)
        for slot in waiting where self.offset(of: slot) < newest { self.enterLane(slot) }
        let givenUp = (waiting + notBegun).filter { self.offset(of: $0) > newest }
        for slot in givenUp { self.giveUp(slot) }
        return Leaving(givenUp: givenUp, goOn: notBegun.filter { self.records[Int($0)].state == .running })
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
        let waiting = self.slots(of: partition, .waiting)
        self.clearWaiting(waiting)
        let released = waiting + self.started(notBegun, of: partition) + self.slots(of: partition, .publishing)
        for slot in released { self.giveUp(slot) }
        return released
    }

    // MARK: Records

    /// What to do with a record that was read.
    public enum Reception: Sendable, Hashable {
        /// Give it to a handler now.
        case start(Slot)
        /// Keep it: it waits for its lane.
        case wait(Slot)
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
        guard offset <= self.partitions[index].refused, let slot = self.freeSlots.last else {
            self.partitions[index].refused = min(self.partitions[index].refused, offset)
            return .full
        }
        guard let ticket = self.partitions[index].tracker.admit(offset) else { return .drop }
        self.partitions[index].refused = .max
        self.freeSlots.removeLast()
        self.bytesInFlight += bytes
        // The first record read is where the group stands already.
        if self.partitions[index].committed < 0 { self.partitions[index].committed = offset }
        let lane = self.lane(partition, keyHash)
        self.records[Int(slot)] = Record(
            state: .running,
            partition: partition,
            epoch: self.partitions[index].epoch,
            generation: self.records[Int(slot)].generation,
            bytes: bytes,
            lane: lane,
            ticket: ticket
        )
        guard self.enterLane(slot) else { return .wait(slot) }
        self.partitions[index].active += 1
        return .start(slot)
    }

    /// What follows the end of a handler.
    public struct Completion: Sendable, Hashable {
        /// Publish the outputs; false for a record whose partition has left: its new owner has it again.
        public var publish: Bool
        /// The lane's next record, to be given to a handler now.
        public var next: Slot?
    }

    /// A handler has returned; its lane goes on at once, before the outputs are acknowledged.
    ///
    /// - Parameter outputs: the number of acknowledgements to wait for; with 0 the record is finished.
    public mutating func handled(_ slot: Slot, outputs: Int) -> Completion {
        guard self.records[Int(slot)].state == .running else { return Completion(publish: false, next: nil) }
        let record = self.records[Int(slot)]
        let next = self.leaveLane(record.lane)
        let partition = Int(record.partition)
        guard self.partitions[partition].state != .retired, self.partitions[partition].epoch == record.epoch else {
            self.staleCompletions += 1
            self.partitions[partition].active -= 1
            self.release(slot)
            return Completion(publish: false, next: next)
        }
        if outputs == 0 {
            self.finish(slot)
        } else {
            self.records[Int(slot)].state = .publishing
            self.records[Int(slot)].pending = Int32(outputs)
        }
        return Completion(publish: true, next: next)
    }

    /// The token of a publishing record's output; never 0.
    public func token(of slot: Slot, output: Int) -> OutputToken {
        OutputToken(self.records[Int(slot)].generation) << 40 | OutputToken(output & 0xffff) << 24 | OutputToken(slot + 1)
    }

    /// The slot and the number of the output that a token names; nil when the slot has been given away since.
    public func output(_ token: OutputToken) -> (slot: Slot, output: Int)? {
        let slot = Int(token & 0xff_ffff) - 1
        guard self.records.indices.contains(slot), self.records[slot].state == .publishing,
            OutputToken(self.records[slot].generation) & 0xff_ffff == token >> 40
        else { return nil }
        return (Slot(slot), Int(token >> 24) & 0xffff)
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

    // MARK: Commits

    /// The bases that moved since the last commit was begun; `commitEnded` tells how it went.
    ///
    /// - Parameter again: also those whose commit is under way: before a partition leaves, its owner must know that a commit has succeeded.
    public mutating func beginCommit(again: Bool = false) -> [(partition: Partition, offset: Int64)] {
        var points: [(partition: Partition, offset: Int64)] = []
        for index in self.partitions.indices where self.partitions[index].state != .retired {
            let begun = again ? -1 : self.partitions[index].committing
            guard let base = self.partitions[index].tracker.base, base > max(self.partitions[index].committed, begun)
            else { continue }
            self.partitions[index].committing = base
            points.append((Partition(index), base))
        }
        return points
    }

    /// A commit has ended.
    public mutating func commitEnded(_ partition: Partition, offset: Int64, succeeded: Bool) {
        let index = Int(partition)
        guard self.partitions.indices.contains(index) else { return }
        if succeeded { self.partitions[index].committed = max(self.partitions[index].committed, offset) }
        if self.partitions[index].committing <= offset { self.partitions[index].committing = -1 }
    }

    /// Whether a base stands above its last commit.
    public var hasUncommitted: Bool {
        self.partitions.contains { $0.state != .retired && ($0.tracker.base ?? -1) > $0.committed }
    }

    /// The finished offsets of a partition above its base: what a crash need not run again.
    public func finishedAboveBase(of partition: Partition) -> [Int64] { self.partitions[Int(partition)].tracker.finishedAboveBase }

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

    /// The slots of a partition in a state, in offset order.
    private func slots(of partition: Partition, _ state: State) -> [Slot] {
        self.records.indices.filter { self.records[$0].state == state && self.records[$0].partition == partition }
            .sorted { self.records[$0].ticket < self.records[$1].ticket }
            .map { Slot($0) }
    }

    /// Those of some slots that are started records of a partition, in offset order.
    private func started(_ slots: [Slot], of partition: Partition) -> [Slot] {
        Set(slots).filter { self.records[Int($0)].state == .running && self.records[Int($0)].partition == partition }
            .sorted { self.records[Int($0)].ticket < self.records[Int($1)].ticket }
    }

    private func offset(of slot: Slot) -> Int64 {
        self.partitions[Int(self.records[Int(slot)].partition)].tracker.offset(of: self.records[Int(slot)].ticket)
    }

    /// Sends waiting slots out of their lanes; they wait nowhere then.
    private mutating func clearWaiting(_ slots: [Slot]) {
        for slot in slots {
            self.lanes.clearWaiting(self.records[Int(slot)].lane)
            self.records[Int(slot)].next = KeyLanes.none
            self.partitions[Int(self.records[Int(slot)].partition)].waiting -= 1
        }
    }

    /// Frees a slot whose record is not finished; nobody waits behind it.
    private mutating func giveUp(_ slot: Slot) {
        let record = self.records[Int(slot)]
        if record.state != .waiting { self.partitions[Int(record.partition)].active -= 1 }
        if record.state == .running { _ = self.leaveLane(record.lane) }
        self.release(slot)
    }

    /// A record enters its lane; false when it has to wait there.
    @discardableResult
    private mutating func enterLane(_ slot: Slot) -> Bool {
        let lane = self.records[Int(slot)].lane
        guard lane != 0, let before = self.lanes.enter(lane, slot: slot) else { return true }
        if before != KeyLanes.none { self.records[Int(before)].next = slot }
        self.records[Int(slot)].state = .waiting
        self.partitions[Int(self.records[Int(slot)].partition)].waiting += 1
        return false
    }

    private mutating func leaveLane(_ lane: UInt64) -> Slot? {
        guard lane != 0 else { return nil }
        guard let next = self.lanes.leave(lane, next: { self.records[Int($0)].next }) else { return nil }
        self.records[Int(next)].state = .running
        let partition = Int(self.records[Int(next)].partition)
        self.partitions[partition].waiting -= 1
        self.partitions[partition].active += 1
        return next
    }

    private mutating func finish(_ slot: Slot) {
        let record = self.records[Int(slot)]
        self.partitions[Int(record.partition)].tracker.finish(record.ticket)
        self.partitions[Int(record.partition)].active -= 1
        self.release(slot)
    }

    private mutating func release(_ slot: Slot) {
        self.bytesInFlight -= self.records[Int(slot)].bytes
        self.records[Int(slot)] = Record(generation: self.records[Int(slot)].generation &+ 1)
        self.freeSlots.append(slot)
    }
}
