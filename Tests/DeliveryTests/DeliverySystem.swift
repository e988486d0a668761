import Delivery

/// A delivery machine, owned as the worker's loop owns it, in processes that die, beside a model of the log and of the group.
struct DeliverySystem: InterleavedSystem, ~Copyable {
    static let sources = 3

    var machine: DeliveryMachine
    var model: DeliveryModel
    /// Tokens of the outputs of publishing records, by slot.
    var tokens: [DeliveryMachine.Slot: [DeliveryMachine.OutputToken]] = [:]
    /// Tokens of outputs whose record is not publishing any more; the newest ones.
    var oldTokens: [DeliveryMachine.OutputToken] = []

    init(limits: DeliveryLimits, ordering: Ordering, hasPoison: Bool, hasIdentity: Bool) {
        self.model = DeliveryModel(
            limits: limits,
            ordering: ordering,
            sources: DeliverySystem.sources,
            hasPoison: hasPoison,
            hasIdentity: hasIdentity
        )
        self.machine = DeliveryMachine(limits: limits, ordering: ordering, identity: self.model.process)
    }

    static func event(using generator: inout SeededGenerator) -> DeliveryEvent { .any(sources: self.sources, using: &generator) }

    static func simpler(_ event: DeliveryEvent) -> [DeliveryEvent] { event.simpler }

    mutating func apply(_ event: DeliveryEvent) throws(Violation) {
        switch event {
        case .assign(let source): try self.assign(source)
        case .read(let source, let count): try self.read(source, count)
        case .pushed(let source, let count): try self.pushed(source, count)
        case .repeated(let source, let choice): try self.repeated(source, choice)
        case .begin(let choice): self.begin(choice)
        case .handled(let choice, let outputs): try self.handled(choice, outputs)
        case .failed(let choice): try self.failed(choice)
        case .due(let choice): self.due(choice)
        case .acknowledged(let choice): try self.acknowledged(choice)
        case .revoke(let source): try self.revoke(source)
        case .retire(let source, let lost, let succeeds): try self.retire(source, lost: lost, commitSucceeds: succeeds)
        case .commit(let succeeds): try self.commit(succeeds: succeeds)
        case .answer(let choice): try self.answer(choice)
        // A log of poison has deaths enough, and tells whether the innocent are spared.
        case .kill where !self.model.hasPoison: self.die(killed: true)
        case .stall where self.model.process != 0: self.stall()
        case .hear(let source, let isLast): self.hear(source, isLast: isLast)
        case .openGate where !self.model.hasPoison: self.openGate()
        case .kill, .stall, .openGate: break
        }
        try self.takeStarts()
        try self.check()
    }

    // MARK: Intake

    /// What found no room comes first, then what the log has, as far as there is room.
    mutating func read(_ source: Int, _ count: Int) throws(Violation) {
        try self.bringHeld(source)
        guard let assignment = self.model.assignments[source] else { return }
        let room = min(count, self.machine.capacity(of: assignment.partition))
        guard room > 0 else { return }
        let known = assignment.known ?? assignment.position
        try require(
            assignment.position - known < Int64(self.model.limits.window) || assignment.lastAdmitted ?? -1 < known,
            "I9: \(assignment.position) is read, and \(known) is committed"
        )
        try self.take(source, room)
    }

    private mutating func pushed(_ source: Int, _ count: Int) throws(Violation) {
        guard self.model.assignments[source] != nil else { return }
        try self.take(source, count)
    }

    private mutating func repeated(_ source: Int, _ choice: Int) throws(Violation) {
        guard let assignment = self.model.assignments[source], let last = assignment.lastAdmitted else { return }
        try self.receive(source, max(0, last - Int64(choice)))
    }

    private mutating func bringHeld(_ source: Int) throws(Violation) {
        let held = self.model.assignments[source]?.held ?? []
        self.model.assignments[source]?.held = []
        for offset in held { try self.receive(source, offset) }
    }

