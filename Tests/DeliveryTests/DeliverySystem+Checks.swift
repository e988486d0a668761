import Delivery

/// What holds after every event, and when everything has come to its end.
extension DeliverySystem {
    func check() throws(Violation) {
        let flights = self.model.slots()
        try require(self.machine.recordsInFlight == flights.count, "I9: \(self.machine.recordsInFlight) records, not \(flights.count)")
        try require(self.machine.bytesInFlight == self.model.bytes, "I9: \(self.machine.bytesInFlight) bytes, not \(self.model.bytes)")
        let stale = self.machine.staleCompletions
        try require(stale == self.model.stale, "I5: \(stale) stale ends, not \(self.model.stale)")
        try require(
            self.model.received == self.model.finished + self.model.givenUp + self.model.stale + flights.count,
            "I3: of \(self.model.received) records \(self.model.finished) finished, \(self.model.givenUp + self.model.stale) were given up"
        )
        for (source, assignment) in self.model.assignments.enumerated() {
            if let assignment { try self.check(source, assignment) }
        }
        let hasUncommitted = self.model.assignments.contains { $0.map { ($0.base ?? -1) > ($0.known ?? -1) } ?? false }
        try require(self.machine.hasUncommitted == hasUncommitted, "hasUncommitted: \(self.machine.hasUncommitted)")
        for (slot, flight) in flights { try self.check(slot, flight) }
        for token in self.oldTokens { try require(self.machine.output(token) == nil, "the old token \(token) names something") }
    }

    private func check(_ source: Int, _ assignment: DeliveryModel.Assignment) throws(Violation) {
        let partition = assignment.partition
        let pending = assignment.window.lazy.filter { !$0.isFinished }.map(\.offset).min()
        try require(self.model.group[source] <= pending ?? .max, "I1: source \(source) is committed at \(self.model.group[source])")
        let finished = self.machine.finishedAboveBase(of: partition)
        try require(finished == assignment.finishedAboveBase, "source \(source) has \(finished) above its base")
        let active = self.model.slots { $0.assignment == assignment.number && $0.stage != .waiting }.count
        let told = self.machine.active(in: partition)
        try require(told == active, "source \(source) has \(told) active, not \(active)")
        let room = self.machine.capacity(of: partition)
        let capacity = self.model.capacity(assignment)
        try require(room == capacity, "I9: source \(source) has room for \(room), not \(capacity)")
    }

    private func check(_ slot: DeliveryMachine.Slot, _ flight: DeliveryModel.Flight) throws(Violation) {
        var isPublishing = false
        if case .publishing = flight.stage { isPublishing = true }
        for (index, token) in (self.tokens[slot] ?? []).enumerated() {
            let place = self.machine.output(token)
            try require(token != 0 && place?.slot == slot && place?.output == index, "token \(token) names \(String(describing: place))")
        }
        guard !isPublishing else { return }
        let lane = self.model.lane(of: flight.source, flight.key)
        guard let first = lane.first else {
            try require(flight.stage != .waiting, "slot \(slot) waits for nobody")
            return
        }
        try require(
            (flight.stage == .waiting) == (first.slot != slot),
            "I6: offset \(flight.offset) is \(flight.stage), and the lane's first is \(first.flight.offset)"
        )
    }

    mutating func settle() throws(Violation) {
        try self.endEverything()
        // Whatever was given up comes again: every record that was ever taken in is done and committed in the end.
        for source in 0..<Self.sources {
            try self.assign(source)
            while let assignment = self.model.assignments[source], assignment.position <= self.model.newest[source] {
                try self.read(source, 8)
                try self.endRuns()
                try self.check()
            }
        }
        try self.endEverything()
        for source in 0..<Self.sources {
            let group = self.model.group[source]
            try require(group > self.model.newest[source], "I3: source \(source) stopped at \(group), below \(self.model.newest[source])")
        }
        try require(self.machine.recordsInFlight == 0 && self.machine.bytesInFlight == 0, "I9: something is in flight when nothing is")
    }

    /// Lets what runs end, and every partition leave.
    private mutating func endEverything() throws(Violation) {
        try self.endRuns()
        while !self.model.commits.isEmpty { self.answer(0) }
        for source in 0..<Self.sources {
            try self.revoke(source)
            try self.retire(source, lost: false, commitSucceeds: true)
        }
        try self.check()
    }

    private mutating func endRuns() throws(Violation) {
        // A record needs three events at most.
        for _ in 0..<self.model.flights.count * 3 {
            self.begin(0)
            try self.handled(0, 1)
            try self.acknowledged(0)
        }
        try require(self.model.slots().isEmpty, "I3: \(self.model.slots().count) records never end")
    }
}
