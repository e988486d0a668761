import Delivery
import KafkaClient
import Observability
import Synchronization
import Wire

/// Finds the copies that wait in retry partitions when they arrive, on a thread of its own.
struct RetryScan: Sendable {
    /// One retry partition, and what is known of it.
    struct Part: Sendable {
        let source: TopicPartition
        let tier: Int
        let committed: Int64?
        let finished: [Range<Int64>]
    }

    /// A copy that is not finished.
    struct FoundCopy: Sendable {
        let origin: Int64
        let key: UInt64
        let place: RetryDiversion.Place
    }

    /// What was found of one family.
    struct Found: Sendable {
        var copies: [FoundCopy] = []
        /// The next offset of each partition's log, that of the requests included.
        var ends: [TopicPartition: Int64] = [:]
        /// There were more than are kept.
        var isCut = false
    }

    /// A look that was taken.
    struct Letter: Sendable {
        let job: Job
        let found: [TopicPartition: Found]
    }

    /// A look at retry partitions that is under way.
    final class Job: Sendable {
        private let isForgotten = Atomic<Bool>(false)
        private let wake = WakeSignal()

        /// Nobody wants to know any more.
        func forget() {
            self.isForgotten.store(true, ordering: .releasing)
            self.wake.raise()
        }

        var isWanted: Bool { !self.isForgotten.load(ordering: .acquiring) }
        func pause() { self.wake.wait(milliseconds: 1_000) }
    }

    /// Copies of one family that are kept; workers stop to make more long before.
    static let limit = 5 * RetryDiversion.fullAt

    let families: [TopicPartition: [Part]]
    let configuration: KafkaConfiguration
    let logger: Logger

    /// Looks until it succeeds, or nobody wants to know any more.
    func run(_ job: Job) -> [TopicPartition: Found]? {
        var silent = self.logger
        silent.logLevel = .critical
        let observer = KafkaObserver(logger: silent)
        var hasFailed = false
        while job.isWanted {
            do throws(KafkaError) {
                return try self.look(observer, job)
            } catch {
                if !hasFailed { self.logger.warning("retry topics cannot be read yet", metadata: ["error": "\(error)"]) }
                hasFailed = true
                job.pause()
            }
        }
        return nil
    }

    private func look(_ observer: KafkaObserver, _ job: Job) throws(KafkaError) -> [TopicPartition: Found]? {
        var found = self.families.mapValues { _ in Found() }
        let parts = self.families.values.flatMap { $0 }
        // What the owner before has written counts, also while its transaction is still being ended.
        let ends = try PartitionScan(configuration: self.configuration, observer: observer, seesUndecided: true)
            .ends(of: parts.map(\.source) + self.families.keys)
        var ranges: [TopicPartition: Range<Int64>] = [:]
        var known: [TopicPartition: (family: TopicPartition, part: Part)] = [:]
        for (family, parts) in self.families {
            found[family]?.ends[family] = ends[family]
            for part in parts {
                let end = ends[part.source] ?? 0
                found[family]?.ends[part.source] = end
                known[part.source] = (family, part)
                // −2 is where the log begins.
                let start = part.committed ?? -2
                if start < end, end > 0 { ranges[part.source] = start..<end }
            }
        }
        guard !ranges.isEmpty else { return found }
        let scan = try PartitionScan(configuration: self.configuration, observer: observer)
        try scan.read(ranges, while: { job.isWanted }) { record in
            guard let (family, part) = known[record.source], !part.finished.contains(where: { $0.contains(record.offset) }),
                let headers = record.withView({ try? RetryHeaders($0.headers) }), headers.originPartition == record.source.partition
            else { return }
            guard found[family]?.copies.count ?? 0 < RetryScan.limit else {
                found[family]?.isCut = true
                return
            }
            let place = RetryDiversion.Place(tier: part.tier, due: headers.due)
            found[family]?.copies.append(FoundCopy(origin: headers.originOffset, key: record.keyHash, place: place))
        }
        return job.isWanted ? found : nil
    }
}
