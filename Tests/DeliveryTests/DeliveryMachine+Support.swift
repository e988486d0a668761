@testable import Delivery

/// A record was not taken in.
struct NotTaken: Error {
    let reception: DeliveryMachine.Reception
}

/// A failed record does not wait for its retry.
struct NotParked: Error {}

/// What the owner of a machine does, in as few words as a test needs.
extension DeliveryMachine {
    /// Reads a record that there is room for.
    mutating func take(_ partition: Partition, _ offset: Int64, key: UInt64 = 0, bytes: Int = 1) throws(NotTaken) -> Slot {
        let reception = self.received(partition, offset: offset, keyHash: key, bytes: bytes)
        guard case .taken(let slot) = reception else { throw NotTaken(reception: reception) }
        return slot
    }

    /// Reads records of one key, or without one.
    mutating func take(_ partition: Partition, _ offsets: Range<Int64>, key: UInt64 = 0) throws(NotTaken) -> [Slot] {
        var slots: [Slot] = []
        for offset in offsets { slots.append(try self.take(partition, offset, key: key)) }
        return slots
    }

    /// What begins without a commit.
    mutating func starts() -> [Start] {
        var starts: [Start] = []
        self.takeStarts { starts.append($0) }
        return starts
    }

    /// The slots of what begins without a commit.
    mutating func startedSlots() -> [Slot] { self.starts().map(\.slot) }

    /// A commit has ended; what begins because of it.
    mutating func end(_ commit: Commit, succeeded: Bool = true) -> [Start] {
        var starts: [Start] = []
        self.commitEnded(commit.partition, number: commit.number, succeeded: succeeded) { starts.append($0) }
        return starts
    }

    /// Everything is committed; what begins because of it.
    @discardableResult
    mutating func commit(last: Bool = false) -> [Start] {
        var starts: [Start] = []
        for commit in self.beginCommit(last: last) { starts += self.end(commit) }
        return starts
    }

    /// Everything that may begin now, with the commits that it waits for.
    @discardableResult
    mutating func turn() -> [Start] {
        var starts = self.starts()
        // Two commits are the most that a record can wait for: one opens its partition, one tells its start. One more clears a suspect.
        for _ in 0..<3 where self.isCommitUrgent {
            starts += self.commit()
            starts += self.starts()
        }
        return starts
    }

    /// The slots of everything that may begin now.
    mutating func turnSlots() -> [Slot] { self.turn().map(\.slot) }

    /// A handler fails in a partition that stays.
    mutating func park(_ slot: Slot) throws(NotParked) -> OutputToken {
        guard let token = self.failed(slot) else { throw NotParked() }
        return token
    }

    /// A handler does not begin with a record of a partition that stays.
    mutating func postpone(_ slot: Slot) throws(NotParked) -> OutputToken {
        guard let token = self.postponed(slot) else { throw NotParked() }
        return token
    }

    /// Takes records in, runs them and finishes them.
    mutating func finish(_ partition: Partition, _ offsets: Range<Int64>) throws(NotTaken) {
        for slot in try self.take(partition, offsets) {
            self.turn()
            _ = self.handled(slot, outputs: 0)
        }
    }

    /// A partition arrives as a commit of its last owner has left it, through the text that the group keeps.
    mutating func assigned(after commit: Commit, place: Int32? = nil, end: Int64 = .max) -> Partition {
        self.assigned(place: place, committed: commit.offset, metadata: commit.decoded, end: end)
    }

    /// A partition arrives whose last owner crashed.
    mutating func assignedAfterCrash(
        at committed: Int64 = 0,
        finished: [Range<Int64>] = [],
        started: [CommitMetadata.Started] = [],
        end: Int64 = .max
    ) -> Partition {
        self.assigned(committed: committed, metadata: CommitMetadata(isOpen: true, finished: finished, started: started), end: end)
    }
}

extension DeliveryMachine.Commit {
    /// What the next owner reads.
    var decoded: CommitMetadata? {
        guard case .found(let metadata) = CommitMetadata.decode(self.metadata.text, base: self.offset) else { return nil }
        return metadata
    }

    /// Partition and offset, for comparing.
    var point: String { "\(self.partition)@\(self.offset)" }
}
