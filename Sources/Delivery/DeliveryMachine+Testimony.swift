/// Who is accused of having ended a process, and what the group says to that.
///
/// A process whose session was lost leaves the same behind as one that has ended. It shows up in its group again: then nothing was its records'
/// fault. So a suspect does not run before the group was asked once, and is not put away before its processes had time to come back.
extension DeliveryMachine {
    /// How much is known of the accused processes.
    enum Testimony: Sendable {
        /// Nobody was asked.
        case none
        /// Some may still come back.
        case first
        /// What is not taken back by now stands.
        case last
    }

    /// The processes that are said to have ended over records of a partition, as long as there is something to be heard about them.
    public func accused(of partition: Partition) -> Set<UInt32> {
        let index = Int(partition)
        guard self.partitions.indices.contains(index), self.partitions[index].state == .reading,
            self.partitions[index].testimony != .last
        else { return [] }
        return self.partitions[index].accusedProcesses
    }

    /// The group has told which processes are in it.
    ///
    /// - Parameters:
    ///   - alive: their numbers.
    ///   - isLast: whoever is not in it now has ended.
    public mutating func heard(_ partition: Partition, alive: Set<UInt32>, isLast: Bool) {
        let index = Int(partition)
        guard self.partitions.indices.contains(index), self.partitions[index].state == .reading,
            self.partitions[index].testimony != .last
        else { return }
        self.partitions[index].testimony = isLast ? .last : .first
        guard self.partitions[index].acquit(alive) else { return }
        for slot in self.records.indices where self.records[slot].isSuspect && self.records[slot].partition == partition {
            guard self.records[slot].state == .ready || self.records[slot].state == .waiting else { continue }
            self.records[slot].isSuspect = self.partitions[index].attempts.isSuspect(self.offset(of: Slot(slot)))
            if !self.records[slot].isSuspect, self.solo == Slot(slot) { self.endSolo() }
        }
    }
}

extension DeliveryMachine.PartitionRecord {
    var accusedProcesses: Set<UInt32> { self.attempts.accused.union(self.accused == 0 ? [] : [self.accused]) }

    /// Takes back what is held against these processes, and the records that they ran.
    @discardableResult
    mutating func acquit(_ alive: Set<UInt32>) -> Bool {
        var hasChanged = self.attempts.acquit(alive)
        if self.accused != 0, alive.contains(self.accused) {
            // Whether that one was suspicious itself is not known any more: at worst a poisonous record is found one crash later.
            self.accused = 0
            self.suspiciousBelow = -1
            hasChanged = true
        }
        if hasChanged { self.commits.changed() }
        return hasChanged
    }
}
