import Delivery

/// Partitions that come and go, and commits.
extension DeliverySystem {
    mutating func assign(_ source: Int) throws(Violation) {
        guard self.model.assignments[source] == nil else { return }
        let group = self.model.group[source]
        let end = self.model.newest[source] + 1
        let metadata = group.metadata
        try require(metadata != nil || group.text.isEmpty, "I8: the metadata of source \(source) cannot be read: \(group.text)")
        let partition = self.machine.assigned(place: Int32(source), committed: group.offset, metadata: metadata, end: end)
        try require(!self.model.assignments.contains { $0?.partition == partition }, "partition \(partition) is assigned already")
        try require(self.model.slots { $0.partition == partition }.isEmpty, "I5: an earlier assignment of \(partition) still runs")
        self.model.assignmentsMade += 1
        self.model.lostAtWork.remove(source)
        let isCrash = metadata?.isOpen == true && (metadata?.owner != self.model.process || self.model.process == 0)
        let window = (group.offset ?? 0) + Int64(self.model.limits.window)
        self.model.assignments[source] = DeliveryModel.Assignment(
            number: self.model.assignmentsMade,
            partition: partition,
            position: group.offset ?? 0,
            found: metadata,
            suspiciousBelow: isCrash ? min(end, window) : -1,
            known: group.offset
        )
    }

    /// The group tells who lives.
    mutating func hear(_ source: Int, isLast: Bool) {
        guard let assignment = self.model.assignments[source] else { return }
        let asked = self.machine.accused(of: assignment.partition)
        self.machine.heard(assignment.partition, alive: self.model.living, isLast: isLast)
        // One that was heard for the last time is not asked any more.
        guard !asked.isEmpty, let owner = assignment.found?.owner, self.model.living.contains(owner) else { return }
        self.model.assignments[source]?.suspiciousBelow = -1
    }

    /// What no runner has begun is taken back.
    mutating func revoke(_ source: Int) throws(Violation) {
        guard let assignment = self.model.assignments[source] else { return }
        let givenUp = self.machine.revoking(assignment.partition, notBegun: self.queued(of: assignment).reversed())
        let expected = self.model.slots {
            $0.assignment == assignment.number && ($0.stage == .held || $0.stage == .queued || $0.stage == .parked)
        }.map(\.slot)
        try require(givenUp.sorted() == expected, "I3: slots \(givenUp) were given up, not \(expected)")
        for slot in givenUp { self.model.flights[Int(slot)] = nil }
        self.model.assignments[source]?.isRevoking = true
        self.model.assignments[source]?.held = []
    }

    private func queued(of assignment: DeliveryModel.Assignment) -> [DeliveryMachine.Slot] {
        self.model.slots { $0.assignment == assignment.number && $0.stage == .queued }.map(\.slot)
    }

    mutating func retire(_ source: Int, lost: Bool, commitSucceeds: Bool) throws(Violation) {
        guard let assignment = self.model.assignments[source], assignment.isRevoking || lost else { return }
        if !lost {
            for commit in try self.points(last: true, succeeds: commitSucceeds) { try self.ended(commit) }
            if commitSucceeds { try self.checkFarewell(source, assignment) }
        }
        let slots = self.model.slots { $0.assignment == assignment.number }
        // What is lost after its start was told looks like a death to an owner that does not know this one.
        if lost {
            self.model.losses += 1
            if self.model.group[source].metadata?.started.contains(where: \.isRunning) == true {
                self.model.lostAtWork.insert(source)
                if self.model.process == 0 { self.model.isBlameUncertain = true }
            }
        }
        let released = self.machine.retired(assignment.partition, notBegun: self.queued(of: assignment)).sorted()
        self.model.assignments[source] = nil
        let expected = slots.filter { $0.flight.stage != .running }.map(\.slot)
        try require(released == expected, "I3: slots \(released) are free, not \(expected)")
        for slot in released {
            self.model.flights[Int(slot)] = nil
            self.forgetTokens(slot)
        }
    }

