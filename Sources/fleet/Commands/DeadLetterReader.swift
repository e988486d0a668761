import KafkaClient
import Wire

/// Reads dead letters of several topics and partitions as they died, oldest first, in bounded memory.
///
/// Each partition is in the order of its offsets; between partitions the older record comes first. Reading ends at the offsets that were the
/// ends when it began, so that letters that die meanwhile are left to the next time. Owned by one thread.
final class DeadLetterReader {
    enum Step {
        case letter(StoredLetter)
        /// Nothing has come within the time.
        case waiting
        /// Everything was read.
        case end
    }

    /// A partition with the records of it that were read, few at a time.
    private final class Lane {
        let origin: DeadLetterOrigin
        let source: TopicPartition
        let end: Int64
        var records: [ConsumedRecord] = []
        var head = 0
        var isAtEnd = false

        init(origin: DeadLetterOrigin, source: TopicPartition, end: Int64) {
            self.origin = origin
            self.source = source
            self.end = end
        }

        var first: ConsumedRecord? { self.head < self.records.count ? self.records[self.head] : nil }

        func append(_ record: ConsumedRecord) {
            if record.offset < self.end { self.records.append(record) }
            // A retention that ran meanwhile may have taken the last ones.
            if record.offset >= self.end - 1 { self.isAtEnd = true }
        }

        func removeFirst() -> ConsumedRecord? {
            guard let record = self.first else { return nil }
            self.head += 1
            if self.head == self.records.count {
                self.records.removeAll(keepingCapacity: true)
                self.head = 0
            }
            return record
        }
    }

    private final class Inbox {
        var lanes: [TopicPartition: Lane] = [:]
        var failure: KafkaError?
    }

    /// Per partition: how many records are copied at once, at most; and when their bytes are enough.
    private static let batch = (records: 64, bytes: 256 << 10)
    /// What librdkafka may hold of records that were fetched, in all; it fetches nothing for a second when a partition's share is full.
    private static let fetchedKilobytes = 32 << 10
    /// A broker that tells nothing for so long is taken for lost; milliseconds.
    private static let patience: Int64 = 30_000

    let consumer: KafkaConsumer
    private let inbox = Inbox()
    private let lanes: [Lane]
    private let wake = WakeSignal()
    private let watch = Stopwatch()
    private var assigned: [TopicPartition: AssignedPartition] = [:]
    /// Milliseconds that were waited in vain.
    private var waited: Int64 = 0

    /// Begins to read.
    ///
    /// - Parameter ranges: the partitions with what is to be read of them; empty ranges are not read.
    init(
        _ ranges: [(origin: DeadLetterOrigin, source: TopicPartition, offsets: Range<Int64>)],
        configuration: KafkaConfiguration,
        group: String = "fleet-reader"
    ) throws {
        let inbox = self.inbox
        self.lanes = ranges.filter { !$0.offsets.isEmpty }.map { Lane(origin: $0.origin, source: $0.source, end: $0.offsets.upperBound) }
        for lane in self.lanes { inbox.lanes[lane.source] = lane }
        self.consumer = try KafkaConsumer(
            configuration: configuration.merging([
                "group.id": group, "enable.partition.eof": "true", "auto.offset.reset": "earliest", "queued.min.messages": "1000000",
                "queued.max.messages.kbytes": "\(max(1024, Self.fetchedKilobytes / max(1, self.lanes.count)))",
            ]),
            observer: ConnectionOptions.observer,
            wake: self.wake,
            events: ConsumerEvents(
                assigned: { _ in },
                revoked: { _, _ in },
                record: { inbox.lanes[$0.source]?.append($0) },
                // What passes by itself is waited for.
                failed: { if !$0.isRetriable { inbox.failure = inbox.failure ?? $0 } },
                committed: { _, _ in }
            )
        )
        self.consumer.reachedEnd = { source, _ in inbox.lanes[source]?.isAtEnd = true }
        try self.consumer.assign(ranges.filter { !$0.offsets.isEmpty }.map { ($0.source, $0.offsets.lowerBound) })
        for partition in self.consumer.assignment { self.assigned[partition.source] = partition }
    }

