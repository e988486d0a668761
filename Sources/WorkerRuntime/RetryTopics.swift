import Delivery
import KafkaClient
import Wire

/// What a delivery loop is told of the retry topics of its requests.
struct RetryTopicsConfiguration: Sendable {
    /// The topic whose requests wait in them.
    var requests: String
    /// Their names, as ``RetryTier`` has them.
    var names: [String]
    /// Of clients that look at them.
    var client: KafkaConfiguration
    /// Milliseconds that a request waits in the worker at most.
    var waitInPlace: Int64
    /// Others have just been told to make them.
    var areBeingMade = false
}

/// The retry topics of a delivery loop: what of them is here, and what waits in them.
///
/// Belongs to the loop's thread. Retry partitions with the number of a partition of requests come and go with it: together they are a family, which has one ``RetryDiversion``.
final class RetryTopics {
    /// What was read from a retry topic and has a slot.
    struct Copy {
        let place: RetryDiversion.Place
        let failures: Int
        let crashes: Int
    }

    /// The next record of a retry partition, which may have to wait.
    struct Next {
        let record: ConsumedRecord
        /// Nil for a record that is no copy of a request.
        let headers: RetryHeaders?
        /// Milliseconds since 1970.
        let due: Int64
    }

    /// Milliseconds between two looks at the retry partitions.
    static let pause: Int64 = 20
    /// Records that are taken from one of them in one look.
    static let atOnce = 64
    /// Milliseconds that copies wait for a request to be read, which may be gone from its log.
    static let originPatience: Int64 = 60_000

    let requests: String
    let names: [String]
    let topics: [ProducerTopic]
    let waitInPlace: Int64
    /// How many partitions each has; families beyond have no retry topics.
    let partitions: Int32
    let keepsKeyOrder: Bool
    let limits: RetryDiversion.Limits

    var families: [TopicPartition: RetryDiversion] = [:] {
        didSet { self.isNobodyWaiting = self.families.values.allSatisfy(\.isEmpty) }
    }
    var copies: [DeliveryMachine.Slot: Copy] = [:]
    var next: [TopicPartition: Next] = [:]
    /// Requests that must have been read before copies of their family are, and for how long that is insisted on.
    var awaited: [TopicPartition: (origin: Int64, end: Int64)] = [:]
    /// Records that came past their partition's queue.
    var early: [TopicPartition: [ConsumedRecord]] = [:]
    /// Families whose retry partitions are being looked at, by their partition of requests.
    var arriving: [TopicPartition: Arrival] = [:]
    /// Records that were set aside, and when their patience ends.
    var asides: [(end: Int64, name: DeliveryMachine.OutputToken)] = []
    var nextLook: Int64 = 0
    /// When something is to be looked at before the next record comes; monotonic milliseconds.
    var wakeTime: Int64 = .max
    private var isRetry: [Bool] = []
    private var isNobodyWaiting = true

    /// - Parameter room: records that may be in flight.
    init(_ configuration: RetryTopicsConfiguration, topics: [ProducerTopic], partitions: Int32, ordering: Ordering, room: Int) {
        self.requests = configuration.requests
        self.names = configuration.names
        self.topics = topics
        self.waitInPlace = configuration.waitInPlace
        self.partitions = partitions
        self.keepsKeyOrder = ordering == .key
        self.limits = RetryDiversion.Limits(patience: max(RetryDiversion.shortestWait, configuration.waitInPlace), held: room / 4)
    }

    /// Whether nothing waits and nothing of the retry topics is in flight.
    var isQuiet: Bool { self.copies.isEmpty && self.isNobodyWaiting }
    /// Keys that wait, all families together.
    var keyCount: Int { self.families.values.reduce(0) { $0 + $1.keyCount } }

    /// The retry partitions that belong to a partition of requests.
    func companions(of source: TopicPartition) -> [TopicPartition] {
        guard source.topic == self.requests, source.partition < self.partitions else { return [] }
        return self.names.map { TopicPartition(topic: $0, partition: source.partition) }
    }

    /// The number of the retry topic that a partition belongs to.
    func tier(of source: TopicPartition) -> Int? { self.names.firstIndex(of: source.topic) }

    /// The partition of requests whose family a partition belongs to.
    func family(of source: TopicPartition) -> TopicPartition {
        self.tier(of: source) == nil ? source : TopicPartition(topic: self.requests, partition: source.partition)
    }

    func mark(_ index: DeliveryMachine.Partition, isRetry: Bool) {
        while self.isRetry.count <= Int(index) { self.isRetry.append(false) }
        self.isRetry[Int(index)] = isRetry
    }

    /// Whether an index of the machine is that of a retry partition.
    func isRetry(_ index: DeliveryMachine.Partition) -> Bool { self.isRetry.indices.contains(Int(index)) && self.isRetry[Int(index)] }

    /// The hash that the order of a record goes by; 0 when its order does not matter.
    func key(of record: ConsumedRecord) -> UInt64 { self.keepsKeyOrder ? record.keyHash : 0 }

    /// Everything of a family goes.
    func remove(_ sources: Set<TopicPartition>) {
        for source in sources {
            self.families[source] = nil
            self.awaited[source] = nil
            self.next[source] = nil
            self.early[source] = nil
        }
    }
}

extension RetryTopics.Next {
    /// - Parameters:
    ///   - longest: milliseconds that a record of this topic waits at most, whatever it says.
    ///   - now: milliseconds since 1970.
    init(_ record: ConsumedRecord, longest: Int64, now: Int64) {
        let headers = record.withView { try? RetryHeaders($0.headers) }
        self.record = record
        self.headers = headers?.originPartition == record.source.partition ? headers : nil
        // A record that is no copy of a request waits for nothing.
        self.due = self.headers.map { min($0.due, now + longest) } ?? 0
    }

    /// The request as it was read at first; nothing tells it from that but its attempts.
    func original(of requests: TopicPartition) -> ConsumedRecord {
        guard let headers = self.headers else { return self.record }
        return ConsumedRecord(
            copying: self.record,
            as: requests,
            offset: headers.originOffset,
            timestamp: headers.originTimestamp,
            headers: { !RetryHeaders.isOne($0) }
        )
    }
}
