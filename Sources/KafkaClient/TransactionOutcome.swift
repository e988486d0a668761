/// What came of a call about transactions.
public enum TransactionOutcome: Sendable, Hashable {
    /// It is done.
    case success
    /// It is not done, or not known to be, and the same call may be made again: it goes on where it was.
    case retriable(KafkaError)
    /// The transaction will not be committed: call ``KafkaProducer/abortTransaction(milliseconds:_:)`` and do the work again in a new one.
    case mustAbort(KafkaError)
    /// The producer is of no use any more, because another one has taken its `transactional.id` (``KafkaError/isFenced``), because the broker
    /// has given its transaction up, or because the call was not allowed at this moment. ``KafkaProducer/renew()`` makes it usable again.
    case fatal(KafkaError)
}

extension TransactionOutcome {
    /// What hinders success.
    package var error: KafkaError? {
        switch self {
        case .success: nil
        case .retriable(let error), .mustAbort(let error), .fatal(let error): error
        }
    }
    package var isRetriable: Bool { if case .retriable = self { true } else { false } }
    package var mustAbort: Bool { if case .mustAbort = self { true } else { false } }
    package var isFatal: Bool { if case .fatal = self { true } else { false } }
}