    private mutating func take(_ source: Int, _ count: Int) throws(Violation) {
        for _ in 0..<count {
            guard let position = self.model.assignments[source]?.position else { return }
            let offset = self.model.nextRecord(source, from: position)
            self.model.assignments[source]?.position = offset + 1
            try self.receive(source, offset)
        }
    }

    private mutating func receive(_ source: Int, _ offset: Int64) throws(Violation) {
        guard let assignment = self.model.assignments[source] else { return }
        let (key, bytes, _) = self.model.record(source, offset) ?? (0, 1, false)
        let wasDelivered = offset <= assignment.lastAdmitted ?? -1
        let wasTold = assignment.found?.finished.contains { $0.contains(offset) } ?? false
        let reception = self.machine.received(assignment.partition, offset: offset, keyHash: key, bytes: bytes)
        switch reception {
        case .drop:
            try require(assignment.isRevoking || wasDelivered, "I3: source \(source) offset \(offset) is dropped")
        case .full:
            try require(!assignment.isRevoking && !wasDelivered, "I3: source \(source) offset \(offset) comes again for nothing")
            let hasRoom = assignment.held.isEmpty && self.model.flights.contains { $0 == nil }
            try require(!hasRoom, "I3: source \(source) offset \(offset) finds no room where there is some")
            self.model.assignments[source]?.held.append(offset)
        case .finishedBefore:
            try require(wasTold && self.model.done[source].contains(offset), "I3: source \(source) offset \(offset) is not finished")
            self.model.assignments[source]?.lastAdmitted = offset
            self.model.skipped += 1
        case .taken(let slot):
            try require(!wasTold, "G5: source \(source) offset \(offset) was told as finished and runs again")
            try require(
                !assignment.isRevoking && !wasDelivered && assignment.held.isEmpty,
                "I6: source \(source) offset \(offset) is taken"
            )
            try require(self.model.flights[Int(slot)] == nil, "I3: slot \(slot) was given twice")
            self.model.assignments[source]?.lastAdmitted = offset
            self.model.assignments[source]?.known = assignment.known ?? offset
            self.model.newest[source] = max(self.model.newest[source], offset)
            self.model.received += 1
            self.model.flights[Int(slot)] = DeliveryModel.Flight(
                assignment: assignment.number,
                source: source,
                partition: assignment.partition,
                offset: offset,
                key: key,
                bytes: bytes
            )
        }
    }

    // MARK: A record's way

    mutating func takeStarts() throws(Violation) {
        var starts: [DeliveryMachine.Start] = []
        self.machine.takeStarts { starts.append($0) }
        for start in starts { try self.started(start) }
    }

    /// A runner takes a record.
    mutating func begin(_ choice: Int) {
        guard let (slot, flight) = self.model.pick(choice, where: { $0.stage == .queued }) else { return }
        self.model.flights[Int(slot)]?.stage = .running
        if self.model.isPoison(flight), !flight.attempt.isPoison { self.die(killed: false) }
    }

    mutating func handled(_ choice: Int, _ outputs: Int) throws(Violation) {
        guard let (slot, flight) = self.model.pick(choice, where: { $0.stage == .running }) else { return }
        let isStale = self.model.isStale(flight)
        let publish = self.machine.handled(slot, outputs: outputs)
        try require(publish == !isStale, "I5: the end of a \(isStale ? "stale" : "living") run: publish \(publish)")
        if isStale {
            self.model.flights[Int(slot)] = nil
        } else if outputs == 0 {
            self.finish(slot, flight)
        } else {
            self.model.flights[Int(slot)]?.stage = .publishing(left: outputs)
            self.tokens[slot] = (0..<outputs).map { self.machine.token(of: slot, output: $0) }
        }
    }

