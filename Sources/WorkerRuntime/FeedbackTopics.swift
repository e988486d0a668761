import Feedback
import KafkaClient
import Observability
import Orchestration
import Wire

/// The topics of a feedback orchestrator.
struct FeedbackTopics {
    let decisions: ProducerTopic
    let state: ProducerTopic
    let policies: ProducerTopic
    let deadLetters: ProducerTopic
    /// What is read, with its names.
    let inputs: [(name: String, input: FeedbackInput)]

    init(_ names: TopicNames, _ producer: KafkaProducer) throws(KafkaError) {
        self.decisions = try producer.topic(names.decisions)
        self.state = try producer.topic(names.feedbackState)
        self.policies = try producer.topic(names.policies)
        self.deadLetters = try producer.topic(names.feedbackDeadLetters)
        self.inputs = [(names.decisions, .decisions)] + ComponentType.allCases.map { (names.signals($0), .signals($0)) }
    }

    /// What a topic brings; nil for one that is none of the inputs.
    func input(_ name: String) -> FeedbackInput? { self.inputs.first { $0.name == name }?.input }
}

/// Records that are neither signals nor decisions.
extension FeedbackLoop {
    /// Makes a dead letter of a record; it is written with the next changes.
    func refuse(_ record: ConsumedRecord, _ error: WireError) {
        self.metrics.dead(error.reason)
        if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
            let metadata: Logger.Metadata = [
                "reason": "\(error.reason.rawValue)", "error": "\(error.message)", "partition": "\(record.source)",
                "offset": "\(record.offset)",
            ]
            self.logger.notice("dead letter", metadata: metadata.merging(leftOut) { $1 })
        }
        let now = WireTime.now
        var letter = DeadLetter(
            reason: error.reason,
            sourceTopic: record.source.topic,
            sourcePartition: record.source.partition,
            sourceOffset: record.offset,
            sourceTimestamp: record.timestamp > 0 ? record.timestamp : nil,
            consumerGroup: self.configuration.group,
            firstFailureAt: now,
            lastFailureAt: now,
            errorCategory: ErrorCategory.validation.rawValue,
            errorMessage: error.message,
            worker: self.configuration.worker.workerID
        )
        record.withView { letter.carryOn(from: $0.headers) }
        let key = record.withView { $0.key.map { Array($0) } }
        self.letters.append(
            OutgoingRecord(
                purpose: .deadLetter,
                topic: self.topics.deadLetters,
                partition: self.deadLetterPartition(record.source),
                key: key.map { .bytes($0) } ?? .none,
                value: record.value,
                headers: record.withView { letter.headers(keeping: $0.headers) }
            )
        )
    }

    /// Partition p of P takes what came from partition p mod P, so that order is kept; nil while the broker does not tell how many there are.
    private func deadLetterPartition(_ source: TopicPartition) -> Int32? {
        if self.deadLetterCount == 0 {
            self.deadLetterCount = (try? self.producer.partitionCount(of: self.topics.deadLetters, milliseconds: Self.patience)) ?? 0
        }
        return self.deadLetterCount > 0 ? source.partition % self.deadLetterCount : nil
    }
}
