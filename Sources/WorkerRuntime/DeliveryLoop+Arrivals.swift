import Delivery
import KafkaClient
import Observability
import Synchronization
import Wire

/// A family of partitions that is the worker's, and waits until its retry partitions have been looked at.
struct Arrival {
    let job: RetryScan.Job
    var partitions: [AssignedPartition]
}

/// Retry partitions that come and go with partitions of requests.
extension DeliveryLoop {
    /// Milliseconds that retry topics are waited for which have just been made.
    static let creationPatience: Int64 = 10_000

    /// Asks which retry topics there are, as long as it takes; a worker looks once.
    func findRetryTopics() {
        guard let configuration = self.configuration.retries else { return }
        var silent = self.logger
        silent.logLevel = .critical
        let end = monotonicMilliseconds() + (configuration.areBeingMade ? DeliveryLoop.creationPatience : 0)
        while self.lifecycle.load(ordering: .acquiring) == .running {
            self.health.turned(at: monotonicMilliseconds())
            do throws(KafkaError) {
                let admin = try KafkaAdmin(configuration: configuration.client, observer: KafkaObserver(logger: silent))
                let known = try admin.describeTopics(milliseconds: 2_000)
                func count(_ name: String) -> Int32 { Int32(clamping: known.first { $0.name == name }?.partitions.count ?? 0) }
                let partitions = configuration.names.map(count).min() ?? 0
                if partitions < count(configuration.requests) {
                    guard partitions > 0 || monotonicMilliseconds() >= end else {
                        self.wake.wait(milliseconds: 100)
                        continue
                    }
                    self.logger.warning(
                        "retry topics are missing or have too few partitions: long waits for retries are cut short, and wait in the worker",
                        metadata: ["topics": "\(configuration.names.joined(separator: " "))", "partitions": "\(partitions)"]
                    )
                }
                guard partitions > 0 else { return }
                var topics: [ProducerTopic] = []
                for name in configuration.names { topics.append(try self.producer.topic(name)) }
                self.retryTopics = RetryTopics(
                    configuration,
                    topics: topics,
                    partitions: partitions,
                    ordering: self.configuration.ordering,
                    room: self.configuration.limits.records
                )
                return
            } catch {
                if let leftOut = self.throttle.admit(at: monotonicMilliseconds()) {
                    let metadata: Logger.Metadata = ["error": "\(error)"]
                    self.logger.warning("waits for the broker to tell of its topics", metadata: metadata.merging(leftOut) { $1 })
                }
                self.wake.wait(milliseconds: 100)
            }
        }
    }

    /// New partitions with retry partitions: nothing of them is taken in before it is known what waits.
    func arrive(_ partitions: [AssignedPartition], _ retryTopics: RetryTopics) {
        let byFamily = Dictionary(grouping: partitions) { retryTopics.family(of: $0.source) }
        let job = RetryScan.Job()
        var families: [TopicPartition: [RetryScan.Part]] = [:]
        for (family, members) in byFamily where members.count > 1 {
            retryTopics.arriving[family] = Arrival(job: job, partitions: members)
            families[family] = members.compactMap { member -> RetryScan.Part? in
                guard let tier = retryTopics.tier(of: member.source) else { return nil }
                return RetryScan.Part(
                    source: member.source,
                    tier: tier,
                    committed: member.committedOffset,
                    finished: self.metadata(of: member)?.finished ?? []
                )
            }
        }
        let alone = byFamily.values.filter { $0.count == 1 }.flatMap { $0 }
        if !alone.isEmpty || families.isEmpty { self.admit(alone) }
        guard !families.isEmpty, let client = self.configuration.retries?.client else { return }
        self.health.looksAtRetries(true)
        self.metrics.retryScans.set(Double(retryTopics.arriving.count))
        let scan = RetryScan(families: families, configuration: client, logger: self.logger)
        let scans = self.scans
        // The thread ends by itself once nobody wants to know any more.
        Task {
            guard let found = try? await onOwnThread({ scan.run(job) }) else { return }
            scans.send(RetryScan.Letter(job: job, found: found))
        }
    }

    /// Families whose retry partitions have been looked at begin.
    func takeScans() {
        guard let retryTopics, !retryTopics.arriving.isEmpty else { return }
        self.scans.take(into: &self.scanLetters)
        for letter in self.scanLetters {
            var partitions: [AssignedPartition] = []
            for (family, found) in letter.found {
                guard let arrival = retryTopics.arriving[family], arrival.job === letter.job else { continue }
                retryTopics.arriving[family] = nil
                var diversion = RetryDiversion(limits: retryTopics.limits)
                for copy in found.copies {
                    diversion.restored(copy.origin, key: retryTopics.keepsKeyOrder ? copy.key : 0, place: copy.place)
                }
                retryTopics.families[family] = diversion
                // Requests before the newest that was copied may be unfinished and have no copy, if the owner before has crashed.
                let base = arrival.partitions.first { $0.source == family }?.committedOffset ?? 0
                let end = found.ends[family] ?? .max
                if let newest = found.copies.lazy.map(\.origin).filter({ $0 < end }).max(), newest >= base {
                    retryTopics.awaited[family] = (newest, monotonicMilliseconds() + RetryTopics.originPatience)
                }
                partitions += arrival.partitions
                if found.isCut {
                    self.logger.error("more copies wait than are kept in memory: keys may lose their order", metadata: ["of": "\(family)"])
                } else if !found.copies.isEmpty {
                    self.logger.info("retries wait", metadata: ["of": "\(family)", "requests": "\(found.copies.count)"])
                }
            }
            if !partitions.isEmpty { self.admit(partitions, letter.found) }
        }
        self.scanLetters.removeAll(keepingCapacity: true)
        self.health.looksAtRetries(!retryTopics.arriving.isEmpty)
        self.metrics.retryScans.set(Double(retryTopics.arriving.count))
    }

    /// Families that leave before they have begun.
    func forgetArrivals(_ leaving: Set<TopicPartition>, _ retryTopics: RetryTopics) {
        for source in leaving {
            guard let arrival = retryTopics.arriving.removeValue(forKey: source) else { continue }
            if !retryTopics.arriving.values.contains(where: { $0.job === arrival.job }) { arrival.job.forget() }
            for member in arrival.partitions { retryTopics.early[member.source] = nil }
        }
        self.health.looksAtRetries(!retryTopics.arriving.isEmpty)
        self.metrics.retryScans.set(Double(retryTopics.arriving.count))
    }

    /// What is known to be finished of a new partition of requests: what was committed, and every request with a copy that waits.
    ///
    /// - Returns: nil when no copy says more than the commit.
    func metadata(of partition: AssignedPartition, _ found: RetryScan.Found?) -> CommitMetadata? {
        guard let base = partition.committedOffset, let found else { return nil }
        let end = found.ends[partition.source] ?? .max
        let copied = found.copies.lazy.map(\.origin).filter { $0 >= base && $0 < end }
        guard !copied.isEmpty else { return nil }
        let metadata = self.metadata(of: partition)
        return CommitMetadata(
            isOpen: metadata?.isOpen ?? false,
            owner: metadata?.owner ?? 0,
            finished: (metadata?.finished ?? []) + copied.map { $0..<$0 + 1 },
            started: metadata?.started ?? []
        )
    }
}
