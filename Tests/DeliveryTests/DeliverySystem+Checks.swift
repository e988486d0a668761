import Delivery

/// What holds whenever a record begins, after every event, and when everything has come to its end.
extension DeliverySystem {
    /// A record was handed out.
    mutating func started(_ start: DeliveryMachine.Start) throws(Violation) {
        guard let flight = self.model.flights[Int(start.slot)], flight.stage == .held else {
            throw Violation(description: "I6: slot \(start.slot) began twice or was never taken")
        }
        guard let assignment = self.model.assignments[flight.source], assignment.number == flight.assignment, !assignment.isRevoking else {
            throw Violation(description: "I5: a record was started whose partition leaves")
        }
        self.model.flights[Int(start.slot)]?.stage = .queued
        self.model.flights[Int(start.slot)]?.attempt = start.attempt
        try self.checkOrder(flight, assignment)
        try self.checkTold(start, flight, assignment)
    }

    private mutating func checkOrder(_ flight: DeliveryModel.Flight, _ assignment: DeliveryModel.Assignment) throws(Violation) {
        guard let lane = self.model.lane(flight.key) else { return }
        let others = self.model.slots { other in
            guard other.source == flight.source, self.model.lane(other.key) == lane else { return false }
            if case .publishing = other.stage { return false }
            return !(other.offset == flight.offset && other.assignment == flight.assignment)
        }
        for (_, other) in others {
            let mayBe = other.assignment == flight.assignment && other.stage == .held && other.offset > flight.offset
            try require(mayBe, "I6: offset \(flight.offset) began while \(other.offset) of its lane is \(other.stage)")
        }
        let before = assignment.lastStarted[lane] ?? -1
        try require(flight.offset >= before, "I6: offset \(flight.offset) started after \(before) of the same lane")
        self.model.assignments[flight.source]?.lastStarted[lane] = flight.offset
    }

    /// What a commit must have told before a record begins, and who is taken for poison.
    private mutating func checkTold(
        _ start: DeliveryMachine.Start,
        _ flight: DeliveryModel.Flight,
        _ assignment: DeliveryModel.Assignment
    ) throws(Violation) {
        let group = self.model.group[flight.source]
        let isOurs = group.metadata?.isOpen == true && group.metadata?.owner == self.model.process
        try require(isOurs, "G6: offset \(flight.offset) began before a commit said that this process is at work")
        let found = assignment.found?.started.first { $0.offset == flight.offset }
        try require(start.attempt.failures >= found?.failures ?? 0, "I7: offset \(flight.offset) has \(start.attempt.failures) failures")
        guard !start.attempt.isPoison else {
            let deaths = self.model.deaths[flight.source][flight.offset] ?? 0
            let isRight = self.model.isPoison(flight) || self.model.isBlameUncertain
            try require(isRight, "G6: offset \(flight.offset) is innocent, after \(deaths) deaths")
            return
        }
        if self.model.isPoison(flight) {
            let starts = (self.model.deaths[flight.source][flight.offset] ?? 0) + 1
            // A suspicion that the living have cleared begins anew.
            try require(
                starts <= self.model.limits.starts + self.model.losses,
                "G6: the poison at \(flight.offset) begins for the \(starts). time"
            )
        }
        guard flight.offset < assignment.suspiciousBelow || start.attempt.crashes > 0 else { return }
        let told = group.started(flight.offset)
        try require((told?.starts ?? 0) > 0, "G6: offset \(flight.offset) began where an owner had crashed, and nobody was told")
        guard start.attempt.crashes > 0 else { return }
        try require(told?.isAlone == true || self.model.wasGateForced, "G6: the suspect \(flight.offset) began without a word of it")
        let others = self.model.slots { ($0.stage == .running || $0.stage == .queued) && !$0.attempt.isPoison }.count - 1
        try require(others == 0 || self.model.wasGateForced, "G6: the suspect \(flight.offset) began beside \(others) others")
        self.model.ranAlone += 1
    }

