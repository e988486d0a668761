import Delivery

/// Partitions that come and go, and commits.
extension DeliverySystem {
    mutating func assign(_ source: Int) throws(Violation) {
        guard self.model.assignments[source] == nil else { return }
        let partition = self.machine.assigned(place: Int32(source))
        try require(!self.model.assignments.contains { $0?.partition == partition }, "partition \(partition) is assigned already")
        try require(self.model.slots { $0.partition == partition }.isEmpty, "I5: an earlier assignment of \(partition) still runs")
        self.model.assignmentsMade += 1
        self.model.assignments[source] = DeliveryModel.Assignment(
            number: self.model.assignmentsMade,
            partition: partition,
            position: self.model.group[source]
        )
    }

    /// What no runner has begun is taken back; the part of it below what has begun goes on.
    mutating func revoke(_ source: Int) throws(Violation) {
        guard let assignment = self.model.assignments[source] else { return }
        let queued = self.queued(of: assignment)
        let leaving = self.machine.revoking(assignment.partition, notBegun: queued.reversed())
        let newest = self.model.newestBegun(assignment)
        let notBegun = self.model.slots { $0.assignment == assignment.number && ($0.stage == .waiting || $0.stage == .queued) }
        let givenUp = notBegun.filter { $0.flight.offset > newest }.map(\.slot)
        try require(leaving.givenUp.sorted() == givenUp, "I3: slots \(leaving.givenUp) were given up, not \(givenUp)")
        let goOn = notBegun.filter { $0.flight.offset < newest && $0.flight.stage == .queued }.sorted {
            $0.flight.offset < $1.flight.offset
        }
        try require(leaving.goOn == goOn.map(\.slot), "G7: slots \(leaving.goOn) go on, not \(goOn.map(\.slot))")
        for slot in givenUp { self.model.flights[Int(slot)] = nil }
        self.model.givenUp += givenUp.count
        self.model.assignments[source]?.isRevoking = true
        self.model.assignments[source]?.held = []
    }

    private func queued(of assignment: DeliveryModel.Assignment) -> [DeliveryMachine.Slot] {
        self.model.slots { $0.assignment == assignment.number && $0.stage == .queued }.map(\.slot)
    }

    mutating func retire(_ source: Int, lost: Bool, commitSucceeds: Bool) throws(Violation) {
        guard let assignment = self.model.assignments[source], assignment.isRevoking || lost else { return }
        let slots = self.model.slots { $0.assignment == assignment.number }
        if slots.isEmpty, assignment.isRevoking {
            try require(assignment.finishedAboveBase == [], "G7: \(assignment.finishedAboveBase) is finished and runs again")
        }
        if !lost {
            let points = try self.points(again: true, succeeds: commitSucceeds)
            for point in points { self.ended(point) }
            if commitSucceeds, let base = assignment.base {
                let next = self.model.nextRecord(source, from: self.model.group[source])
                try require(next >= base, "I4: source \(source) left at \(base), but goes on at \(next)")
            }
        }
        let released = self.machine.retired(assignment.partition, notBegun: self.queued(of: assignment)).sorted()
        self.model.assignments[source] = nil
        let expected = slots.filter { $0.flight.stage != .running }.map(\.slot)
        try require(released == expected, "I3: slots \(released) are free, not \(expected)")
        for slot in released {
            self.model.flights[Int(slot)] = nil
            self.model.givenUp += 1
            self.forgetTokens(slot)
        }
    }

    mutating func commit(succeeds: Bool) throws(Violation) {
        self.model.commits += try self.points(again: false, succeeds: succeeds)
    }

    mutating func answer(_ choice: Int) {
        guard !self.model.commits.isEmpty else { return }
        self.ended(self.model.commits.remove(at: choice % self.model.commits.count))
    }

    /// Answers are told by source: one of an earlier assignment may reach a later one.
    private mutating func ended(_ commit: DeliveryModel.Commit) {
        guard let assignment = self.model.assignments[commit.source] else { return }
        self.machine.commitEnded(assignment.partition, offset: commit.offset, succeeded: commit.succeeds)
        if commit.succeeds { self.model.assignments[commit.source]?.known = max(assignment.known ?? -1, commit.offset) }
    }

    /// Begins a commit and checks every point of it; the broker takes those of one that succeeds at once.
    private mutating func points(again: Bool, succeeds: Bool) throws(Violation) -> [DeliveryModel.Commit] {
        let points = self.machine.beginCommit(again: again)
        try require(Set(points.map(\.partition)).count == points.count, "a partition is committed twice: \(points)")
        var commits: [DeliveryModel.Commit] = []
        for (source, assignment) in self.model.assignments.enumerated() {
            guard let assignment else { continue }
            let underWay = again ? -1 : self.model.commits.lazy.filter { $0.source == source }.map(\.offset).max() ?? -1
            let known = assignment.known ?? -1
            let point = points.first { $0.partition == assignment.partition }
            guard let point else {
                let base = assignment.base ?? -1
                try require(base <= max(known, underWay), "source \(source) stays at \(known), under way \(underWay), not \(base)")
                continue
            }
            try require(point.offset == assignment.base, "I1: source \(source) at \(point.offset), not \(assignment.base ?? -1)")
            try require(point.offset > known, "source \(source) is committed at \(point.offset) again")
            commits.append(DeliveryModel.Commit(source: source, offset: point.offset, succeeds: succeeds))
            guard succeeds else { continue }
            try require(point.offset >= self.model.group[source], "source \(source) goes back to \(point.offset)")
            for offset in self.model.group[source]..<point.offset where self.model.record(source, offset) != nil {
                try require(self.model.done[source].contains(offset), "I2: source \(source) offset \(offset) was never done")
            }
            self.model.group[source] = point.offset
        }
        try require(commits.count == points.count, "a partition that nobody has is committed: \(points)")
        return commits
    }
}
