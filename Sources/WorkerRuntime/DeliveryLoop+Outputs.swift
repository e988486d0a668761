import Delivery
import KafkaClient
import Observability
import Synchronization
import Wire

/// What handlers returned, on its way out, and the delivery reports about it.
extension DeliveryLoop {
    func takeHandled() {
        self.handled.take(into: &self.letters)
        // What a cancelled handler says is not an answer: its record runs again elsewhere. (A stop is noted before handlers are cancelled.)
        if self.lifecycle.load(ordering: .acquiring) == .stopping { self.letters.removeAll() }
        for letterIndex in self.letters.indices {
            let slot = self.letters[letterIndex].slot
            switch self.letters[letterIndex].handling {
            case .done(let outputs): self.done(slot, outputs)
            case .retry(let pause): self.failed(slot, retryAfter: pause)
            case .later(let pause): self.park(slot, self.machine.postponed(slot), for: pause.milliseconds)
            }
        }
        self.letters.removeAll(keepingCapacity: true)
        // While the producer has no room they wait in their mailbox, which is bounded.
        guard self.unsent.isEmpty else { return }
        self.notices.take(into: &self.noticeLetters)
        for notice in self.noticeLetters { self.publish(0, notice) }
        self.noticeLetters.removeAll(keepingCapacity: true)
    }

    private func done(_ slot: DeliveryMachine.Slot, _ outputs: [OutgoingRecord]) {
        // A transaction is acknowledged as a whole.
        guard self.machine.handled(slot, outputs: self.isTransactional ? min(1, outputs.count) : outputs.count) else {
            self.records[Int(slot)] = nil
            self.metrics.stale.increment()
            return
        }
        self.resolved(slot)
        guard !outputs.isEmpty else {
            self.records[Int(slot)] = nil
            self.finished += 1
            return
        }
        if self.isTransactional { return self.enqueue(slot, outputs) }
        // Kept until they are acknowledged.
        self.outputs[Int(slot)] = outputs
        for (index, output) in outputs.enumerated() where output.purpose != .memory {
            self.publish(self.machine.token(of: slot, output: index), output)
        }
    }

    func publishUnsent() {
        if !self.refused.isEmpty, monotonicMilliseconds() >= self.nextRetry {
            self.unsent.append(contentsOf: self.refused)
            self.refused.removeAll()
        }
        guard !self.unsent.isEmpty else { return }
        let waiting = self.unsent
        self.unsent = []
        for entry in waiting { self.publish(entry.token, entry.output) }
    }

    func publish(_ token: DeliveryMachine.OutputToken, _ output: OutgoingRecord) {
        // A record that left meanwhile belongs to somebody else.
        guard token == 0 || self.machine.output(token) != nil else { return }
        // Order is kept: nothing overtakes what waits for room.
        guard self.unsent.isEmpty else {
            self.unsent.append(Unsent(token: token, output: output))
            return
        }
        switch self.produce(token, output) {
        case .accepted:
            break
        case .full:
            self.unsent.append(Unsent(token: token, output: output))
        case .refused(let error):
            self.notDelivered(token, output, error)
        }
    }

    func produce(_ token: DeliveryMachine.OutputToken, _ output: OutgoingRecord) -> KafkaProducer.Outcome {
        output.headers.withView { headers in
            switch output.key {
            case .none:
                return self.produce(UInt(token), output, nil, headers)
            case .bytes(let bytes):
                return bytes.withUnsafeBytes { self.produce(UInt(token), output, $0, headers) }
            case .ofRequest:
                guard let place = self.machine.output(token), let record = self.records[Int(place.slot)] else {
                    return self.produce(UInt(token), output, nil, headers)
                }
                return record.withView { self.produce(UInt(token), output, $0.key, headers) }
            }
        }
    }

