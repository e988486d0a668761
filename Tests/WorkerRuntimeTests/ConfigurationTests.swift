import Delivery
import Testing
import WorkerRuntime

@Suite("Worker configuration")
struct ConfigurationTests {
    private func mistakes(_ change: (inout WorkerConfiguration) -> Void) -> [String] {
        var configuration = WorkerConfiguration()
        change(&configuration)
        return configuration.mistakes()
    }

    @Test("can be used as it comes")
    func defaults() {
        let configuration = WorkerConfiguration()
        #expect(configuration.mistakes().isEmpty)
        #expect(!configuration.workerID.isEmpty && configuration.delivery == .atLeastOnce && configuration.signals == .all)
    }

    @Test("names its group after the layer, behind the topics' prefix, unless told otherwise")
    func group() {
        var configuration = WorkerConfiguration()
        #expect(configuration.group("domain") == "fleet.domain")
        configuration.topicPrefix = "staging."
        #expect(configuration.group("domain") == "staging.fleet.domain")
        configuration.groupID = "mine"
        #expect(configuration.group("domain") == "mine")
    }

    @Test("says what is wrong with each value")
    func single() {
        let cases: [(String, (inout WorkerConfiguration) -> Void)] = [
            ("bootstrap-servers", { $0.bootstrapServers = "" }),
            ("concurrency must be 1 to 100,000, found 0", { $0.concurrency = 0 }),
            ("worker-id", { $0.workerID = "" }),
            ("in-flight records (8)", { $0.inFlight = DeliveryLimits(records: 8) }),
            ("commit-interval", { $0.commitInterval = 0 }),
            ("idempotency-window must be 0 to 604,800 seconds, found -0.001", { $0.idempotencyWindow = -1 }),
            ("idempotency-window must be 0 to 604,800 seconds, found 604801", { $0.idempotencyWindow = 604_801_000 }),
            ("drain-timeout", { $0.drainTimeout = -1 }),
            ("partitions must be 1 to 10,000, found 0", { $0.createsTopicsWithPartitions = 0 }),
            ("share from 0 to 1, found 1.5", { $0.signals = .sampled(1.5) }),
            ("share from 0 to 1, found nan", { $0.signals = .sampled(.nan) }),
            ("transaction-interval", { $0.transactionInterval = 0 }), ("max-attempts", { $0.retries.maximumAttempts = 0 }),
            ("transactional.id is the worker's own", { $0.kafka["transactional.id"] = "x" }),
            ("enable.auto.commit is the worker's own", { $0.kafka["enable.auto.commit"] = "true" }),
            ("group.id is the worker's own", { $0.kafka["group.id"] = "x" }),
            ("librdkafka knows no such property", { $0.kafka["no.such.property"] = "x" }),
            ("session.timeout.ms", { $0.kafka["session.timeout.ms"] = "soon" }),
        ]
        for (text, change) in cases {
            let mistakes = self.mistakes(change)
            #expect(mistakes.count == 1 && mistakes.first?.contains(text) == true, "\(text): \(mistakes)")
        }
    }

    @Test("lists every mistake at once")
    func all() {
        let mistakes = self.mistakes { configuration in
            configuration.bootstrapServers = ""
            configuration.concurrency = 0
            configuration.workerID = ""
            configuration.commitInterval = 0
            configuration.drainTimeout = -1
            configuration.kafka = ["no.such.property": "x", "group.id": "x"]
        }
        #expect(mistakes.count >= 7)
        for word in ["bootstrap-servers", "concurrency", "worker-id", "commit-interval", "drain-timeout", "no.such.property", "group.id"] {
            #expect(mistakes.contains { $0.contains(word) }, "\(word)")
        }
    }

    @Test("keeps a component's records in one partition: other partitioners are refused")
    func partitioner() {
        var configuration = WorkerConfiguration()
        for name in ["murmur2", "murmur2_random"] {
            configuration.kafka["partitioner"] = name
            #expect(configuration.mistakes().isEmpty)
        }
        configuration.kafka["partitioner"] = "consistent_random"
        #expect(configuration.mistakes().contains { $0.hasPrefix("kafka property partitioner must be murmur2 or murmur2_random") })
    }

    @Test("looks at the properties of producers, too")
    func producerProperty() {
        #expect(self.mistakes { $0.kafka["linger.ms"] = "5" }.isEmpty)
        let mistakes = self.mistakes { $0.kafka["compression.type"] = "magic" }
        #expect(mistakes.count == 1 && mistakes.first?.contains("compression.type") == true)
    }
}
