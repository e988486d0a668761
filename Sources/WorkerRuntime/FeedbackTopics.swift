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

/// A record that is neither a signal nor a decision, on its way to the dead letters.
struct FeedbackLetter {
    /// Tells its delivery report from others.
    let token: UInt
    /// The partition that it came from.
    let shard: Int32
    var record: OutgoingRecord

    var size: Int { (self.record.value?.count ?? 0) + self.record.headers.bytes.count }
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
        let copy = OutgoingRecord(
            purpose: .deadLetter,
            topic: self.topics.deadLetters,
            partition: self.deadLetterPartition(record.source),
            key: key.map { .bytes($0) } ?? .none,
            value: record.value,
            headers: record.withView { letter.headers(keeping: $0.headers) }
        )
        self.letters.append(FeedbackLetter(token: self.nextLetter, shard: record.source.partition, record: copy))
        self.letterBytes += record.value?.count ?? 0
        self.nextLetter += 1
    }

    /// Dead letters that the broker finds too large are sent again without their value, then with the headers of dead letters alone; what is too large
    /// even so is given up, as its record stands at its source.
    ///
    /// The broker refuses batches, small records with large ones, so only the largest ones shrink at a time.
    func shrinkLetters(_ tooLarge: Set<UInt>) {
        guard let largest = self.letters.filter({ tooLarge.contains($0.token) }).map(\.size).max() else { return }
        self.letters = self.letters.compactMap { letter in
            guard tooLarge.contains(letter.token), letter.size > largest / 2 else { return letter }
            guard let smaller = letter.record.smallerDeadLetter else {
                self.metrics.givenUpLetters.increment()
                return nil
            }
            var letter = letter
            letter.record = smaller
            return letter
        }
        self.countLetterBytes()
    }

    /// Whoever has the partition next reads its records again.
    func forgetLetters(of shards: Set<Int32>) {
        self.letters.removeAll { shards.contains($0.shard) }
        self.countLetterBytes()
    }

    private func countLetterBytes() { self.letterBytes = self.letters.reduce(0) { $0 + ($1.record.value?.count ?? 0) } }

    /// Partition p of P takes what came from partition p mod P, so that order is kept; nil while the broker does not tell how many there are.
    private func deadLetterPartition(_ source: TopicPartition) -> Int32? {
        if self.deadLetterCount == 0 {
            self.deadLetterCount = (try? self.producer.partitionCount(of: self.topics.deadLetters, milliseconds: Self.patience)) ?? 0
        }
        return self.deadLetterCount > 0 ? source.partition % self.deadLetterCount : nil
    }
}