    /// A partition that left in order is not taken for one whose owner crashed, and nothing that was finished of it runs again.
    private func checkFarewell(_ source: Int, _ assignment: DeliveryModel.Assignment) throws(Violation) {
        let group = self.model.group[source]
        if group.offset ?? 0 >= assignment.suspiciousBelow {
            try require(group.metadata?.isOpen != true, "G7: source \(source) left and is open")
        } else {
            try require(group.metadata?.isOpen == true, "G6: source \(source) left, and the crash before is forgotten")
        }
        for offset in assignment.finished {
            try require(group.tellsFinished(offset), "G7: source \(source) offset \(offset) is finished, and nobody is told")
        }
    }

    mutating func commit(succeeds: Bool) throws(Violation) {
        self.model.commits += try self.points(last: false, succeeds: succeeds)
    }

    mutating func answer(_ choice: Int) throws(Violation) {
        guard !self.model.commits.isEmpty else { return }
        try self.ended(self.model.commits.remove(at: choice % self.model.commits.count))
    }

    /// Answers reach the machine by partition and number: one of an earlier assignment may come late.
    private mutating func ended(_ commit: DeliveryModel.Commit) throws(Violation) {
        var starts: [DeliveryMachine.Start] = []
        self.machine.commitEnded(commit.commit.partition, number: commit.commit.number, succeeded: commit.succeeds) { starts.append($0) }
        if commit.succeeds, let assignment = self.model.assignments[commit.source], assignment.partition == commit.commit.partition {
            self.model.assignments[commit.source]?.known = max(assignment.known ?? -1, commit.commit.offset)
        }
        for start in starts { try self.started(start) }
    }

    /// Begins a commit and checks every point of it; the broker takes those of one that succeeds at once.
    private mutating func points(last: Bool, succeeds: Bool) throws(Violation) -> [DeliveryModel.Commit] {
        let commits = self.machine.beginCommit(last: last)
        try require(Set(commits.map(\.partition)).count == commits.count, "a partition is committed twice: \(commits)")
        var told: [DeliveryModel.Commit] = []
        for commit in commits {
            guard let source = self.model.assignments.firstIndex(where: { $0?.partition == commit.partition }) else {
                throw Violation(description: "a partition that nobody has is committed: \(commit)")
            }
            try self.check(commit, of: source)
            told.append(DeliveryModel.Commit(source: source, commit: commit, succeeds: succeeds))
            if succeeds { self.model.group[source] = DeliveryModel.Group(offset: commit.offset, text: commit.metadata.text) }
        }
        return told
    }

    private func check(_ commit: DeliveryMachine.Commit, of source: Int) throws(Violation) {
        let before = self.model.group[source]
        try require(commit.offset >= before.offset ?? 0, "I1: source \(source) goes back to \(commit.offset)")
        guard case .found(let metadata) = CommitMetadata.decode(commit.metadata.text, base: commit.offset) else {
            throw Violation(description: "I8: the metadata \(commit.metadata.text) cannot be read")
        }
        let finished = metadata.finished.flatMap { Array($0) }
        for offset in Array((before.offset ?? 0)..<commit.offset) + finished where self.model.record(source, offset) != nil {
            try require(self.model.done[source].contains(offset), "I2: source \(source) offset \(offset) was never done")
        }
        // What an owner knew and this one has not touched is said again.
        for offset in before.metadata?.finished.flatMap({ Array($0) }) ?? [] where self.model.record(source, offset) != nil {
            let isTold = offset < commit.offset || finished.contains(offset)
            try require(isTold, "G5: source \(source) offset \(offset) was told as finished and is forgotten")
        }
        for (slot, flight) in self.model.slots(where: { self.model.assignments[source]?.number == $0.assignment && $0.stage == .parked }) {
            let failures = metadata.started.first { $0.offset == flight.offset }?.failures ?? 0
            try require(failures > 0, "I7: the failure of slot \(slot) is not told")
        }
    }
}
