import Delivery

/// A delivery machine, owned as the worker's loop owns it, beside its model.
struct DeliverySystem: InterleavedSystem, ~Copyable {
    static let sources = 3

    var machine: DeliveryMachine
    var model: DeliveryModel
    /// Tokens of the outputs of publishing records, by slot.
    var tokens: [DeliveryMachine.Slot: [DeliveryMachine.OutputToken]] = [:]
    /// Tokens of outputs whose record is not publishing any more; the newest ones.
    var oldTokens: [DeliveryMachine.OutputToken] = []

    init(limits: DeliveryLimits, ordering: Ordering) {
        self.machine = DeliveryMachine(limits: limits, ordering: ordering)
        self.model = DeliveryModel(limits: limits, ordering: ordering, sources: DeliverySystem.sources)
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
        case .acknowledged(let choice): try self.acknowledged(choice)
        case .revoke(let source): try self.revoke(source)
        case .retire(let source, let lost, let succeeds): try self.retire(source, lost: lost, commitSucceeds: succeeds)
        case .commit(let succeeds): try self.commit(succeeds: succeeds)
        case .answer(let choice): self.answer(choice)
        }
        try self.check()
    }

    // MARK: Intake

    /// What found no room comes first, then what the log has, as far as there is room.
    mutating func read(_ source: Int, _ count: Int) throws(Violation) {
        try self.bringHeld(source)
        guard let assignment = self.model.assignments[source] else { return }
        let room = min(count, self.machine.capacity(of: assignment.partition))
        guard room > 0 else { return }
        try self.take(source, room)
        let window = self.model.assignments[source]?.window.count ?? 0
        try require(window <= self.model.limits.window, "I9: a window of \(window)")
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
        guard var assignment = self.model.assignments[source] else { return }
        let (key, bytes) = self.model.record(source, offset) ?? (0, 1)
        let expected = self.model.reception(source, assignment, offset, key)
        let reception = self.machine.received(assignment.partition, offset: offset, keyHash: key, bytes: bytes)
        switch (reception, expected) {
        case (.drop, .drop):
            return
        case (.full, .full):
            self.model.assignments[source]?.held.append(offset)
        case (.start(let slot), .start), (.wait(let slot), .wait):
            try require(self.model.flights[Int(slot)] == nil, "I3: slot \(slot) was given twice")
            assignment.window.append((offset, false))
            assignment.lastAdmitted = offset
            assignment.base = assignment.base ?? offset
            assignment.known = assignment.known ?? offset
            self.model.assignments[source] = assignment
            self.model.newest[source] = max(self.model.newest[source], offset)
            self.model.received += 1
            self.model.flights[Int(slot)] = DeliveryModel.Flight(
                assignment: assignment.number,
                source: source,
                partition: assignment.partition,
                offset: offset,
                key: key,
                bytes: bytes,
                stage: .waiting
            )
            if expected == .start { try self.started(slot) }
        default:
            throw Violation(description: "source \(source) offset \(offset) key \(key): \(reception), not \(expected)")
        }
    }

    // MARK: Runs

    /// A record is to be given to a handler.
    private mutating func started(_ slot: DeliveryMachine.Slot) throws(Violation) {
        guard let flight = self.model.flights[Int(slot)], flight.stage == .waiting else {
            throw Violation(description: "I3: slot \(slot) was started and does not wait")
        }
        try require(!self.model.isStale(flight), "a record was started whose partition has left")
        self.model.flights[Int(slot)]?.stage = .queued
        guard let lane = self.model.lane(flight.key) else { return }
        let before = self.model.assignments[flight.source]?.lastStarted[lane] ?? -1
        try require(flight.offset > before, "I6: offset \(flight.offset) started after \(before) of the same lane")
        self.model.assignments[flight.source]?.lastStarted[lane] = flight.offset
    }

    mutating func begin(_ choice: Int) {
        guard let (slot, _) = self.model.pick(choice, where: { $0.stage == .queued }) else { return }
        self.model.flights[Int(slot)]?.stage = .running
    }

    mutating func handled(_ choice: Int, _ outputs: Int) throws(Violation) {
        guard let (slot, flight) = self.model.pick(choice, where: { $0.stage == .running }) else { return }
        let isStale = self.model.isStale(flight)
        let next = self.model.lane(of: flight.source, flight.key).first { $0.flight.stage == .waiting }?.slot
        let completion = self.machine.handled(slot, outputs: outputs)
        try require(completion.publish == !isStale, "I5: the end of a \(isStale ? "stale" : "living") run: publish \(completion.publish)")
        try require(
            completion.next == next,
            "I6: slot \(slot) is followed by \(String(describing: completion.next)), not \(String(describing: next))"
        )
        if isStale {
            self.model.flights[Int(slot)] = nil
            self.model.stale += 1
        } else if outputs == 0 {
            self.finish(slot, flight)
        } else {
            self.model.flights[Int(slot)]?.stage = .publishing(left: outputs)
            self.tokens[slot] = (0..<outputs).map { self.machine.token(of: slot, output: $0) }
        }
        if let next { try self.started(next) }
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
        self.model.assignments[flight.source]?.finish(flight.offset)
        self.model.done[flight.source].insert(flight.offset)
        self.model.finished += 1
        self.forgetTokens(slot)
    }

    mutating func forgetTokens(_ slot: DeliveryMachine.Slot) {
        self.oldTokens.append(contentsOf: self.tokens.removeValue(forKey: slot) ?? [])
        if self.oldTokens.count > 12 { self.oldTokens.removeFirst(self.oldTokens.count - 12) }
    }
}

/// Throws a violation unless a condition holds.
func require(_ condition: Bool, _ description: @autoclosure () -> String) throws(Violation) {
    if !condition { throw Violation(description: description()) }
}
