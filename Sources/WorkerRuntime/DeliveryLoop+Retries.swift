import Delivery
import KafkaClient
import Observability
import Synchronization
import Wire

/// Requests that failed: short waits in the worker, long ones in retry topics, and the order of their keys meanwhile.
extension DeliveryLoop {
    /// Milliseconds that a request waits in the worker where there is no retry topic for it.
    static let longestWaitInPlace: Int64 = 60_000

    func failed(_ slot: DeliveryMachine.Slot, retryAfter pause: Duration) {
        self.metrics.retried.increment()
        let milliseconds = pause.milliseconds
        if let configuration = self.configuration.retries, milliseconds > configuration.waitInPlace,
            self.configuration.ordering != .partition
        {
            if let record = self.records[Int(slot)], let retryTopics, retryTopics.families[record.source] != nil {
                let attempt = self.machine.attempt(of: slot)
                let copy = retryTopics.copies[slot]
                let tier = RetryTier(forWaiting: milliseconds)
                let place = RetryDiversion.Place(
                    tier: RetryTier.allCases.firstIndex(of: tier) ?? 0,
                    due: WireTime.now + min(milliseconds, tier.milliseconds)
                )
                if self.copy(slot, to: place, failures: attempt.failures + (copy?.failures ?? 0) + 1, crashes: 0, retryTopics) {
                    self.metrics.spilled.increment()
                }
                return
            }
            self.metrics.notSpilled.increment()
        }
        self.park(slot, self.machine.failed(slot), for: min(milliseconds, DeliveryLoop.longestWaitInPlace))
    }

    /// A record waits for its next start, unless the token is nil: then its partition has left.
    func park(_ slot: DeliveryMachine.Slot, _ token: DeliveryMachine.OutputToken?, for milliseconds: Int64) {
        guard let token else {
            self.records[Int(slot)] = nil
            return
        }
        let due = self.turnTime + max(1, milliseconds)
        self.retries.append((due, token))
        self.nextRetryDue = min(due, self.nextRetryDue ?? .max)
    }

    /// Publishes a copy of a record to a retry topic, which ends the record here; whether that is under way.
    private func copy(
        _ slot: DeliveryMachine.Slot,
        to place: RetryDiversion.Place,
        failures: Int,
        crashes: Int,
        _ retryTopics: RetryTopics
    ) -> Bool {
        retryTopics.copies[slot] = nil
        guard let record = self.records[Int(slot)], self.machine.handled(slot, outputs: 1) else {
            self.records[Int(slot)] = nil
            self.metrics.stale.increment()
            return false
        }
        let names = retryTopics.families[record.source]?
            .copied(record.offset, key: retryTopics.key(of: record), place: place, now: WireTime.now)
        let headers = RetryHeaders(
            due: place.due,
            originPartition: record.source.partition,
            originOffset: record.offset,
            originTimestamp: record.timestamp,
            failures: failures,
            crashes: crashes
        )
        let output = OutgoingRecord(
            purpose: .retry,
            topic: retryTopics.topics[min(place.tier, retryTopics.topics.count - 1)],
            partition: record.source.partition,
            key: .ofRequest,
            value: record.value,
            headers: record.withView { headers.headers(keeping: $0.headers) }
        )
        if self.isTransactional {
            self.enqueue(slot, [output])
        } else {
            self.outputs[Int(slot)] = [output]
            self.publish(self.machine.token(of: slot, output: 0), output)
        }
        self.comeBack(names ?? [])
        return true
    }

    /// A record is over: what waited for it may go on.
    func resolved(_ slot: DeliveryMachine.Slot) {
        guard let retryTopics, !retryTopics.isQuiet, let record = self.records[Int(slot)] else { return }
        retryTopics.copies[slot] = nil
        self.resolved(record, retryTopics)
    }

    /// A copy of a record was given up, and something else stands in its place.
    func gaveUpCopy(of record: ConsumedRecord) {
        if let retryTopics { self.resolved(record, retryTopics) }
    }

    private func resolved(_ record: ConsumedRecord, _ retryTopics: RetryTopics) {
        let names = retryTopics.families[record.source]?
            .finished(record.offset, key: retryTopics.key(of: record), now: WireTime.now)
        self.comeBack(names ?? [])
    }

    private func comeBack(_ names: [DeliveryMachine.OutputToken]) {
        for name in names { self.machine.comeBack(name) }
    }

    /// Records that were set aside, and whose patience is over, are decided about anew.
    func wakeAsides() {
        guard let retryTopics, !retryTopics.asides.isEmpty else { return }
        for aside in retryTopics.asides where aside.end <= self.turnTime { self.machine.comeBack(aside.name) }
        retryTopics.asides.removeAll { $0.end <= self.turnTime }
    }

    /// Keeps back what is to start before something earlier of its key has come to its end.
    func keepKeyOrder(_ retryTopics: RetryTopics) {
        let now = WireTime.now
        var index = 0
        while index < self.toStart.count {
            let item = self.toStart[index]
            var attempt = item.attempt
            let copy = retryTopics.copies[item.slot]
            attempt.failures += copy?.failures ?? 0
            attempt.crashes += copy?.crashes ?? 0
            // Poison is not run, only put away, whoever waits: a copy of it would be innocent.
            let decision = attempt.isPoison ? .run : self.decide(item.record, copy, now, retryTopics)
            guard decision != .run else {
                self.toStart[index].attempt = attempt
                index += 1
                continue
            }
            self.toStart.remove(at: index)
            switch decision {
            case .run: break
            case .drop: self.drop(item.slot, retryTopics)
            case .divert(let place):
                if self.copy(item.slot, to: place, failures: attempt.failures, crashes: attempt.crashes, retryTopics) {
                    self.metrics.diverted.increment()
                }
            case .hold: self.hold(item, retryTopics)
            }
            // Its lane goes on.
            self.machine.takeStarts { self.toStart($0) }
        }
    }

    private func decide(
        _ record: ConsumedRecord,
        _ copy: RetryTopics.Copy?,
        _ now: Int64,
        _ retryTopics: RetryTopics
    ) -> RetryDiversion.Decision {
        retryTopics.families[record.source]?
            .decide(record.offset, key: retryTopics.key(of: record), copy: copy?.place, now: now) ?? .run
    }

    private func drop(_ slot: DeliveryMachine.Slot, _ retryTopics: RetryTopics) {
        retryTopics.copies[slot] = nil
        self.records[Int(slot)] = nil
        guard self.machine.handled(slot, outputs: 0) else {
            self.metrics.stale.increment()
            return
        }
        self.metrics.dropped.increment()
        self.finished += 1
    }

    private func hold(_ item: WorkItem, _ retryTopics: RetryTopics) {
        guard let name = self.machine.stepAside(item.slot) else {
            self.records[Int(item.slot)] = nil
            retryTopics.copies[item.slot] = nil
            return
        }
        retryTopics.families[item.record.source]?.held(item.record.offset, key: retryTopics.key(of: item.record), name: name)
        retryTopics.asides.append((self.turnTime + retryTopics.limits.patience, name))
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { self.components.seconds * 1_000 + self.components.attoseconds / 1_000_000_000_000_000 }
}
