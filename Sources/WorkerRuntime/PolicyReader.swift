import Feedback
import KafkaClient
import Observability
import Wire

/// Reads the whole topic of policies, so that orchestrators choose by what was learned; nobody waits for it: until it is read, priors choose.
final class PolicyReader: Sendable {
    private let table: TableReader

    init(
        topic: String,
        configuration: KafkaConfiguration,
        policies: PolicyTable,
        layer: String,
        logger: Logger,
        registry: MetricsRegistry
    ) {
        let records = PolicyRecords(policies: policies, layer: layer, logger: logger, registry: registry)
        self.table = TableReader(
            topic: topic,
            configuration: configuration,
            wording: TableReader.Wording(
                client: "policies",
                isMissing: "components are chosen by what is known here already until the topic of policies can be read",
                isBack: "the topic of policies is read again"
            ),
            logger: logger,
            registry: registry,
            events: TableReader.Events(take: { records.take($0) }, caughtUp: { _ in }, givenUp: {}, clean: {})
        )
    }

    /// Reads until ``end()``.
    func run() async { await self.table.run() }

    /// Ends the reading soon.
    func end() { self.table.end() }
}

/// Takes what stands on the topic of policies.
private struct PolicyRecords: Sendable {
    private let policies: PolicyTable
    private let logger: Logger
    private let taken: Counter
    private let forgotten: Counter
    private let unknown: Counter
    private let experiments: Counter
    private let partitions: Counter
    private let broken: Counter
    private let throttle = LogThrottle()

    init(policies: PolicyTable, layer: String, logger: Logger, registry: MetricsRegistry) {
        self.policies = policies
        self.logger = logger
        self.taken = registry.counter(.policyRecords, layer, "taken")
        self.forgotten = registry.counter(.policyRecords, layer, "forgotten")
        self.unknown = registry.counter(.policyRecords, layer, "unknown")
        self.experiments = registry.counter(.policyRecords, layer, "experiment")
        self.partitions = registry.counter(.policyRecords, layer, "partition")
        self.broken = registry.counter(.policyRecords, layer, "broken")
    }

    func take(_ record: ConsumedRecord) {
        do throws(WireError) {
            let key = record.key ?? []
            if try self.policies.take(key: key, value: record.value) == nil {
                let kind =
                    if ExperimentStanding.name(of: key) != nil {
                        self.experiments
                    } else if PartitionStanding.partition(of: key) != nil {
                        self.partitions
                    } else {
                        self.unknown
                    }
                kind.increment()
            } else if record.value == nil {
                self.forgotten.increment()
            } else {
                self.taken.increment()
            }
        } catch {
            self.broken.increment()
            guard let leftOut = self.throttle.admit(at: monotonicMilliseconds()) else { return }
            let metadata: Logger.Metadata = ["partition": "\(record.source)", "offset": "\(record.offset)", "error": "\(error)"]
            self.logger.notice("a broken policy is ignored", metadata: metadata.merging(leftOut) { $1 })
        }
    }
}
