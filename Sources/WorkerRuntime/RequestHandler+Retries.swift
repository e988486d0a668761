import KafkaClient
import Wire

/// Retry topics, as far as a handler sees them: a copy comes to it as the request that it is a copy of.
extension RequestHandler {
    /// A record of a retry topic that is no copy of a request.
    func refuseStray(_ record: ConsumedRecord) throws(WireError) {
        try record.withView { (view) throws(WireError) in _ = try RetryHeaders(view.headers) }
        throw WireError(.invalid, "header x-retry-origin-partition of a record in a retry topic is not the partition that it is in")
    }

    /// What is published of a request whose copy no retry topic takes: it cannot wait there, and is not run again.
    func deadLetter(insteadOf copy: OutgoingRecord, of record: ConsumedRecord, _ error: KafkaError) -> OutgoingRecord {
        self.metrics.dead(.exhausted)
        let now = WireTime.now
        let failures = copy.headers.withView { try? RetryHeaders($0) }?.failures ?? 0
        var letter = DeadLetter(
            reason: .exhausted,
            sourceTopic: record.source.topic,
            sourcePartition: record.source.partition,
            sourceOffset: record.offset,
            sourceTimestamp: record.timestamp > 0 ? record.timestamp : nil,
            consumerGroup: self.identity.group,
            attempts: failures,
            crashAttempts: 0,
            firstFailureAt: now,
            lastFailureAt: now,
            errorCategory: "processing",
            errorMessage: "The topic \(copy.topic.name) did not take the request to wait for its retry: \(error.message)",
            orchestrator: nil,
            worker: self.identity.worker
        )
        record.withView { letter.carryOn(from: $0.headers) }
        return OutgoingRecord(
            purpose: .deadLetter,
            topic: self.topics.deadLetters.topic,
            partition: self.topics.deadLetters.knownPartition(for: record.source),
            key: .ofRequest,
            value: record.value,
            headers: record.withView { letter.headers(keeping: $0.headers) }
        )
    }
}
