import Delivery

/// A record's way through the system.
extension RetrySystem {
    mutating func read(_ source: Int, _ count: Int) throws(Violation) {
        for _ in 0..<min(count, self.machine.capacity(of: self.partitions[source])) {
            // What a copy waits for may be among the requests still.
            if source > 0, self.positions[0] <= self.newestCopied { return }
            let offset = self.positions[source]
            var copy: Copy?
            if source > 0 {
                guard offset < Int64(self.logs[source - 1].count) else { return }
                copy = self.logs[source - 1][Int(offset)]
            } else if offset >= Int64(Self.requests) {
                return
            }
            if let copy, copy.due > self.now { return }
            let origin = copy?.origin ?? offset
            switch self.machine.received(self.partitions[source], offset: offset, keyHash: Self.key(origin), bytes: 1) {
            case .taken(let slot):
                let place = copy.map { RetryDiversion.Place(tier: source - 1, due: $0.due) }
                self.flights[slot] = Flight(source: source, origin: origin, place: place)
            case .full: return
            case .finishedBefore, .drop: break
            }
            self.positions[source] += 1
        }
    }

    mutating func start() throws(Violation) {
        while true {
            var starts = self.granted
            self.granted = []
            self.machine.takeStarts { starts.append($0.slot) }
            if starts.isEmpty { return }
            for slot in starts { try self.start(slot) }
        }
    }

    mutating func start(_ slot: DeliveryMachine.Slot) throws(Violation) {
        guard let flight = self.flights[slot] else { return }
        let key = Self.key(flight.origin)
        switch self.diversion.decide(flight.origin, key: key, copy: flight.place, now: self.now) {
        case .run:
            self.flights[slot]?.stage = .running
            guard key != 0 else { return }
            let earlier = (0..<flight.origin).first { Self.key($0) == key && !self.completed.contains($0) }
            try require(earlier == nil, "request \(flight.origin) of key \(key) starts before \(earlier ?? 0) has come to its end")
            let beside = self.flights.filter { $0.value.stage == .running && Self.key($0.value.origin) == key }
            try require(beside.count == 1, "\(beside.values.map(\.origin)) of key \(key) run at the same time")
        case .drop:
            self.dropped += 1
            self.flights[slot] = nil
            _ = self.machine.handled(slot, outputs: 0)
        case .divert(let place):
            try require(place.due >= self.now + RetryDiversion.shortestWait, "request \(flight.origin) circulates without a pause")
            self.diverted += 1
            self.copy(slot, place)
        case .hold:
            self.held += 1
            guard let token = self.machine.stepAside(slot) else { return }
            self.flights[slot]?.stage = .aside
            self.flights[slot]?.token = token
            self.diversion.held(flight.origin, key: key, name: token)
        }
    }

    mutating func copy(_ slot: DeliveryMachine.Slot, _ place: RetryDiversion.Place) {
        guard let flight = self.flights[slot] else { return }
        let names = self.diversion.copied(flight.origin, key: Self.key(flight.origin), place: place, now: self.now)
        _ = self.machine.handled(slot, outputs: 1)
        self.flights[slot]?.stage = .publishing
        let copy = Copy(origin: flight.origin, due: place.due)
        self.unsent.append(Output(slot: slot, token: self.machine.token(of: slot, output: 0), copy: (place.tier, copy)))
        self.comeBack(names)
    }

    mutating func succeed(_ slot: DeliveryMachine.Slot) {
        guard let flight = self.flights[slot] else { return }
        self.completed.insert(flight.origin)
        _ = self.machine.handled(slot, outputs: 1)
        self.flights[slot]?.stage = .publishing
        self.unsent.append(Output(slot: slot, token: self.machine.token(of: slot, output: 0), copy: nil))
        self.comeBack(self.diversion.finished(flight.origin, key: Self.key(flight.origin), now: self.now))
    }

    mutating func fail(_ slot: DeliveryMachine.Slot, _ tier: Int?, _ wait: Int64) {
        guard let flight = self.flights[slot], self.failures[Int(flight.origin), default: 0] < Self.failuresEach else { return }
        self.failures[Int(flight.origin), default: 0] += 1
        if let tier {
            self.spilled += 1
            self.copy(slot, RetryDiversion.Place(tier: tier, due: self.now + wait))
        } else if let token = self.machine.failed(slot) {
            self.flights[slot]?.stage = .parked
            self.flights[slot]?.token = token
        }
    }

    mutating func due(_ slot: DeliveryMachine.Slot) {
        guard let token = self.flights[slot]?.token else { return }
        self.flights[slot]?.stage = .taken
        self.machine.retryDue(token)
    }

    private mutating func comeBack(_ names: [UInt64]) {
        for name in names {
            guard let slot = self.flights.first(where: { $0.value.stage == .aside && $0.value.token == name })?.key else { continue }
            self.flights[slot]?.stage = .taken
            self.machine.comeBack(name)
        }
    }

    mutating func endPatience() {
        self.comeBack(self.flights.values.filter { $0.stage == .aside }.map(\.token).sorted())
    }

    // MARK: Outputs

    /// Each topic takes its records in order, and none waits for another.
    mutating func deliver(to topic: Int) {
        guard !self.isTransactional,
            let index = self.unsent.firstIndex(where: { output in (output.copy.map { $0.tier + 1 } ?? 0) == topic })
        else { return }
        let output = self.unsent.remove(at: index)
        self.write(output)
        self.sent.append(output)
    }

    private mutating func write(_ output: Output) {
        if let (tier, copy) = output.copy {
            self.logs[tier].append(copy)
        } else if let flight = self.flights[output.slot] {
            self.replies.append(flight.origin)
        }
    }

    mutating func deliverTwice() {
        guard !self.isTransactional, let output = self.sent.popLast() else { return }
        self.resent += 1
        self.unsent.insert(output, at: 0)
    }

    mutating func acknowledge(_ choice: Int) {
        guard !self.sent.isEmpty else { return }
        let output = self.sent.remove(at: choice % self.sent.count)
        guard let (slot, _) = self.machine.output(output.token), self.machine.acknowledged(slot) else { return }
        self.flights[slot] = nil
    }

    /// A transaction takes all outputs that wait.
    mutating func commit() {
        if self.isTransactional {
            for output in self.unsent {
                self.write(output)
                guard self.machine.acknowledged(output.slot) else { continue }
                self.flights[output.slot] = nil
            }
            self.unsent = []
        }
        var granted: [DeliveryMachine.Slot] = []
        for commit in self.machine.beginCommit() {
            guard let source = self.partitions.firstIndex(of: commit.partition) else { continue }
            self.group[source] = (commit.offset, commit.metadata.text)
            self.machine.commitEnded(commit.partition, number: commit.number, succeeded: true) { granted.append($0.slot) }
        }
        self.granted += granted
    }
}
