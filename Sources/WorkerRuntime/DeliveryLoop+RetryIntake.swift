import Delivery
import KafkaClient
import Observability
import Synchronization
import Wire

/// Copies of requests on their way in.
extension DeliveryLoop {
    /// A record that came past the queue of its partition.
    func receiveEarly(_ record: ConsumedRecord) {
        if let retryTopics, retryTopics.tier(of: record.source) != nil {
            retryTopics.early[record.source, default: []].append(record)
        } else if let entry = self.assigned[record.source] {
            self.receive(record, entry.index)
        } else if self.retryTopics?.arriving[record.source] != nil {
            self.held.append(record)
        }
    }

    /// When something is to be done about retry topics; nothing of them is taken in while other records are not either.
    var retryWakeTime: Int64 {
        guard let retryTopics else { return .max }
        let end = retryTopics.asides.lazy.map(\.end).min() ?? .max
        let takesIn = self.lifecycle.load(ordering: .relaxed) == .running && self.unsent.isEmpty
        return takesIn ? min(end, retryTopics.wakeTime) : end
    }

    /// Takes in what is due in the retry partitions, and remembers when the next is.
    ///
    /// They are read in order: what is due waits for what is before it, at most as long as the topic's name says.
    func takeInCopies(_ consumer: KafkaConsumer, _ retryTopics: RetryTopics) {
        guard self.turnTime >= retryTopics.nextLook else {
            // Whoever woke the loop may have brought a copy.
            retryTopics.wakeTime = min(retryTopics.wakeTime, retryTopics.nextLook)
            return
        }
        retryTopics.nextLook = self.turnTime + RetryTopics.pause
        retryTopics.wakeTime = .max
        let now = WireTime.now
        for (source, entry) in self.assigned where retryTopics.isRetry(entry.index) {
            guard let tier = retryTopics.tier(of: source) else { continue }
            guard self.haveOriginsCome(retryTopics.family(of: source), retryTopics) else {
                retryTopics.wakeTime = min(retryTopics.wakeTime, retryTopics.nextLook)
                continue
            }
            let longest = RetryTier.allCases[min(tier, RetryTier.allCases.count - 1)].milliseconds
            for _ in 0..<min(self.machine.capacity(of: entry.index), RetryTopics.atOnce) {
                guard let next = self.nextCopy(entry.partition, consumer, retryTopics, longest: longest, now: now) else { break }
                guard next.due <= now else {
                    retryTopics.next[source] = next
                    retryTopics.wakeTime = min(retryTopics.wakeTime, self.turnTime + next.due - now)
                    break
                }
                guard self.receive(next, entry.index, tier, retryTopics) else { break }
                // More may be there.
                retryTopics.wakeTime = min(retryTopics.wakeTime, retryTopics.nextLook)
            }
        }
    }

    /// Whether every request has been read that copies of a family may have to wait for.
    private func haveOriginsCome(_ family: TopicPartition, _ retryTopics: RetryTopics) -> Bool {
        guard let awaited = retryTopics.awaited[family], let entry = self.assigned[family] else { return true }
        if self.machine.newestOffset(of: entry.index) < awaited.origin {
            guard self.turnTime >= awaited.end else { return false }
            self.logger.notice(
                "a request with a copy did not come: the copies go on",
                metadata: ["partition": "\(family)", "offset": "\(awaited.origin)"]
            )
        }
        retryTopics.awaited[family] = nil
        return true
    }

    private func nextCopy(
        _ partition: AssignedPartition,
        _ consumer: KafkaConsumer,
        _ retryTopics: RetryTopics,
        longest: Int64,
        now: Int64
    ) -> RetryTopics.Next? {
        if let next = retryTopics.next.removeValue(forKey: partition.source) { return next }
        if var early = retryTopics.early.removeValue(forKey: partition.source), !early.isEmpty {
            let record = early.removeFirst()
            if !early.isEmpty { retryTopics.early[partition.source] = early }
            return RetryTopics.Next(record, longest: longest, now: now)
        }
        var next: RetryTopics.Next?
        _ = consumer.read(partition, maximum: 1) { next = RetryTopics.Next($0, longest: longest, now: now) }
        return next
    }

    /// Brings a copy to the machine as the request that it is a copy of; false when there is no room.
    private func receive(
        _ next: RetryTopics.Next,
        _ partition: DeliveryMachine.Partition,
        _ tier: Int,
        _ retryTopics: RetryTopics
    ) -> Bool {
        let record = next.record
        switch self.machine.received(partition, offset: record.offset, keyHash: record.keyHash, bytes: record.byteCount) {
        case .taken(let slot):
            self.records[Int(slot)] = next.original(of: retryTopics.family(of: record.source))
            self.receivedAt[Int(slot)] = self.turnTime
            retryTopics.copies[slot] = next.headers.map {
                RetryTopics.Copy(place: RetryDiversion.Place(tier: tier, due: $0.due), failures: $0.failures, crashes: $0.crashes)
            }
            self.metrics.received.increment()
        case .finishedBefore: self.metrics.finishedBefore.increment()
        case .drop: self.metrics.dropped.increment()
        case .full:
            retryTopics.next[record.source] = next
            return false
        }
        return true
    }
}
