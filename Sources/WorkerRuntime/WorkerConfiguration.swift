public import Delivery
import Glibc
import KafkaClient
public import Wire

/// What must be true of a delivery.
public enum DeliveryGuarantee: String, Sendable, CaseIterable {
    /// Every request is answered; after a crash some are answered twice.
    case atLeastOnce = "at_least_once"
    /// Every request has exactly one reply visible to `read_committed`.
    case exactlyOnce = "exactly_once"
}

/// How a worker reaches Kafka, and how much it does at once.
public struct WorkerConfiguration: Sendable {
    /// Brokers, `host:port` separated by commas.
    ///
    /// Default `127.0.0.1:9092`.
    public var bootstrapServers = "127.0.0.1:9092"
    /// Stands before every topic name.
    ///
    /// Default empty.
    public var topicPrefix = ""
    /// The consumer group; `fleet.<layer>` by default, with the topic prefix before it.
    public var groupID: String?
    /// The worker's name in replies, logs and client ids; host and process id by default.
    public var workerID: String = WorkerConfiguration.defaultWorkerID
    /// Uses the worker's id as `group.instance.id`: a restart within the session's timeout then moves no partition.
    ///
    /// Default false.
    public var usesStaticMembership = false
    /// Handlers at the same time.
    ///
    /// Default 64.
    public var concurrency = 64
    /// Which requests must keep their order.
    ///
    /// Default: those with the same key.
    public var ordering: Ordering = .key
    /// Default at least once.
    public var delivery: DeliveryGuarantee = .atLeastOnce
    /// Which executions emit a signal about their orchestrator.
    ///
    /// Default all.
    public var signals: SignalPolicy = .all
    /// What orchestrators choose components by.
    ///
    /// Default: by what feedback orchestrators have learned.
    public var policies: PolicyUse = .on
    /// When a failed request is handled once more.
    public var retries = RetryPolicy()
    /// Milliseconds for which the reply to a request with an idempotency key is remembered and answers other requests with that key; 0 to 604,800,000
    /// (a week), 0 for never.
    ///
    /// Default one hour.
    public var idempotencyWindow: Int64 = 3_600_000
    /// Milliseconds for which the topic of remembered replies keeps them: its `retention.ms`, a week.
    public static let longestIdempotencyWindow: Int64 = 7 * 86_400_000
    /// What a request may be at most.
    public var limits = WireLimits.default
    /// How much may be in flight; with ``DeliveryGuarantee/exactlyOnce`` four times as many records, because half of them wait for their transaction.
    public var inFlight = DeliveryLimits()

    /// What may be in flight as it is delivered.
    var deliveryLimits: DeliveryLimits {
        var limits = self.inFlight
        if self.delivery == .exactlyOnce {
            limits = DeliveryLimits(records: limits.records * 4, bytes: limits.bytes, window: limits.window, starts: limits.starts)
        }
        return limits
    }
    /// Milliseconds between commits.
    ///
    /// Default 250.
    public var commitInterval = 250
    /// Milliseconds between transactions when delivery is exactly once; earlier when 512 requests are finished.
    ///
    /// Default 50.
    public var transactionInterval = 50
    /// Milliseconds that running requests have when partitions leave or the worker drains.
    ///
    /// Default 20,000.
    public var drainTimeout = 20_000
    /// Creates the topics that are missing, with this many partitions; nil leaves topics alone.
    ///
    /// Default nil.
    public var createsTopicsWithPartitions: Int32?
    /// Properties of librdkafka, by name; they win over what the worker sets itself.
    public var kafka: [String: String] = [:]
    /// Writes each handler's start and end to this topic, for drills (contracts, "Processes").
    ///
    /// Default nil.
    public var probeEventsTopic: String?
    /// Ends after so many requests; for measuring.
    ///
    /// Default nil.
    public var recordLimit: Int?

    /// The defaults: a broker on this machine, 64 handlers, order by key, topics left alone.
    public init() {}

