import Delivery
import KafkaClient
import Observability
import Synchronization

/// Records on their way in.
extension DeliveryLoop {
    /// Reads what the partitions have fetched, as far as there is room; true when a partition had more than was read.
    func takeIn() -> Bool {
        guard self.lifecycle.load(ordering: .relaxed) == .running, self.unsent.isEmpty, let consumer = self.consumer else { return false }
        let held = self.held
        self.held.removeAll(keepingCapacity: true)
        for record in held {
            if let entry = self.assigned[record.source] {
                self.receive(record, entry.index)
            } else if self.retryTopics?.arriving[record.source] != nil {
                self.held.append(record)
            }
        }
        var isFull = false
        let before = self.taken
        // Partitions take turns.
        let chunk = min(512, max(64, self.configuration.limits.records / max(1, self.assigned.count)))
        let isQuiet = self.retryTopics?.isQuiet ?? true
        for (source, entry) in self.assigned {
            if let retryTopics, retryTopics.isRetry(entry.index) { continue }
            // Who waits already must become fewer first.
            if !isQuiet, self.retryTopics?.families[source]?.isFull == true { continue }
            var room = min(self.machine.capacity(of: entry.index), chunk)
            if let limit = self.configuration.recordLimit { room = min(room, limit - self.taken) }
            guard room > 0 else { continue }
            let count = consumer.read(entry.partition, maximum: room) { self.receive($0, entry.index) }
            if count == room { isFull = true }
        }
        if let retryTopics { self.takeInCopies(consumer, retryTopics) }
        return isFull && self.taken > before
    }

    func receive(_ record: ConsumedRecord, _ partition: DeliveryMachine.Partition) {
        let bytes = record.byteCount
        switch self.machine.received(partition, offset: record.offset, keyHash: record.keyHash, bytes: bytes) {
        case .taken(let slot):
            self.records[Int(slot)] = record
            self.receivedAt[Int(slot)] = self.turnTime
            if let retryTopics, !retryTopics.copies.isEmpty { retryTopics.copies[slot] = nil }
        case .finishedBefore:
            self.metrics.finishedBefore.increment()
            return
        case .drop:
            // Delivered before (librdkafka before 2.1 may repeat a record after a rebalance): its first delivery decides.
            self.metrics.dropped.increment()
            return
        case .full:
            self.held.append(record)
            return
        }
        if self.taken == 0 { self.firstReceived = monotonicNanoseconds() }
        self.taken += 1
        self.metrics.received.increment()
    }
}
