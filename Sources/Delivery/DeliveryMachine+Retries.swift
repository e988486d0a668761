/// Records that wait for others of their key which are in retry topics.
extension DeliveryMachine {
    /// What was tried before, as a handler would be told now.
    public func attempt(of slot: Slot) -> DeliveryAttempt {
        let record = self.records[Int(slot)]
        guard record.state != .free else { return DeliveryAttempt() }
        return self.partitions[Int(record.partition)].attempts.attempt(self.offset(of: slot), limit: self.limits.starts)
    }

    /// The newest record of a partition that was taken in, or was known to be finished; -1 before the first.
    public func newestOffset(of partition: Partition) -> Int64 { self.partitions[Int(partition)].tracker.lastOffset }

    /// A record that was handed out, and that no handler has seen, steps out of its lane, which goes on; it keeps its slot.
    ///
    /// - Returns: what to tell ``comeBack(_:)``; nil for a record whose partition has left, and for one of a partition that leaves: both are free
    ///   then, and come again to the next owner.
    public mutating func stepAside(_ slot: Slot) -> OutputToken? {
        guard self.ended(slot) else { return nil }
        let record = self.records[Int(slot)]
        let index = Int(record.partition)
        self.partitions[index].attempts.notBegun(self.offset(of: slot))
        self.partitions[index].commits.changed()
        self.partitions[index].active -= 1
        self.leaveLane(record.lane)
        guard self.partitions[index].state == .reading else {
            self.release(slot)
            return nil
        }
        self.records[Int(slot)].state = .aside
        self.records[Int(slot)].next = KeyLanes.none
        return self.token(of: slot, output: 0)
    }

    /// A record that had stepped aside enters its lane again, as the last.
    public mutating func comeBack(_ token: OutputToken) {
        guard let slot = self.slot(token, .aside) else { return }
        self.records[Int(slot)].state = .ready
        if self.enterLane(slot) { self.ready.append(slot) }
    }
}