    mutating func failed(_ choice: Int) throws(Violation) {
        guard let (slot, flight) = self.model.pick(choice, where: { $0.stage == .running && !$0.attempt.isPoison }) else { return }
        let stays = !self.model.isStale(flight) && !(self.model.assignments[flight.source]?.isRevoking ?? true)
        let token = self.machine.failed(slot)
        try require((token != nil) == stays, "I5: a failed run is parked: \(token != nil), not \(stays)")
        if let token {
            self.model.flights[Int(slot)]?.stage = .parked
            self.model.flights[Int(slot)]?.retryToken = token
        } else {
            self.model.flights[Int(slot)] = nil
        }
    }

    mutating func due(_ choice: Int) {
        guard let (slot, flight) = self.model.pick(choice, where: { $0.stage == .parked }) else { return }
        self.model.flights[Int(slot)]?.stage = .held
        self.machine.retryDue(flight.retryToken)
        // Late ones name nothing.
        self.machine.retryDue(flight.retryToken)
    }

    mutating func acknowledged(_ choice: Int) throws(Violation) {
        let isPublishing = { (flight: DeliveryModel.Flight) in if case .publishing = flight.stage { true } else { false } }
        guard let (slot, flight) = self.model.pick(choice, where: isPublishing), case .publishing(let left) = flight.stage else { return }
        let isLast = self.machine.acknowledged(slot)
        try require(isLast == (left == 1), "slot \(slot) waits for \(left) outputs: last \(isLast)")
        if isLast { self.finish(slot, flight) } else { self.model.flights[Int(slot)]?.stage = .publishing(left: left - 1) }
    }

    private mutating func finish(_ slot: DeliveryMachine.Slot, _ flight: DeliveryModel.Flight) {
        self.model.flights[Int(slot)] = nil
        self.model.done[flight.source].insert(flight.offset)
        self.model.assignments[flight.source]?.finished.insert(flight.offset)
        self.model.finished += 1
        if flight.attempt.isPoison { self.model.putAway += 1 }
        self.forgetTokens(slot)
    }

    mutating func forgetTokens(_ slot: DeliveryMachine.Slot) {
        self.oldTokens.append(contentsOf: self.tokens.removeValue(forKey: slot) ?? [])
        if self.oldTokens.count > 12 { self.oldTokens.removeFirst(self.oldTokens.count - 12) }
    }

    private mutating func openGate() {
        if self.machine.isGateClosed {
            self.model.isBlameUncertain = true
            self.model.wasGateForced = true
        }
        self.machine.openGate()
    }

    /// The process ends, and everything it knew; what the broker has stays.
    private mutating func die(killed: Bool) {
        // What it had lost it had not ended over, and nobody can tell any more.
        if killed || !self.model.lostAtWork.isEmpty { self.model.isBlameUncertain = true }
        self.model.crashes += 1
        for (_, flight) in self.model.slots(where: { $0.stage == .running && !$0.attempt.isPoison }) {
            self.model.deaths[flight.source][flight.offset, default: 0] += 1
        }
        self.replaceProcess()
    }

    /// The process has lost its session, and all that it runs is stale.
    private mutating func stall() {
        // It may not be the only owner that is unknown to the next but one.
        self.model.living.insert(self.model.process)
        self.model.losses += 1
        self.replaceProcess()
    }

    private mutating func replaceProcess() {
        self.model.lostAtWork = []
        if self.model.process != 0 { self.model.process += 1 }
        self.machine = DeliveryMachine(limits: self.model.limits, ordering: self.model.ordering, identity: self.model.process)
        self.model.flights = Array(repeating: nil, count: self.model.limits.records)
        self.model.assignments = Array(repeating: nil, count: Self.sources)
        self.model.commits = []
        self.tokens = [:]
        self.oldTokens = []
    }
}

/// Throws a violation unless a condition holds.
func require(_ condition: Bool, _ description: @autoclosure () -> String) throws(Violation) {
    if !condition { throw Violation(description: description()) }
}