    /// The next letter; waits for it at most so long.
    ///
    /// - Throws: a client that is lost; brokers that tell nothing for half a minute.
    func next(milliseconds: Int64) throws -> Step {
        let end = self.watch.milliseconds + milliseconds
        while true {
            if let lane = try self.oldest() {
                guard let record = lane.removeFirst() else { continue }
                return .letter(StoredLetter(origin: lane.origin, record: record))
            }
            if self.lanes.allSatisfy({ $0.isAtEnd && $0.first == nil }) { return .end }
            guard self.waited < Self.patience else {
                throw DeadLetterFailure("the brokers have told nothing for \(Self.patience / 1000) s")
            }
            let now = self.watch.milliseconds
            guard now < end else { return .waiting }
            self.wake.wait(milliseconds: Int32(clamping: end - now))
            self.waited += self.watch.milliseconds - now
        }
    }

    /// The partition whose next record is the oldest; nil as long as one of them has to be waited for.
    private func oldest() throws -> Lane? {
        var oldest: Lane?
        var isComplete = true
        for lane in self.lanes {
            if lane.first == nil, !lane.isAtEnd { self.fill(lane) }
            guard let record = lane.first else {
                isComplete = isComplete && lane.isAtEnd
                continue
            }
            if oldest?.first.map({ record.timestamp < $0.timestamp }) ?? true { oldest = lane }
        }
        if let failure = self.inbox.failure { throw failure }
        return isComplete ? oldest : nil
    }

    private func fill(_ lane: Lane) {
        self.consumer.poll()
        guard let partition = self.assigned[lane.source] else { return }
        var bytes = 0
        while lane.records.count < Self.batch.records, bytes < Self.batch.bytes, !lane.isAtEnd {
            let count = self.consumer.read(partition, maximum: 1) { record in
                bytes += record.byteCount
                lane.append(record)
            }
            guard count > 0 else { break }
        }
        if bytes > 0 || lane.isAtEnd { self.waited = 0 }
    }

    /// Leaves without waiting long.
    deinit { self.consumer.close(milliseconds: 2_000) }
}

/// Time since it was made, by the clock that never jumps.
struct Stopwatch: Sendable {
    private let start = ContinuousClock.now

    var nanoseconds: Int64 {
        let (seconds, attoseconds) = self.start.duration(to: .now).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    var milliseconds: Int64 { self.nanoseconds / 1_000_000 }
}

extension DeadLetterOptions {
    /// What is kept of each partition of the topics that are meant.
    func ranges(_ admin: KafkaAdmin) throws -> [(origin: DeadLetterOrigin, source: TopicPartition, offsets: Range<Int64>)] {
        let cluster = try DeadLetterCluster(admin)
        return try self.topics(cluster).flatMap { origin, topic in
            try (cluster.partitions[topic] ?? []).map { partition in
                let source = TopicPartition(topic: topic, partition: partition)
                let (low, high) = try admin.watermarks(of: source)
                return (origin, source, low..<Swift.max(low, high))
            }
        }
    }

    func admin() throws -> KafkaAdmin {
        try KafkaAdmin(configuration: try self.connection.clientConfiguration("deadletters"), observer: ConnectionOptions.observer)
    }

    /// Calls `body` with each dead letter that is selected, oldest first, up to `--max`.
    func forEach(_ body: (StoredLetter) throws -> Void) throws {
        let selection = self.selection
        let reader = try DeadLetterReader(
            try self.ranges(try self.admin()),
            configuration: try self.connection.readerConfiguration("deadletters")
        )
        var count = 0
        while true {
            switch try reader.next(milliseconds: 1_000) {
            case .letter(let letter):
                guard letter.matches(selection) else { continue }
                try body(letter)
                count += 1
                if count == self.max { return }
            case .waiting: continue
            case .end: return
            }
        }
    }
}