    func produce(
        _ token: UInt,
        _ output: OutgoingRecord,
        _ key: UnsafeRawBufferPointer?,
        _ headers: RecordHeadersView
    ) -> KafkaProducer.Outcome {
        func produce(_ value: UnsafeRawBufferPointer?) -> KafkaProducer.Outcome {
            (token == 0 ? self.noticeProducer : self.producer).produce(
                to: output.topic,
                partition: output.partition,
                key: key,
                value: value,
                headers: headers,
                token: token
            )
        }
        guard let value = output.value else { return produce(nil) }
        return value.withUnsafeBytes { produce($0) }
    }

    func readReports() {
        self.producer.readReports { self.reported($0, $1) }
        if self.noticeProducer !== self.producer { self.noticeProducer.readReports { self.reported($0, $1) } }
    }

    func reported(_ token: UInt, _ error: KafkaError?) {
        guard token != 0 else {
            if error != nil { self.metrics.noticesDropped.increment() }
            return
        }
        guard let (slot, index) = self.machine.output(DeliveryMachine.OutputToken(token)) else { return }
        if let error {
            self.notDelivered(DeliveryMachine.OutputToken(token), self.outputs[Int(slot)][index], error)
        } else {
            self.acknowledged(slot)
        }
    }

    func acknowledged(_ slot: DeliveryMachine.Slot) {
        guard self.machine.acknowledged(slot) else { return self.publishMemory(of: slot) }
        self.records[Int(slot)] = nil
        self.outputs[Int(slot)] = []
        self.finished += 1
    }

    /// Publishes what is remembered of a request when all else of it is durable: what is remembered has been answered, with its signals.
    private func publishMemory(of slot: DeliveryMachine.Slot) {
        guard self.machine.pendingOutputs(of: slot) == 1, let index = self.outputs[Int(slot)].indices.last,
            self.outputs[Int(slot)][index].purpose == .memory
        else { return }
        self.publish(self.machine.token(of: slot, output: index), self.outputs[Int(slot)][index])
    }

    /// A record that will not be delivered, which its request does not depend on.
    func giveUp(_ output: OutgoingRecord, _ error: KafkaError) {
        self.metrics.undelivered.increment()
        if let leftOut = self.throttle.admit(at: self.turnTime) {
            let metadata: Logger.Metadata = ["topic": "\(output.topic.name)", "error": "\(error)"]
            self.logger.warning("gave up a record", metadata: metadata.merging(leftOut) { $1 })
        }
    }

    /// A record was not delivered: what that means depends on what it was for and on whether it can ever be.
    func notDelivered(_ token: DeliveryMachine.OutputToken, _ output: OutgoingRecord, _ error: KafkaError) {
        guard !error.isFatal else {
            self.failed(error)
            return
        }
        guard let (slot, index) = self.machine.output(token), let record = self.records[Int(slot)] else {
            self.metrics.noticesDropped.increment()
            return
        }
        if output.purpose.isDispensable, !error.isRetriable {
            self.giveUp(output, error)
            self.acknowledged(slot)
            return
        }
        if !error.isRetriable, !error.isUnknownTopicOrPartition,
            let substitute = self.handler.substitute(for: output, of: record, refused: error)
        {
            if output.purpose == .retry { self.gaveUpCopy(of: record) }
            self.outputs[Int(slot)][index] = substitute
            self.publish(token, substitute)
            return
        }
        if error.isMessageTooLarge {
            // It was made as small as it can be; holding it back would hold its partition back for ever.
            self.metrics.undelivered.increment()
            if output.purpose == .retry { self.gaveUpCopy(of: record) }
            self.logger.error(
                "gave up a record that is too large for its topic",
                metadata: ["topic": "\(output.topic.name)", "partition": "\(record.source)", "offset": "\(record.offset)"]
            )
            self.acknowledged(slot)
            return
        }
        // Held back until it can be delivered: the record stays unfinished and its partition's base stays below it.
        self.metrics.deliveryRetries.increment()
        if self.refused.isEmpty {
            self.nextRetry = monotonicMilliseconds() + 1_000
            self.logger.warning("cannot deliver, will retry", metadata: ["topic": "\(output.topic.name)", "error": "\(error)"])
        }
        self.refused.append(Unsent(token: token, output: output))
    }
}