    /// Host name and process id.
    public static var defaultWorkerID: String {
        var buffer = [CChar](repeating: 0, count: 256)
        let host =
            gethostname(&buffer, buffer.count - 1) == 0
            ? String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : "worker"
        return "\(host)-\(getpid())"
    }

    /// The consumer group of a layer's workers.
    public func group(_ name: String) -> String { self.groupID ?? "\(self.topicPrefix)fleet.\(name)" }

    /// Every mistake in one list, a sentence each; empty when the configuration can be used.
    public func mistakes() -> [String] {
        var mistakes: [String] = []
        if self.bootstrapServers.isEmpty { mistakes.append("bootstrap-servers is empty: name at least one broker as host:port") }
        if !(1...100_000).contains(self.concurrency) { mistakes.append("concurrency must be 1 to 100,000, found \(self.concurrency)") }
        if self.workerID.isEmpty { mistakes.append("worker-id is empty") }
        if self.inFlight.records < self.concurrency {
            mistakes.append("in-flight records (\(self.inFlight.records)) must not be fewer than concurrency (\(self.concurrency))")
        }
        if self.commitInterval < 1 { mistakes.append("commit-interval must be 1 ms or more, found \(self.commitInterval)") }
        if self.retries.maximumAttempts < 1 {
            mistakes.append("max-attempts must be 1 or more, found \(self.retries.maximumAttempts)")
        }
        if !(0...WorkerConfiguration.longestIdempotencyWindow).contains(self.idempotencyWindow) {
            mistakes.append("idempotency-window must be 0 to 604,800 seconds, found \(Double(self.idempotencyWindow) / 1_000)")
        }
        if self.retries.maximumWaitInPlace < 0 {
            mistakes.append("retry-in-place must not be negative, found \(self.retries.maximumWaitInPlace)")
        }
        if self.drainTimeout < 0 { mistakes.append("drain-timeout must not be negative, found \(self.drainTimeout)") }
        if let partitions = self.createsTopicsWithPartitions, !(1...10_000).contains(partitions) {
            mistakes.append("partitions must be 1 to 10,000, found \(partitions)")
        }
        if case .sampled(let share) = self.signals, !(0...1).contains(share) {
            mistakes.append("signals sampled must be a share from 0 to 1, found \(share)")
        }
        if self.transactionInterval < 1 { mistakes.append("transaction-interval must be 1 ms or more, found \(self.transactionInterval)") }
        let own = ["enable.auto.commit", "enable.auto.offset.store", "group.id", "bootstrap.servers", "transactional.id"]
        for name in own where self.kafka[name] != nil {
            mistakes.append("kafka property \(name) is the worker's own: leave it out")
        }
        if let partitioner = self.kafka["partitioner"], !["murmur2", "murmur2_random"].contains(partitioner) {
            mistakes.append(
                "kafka property partitioner must be murmur2 or murmur2_random, found \(partitioner): what is learned about a component is in one partition"
            )
        }
        // What both clients share would be told twice.
        for mistake in self.consumerConfiguration(group: "check").mistakes() + self.producerConfiguration(group: "check").mistakes()
        where !mistakes.contains(mistake) { mistakes.append(mistake) }
        return mistakes
    }

    /// Of a client that is neither the group's member nor the producer of replies, with the same security settings.
    func clientConfiguration(_ role: String) -> KafkaConfiguration {
        self.baseConfiguration(role).merging(self.kafka.filter { !WorkerConfiguration.consumerOnly.contains($0.key) })
    }

    /// Of the reader of a topic that is a table, which is in no group and tells no statistics.
    ///
    /// Only what is committed is read: `isolation.level` is librdkafka's default.
    func tableConfiguration(_ role: String) -> KafkaConfiguration {
        var configuration = self.clientConfiguration(role)
        configuration["statistics.interval.ms"] = "0"
        configuration["fetch.wait.max.ms"] = self.kafka["fetch.wait.max.ms"]
        return configuration
    }

    /// Of clients that look at the retry topics when partitions arrive.
    func retryClientConfiguration() -> KafkaConfiguration {
        var configuration = self.clientConfiguration("retries")
        configuration["statistics.interval.ms"] = "0"
        return configuration
    }