    func check() throws(Violation) {
        let flights = self.model.slots()
        try require(self.machine.recordsInFlight == flights.count, "I9: \(self.machine.recordsInFlight) records, not \(flights.count)")
        try require(self.machine.bytesInFlight == self.model.bytes, "I9: \(self.machine.bytesInFlight) bytes, not \(self.model.bytes)")
        for (source, assignment) in self.model.assignments.enumerated() {
            if let assignment { try self.check(source, assignment) }
        }
        for token in self.oldTokens { try require(self.machine.output(token) == nil, "the old token \(token) names something") }
        for (slot, flight) in flights {
            guard case .publishing = flight.stage else { continue }
            for (index, token) in (self.tokens[slot] ?? []).enumerated() {
                let place = self.machine.output(token)
                try require(
                    token != 0 && place?.slot == slot && place?.output == index,
                    "token \(token) names \(String(describing: place))"
                )
            }
        }
    }

    private func check(_ source: Int, _ assignment: DeliveryModel.Assignment) throws(Violation) {
        let active = self.model.slots { flight in
            flight.assignment == assignment.number && flight.stage != .held && flight.stage != .parked
        }.count
        let told = self.machine.active(in: assignment.partition)
        try require(told == active, "source \(source) has \(told) active, not \(active)")
        let room = self.machine.capacity(of: assignment.partition)
        let free = self.model.flights.count { $0 == nil }
        let held = self.model.slots { $0.assignment == assignment.number }.count
        let isOpen = !assignment.isRevoking && assignment.held.isEmpty && self.model.bytes < self.model.limits.bytes
        let most = isOpen ? max(0, min(free, 4 * free - held, self.model.limits.window)) : 0
        try require(room <= most, "I9: source \(source) has room for \(room), not \(most)")
        // A narrow window and full metadata may leave less; but with nothing in flight and nothing to commit there is room.
        if isOpen, flights(of: assignment) == 0, !self.machine.hasUncommitted, self.model.commits.isEmpty {
            try require(room > 0 || free == 0, "I9: source \(source) has no room, and nothing that could make some")
        }
    }

    private func flights(of assignment: DeliveryModel.Assignment) -> Int {
        self.model.slots { $0.assignment == assignment.number }.count
    }

    mutating func settle() throws(Violation) {
        try self.endEverything()
        // Whatever was given up comes again: every record that was ever taken in is done and committed in the end.
        for source in 0..<Self.sources {
            // Poison costs a process three times.
            for _ in 0..<1_000 + self.model.losses where self.model.group[source].offset ?? 0 <= self.model.newest[source] {
                try self.assign(source)
                while let assignment = self.model.assignments[source], assignment.position <= self.model.newest[source] {
                    try self.read(source, 8)
                    try self.endRuns()
                    try self.check()
                    guard let after = self.model.assignments[source] else { break }
                    try require(after.position > assignment.position, "I9: source \(source) has no room, and nothing is under way")
                }
                try self.endEverything()
            }
        }
        for source in 0..<Self.sources {
            let group = self.model.group[source].offset ?? 0
            try require(group > self.model.newest[source], "I3: source \(source) stopped at \(group), below \(self.model.newest[source])")
            for offset in 0..<(self.model.newest[source] + 1) where self.model.record(source, offset) != nil {
                try require(self.model.done[source].contains(offset), "I3: source \(source) offset \(offset) was never done")
            }
        }
        try require(self.machine.recordsInFlight == 0 && self.machine.bytesInFlight == 0, "I9: something is in flight when nothing is")
    }

    /// Lets what runs end, and every partition leave.
    private mutating func endEverything() throws(Violation) {
        try self.endRuns()
        for source in 0..<Self.sources {
            try self.revoke(source)
            try self.retire(source, lost: false, commitSucceeds: true)
        }
        try self.check()
    }

    private mutating func endRuns() throws(Violation) {
        let crashes = self.model.crashes
        for source in 0..<Self.sources { self.hear(source, isLast: true) }
        // A record needs a few events at most; one that is alone needs them for itself.
        for _ in 0..<(self.model.flights.count + 1) * 8 where !self.model.slots().isEmpty {
            while !self.model.commits.isEmpty { try self.answer(0) }
            try self.commit(succeeds: true)
            while !self.model.commits.isEmpty { try self.answer(0) }
            self.due(0)
            try self.takeStarts()
            self.begin(0)
            guard self.model.crashes == crashes else { return }
            try self.handled(0, 1)
            try self.acknowledged(0)
        }
        try self.commit(succeeds: true)
        while !self.model.commits.isEmpty { try self.answer(0) }
        try require(self.model.slots().isEmpty, "I3: \(self.model.slots().count) records never end")
    }
}