    private func baseConfiguration(_ role: String) -> KafkaConfiguration {
        var configuration = KafkaConfiguration(bootstrapServers: self.bootstrapServers)
        // Unique per client: equal ids make librdkafka's cooperative group members spin.
        configuration["client.id"] = "\(self.workerID)-\(getpid())-\(role)"
        configuration["statistics.interval.ms"] = "5000"
        return configuration
    }

    /// Of the group's member.
    ///
    /// - Parameter identity: the number of its process in the group; 0 for none.
    func consumerConfiguration(group: String, identity: UInt32 = 0) -> KafkaConfiguration {
        var configuration = self.baseConfiguration("consumer-\(group)")
        if identity != 0 { configuration["client.id"] = GroupMember(workerID: self.workerID, process: identity).clientID(group: group) }
        configuration["group.id"] = group
        if self.usesStaticMembership { configuration["group.instance.id"] = self.workerID }
        // Room for the drain inside a revoke.
        configuration["max.poll.interval.ms"] = String(max(300_000, self.drainTimeout * 2 + 60_000))
        return configuration.merging(self.kafka.filter { !WorkerConfiguration.producerOnly.contains($0.key) })
    }

    /// Of the producer of replies and all else that belongs to requests.
    func producerConfiguration(group: String) -> KafkaConfiguration {
        var configuration = self.noticeConfiguration(group: group)
        guard self.delivery == .exactlyOnce else { return configuration }
        configuration["client.id"] = "\(self.workerID)-\(getpid())-transactions-\(group)"
        // Stable over restarts of the same worker: whoever takes it ends what the one before left open.
        configuration["transactional.id"] = "\(group).\(self.workerID)"
        return configuration.merging(self.kafka.filter { !WorkerConfiguration.consumerOnly.contains($0.key) })
    }

    /// Milliseconds after which the broker gives an open transaction up.
    var transactionTimeout: Int64 {
        self.kafka["transaction.timeout.ms"].flatMap { Int64($0) } ?? Int64(KafkaProducer.transactionTimeout)
    }

    /// Of the producer of notices, which no transaction may hold up.
    func noticeConfiguration(group: String) -> KafkaConfiguration {
        var configuration = self.baseConfiguration("producer-\(group)")
        // The broker decides what is too large.
        configuration["message.max.bytes"] = "10000000"
        configuration["queue.buffering.max.kbytes"] = "65536"
        // How long a record for a topic that is not there is kept: librdkafka's 30 s are longer than a drain, and anybody can name a reply topic.
        configuration["topic.metadata.propagation.max.ms"] = "5000"
        return configuration.merging(
            self.kafka.filter { !WorkerConfiguration.consumerOnly.contains($0.key) && $0.key != "transaction.timeout.ms" }
        )
    }

    /// Properties that librdkafka takes for one kind of client only; for the other they would be warned about.
    private static let producerOnly: Set<String> = [
        "linger.ms", "queue.buffering.max.ms", "acks", "request.required.acks", "compression.type", "compression.codec",
        "compression.level",
        "enable.idempotence", "batch.size", "batch.num.messages", "message.timeout.ms", "delivery.timeout.ms", "request.timeout.ms",
        "queue.buffering.max.messages", "queue.buffering.max.kbytes", "partitioner", "retries", "message.send.max.retries",
        "sticky.partitioning.linger.ms", "transaction.timeout.ms", "topic.metadata.propagation.max.ms",
    ]
    private static let consumerOnly: Set<String> = [
        "session.timeout.ms", "heartbeat.interval.ms", "max.poll.interval.ms", "queued.min.messages", "queued.max.messages.kbytes",
        "fetch.wait.max.ms", "fetch.message.max.bytes", "max.partition.fetch.bytes", "fetch.max.bytes", "fetch.min.bytes",
        "fetch.error.backoff.ms", "isolation.level", "auto.offset.reset", "partition.assignment.strategy", "group.instance.id",
        "check.crcs",
        "allow.auto.create.topics",
    ]
}
